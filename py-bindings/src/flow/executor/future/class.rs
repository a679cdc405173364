//! The class: what a future consists of, how it is made and collected, and what can be read from it.

use crate::{
    flow::executor::{call::Call, phase::Phase, workers::Workers},
    runtime::{brief::Brief, create::New, kept::Kept, not_copyable::not_copyable, object::Object},
};
use ft_sync::Event;
use pyo3::{
    PyTraverseError, PyVisit, ffi,
    prelude::*,
    types::{PyDict, PyTuple, PyType},
};
use std::{
    mem,
    sync::{
        Arc, OnceLock,
        atomic::{
            AtomicU8,
            Ordering::{Acquire, Release},
        },
    },
};

/// The native part of WorkStealingFuture.
#[pyclass(
    frozen,
    subclass,
    generic,
    module = "ft_utils._native",
    name = "FutureBase"
)]
#[derive(Default)]
pub(crate) struct PyFuture {
    /// A [`Phase`]. It changes while `parts` is locked.
    phase: AtomicU8,
    pub(super) parts: Brief<Parts>,
    /// Notified when the job is done.
    pub(super) done: Event,
    /// None in a future that no executor has made.
    pub(super) workers: OnceLock<Arc<Workers>>,
}

#[derive(Default)]
pub(super) struct Parts {
    /// The call of a pending job.
    pub(super) call: Option<Call>,
    /// What a finished job has returned or raised.
    pub(super) outcome: Option<Kept>,
    pub(super) callbacks: Vec<Object>,
    pub(super) observed: Option<Observed>,
}

/// What `wait()` and `as_completed()` of `concurrent.futures` use of a future. It is made when they
/// ask for it. From then on the phase becomes Notified or Finished while the condition is held.
#[derive(Clone)]
pub(super) struct Observed {
    pub(super) condition: Object,
    pub(super) waiters: Object,
}

impl PyFuture {
    /// Makes a future of a job that is pending. `class` is a subclass of this one.
    pub(crate) fn pending<'py>(
        class: &Bound<'py, PyType>,
        workers: &Arc<Workers>,
        call: Call,
    ) -> PyResult<Bound<'py, Self>> {
        let py = class.py();
        let kind = class.as_type_ptr();
        // SAFETY: the executor was given a subclass of this class, which therefore has this slot. The
        // results are new references, or null with an exception set. `__init__`, which does nothing, is
        // left out.
        let future = unsafe {
            let new = (*kind).tp_new.expect("this class has it");
            let nothing = Bound::from_owned_ptr_or_err(py, ffi::PyTuple_New(0))?;
            let future = new(kind, nothing.as_ptr(), std::ptr::null_mut());
            Bound::from_owned_ptr_or_err(py, future)?
        };
        // A `__new__` in Python may return anything.
        let future = future.cast_into::<Self>()?;
        let this = future.get();
        this.parts.lock().call = Some(call);
        let _ = this.workers.set(Arc::clone(workers));
        Ok(future)
    }

    pub(super) fn phase(&self) -> Phase {
        // Acquire: pairs with the Release in `set_phase`, though all else is read under the lock.
        Phase::from_u8(self.phase.load(Acquire))
    }

    /// The parts are locked.
    pub(super) fn set_phase(&self, phase: Phase) {
        // Release: pairs with the Acquire in `phase`.
        self.phase.store(phase as u8, Release);
    }

    fn part<'py>(slf: &Bound<'py, Self>, wants_error: bool) -> Option<Bound<'py, PyAny>> {
        let outcome = slf.get().parts.lock().outcome.clone();
        match outcome? {
            Kept::Error(error) if wants_error => Some(error.into_bound(slf.py())),
            Kept::Value(value) if !wants_error => Some(value.into_bound(slf.py())),
            _ => None,
        }
    }
}

#[pymethods]
impl PyFuture {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "()")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::default()
    }

    fn __init__(&self) {}

    /// Return whether the job was cancelled.
    fn cancelled(&self) -> bool {
        self.phase().is_cancelled()
    }

    /// Return whether the job is running.
    fn running(&self) -> bool {
        self.phase() == Phase::Running
    }

    /// Return whether the job has ended or was cancelled.
    fn done(&self) -> bool {
        self.phase().is_done()
    }

    // What the functions of `concurrent.futures` and asyncio read.

    #[getter]
    fn _state(&self) -> New<&'static str> {
        New(self.phase().name())
    }

    #[getter]
    fn _result<'py>(slf: &Bound<'py, Self>) -> Option<Bound<'py, PyAny>> {
        Self::part(slf, false)
    }

    #[getter]
    fn _exception<'py>(slf: &Bound<'py, Self>) -> Option<Bound<'py, PyAny>> {
        Self::part(slf, true)
    }

    pub(super) fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let (name, place) = (slf.get_type().name()?, slf.as_ptr());
        let state = slf.get().phase().text();
        let outcome = slf.get().parts.lock().outcome.clone();
        let outcome = match outcome {
            None => String::new(),
            Some(Kept::Value(value)) => {
                format!(" returned {}", value.bind(slf.py()).get_type().name()?)
            }
            Some(Kept::Error(error)) => {
                format!(" raised {}", error.bind(slf.py()).get_type().name()?)
            }
        };
        Ok(New(format!("<{name} at {place:p} state={state}{outcome}>")))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // While the collector runs, no thread is between the lock and its release: there it neither
        // detaches nor makes objects.
        let Some(parts) = self.parts.try_lock() else {
            return Ok(());
        };
        if let Some(call) = &parts.call {
            call.traverse(&visit)?;
        }
        if let Some(outcome) = &parts.outcome {
            visit.call(&**outcome.object())?;
        }
        for callback in &parts.callbacks {
            visit.call(&**callback)?;
        }
        if let Some(observed) = &parts.observed {
            visit.call(&*observed.condition)?;
            visit.call(&*observed.waiters)?;
        }
        Ok(())
    }

    fn __clear__(&self) {
        let parts = mem::take(&mut *self.parts.lock());
        drop(parts);
    }
}

not_copyable!(PyFuture, "result() for what the job returned");
