//! For build scripts: information on the Python for which the crate is built.
//!
//! It is a thin layer over [`pyo3_build_config`], whose answers it returns as plain values. The
//! crate itself must depend on PyO3 or pyo3-ffi, because Cargo passes their settings only to direct
//! dependents.
//!
//! ```toml
//! [build-dependencies]
//! ft-compat = { version = "0.1", default-features = false, features = ["build"] }
//! ```
//!
//! In `build.rs`:
#![doc = concat!("```no_run\n", include_str!("../examples/build_script.rs"), "```")]
//!
//! In the crate:
//!
//! ```ignore
//! #[cfg(Py_GIL_DISABLED)]
//! const THREADS: usize = 8;
//! #[cfg(not(Py_GIL_DISABLED))]
//! const THREADS: usize = 1;
//! ```
//!
//! A crate that only needs to know whether there is a GIL needs no build script:
//! [`FREE_THREADED`](crate::FREE_THREADED) is a constant.

/// The Python for which a crate is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// Whether there is no GIL: `Py_GIL_DISABLED`. There may still be a GIL at run time, if this
    /// module or another one asked for it.
    pub free_threaded: bool,
    /// Whether the module is restricted to the stable ABI (`Py_LIMITED_API`), and so also runs with
    /// later versions.
    pub limited_api: bool,
    /// The version of the ABI, such as `(3, 14)`. With the stable ABI it is the first version with
    /// which the module runs.
    pub version: (u8, u8),
}

/// Passes the settings to the crate, and returns them to its build script.
///
/// The crate gets `cfg(Py_GIL_DISABLED)`, `cfg(Py_LIMITED_API)`, `cfg(Py_3_14)` and similar names
/// for each version up to the one for which it is built. All of them are declared to the compiler,
/// which warns of undeclared names. See [`pyo3_build_config::use_pyo3_cfgs`].
///
/// # Panics
///
/// Panics if the crate does not depend on PyO3 or pyo3-ffi, or if it is not called by the crate's
/// build script.
pub fn configure() -> Target {
    pyo3_build_config::use_pyo3_cfgs();
    let config = pyo3_build_config::get();
    let abi = config.target_abi();
    let version = abi.version();
    Target {
        free_threaded: config.is_free_threaded(),
        limited_api: matches!(abi.kind(), pyo3_build_config::PythonAbiKind::Stable(_)),
        version: (version.major, version.minor),
    }
}
