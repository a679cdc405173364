//! `Lock`.

use crate::{
    locks::acquire::acquire,
    runtime::{
        awaiting::{self, Awaited, Coroutine},
        blocking::{self, Timeout},
        create::{New, exception},
        deferral::deferred_from_birth,
        error::Result,
        fast_calls::{self, Done},
        not_copyable::not_copyable,
        truth::Truth,
    },
};
use ft_semaphore::{Permit, Semaphore};
use pyo3::{
    exceptions::PyRuntimeError,
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::{sync::Arc, time::Instant};

/// A fair lock for threads, and for coroutines of any number of event loops.
///
/// Lock()
///
/// It works like threading.Lock, and in coroutines like asyncio.Lock: use "with lock" in threads, and
/// "async with lock" in coroutines. It has no owner: any thread or task may release it, and one that
/// takes it twice waits for itself.
///
/// Whoever has waited longest gets the lock directly; no newcomer overtakes. So nobody starves, but a
/// thread that releases the lock and takes it again at once has to wait for all that are in line. A
/// waiter that is cancelled, times out or is interrupted has taken nothing. Ctrl-C ends a wait within
/// 0.1 s.
///
/// >>> import asyncio, threading
/// >>> lock = Lock()
/// >>> async def main():
/// ...     async with lock:
/// ...         return lock.locked()
/// >>> asyncio.run(main())
/// True
/// >>> with lock:
/// ...     lock.acquire(blocking=False)
/// False
#[pyclass(
    frozen,
    subclass,
    weakref,
    dict,
    module = "ft_utils.synchronization",
    name = "Lock"
)]
pub(crate) struct PyLock(Arc<Semaphore>);

impl PyLock {
    pub(super) fn unlocked() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }

    /// The semaphore whose one permit is the lock.
    pub(super) fn core(&self) -> &Arc<Semaphore> {
        &self.0
    }

    #[inline]
    fn try_acquire(&self) -> bool {
        self.0.try_acquire().map(Permit::forget).is_some()
    }

    /// Releases the lock, unless nobody has it.
    #[inline]
    fn release_fast(&self, py: Python<'_>) -> Option<Done> {
        let released = awaiting::ringing(py, || self.0.release());
        released.ok().map(|()| Done::none(py))
    }

    #[cold]
    fn acquire_slow(&self, py: Python<'_>, deadline: Option<Instant>) -> PyResult<bool> {
        let permit = awaiting::ringing(py, || {
            // If it is dropped, this place leaves the line. That happens before the alarms are rung.
            let mut place = self.0.acquire_async();
            blocking::wait_in_slices(py, deadline, |until| place.wait_deadline(until))
        })?;
        Ok(permit.map(Permit::forget).is_some())
    }
}

/// Makes the error for a lock that nobody has.
pub(super) fn not_held() -> PyErr {
    exception::<PyRuntimeError>("release unlocked lock")
}

#[pymethods]
impl PyLock {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "()")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::unlocked()
    }

    fn __init__(&self) {}

    /// Take the lock, and return whether that succeeded.
    ///
    /// Wait up to timeout seconds, or forever if timeout is -1 or None. If blocking is false, do not
    /// wait. In the thread of an event loop, this call stops the loop while it waits.
    #[pyo3(
        signature = (blocking=Truth(true), timeout=None),
        text_signature = "($self, blocking=True, timeout=-1)",
    )]
    fn acquire(
        &self,
        py: Python<'_>,
        blocking: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> Result<bool> {
        acquire(
            blocking.0,
            timeout,
            || self.try_acquire(),
            |deadline| Ok(self.acquire_slow(py, deadline)?),
        )
    }

    /// Do what acquire() does in a coroutine: the task waits, not its thread.
    ///
    /// The timeout counts from this call; None means forever. A task that is cancelled while it waits
    /// has taken nothing.
    #[pyo3(signature = (timeout=None))]
    fn acquire_async(&self, timeout: Option<Timeout>) -> Coroutine {
        let core = Arc::clone(&self.0);
        let wait = Awaited::new(async move { core.acquire_async().await.forget() });
        Coroutine::new("Lock.acquire_async", wait, Timeout::deadline(timeout))
    }

    /// Release the lock; the thread or task that has waited longest gets it.
    ///
    /// Raise RuntimeError if nobody has it.
    fn release(&self, py: Python<'_>) -> PyResult<()> {
        let released = awaiting::ringing(py, || self.0.release());
        released.map_err(|_| not_held())
    }

    /// Return whether anyone has the lock.
    fn locked(&self) -> bool {
        self.0.is_locked()
    }

    /// Return another Python object for the same lock.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    fn __enter__(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.try_acquire() || self.acquire_slow(py, None)?)
    }

    // The three usual arguments have names, because PyO3 panics if there is no memory for a tuple
    // of them.
    #[pyo3(signature = (_kind=None, _value=None, _traceback=None, /, *_more), text_signature = "($self, *_exc_info)")]
    fn __exit__(
        &self,
        py: Python<'_>,
        _kind: Option<&Bound<'_, PyAny>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
        _more: &Bound<'_, PyTuple>,
    ) -> PyResult<()> {
        self.release(py)
    }

    fn __aenter__(&self) -> Coroutine {
        self.acquire_async(None)
    }

    // The three usual arguments have names, because PyO3 panics if there is no memory for a tuple
    // of them.
    #[pyo3(signature = (_kind=None, _value=None, _traceback=None, /, *_more), text_signature = "($self, *_exc_info)")]
    fn __aexit__(
        &self,
        py: Python<'_>,
        _kind: Option<&Bound<'_, PyAny>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
        _more: &Bound<'_, PyTuple>,
    ) -> PyResult<Coroutine> {
        // The lock is released now and not when the coroutine is awaited, because a signal may
        // strike in between.
        self.release(py)?;
        Ok(Coroutine::finished("Lock.__aexit__"))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let core = &slf.get().0;
        let state = if core.is_locked() {
            "locked"
        } else {
            "unlocked"
        };
        let (name, place) = (slf.get_type().name()?, slf.as_ptr());
        let waiting = match core.waiting() {
            0 => String::new(),
            n => format!(", {n} waiting"),
        };
        Ok(New(format!(
            "<{state} ft_utils.{name} object at {place:p}{waiting}>"
        )))
    }
}

not_copyable!(
    PyLock,
    "locked() for the state, handle() to share the object"
);

fast_calls::fast! { PyLock:
    none c"acquire" = |this, py| this.try_acquire().then(|| Done::bool(py, true));
    noargs c"release" = |this, py| this.release_fast(py);
    noargs c"locked" = |this, py| Some(Done::bool(py, this.locked()));
    noargs c"__enter__" = |this, py| this.try_acquire().then(|| Done::bool(py, true));
    three c"__exit__" = |this, py, _, _, _| this.release_fast(py);
}

deferred_from_birth!(PyLock);
