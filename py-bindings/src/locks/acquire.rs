//! `acquire(blocking=True, timeout=-1)`, as locks have it, and the wait for a lock.

use crate::runtime::{blocking, create::exception, error::Result, imports::Imports};
use ft_sync::deadline_after;
use pyo3::{
    exceptions::{PyOverflowError, PyTypeError, PyValueError},
    prelude::*,
};
use std::time::{Duration, Instant};

/// Takes a lock by `attempt`, or else, if the two arguments say so, by `slow`, which waits until a deadline.
/// Tells whether that succeeded.
#[inline]
pub(super) fn acquire(
    blocking: bool,
    timeout: Option<&Bound<'_, PyAny>>,
    attempt: impl FnOnce() -> bool,
    slow: impl FnOnce(Option<Instant>) -> Result<bool>,
) -> Result<bool> {
    // First, as it may raise.
    let patience = Patience::new(blocking, timeout)?;
    if attempt() {
        return Ok(true);
    }
    match patience {
        Patience::Never => Ok(false),
        Patience::Until(deadline) => slow(deadline),
    }
}

/// Waits for a lock until the deadline, in slices: `wait` waits for one, until the instant that it gets,
/// and tells whether the thread has the lock.
pub(super) fn wait(
    py: Python<'_>,
    deadline: Option<Instant>,
    mut wait: impl FnMut(Option<Instant>) -> bool + Send,
) -> Result<bool> {
    let step = |until| wait(until).then_some(());
    Ok(blocking::wait_in_slices(py, deadline, step)?.is_some())
}

/// How long a call waits.
#[derive(Clone, Copy)]
enum Patience {
    /// Not at all.
    Never,
    /// Until then; `None` is for ever.
    Until(Option<Instant>),
}

impl Patience {
    /// What the two arguments say together, as for `threading.Lock`; also, a timeout of None is for
    /// ever.
    fn new(blocking: bool, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
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
