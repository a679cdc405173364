//! The method `acquire(blocking=True, timeout=-1)` of locks, and the wait for a lock.

use crate::runtime::{
    blocking, create::exception, error::Result, imports::Imports, timeout::seconds,
};
use ft_sync::deadline_after;
use pyo3::{
    exceptions::{PyOverflowError, PyValueError},
    prelude::*,
};
use std::time::{Duration, Instant};

/// Takes a lock with `attempt`. If that fails and the two arguments allow a wait, calls `slow`,
/// which waits until a deadline. Returns whether the thread has the lock.
#[inline]
pub(super) fn acquire(
    blocking: bool,
    timeout: Option<&Bound<'_, PyAny>>,
    attempt: impl FnOnce() -> bool,
    slow: impl FnOnce(Option<Instant>) -> Result<bool>,
) -> Result<bool> {
    // The arguments are read first, because this may raise.
    let patience = Patience::new(blocking, timeout)?;
    if attempt() {
        return Ok(true);
    }
    match patience {
        Patience::Never => Ok(false),
        Patience::Until(deadline) => slow(deadline),
    }
}

/// Waits for a lock until the deadline, in slices. Each call of `wait` waits for one slice, until
/// the instant that it is given, and returns whether the thread has the lock.
pub(super) fn wait(
    py: Python<'_>,
    deadline: Option<Instant>,
    mut wait: impl FnMut(Option<Instant>) -> bool + Send,
) -> Result<bool> {
    let step = |until| wait(until).then_some(());
    Ok(blocking::wait_in_slices(py, deadline, step)?.is_some())
}

/// How long a call may wait.
#[derive(Clone, Copy)]
pub(super) enum Patience {
    /// Not at all.
    Never,
    /// Until this instant; `None` means forever.
    Until(Option<Instant>),
}

impl Patience {
    /// Combines the two arguments, as `threading.Lock` does. In addition, a timeout of None means
    /// forever.
    pub(super) fn new(blocking: bool, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let seconds = match timeout {
            None => -1.0,
            Some(timeout) => seconds(timeout.as_borrowed())?,
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
                format!("timeout must be -1, None or a non-negative number, not {seconds}");
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
