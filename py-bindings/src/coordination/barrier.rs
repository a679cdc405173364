//! `Barrier`.

use crate::runtime::{
    awaitable::refuse_coroutine,
    awaiting::{self, Coroutine, Operation, Outcome},
    blocking::{self, Timeout},
    create::{New, exception},
    error::raised,
    imports::Imports,
    nesting::Nested,
    not_copyable::not_copyable,
    timeout::duration,
};
use ft_barrier::{Barrier, BrokenBarrier, Enter, Entry};
use ft_compat::Protected;
use ft_sync::deadline_after;
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyRuntimeError, PyTypeError, PyValueError},
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

/// A barrier that a number of threads and coroutines pass together, again and again.
///
/// Barrier(parties, action=None, timeout=None)
///
/// It works like threading.Barrier. Each party that calls wait(), or awaits wait_async(), waits until
/// all have come; the coroutines may be those of any number of event loops. One of the parties then
/// calls action(), and all go on. If action raises, the barrier is broken. timeout is the one that
/// wait() and wait_async() use if they are given none.
///
/// A wait that times out breaks the barrier: it raises threading.BrokenBarrierError, and so do all
/// other waits, until reset(). A task that is cancelled, or a thread that Ctrl-C interrupts, leaves
/// no trace: the barrier waits for another party. Ctrl-C ends a wait within 0.1 s.
///
/// >>> import asyncio, threading
/// >>> barrier = Barrier(2)
/// >>> threading.Thread(target=barrier.wait).start()
/// >>> asyncio.run(barrier.wait_async()) in (0, 1)
/// True
#[pyclass(
    frozen,
    subclass,
    weakref,
    dict,
    module = "ft_utils.synchronization",
    name = "Barrier"
)]
pub(crate) struct PyBarrier {
    /// Set by `__init__`, not by `__new__`, so that subclasses can choose their own arguments.
    core: Nested<OnceLock<Arc<Core>>>,
    /// In a handle, the original object. Only that object shows the action to the collector.
    owner: Option<Py<Self>>,
    /// Always true in a complete instance. It is false in memory that has not become an instance
    /// yet: Python 3.11 and 3.12 show the collector such memory, which is all zeros, when they make
    /// the dict of the instance.
    is_made: bool,
}

struct Core {
    barrier: Arc<Barrier>,
    /// `None` if there is none, and once the collector has cleared the object.
    action: Protected<Option<Py<PyAny>>>,
    timeout: Option<Duration>,
}

type Entered = std::result::Result<Entry<Arc<Barrier>>, BrokenBarrier>;

impl Core {
    fn enter(&self) -> Enter<Arc<Barrier>> {
        Enter::new(Arc::clone(&self.barrier))
    }

    fn deadline(&self, timeout: Option<Timeout>) -> Option<Instant> {
        match timeout {
            Some(_) => Timeout::deadline(timeout),
            None => self.timeout.and_then(deadline_after),
        }
    }

    /// Goes through. A party that leads calls the action, and opens the barrier.
    fn go(&self, py: Python<'_>, entered: Entered) -> PyResult<usize> {
        let broken = |BrokenBarrier| raised(py, &Imports::get(py).broken_barrier);
        let turn = match entered.map_err(broken)? {
            Entry::Through(index) => return Ok(index),
            Entry::Lead(turn) => turn,
        };
        if let Err(err) = self.act(py) {
            // This breaks the barrier.
            awaiting::ringing(py, || drop(turn));
            return Err(err);
        }
        awaiting::ringing(py, || turn.open()).map_err(broken)
    }

    fn act(&self, py: Python<'_>) -> PyResult<()> {
        let action = self.action.get(py);
        let Some(action) = action.as_ref().map(|action| action.clone_ref(py)) else {
            return Ok(());
        };
        let returned = action.bind(py).call0()?;
        refuse_coroutine(&returned, "the action of a barrier is a plain function")
    }
}

impl PyBarrier {
    fn core(&self) -> PyResult<&Arc<Core>> {
        self.core.get().ok_or_else(|| {
            exception::<PyRuntimeError>("Barrier.__init__() was not called by the subclass")
        })
    }
}

