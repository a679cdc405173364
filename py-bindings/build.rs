//! Tells the compiler which Python this is for: `cfg(Py_3_12)` and the like, and whether the code of
//! `refcount.rs` is for it.

use pyo3_build_config::BuildFlag;
use std::env;

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
    println!("cargo:rustc-check-cfg=cfg(counts_inline)");
    if counts_inline() {
        println!("cargo:rustc-cfg=counts_inline");
    }
}

/// Whether this is a Python, and a machine, of which `refcount.rs` knows how references are counted.
/// Before another version goes in here, read its `refcount.h` and `_Py_ThreadId` in its headers, and
/// run `tests/runtime/refcount/` on it.
fn counts_inline() -> bool {
    let python = pyo3_build_config::get();
    let version = python.version();
    let flags = &python.build_flags().0;
    let target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    [(3, 13), (3, 14), (3, 15)].contains(&(version.major, version.minor))
        && flags.contains(&BuildFlag::Py_GIL_DISABLED)
        && !flags.contains(&BuildFlag::Py_REF_DEBUG)
        && target("OS") == "linux"
        && ["x86_64", "aarch64"].contains(&target("ARCH").as_str())
}
