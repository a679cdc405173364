//! Waiting for the outcome of a job.

use super::{below::is_below, class::PyFuture};
use crate::{
    flow::executor::{phase::Phase, workers::wait_or_help},
    runtime::{
        create::exception, error::raised, imports::Imports, kept::Kept, stop::shielded,
        timeout::seconds,
    },
};
use ft_sync::deadline_after;
use pyo3::{
    exceptions::{PyRuntimeError, PyTimeoutError, PyValueError},
    prelude::*,
};
use std::time::{Duration, Instant};

/// When a wait ends, if it ends by itself. A negative timeout has passed already, as in
/// `concurrent.futures`, whose functions compute what is left of one.
pub(crate) struct Deadline(Option<Instant>);

impl FromPyObject<'_, '_> for Deadline {
    type Error = PyErr;

    fn extract(timeout: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let seconds = seconds(timeout)?;
        if seconds.is_nan() {
            return Err(exception::<PyValueError>("timeout must not be NaN"));
        }
        // A number that is too large for the clock means for ever.
        let duration = Duration::try_from_secs_f64(seconds.max(0.0)).ok();
        Ok(Self(duration.and_then(deadline_after)))
    }
}

impl PyFuture {
    /// Waits until the job is done; in a worker, runs this or other jobs meanwhile. Returns the phase.
    fn wait(slf: &Bound<'_, Self>, timeout: Option<Deadline>) -> PyResult<Phase> {
        let (this, py) = (slf.get(), slf.py());
        let phase = this.phase();
        if phase.is_done() {
            return Ok(phase);
        }
        if let Some(workers) = this.workers.get() {
            if workers.is_foreign() {
                let message = "the job is one of the parent process, and does not run in the child";
                return Err(exception::<PyRuntimeError>(message));
            }
            let has_time = timeout
                .as_ref()
                .is_none_or(|timeout| timeout.0.is_none_or(|deadline| deadline > Instant::now()));
            if phase == Phase::Pending && has_time && workers.is_worker() {
                // No other job lies on top of it on this thread's stack then.
                shielded(|| Self::run(slf));
            }
        }
        let deadline = timeout.and_then(|timeout| timeout.0);
        if phase == Phase::Running && deadline.is_none() && is_below(this) {
            let message =
                "a job cannot wait for itself, nor for a job that waits in the same thread";
            return Err(exception::<PyRuntimeError>(message));
        }
        let attempt = || Some(this.phase()).filter(|phase| phase.is_done());
        wait_or_help(py, deadline, &this.done, attempt)?
            .ok_or_else(|| PyErr::from_type(py.get_type::<PyTimeoutError>(), ()))
    }

    /// Returns the outcome, or raises the error of a cancelled job.
    fn outcome(slf: &Bound<'_, Self>, timeout: Option<Deadline>) -> PyResult<Kept> {
        let phase = Self::wait(slf, timeout)?;
        let outcome = slf.get().parts.lock().outcome.clone();
        match outcome {
            Some(outcome) if phase == Phase::Finished => Ok(outcome),
            _ => Err(raised(slf.py(), &Imports::get(slf.py()).cancelled_error)),
        }
    }
}

#[pymethods]
impl PyFuture {
    /// Wait until the job is done; return what it returned, or raise what it raised.
    ///
    /// Raise CancelledError if the job was cancelled, and TimeoutError if timeout seconds pass before.
    /// In a job of the same executor, this runs the job that it waits for, if that has not begun, and
    /// other jobs until it is done. The timeout is looked at between two jobs.
    #[pyo3(signature = (timeout=None))]
    fn result<'py>(
        slf: &Bound<'py, Self>,
        timeout: Option<Deadline>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::outcome(slf, timeout)?.outcome(slf.py())
    }

    /// Do what result() does, but return the exception that the job raised, or None.
    #[pyo3(signature = (timeout=None))]
    fn exception<'py>(
        slf: &Bound<'py, Self>,
        timeout: Option<Deadline>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(match Self::outcome(slf, timeout)? {
            Kept::Error(error) => Some(error.into_bound(slf.py())),
            Kept::Value(_) => None,
        })
    }
}