#[pymethods]
impl PyBarrier {
    #[new]
    #[pyo3(
        signature = (*_args, **_kwargs),
        text_signature = "(parties, action=None, timeout=None)",
    )]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            core: Nested::new(OnceLock::new()),
            owner: None,
            is_made: true,
        }
    }

    #[pyo3(signature = (parties, action=None, timeout=None))]
    fn __init__(
        &self,
        parties: isize,
        action: Option<&Bound<'_, PyAny>>,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let Some(parties) = usize::try_from(parties).ok().filter(|&parties| parties > 0) else {
            let message = format!("parties must be at least 1, not {parties}");
            return Err(exception::<PyValueError>(message));
        };
        if let Some(action) = action.filter(|action| !action.is_callable()) {
            let message = format!("action must be callable, not {}", action.get_type());
            return Err(exception::<PyTypeError>(message));
        }
        let timeout = match timeout {
            None => None,
            Some(timeout) => duration(timeout.as_borrowed())?,
        };
        // A second call changes nothing, because other threads may be using what the first call
        // made.
        let _ = self.core.set(Arc::new(Core {
            barrier: Arc::new(Barrier::new(parties)),
            action: Protected::new(action.map(|action| action.clone().unbind())),
            timeout,
        }));
        Ok(())
    }

    /// Wait until all parties have come; return a number below parties that no other party gets.
    ///
    /// Raise threading.BrokenBarrierError if timeout seconds pass before, or if the barrier is broken
    /// or is reset.
    #[pyo3(signature = (timeout=None))]
    fn wait(&self, py: Python<'_>, timeout: Option<Timeout>) -> PyResult<New<usize>> {
        let core = self.core()?;
        let deadline = core.deadline(timeout);
        let entered = awaiting::ringing(py, || -> PyResult<Entered> {
            // If it is dropped, this party leaves. That happens before the alarms are rung.
            let mut enter = core.enter();
            let step = |until| enter.wait_deadline(until);
            let entered = blocking::wait_in_slices(py, deadline, step)?;
            Ok(entered.unwrap_or_else(|| enter.give_up()))
        })?;
        Ok(New(core.go(py, entered)?))
    }

    /// Do what wait() does in a coroutine: the task waits, not its thread.
    ///
    /// The timeout counts from this call. The task comes to the barrier when it first runs.
    #[pyo3(signature = (timeout=None))]
    fn wait_async(slf: &Bound<'_, Self>, timeout: Option<Timeout>) -> PyResult<Coroutine> {
        let core = Arc::clone(slf.get().core()?);
        let deadline = core.deadline(timeout);
        let passing = Passing {
            enter: core.enter(),
            core,
            owner: slf.clone().into_any().unbind(),
        };
        Ok(Coroutine::new("Barrier.wait_async", passing, deadline))
    }

    /// Make the barrier usable again; all that wait get a threading.BrokenBarrierError.
    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        let core = self.core()?;
        awaiting::ringing(py, || core.barrier.reset());
        Ok(())
    }

    /// Break the barrier; all that wait, now or later, get a threading.BrokenBarrierError.
    fn abort(&self, py: Python<'_>) -> PyResult<()> {
        let core = self.core()?;
        awaiting::ringing(py, || core.barrier.abort());
        Ok(())
    }

    /// The number of parties that pass together.
    #[getter]
    fn parties(&self) -> PyResult<New<usize>> {
        Ok(New(self.core()?.barrier.parties()))
    }

    /// The number of parties that wait for others to come at this moment.
    #[getter]
    fn n_waiting(&self) -> PyResult<New<usize>> {
        Ok(New(self.core()?.barrier.waiting()))
    }

    /// Whether the barrier is broken.
    #[getter]
    fn broken(&self) -> PyResult<bool> {
        Ok(self.core()?.barrier.is_broken())
    }

    /// Return another Python object for the same barrier.
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
        let (name, place) = (slf.get_type().name()?, slf.as_ptr());
        let Some(core) = slf.get().core.get() else {
            return Ok(New(format!("<ft_utils.{name}, not initialized>")));
        };
        let barrier = &core.barrier;
        let state = if barrier.is_broken() {
            "broken".to_owned()
        } else {
            format!("waiters={}/{}", barrier.waiting(), barrier.parties())
        };
        Ok(New(format!("<ft_utils.{name} at {place:p}: {state}>")))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if !self.is_made {
            return Ok(());
        }
        if let Some(owner) = &self.owner {
            return visit.call(owner);
        }
        match self.core.get() {
            Some(core) => core.action.traverse(|action| visit.call(action)),
            None => Ok(()),
        }
    }

    fn __clear__(&self, py: Python<'_>) {
        if let (None, Some(core)) = (&self.owner, self.core.get()) {
            core.action.take(py);
        }
    }
}

not_copyable!(PyBarrier, "handle() to share the object");

/// The wait of a coroutine.
struct Passing {
    /// If this is dropped, the party leaves.
    enter: Enter<Arc<Barrier>>,
    core: Arc<Core>,
    /// Shows the action to the collector.
    owner: Py<PyAny>,
}

impl Passing {
    fn look(&mut self, py: Python<'_>, waker: &Waker) -> Poll<Outcome> {
        let entered = Pin::new(&mut self.enter).poll(&mut Context::from_waker(waker));
        entered.map(|entered| self.go(py, entered))
    }

    fn go(&self, py: Python<'_>, entered: Entered) -> Outcome {
        let index = self.core.go(py, entered)?;
        Ok(Some(New(index).into_pyobject(py)?.into_any().unbind()))
    }
}

impl Operation for Passing {
    fn attempt(&mut self, py: Python<'_>) -> Option<Outcome> {
        match self.look(py, Waker::noop()) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        }
    }

    fn poll(&mut self, py: Python<'_>, waker: &Waker) -> Poll<Outcome> {
        self.look(py, waker)
    }

    fn timed_out(&mut self, py: Python<'_>) -> Outcome {
        let entered = self.enter.give_up();
        self.go(py, entered)
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.owner)
    }
}
