//! `acquire(blocking=True, timeout=-1)`, as locks have it.

use crate::runtime::{create::exception, imports::Imports};
use ft_sync::deadline_after;
use pyo3::{
    exceptions::{PyOverflowError, PyTypeError, PyValueError},
    prelude::*,
};
use std::time::{Duration, Instant};

/// How long a call waits.
#[derive(Clone, Copy)]
pub(crate) enum Patience {
    /// Not at all.
    Never,
    /// Until then; `None` is for ever.
    Until(Option<Instant>),
}

impl Patience {
    /// What the two arguments say together, as for `threading.Lock`; also, a timeout of None is for
    /// ever.
    pub(crate) fn new(blocking: bool, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let seconds = match timeout {
            None => -1.0,
            Some(timeout) => seconds(timeout)?,
        };
        if seconds == -1.0 {
            return Ok(if blocking {
                Self::Until(None)
            } else {
                Self::Never
            });
        }
        if !blocking {
            let message = "can't specify a timeout for a non-blocking call";
            return Err(exception::<PyValueError>(message));
        }
        if seconds.is_nan() || seconds < 0.0 {
            let message =
                format!("timeout must be -1, None or not negative, and no NaN: {seconds}");
            return Err(exception::<PyValueError>(message));
        }
        if timeout.is_some_and(|timeout| seconds > Imports::get(timeout.py()).timeout_max) {
            let message = format!("timeout is larger than threading.TIMEOUT_MAX: {seconds}");
            return Err(exception::<PyOverflowError>(message));
        }
        if seconds == 0.0 {
            return Ok(Self::Never);
        }
        let duration = Duration::try_from_secs_f64(seconds).ok();
        Ok(Self::Until(duration.and_then(deadline_after)))
    }
}

fn seconds(timeout: &Bound<'_, PyAny>) -> PyResult<f64> {
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
