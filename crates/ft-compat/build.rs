//! Gets `cfg(Py_GIL_DISABLED)` from PyO3.

fn main() {
    // A build script that depends on us has no use for it, nor is there a PyO3 to ask.
    if std::env::var_os("CARGO_FEATURE_PYTHON").is_some() {
        pyo3_build_config::use_pyo3_cfgs();
    }
}
