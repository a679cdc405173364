//! Timeouts that are more than a [`Timeout`](super::blocking::Timeout), which refuses negative numbers.

use super::create::exception;
use pyo3::{exceptions::PyTypeError, prelude::*};

/// Reads a timeout as a number of seconds, whatever its sign.
pub(crate) fn seconds(timeout: Borrowed<'_, '_, PyAny>) -> PyResult<f64> {
    timeout.extract().map_err(|err: PyErr| {
        if !err.is_instance_of::<PyTypeError>(timeout.py()) {
            return err;
        }
        let kind = timeout.get_type();
        exception::<PyTypeError>(format!(
            "timeout must be a number of seconds or None, not {kind}"
        ))
    })
}
