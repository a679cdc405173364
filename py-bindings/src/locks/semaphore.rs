//! `ProcessSemaphore`.

use crate::runtime::{
    awaiting::{self, Coroutine, Operation, Outcome, Waiting},
    blocking::{self, Timeout},
    choosing::Case,
    create::{New, exception},
    deferral::deferred_from_birth,
    error::Result,
    not_copyable::not_copyable,
    truth::Truth,
};
use ft_semaphore::{Permit, Semaphore};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyRuntimeError, PyValueError},
    intern,
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::{
    sync::{Arc, OnceLock},
    task::{Context, Poll, Waker},
};

/// A fair counting semaphore for threads, and for coroutines of all event loops of the process.
///
/// ProcessSemaphore(value, limit=None)
///
/// It has value slots, at least 1. With a limit it has that many slots, of which value are free at the
/// start, perhaps none. The limit can be changed while the semaphore is in use. Slots are handed out first come, first served, across all event
/// loops and threads: a newcomer never overtakes a waiter. Acquiring in a coroutine makes the task
/// wait, never its thread. A waiter may be cancelled, time out, be interrupted by Ctrl-C, or have
/// its event loop closed. At whatever moment that happens, its slot goes to the next waiter: slots
/// are never lost, and there are never more of them than the limit. One that wants n slots at once is
/// served when it is first in line and so many have been released.
///
/// Use "async with semaphore" in coroutines, and "with semaphore" in threads that run no event
/// loop. In a subclass, "async with" calls acquire(), and both forms call release() at their end.
#[pyclass(
    frozen,
    subclass,
    weakref,
    dict,
    module = "ft_utils.concurrency",
    name = "ProcessSemaphore"
)]
pub(crate) struct PyProcessSemaphore {
    /// Set by `__init__`, not by `__new__`, so that subclasses can choose their own arguments.
    core: OnceLock<Arc<Semaphore>>,
}

/// A number of slots to take or release, at least 1.
struct Slots(usize);

impl FromPyObject<'_, '_> for Slots {
    type Error = PyErr;

    fn extract(n: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let n: isize = n.extract()?;
        let slots = usize::try_from(n).ok().filter(|&slots| slots > 0);
        slots
            .map(Self)
            .ok_or_else(|| exception::<PyValueError>(format!("n must be at least 1, not {n}")))
    }
}

/// A number of slots that a semaphore may have.
struct Limit(usize);

impl FromPyObject<'_, '_> for Limit {
    type Error = PyErr;

    fn extract(limit: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let limit: isize = limit.extract()?;
        let limit = usize::try_from(limit).map_err(|_| {
            exception::<PyValueError>(format!("limit must not be negative: {limit}"))
        })?;
        Ok(Self(limit.min(Semaphore::MAX_PERMITS)))
    }
}

impl PyProcessSemaphore {
    #[inline]
    fn core(&self) -> PyResult<&Arc<Semaphore>> {
        self.core.get().ok_or_else(|| {
            exception::<PyRuntimeError>(
                "ProcessSemaphore.__init__() was not called by the subclass",
            )
        })
    }

    fn acquire_until(&self, py: Python<'_>, n: usize, timeout: Option<Timeout>) -> PyResult<bool> {
        let core = self.core()?;
        if let Some(permit) = core.try_acquire_many(n) {
            permit.forget();
            return Ok(true);
        }
        let deadline = Timeout::deadline(timeout);
        let permit = awaiting::ringing(py, || {
            // If it is dropped, this place leaves the waiting line. That happens before the alarms
            // are rung.
            let mut place = core.acquire_many_async(n);
            blocking::wait_in_slices(py, deadline, |until| place.wait_deadline(until))
        })?;
        Ok(permit.map(Permit::forget).is_some())
    }
}

