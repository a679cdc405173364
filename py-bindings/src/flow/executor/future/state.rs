//! The steps from one phase to the next: beginning, ending and cancelling a job.

use super::{
    class::{Parts, PyFuture},
    observers::tell,
};
use crate::{
    flow::executor::{call::Call, phase::Phase},
    runtime::{create::New, error::both, imports::Imports, kept::Kept, object::Object},
};
use pyo3::{intern, prelude::*};

/// How often the condition is asked for, if its method raises. A signal may have interrupted it.
const TRIES: u32 = 5;

/// How a job begins.
pub(super) enum Begun {
    Call(Call),
    /// It was cancelled. Nobody has been told yet.
    Cancelled,
    No,
}

impl PyFuture {
    pub(super) fn begin(&self) -> Begun {
        let mut parts = self.parts.lock();
        match self.phase() {
            Phase::Pending => {
                self.set_phase(Phase::Running);
                parts.call.take().map_or(Begun::No, Begun::Call)
            }
            Phase::Cancelled => Begun::Cancelled,
            _ => Begun::No,
        }
    }

    /// Ends a job, or tells that it was cancelled. Returns whether that was possible.
    ///
    /// If it fails, the job has ended nevertheless, and those that are in `wait()` or `as_completed()` may
    /// not have been told.
    pub(super) fn settle(
        slf: &Bound<'_, Self>,
        to: Phase,
        mut outcome: Option<Kept>,
    ) -> PyResult<bool> {
        let this = slf.get();
        let mut parts = this.parts.lock();
        let observed = parts.observed.clone();
        let Some(observed) = observed else {
            let is_settled = this.settle_locked(&mut parts, to, &mut outcome);
            drop(parts);
            if is_settled {
                this.done.notify_all();
            }
            return Ok(is_settled);
        };
        drop(parts);
        let py = slf.py();
        let condition = observed.condition.bind(py);
        let (is_held, raised) = hold(condition);
        // Before the lock: the first use of each name may detach the thread.
        let told = match &outcome {
            None => intern!(py, "add_cancelled"),
            Some(Kept::Value(_)) => intern!(py, "add_result"),
            Some(Kept::Error(_)) => intern!(py, "add_exception"),
        };
        let mut parts = this.parts.lock();
        let is_settled = this.settle_locked(&mut parts, to, &mut outcome);
        drop(parts);
        if is_settled {
            this.done.notify_all();
        }
        let told = match is_held && is_settled {
            true => tell(slf, &observed, told),
            false => Ok(()),
        };
        let released = match is_held {
            true => condition.call_method0(intern!(py, "release")).map(drop),
            false => Ok(()),
        };
        both(py, raised, told.and(released))?;
        Ok(is_settled)
    }

    /// Takes the outcome, if that is possible. Otherwise the caller drops it, without the lock.
    fn settle_locked(&self, parts: &mut Parts, to: Phase, outcome: &mut Option<Kept>) -> bool {
        let allowed = match to {
            Phase::Finished => matches!(self.phase(), Phase::Pending | Phase::Running),
            _ => self.phase() == Phase::Cancelled,
        };
        if allowed {
            // There was none before: nothing is dropped under the lock.
            parts.outcome = outcome.take();
            self.set_phase(to);
        }
        allowed
    }

    /// Returns whether this call has cancelled it.
    pub(super) fn cancel_pending(slf: &Bound<'_, Self>) -> bool {
        let this = slf.get();
        let mut parts = this.parts.lock();
        if this.phase() != Phase::Pending {
            return false;
        }
        this.set_phase(Phase::Cancelled);
        let call = parts.call.take();
        drop(parts);
        this.done.notify_all();
        drop(call);
        true
    }

    fn set_outcome(slf: &Bound<'_, Self>, outcome: Kept) -> PyResult<()> {
        match Self::settle(slf, Phase::Finished, Some(outcome)) {
            Ok(false) => Err(invalid(slf)),
            settled => both(slf.py(), settled.map(drop), Self::call_back(slf)),
        }
    }
}

/// Takes the condition. Returns whether that has succeeded, and the error that it has raised.
fn hold(condition: &Bound<'_, PyAny>) -> (bool, PyResult<()>) {
    let py = condition.py();
    let mut raised = Ok(());
    for _ in 0..TRIES {
        match condition.call_method0(intern!(py, "acquire")) {
            Ok(_) => return (true, raised),
            Err(err) => raised = both(py, raised, Err(err)),
        }
    }
    (false, raised)
}

fn invalid(future: &Bound<'_, PyFuture>) -> PyErr {
    let kind = Imports::get(future.py()).invalid_state.bind(future.py());
    let made = PyFuture::__repr__(future).and_then(|text| {
        let state = future.get().phase().name();
        kind.call1((New(format!("{state}: {}", text.0)),))
    });
    made.map_or_else(|err| err, PyErr::from_value)
}

#[pymethods]
impl PyFuture {
    /// Cancel the job if it has not begun; return whether it is cancelled.
    ///
    /// Its function and arguments are released at once.
    fn cancel(slf: &Bound<'_, Self>) -> PyResult<bool> {
        if Self::cancel_pending(slf) {
            Self::call_back(slf)?;
            return Ok(true);
        }
        Ok(slf.get().phase().is_cancelled())
    }

    /// For executors and tests: begin the job, unless it was cancelled.
    fn set_running_or_notify_cancel(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let this = slf.get();
        let parts = this.parts.lock();
        let before = this.phase();
        if before == Phase::Pending {
            this.set_phase(Phase::Running);
        }
        drop(parts);
        match before {
            Phase::Pending => Ok(true),
            Phase::Cancelled => {
                Self::settle(slf, Phase::Notified, None)?;
                Ok(false)
            }
            _ => Err(invalid(slf)),
        }
    }

    /// For executors and tests: end the job with a result.
    fn set_result(slf: &Bound<'_, Self>, result: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::set_outcome(slf, Kept::new(result))
    }

    /// For executors and tests: end the job with an exception.
    fn set_exception(slf: &Bound<'_, Self>, exception: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::set_outcome(slf, Kept::Error(Object::new(exception)))
    }
}
