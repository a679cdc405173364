//! `Once`.

use crate::runtime::{
    awaitable::refuse_coroutine,
    awaiting,
    blocking::{self, Timeout},
    create::{New, exception},
    flight::{Wait, begin_waiting_for},
    kept::{Kept, bare},
    nesting::Nested,
    not_copyable::not_copyable,
    object::Object,
};
use ft_compat::Protected;
use ft_once::{Leader, Once, Party, Turn};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyException, PyRuntimeError, PyTimeoutError, PyTypeError},
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

/// A function without arguments that is called once, and whose result all callers get.
///
/// Once(function, *, keep_errors=False)
///
/// The first thread or task that asks for the result calls the function, and the others wait, in
/// threads by once(), in coroutines by await once.call_async(). For an async function, all use
/// call_async(). Later calls cost next to nothing. call_once makes one as a decorator.
///
/// If the function raises, its caller gets the error, and the one that has waited longest calls the
/// function again. With keep_errors=True the exception is the result, unless it is no Exception (such
/// as KeyboardInterrupt or CancelledError): all callers, now and later, get a copy of it. If the task
/// that awaits an async function is cancelled, the next one calls the function.
///
/// A function that asks for its own result gets a RuntimeError, and so does one that waits, however
/// indirectly, for a function or for the factory of a ConcurrentDict or ConcurrentCache that waits for
/// it, in whatever threads and tasks. Not seen is a wait for a thread or a future that does so.
///
/// >>> calls = []
/// >>> once = Once(lambda: calls.append("called") or len(calls))
/// >>> once(), once(), calls
/// (1, 1, ['called'])
#[pyclass(
    frozen,
    subclass,
    weakref,
    dict,
    generic,
    module = "ft_utils.synchronization",
    name = "Once"
)]
pub(crate) struct PyOnce {
    /// Set by `__init__`, not by `__new__`, so that subclasses can choose their own arguments.
    core: Nested<OnceLock<Arc<Core>>>,
    /// In a handle, the original object. Only that object shows the contents to the collector.
    owner: Option<Py<Self>>,
    /// Always true in a complete instance. It is false in memory that has not become an instance
    /// yet: Python 3.11 and 3.12 show the collector such memory, which is all zeros, when they make
    /// the dict of the instance.
    is_made: bool,
}

pub(super) struct Core {
    /// `None` once the collector has cleared the object.
    function: Protected<Option<Py<PyAny>>>,
    once: Once<Kept>,
    keep_errors: bool,
}

impl Core {
    pub(super) fn once(&self) -> &Once<Kept> {
        &self.once
    }

    pub(super) fn function<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let function = self.function.get(py);
        let function = function.as_ref().map(|function| function.bind(py).clone());
        function.ok_or_else(|| exception::<PyRuntimeError>("it was cleared by the collector"))
    }

    /// Registers a wait for another caller, unless the wait would never end.
    pub(super) fn begin_waiting(&self, party: Party, py: Python<'_>) -> PyResult<Wait> {
        let own = "the function asked for its own result, and would wait for itself";
        let of_task = "a task in this thread computes the result";
        let texts = (own, of_task, "call_async()");
        begin_waiting_for(self.once.flight(), party, &self.function(py)?, texts)
    }

    /// Stores a result, and returns it.
    pub(super) fn publish<'py>(
        leader: Leader<'_, Kept>,
        value: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let stored = awaiting::ringing(value.py(), || leader.set(Kept::new(value)));
        stored.clone().outcome_of_many(value.py())
    }

    /// Keeps an exception, if it is to be kept. Otherwise the next in line calls the function.
    pub(super) fn fail(
        &self,
        leader: Leader<'_, Kept>,
        err: &PyErr,
        py: Python<'_>,
    ) -> PyResult<()> {
        awaiting::ringing(py, || {
            if self.keep_errors && err.is_instance_of::<PyException>(py) {
                // What is kept has no traceback, which would keep the frames of this call alive.
                let bare = bare(err.value(py))?;
                leader.set(Kept::Error(Object::new(&bare)));
            } else {
                drop(leader);
            }
            Ok(())
        })
    }

    #[cold]
    fn call<'py>(&self, py: Python<'py>, deadline: Option<Instant>) -> PyResult<Bound<'py, PyAny>> {
        let leader = match self.turn(py, deadline)? {
            Turn::Ready(kept) => return kept.clone().outcome_of_many(py),
            Turn::Leader(leader) => leader,
        };
        awaiting::ringing(py, || {
            let value = match self.function(py)?.call0() {
                Ok(value) => value,
                Err(err) => {
                    self.fail(leader, &err, py)?;
                    return Err(err);
                }
            };
            refuse_coroutine(&value, "await call_async() instead")?;
            Self::publish(leader, &value)
        })
    }

    fn turn(&self, py: Python<'_>, deadline: Option<Instant>) -> PyResult<Turn<'_, Kept>> {
        let party = Party::thread();
        if let Some(turn) = self.once.try_claim(Some(party)) {
            return Ok(turn);
        }
        let _waiting = self.begin_waiting(party, py)?;
        let turn = awaiting::ringing(py, || {
            // If it is dropped, this place leaves the line. That happens before the alarms are rung.
            let mut claim = self.once.claim(Some(party));
            blocking::wait_in_slices(py, deadline, |until| claim.wait_deadline(until))
        })?;
        turn.ok_or_else(still_computing)
    }
}

