//! Timeouts as arguments of Python functions.

use super::create::exception;
use ft_sync::deadline_after;
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
};
use std::time::{Duration, Instant};

/// A deadline that is fixed when the call is made.
///
/// It is what [`ft_compat::Timeout`] is. That one panics if there is no memory for the text of an error.
#[derive(Clone, Copy)]
pub(crate) struct Timeout(Option<Instant>);

impl Timeout {
    /// Returns the deadline of an optional timeout. `None` means for ever.
    pub(crate) fn deadline(timeout: Option<Self>) -> Option<Instant> {
        timeout.and_then(|timeout| timeout.0)
    }
}

impl FromPyObject<'_, '_> for Timeout {
    type Error = PyErr;

    fn extract(timeout: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        Ok(Self(duration(timeout)?.and_then(deadline_after)))
    }
}

/// Reads a timeout. A number that is too large for the clock means for ever, which is `None`.
pub(crate) fn duration(timeout: Borrowed<'_, '_, PyAny>) -> PyResult<Option<Duration>> {
    let seconds = seconds(timeout)?;
    if seconds.is_nan() || seconds < 0.0 {
        let message = format!("timeout must not be negative or NaN: {seconds}");
        return Err(exception::<PyValueError>(message));
    }
    Ok(Duration::try_from_secs_f64(seconds).ok())
}

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