#[pymethods]
impl PyProcessSemaphore {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(value, limit=None)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            core: OnceLock::new(),
        }
    }

    #[pyo3(signature = (value, limit=None))]
    fn __init__(&self, value: isize, limit: Option<Limit>) -> PyResult<()> {
        let least = usize::from(limit.is_none());
        let free = usize::try_from(value).ok().filter(|&free| free >= least);
        let free = free.ok_or_else(|| {
            exception::<PyValueError>(format!("value must be at least {least}, not {value}"))
        })?;
        let limit = limit.map_or(free, |limit| limit.0);
        if free > limit {
            let message = format!("value is larger than the limit: {free} > {limit}");
            return Err(exception::<PyValueError>(message));
        }
        // A second call changes nothing, because other threads may be using what the first call
        // made.
        let _ = self.core.set(Arc::new(Semaphore::with_limit(free, limit)));
        Ok(())
    }

    /// Take n slots in a coroutine; the task waits while too few are free.
    ///
    /// If they are free, and no other waiter is in line, they are taken without suspending the
    /// task. A task that is cancelled while it waits has taken nothing.
    #[pyo3(signature = (n=Slots(1)), text_signature = "($self, n=1)")]
    fn acquire(&self, n: Slots) -> PyResult<Coroutine> {
        let operation = TakeSlots::new(self.core()?, n.0);
        Ok(Coroutine::new("ProcessSemaphore.acquire", operation, None))
    }

    /// Return the case of select() and select_async() that takes n slots.
    ///
    /// While such a call waits, it has a place in line. If another case takes effect, slots that were
    /// handed to it go to the next waiter.
    #[pyo3(signature = (n=Slots(1)), text_signature = "($self, n=1)")]
    fn acquiring(slf: &Bound<'_, Self>, n: Slots) -> PyResult<Case> {
        let (core, n) = (Arc::clone(slf.get().core()?), n.0);
        let name = "ProcessSemaphore.acquiring";
        Ok(Case::new(name, slf, None, move |_, _| {
            Box::new(TakeSlots::new(&core, n))
        }))
    }

    /// Take n slots in a thread, which waits while too few are free; return whether that succeeded.
    ///
    /// It returns False after timeout seconds, or at once if blocking is false. Threads and
    /// coroutines wait in the same line. In the thread of an event loop, this call stops the loop
    /// while it waits.
    #[pyo3(
        signature = (blocking=Truth(true), timeout=None, n=Slots(1)),
        text_signature = "($self, blocking=True, timeout=None, n=1)",
    )]
    fn acquire_sync(
        &self,
        py: Python<'_>,
        blocking: Truth,
        timeout: Option<Timeout>,
        n: Slots,
    ) -> PyResult<bool> {
        if blocking.0 {
            return self.acquire_until(py, n.0, timeout);
        }
        match timeout {
            Some(_) => Err(exception::<PyValueError>(
                "a timeout makes no sense for an attempt that does not block",
            )),
            None => self.try_acquire(n),
        }
    }

    /// Take n slots if they are free and nobody waits; return whether that succeeded.
    #[pyo3(signature = (n=Slots(1)), text_signature = "($self, n=1)")]
    fn try_acquire(&self, n: Slots) -> PyResult<bool> {
        let permit = self.core()?.try_acquire_many(n.0);
        Ok(permit.map(Permit::forget).is_some())
    }

    /// Give back n slots; this works in any thread, with or without an event loop.
    ///
    /// If there are waiters, the one that has waited longest gets the slots directly. If fewer than n
    /// are taken, raise ValueError and change nothing.
    #[pyo3(signature = (n=Slots(1)), text_signature = "($self, n=1)")]
    fn release(&self, py: Python<'_>, n: Slots) -> Result<()> {
        let core = self.core()?;
        Ok(awaiting::ringing(py, || core.release_many(n.0))?)
    }

    /// The number of slots, free or not.
    ///
    /// A larger one serves those that wait. If it is made smaller, slots that are free are gone at once,
    /// and others when they are released.
    #[getter]
    fn limit(&self) -> PyResult<New<usize>> {
        Ok(New(self.core()?.limit()))
    }

    #[setter]
    fn set_limit(&self, py: Python<'_>, limit: Limit) -> PyResult<()> {
        let core = self.core()?;
        awaiting::ringing(py, || core.set_limit(limit.0));
        Ok(())
    }

    /// Return whether no slot is free, so that acquiring one would wait.
    fn locked(&self) -> PyResult<bool> {
        Ok(self.core()?.is_locked())
    }

    /// The number of slots that are free at this moment.
    #[getter]
    fn value(&self) -> PyResult<New<usize>> {
        Ok(New(self.core()?.available()))
    }

    /// Return another Python object for the same semaphore.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle(&self) -> PyResult<Self> {
        Ok(Self {
            core: OnceLock::from(Arc::clone(self.core()?)),
        })
    }

    fn __aenter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        if !slf.is_exact_instance_of::<Self>() {
            return slf.call_method0(intern!(slf.py(), "acquire"));
        }
        Ok(Bound::new(slf.py(), slf.get().acquire(Slots(1))?)?.into_any())
    }

    // The three usual arguments have names, because PyO3 panics if there is no memory for a tuple
    // of them.
    #[pyo3(signature = (_kind=None, _value=None, _traceback=None, /, *_more), text_signature = "($self, *_exc_info)")]
    fn __aexit__(
        slf: &Bound<'_, Self>,
        _kind: Option<&Bound<'_, PyAny>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
        _more: &Bound<'_, PyTuple>,
    ) -> Result<Coroutine> {
        // The slot is released now and not when the coroutine is awaited, because a signal may
        // strike in between.
        release(slf)?;
        Ok(Coroutine::finished("ProcessSemaphore.__aexit__"))
    }

    fn __enter__(&self, py: Python<'_>) -> PyResult<()> {
        if awaiting::is_in_event_loop(py)? {
            let message = "use 'async with' in the thread of an event loop, which must not wait";
            return Err(exception::<PyRuntimeError>(message));
        }
        self.acquire_until(py, 1, None)?;
        Ok(())
    }

    // The three usual arguments have names, because PyO3 panics if there is no memory for a tuple
    // of them.
    #[pyo3(signature = (_kind=None, _value=None, _traceback=None, /, *_more), text_signature = "($self, *_exc_info)")]
    fn __exit__(
        slf: &Bound<'_, Self>,
        _kind: Option<&Bound<'_, PyAny>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
        _more: &Bound<'_, PyTuple>,
    ) -> Result<()> {
        release(slf)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let name = slf.get_type().name()?;
        let Some(core) = slf.get().core.get() else {
            return Ok(New(format!("<{name}, not initialized>")));
        };
        let (free, slots) = (core.available(), core.limit());
        let waiting = match core.waiting() {
            0 => String::new(),
            n => format!(", {n} waiting"),
        };
        Ok(New(format!(
            "<{name} with {free} of {slots} slots free{waiting}>"
        )))
    }
}