/// The error for a wait whose deadline has passed.
pub(super) fn still_computing() -> PyErr {
    exception::<PyTimeoutError>("another caller is still computing the result")
}

impl PyOnce {
    pub(super) fn core(&self) -> PyResult<&Arc<Core>> {
        self.core.get().ok_or_else(|| {
            exception::<PyRuntimeError>("Once.__init__() was not called by the subclass")
        })
    }
}

#[pymethods]
impl PyOnce {
    #[new]
    #[pyo3(
        signature = (*_args, **_kwargs),
        text_signature = "(function, *, keep_errors=False)",
    )]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            core: Nested::new(OnceLock::new()),
            owner: None,
            is_made: true,
        }
    }

    #[pyo3(signature = (function, *, keep_errors=false))]
    fn __init__(&self, function: &Bound<'_, PyAny>, keep_errors: bool) -> PyResult<()> {
        if !function.is_callable() {
            let message = format!("function must be callable, not {}", function.get_type());
            return Err(exception::<PyTypeError>(message));
        }
        // A second call changes nothing, because other threads may be using what the first call
        // made.
        let _ = self.core.set(Arc::new(Core {
            function: Protected::new(Some(function.clone().unbind())),
            once: Once::new(),
            keep_errors,
        }));
        Ok(())
    }

    /// Return the result of the function, and call it if nobody has.
    ///
    /// While another caller computes the result, wait for at most timeout seconds, and then raise
    /// TimeoutError.
    #[pyo3(signature = (*, timeout=None))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<Timeout>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let core = self.core()?;
        match core.once.get() {
            Some(kept) => kept.clone().outcome_of_many(py),
            None => core.call(py, Timeout::deadline(timeout)),
        }
    }

    /// Return whether there is a result, which may be an exception.
    fn done(&self) -> PyResult<bool> {
        Ok(self.core()?.once.get().is_some())
    }

    /// Return another Python object for the same function and result.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle(slf: &Bound<'_, Self>) -> PyResult<Self> {
        let this = slf.get();
        // This fails if the object is not initialized.
        this.core()?;
        let owner = match &this.owner {
            Some(owner) => owner.clone_ref(slf.py()),
            None => slf.clone().unbind(),
        };
        Ok(Self {
            core: Nested::new(OnceLock::clone(&this.core)),
            owner: Some(owner),
            is_made: true,
        })
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let (py, name, place) = (slf.py(), slf.get_type().name()?, slf.as_ptr());
        let Some(core) = slf.get().core.get() else {
            return Ok(New(format!("<ft_utils.{name}, not initialized>")));
        };
        let state = if core.once.get().is_some() {
            "done"
        } else {
            "not done"
        };
        let function = core.function(py)?.repr()?;
        Ok(New(format!(
            "<ft_utils.{name} at {place:p} of {function}: {state}>"
        )))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if !self.is_made {
            return Ok(());
        }
        if let Some(owner) = &self.owner {
            return visit.call(owner);
        }
        let Some(core) = self.core.get() else {
            return Ok(());
        };
        if let Some(kept) = core.once.get() {
            visit.call(&**kept.object())?;
        }
        core.function.traverse(|function| visit.call(function))
    }

    fn __clear__(&self, py: Python<'_>) {
        if let (None, Some(core)) = (&self.owner, self.core.get()) {
            core.function.take(py);
            // SAFETY: the collector clears an object that no thread can reach. A call on it, or on a
            // handle, which holds a reference to it, would reach it until it returns, and only such a
            // call has a reference to the result.
            drop(unsafe { core.once.clear() });
        }
    }
}

not_copyable!(PyOnce, "handle() to share the object");
