//! For build scripts: which Python the crate is built for.
//!
//! It is a thin layer over [`pyo3_build_config`], whose answers it gives as plain values. The crate
//! must depend on PyO3 or pyo3-ffi itself, because Cargo passes their settings only to those who do.
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
//! Who only wants to know this one thing needs no build script:
//! [`FREE_THREADED`](crate::FREE_THREADED) is a constant of the crate.

/// The Python that a crate is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// Whether there is no GIL: `Py_GIL_DISABLED`. The module may still find one at run time, if it
    /// or another module asked for it.
    pub free_threaded: bool,
    /// Whether the module is restricted to the stable ABI (`Py_LIMITED_API`), and so runs with
    /// later versions too.
    pub limited_api: bool,
    /// The version of the ABI, such as `(3, 14)`; with the stable one the first it runs with.
    pub version: (u8, u8),
}

/// Makes the settings known to the crate, and returns them to its build script.
///
/// The crate gets `cfg(Py_GIL_DISABLED)`, `cfg(Py_LIMITED_API)`, `cfg(Py_3_14)` and the like for
/// each version up to the one it is built for, and all of them are declared to the compiler, which
/// warns of names that nobody declares. See [`pyo3_build_config::use_pyo3_cfgs`].
///
/// # Panics
///
/// Panics if the crate does not depend on PyO3 or pyo3-ffi, or if it is not called by its build
/// script.
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