not_copyable!(PyProcessSemaphore, "handle() to share the object");

/// Releases a slot at the end of a `with` block. In a subclass this calls the method, which the
/// subclass may override, as `threading.Semaphore` and `asyncio.Semaphore` do.
fn release(slf: &Bound<'_, PyProcessSemaphore>) -> Result<()> {
    if !slf.is_exact_instance_of::<PyProcessSemaphore>() {
        slf.call_method0(intern!(slf.py(), "release"))?;
        return Ok(());
    }
    slf.get().release(slf.py(), Slots(1))
}

/// Takes slots, waiting in line for them.
struct TakeSlots {
    core: Arc<Semaphore>,
    n: usize,
    /// The place in line. If this is dropped, slots that were already handed to it go to the next
    /// waiter.
    waiting: Option<Waiting>,
}

impl TakeSlots {
    fn new(core: &Arc<Semaphore>, n: usize) -> Self {
        Self {
            core: Arc::clone(core),
            n,
            waiting: None,
        }
    }
}

impl Operation for TakeSlots {
    fn attempt(&mut self, py: Python<'_>) -> Option<Outcome> {
        if self.waiting.is_some() {
            // The slots may have been handed to this place.
            return match self.poll(py, Waker::noop()) {
                Poll::Ready(outcome) => Some(outcome),
                Poll::Pending => None,
            };
        }
        self.core.try_acquire_many(self.n).map(|permit| {
            permit.forget();
            Ok(None)
        })
    }

    fn poll(&mut self, _py: Python<'_>, waker: &Waker) -> Poll<Outcome> {
        let waiting = self.waiting.get_or_insert_with(|| {
            let (core, n) = (Arc::clone(&self.core), self.n);
            Box::pin(async move { core.acquire_many_async(n).await.forget() })
        });
        let polled = waiting.as_mut().poll(&mut Context::from_waker(waker));
        polled.map(|()| Ok(None))
    }

    fn traverse(&self, _visit: &PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        Ok(())
    }
}

deferred_from_birth!(PyProcessSemaphore);
