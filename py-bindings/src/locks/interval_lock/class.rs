//! The class `IntervalLock`.

use crate::{
    locks::{
        acquire::{acquire, wait},
        tasks,
    },
    runtime::{
        awaiting,
        create::{New, exception},
        deferral::deferred_from_birth,
        error::Result,
        fast_calls::{self, Done},
        not_copyable::not_copyable,
        truth::Truth,
    },
};
use ft_interval_lock::{AlreadyOwner, RawIntervalLock};
use ft_sync::TaskToken;
use pyo3::{
    exceptions::PyValueError,
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// A fair lock whose holder lets other threads in now and then, as the GIL does.
///
/// IntervalLock(interval=0.005)
///
/// During a long computation, the holder calls poll() often. If other threads are waiting and the
/// holder has had the lock for longer than interval seconds, poll() hands the lock over and takes
/// it back later. Otherwise poll() costs next to nothing. Threads get the lock in the order in
/// which they began to wait; no thread overtakes them, not even the one that had the lock last.
///
/// Only the thread that has the lock can release it, and it cannot take it twice. acquire() and
/// release() work like those of threading.Lock, so a threading.Condition can use an IntervalLock.
/// Ctrl-C ends a wait within 0.1 s, and the thread then does not have the lock.
///
/// Coroutines use "async with lock:", and the methods whose names end in _async. Tasks of any number of
/// event loops wait in one line with threads. A lock that a task has taken so belongs to that task, not
/// to its thread, and only that task can release it. A task that is cancelled while it waits does not
/// have the lock. In the thread of an event loop, the other methods stop the loop while they wait.
///
/// >>> lock = IntervalLock(interval=0.002)
/// >>> with lock:
/// ...     for row in [[1, 2], [3, 4]]:
/// ...         total = sum(row)
/// ...         _ = lock.poll()
#[pyclass(
    frozen,
    subclass,
    weakref,
    module = "ft_utils.synchronization",
    name = "IntervalLock"
)]
pub(crate) struct PyIntervalLock(pub(super) Arc<RawIntervalLock>);

/// The time between two hand-overs. A time longer than any clock can count means never.
struct Interval(Duration);

impl FromPyObject<'_, '_> for Interval {
    type Error = PyErr;

    fn extract(interval: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let seconds: f64 = interval.extract()?;
        if seconds.is_nan() || seconds < 0.0 {
            let message = format!("interval must not be negative or NaN: {seconds}");
            return Err(exception::<PyValueError>(message));
        }
        Ok(Self(
            Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX),
        ))
    }
}

impl PyIntervalLock {
    #[cold]
    fn lock_slow(&self, py: Python<'_>, deadline: Option<Instant>) -> Result<bool> {
        if self.task_with_lock(py)?.is_some() {
            // The thread would wait for a task that it runs itself.
            return Err(AlreadyOwner.into());
        }
        awaiting::ringing(py, || {
            // When it is dropped, the next in line may have its turn. That happens before the alarms
            // are rung.
            let mut waiter = self.0.wait_to_lock()?;
            wait(py, deadline, |until| waiter.wait_deadline(until))
        })
    }

    /// Releases the lock at the end of a block, unless an exception has left the block without it.
    pub(super) fn leave(&self, py: Python<'_>, raised: bool) -> Result<()> {
        if raised && !self._is_owned(py)? {
            return Ok(());
        }
        self.unlock(py)
    }

    /// Returns the task that runs in this thread, if it has the lock.
    pub(super) fn task_with_lock(&self, py: Python<'_>) -> PyResult<Option<TaskToken>> {
        if !self.0.has_task() {
            return Ok(None);
        }
        Ok(tasks::current(py)?.filter(|&task| self.0.is_owner_task(task)))
    }
}

#[pymethods]
impl PyIntervalLock {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(interval=0.005)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self(Arc::new(RawIntervalLock::new(Duration::ZERO)))
    }

    #[pyo3(signature = (interval=Interval(Duration::from_millis(5))))]
    fn __init__(&self, interval: Interval) {
        self.0.set_interval(interval.0);
    }

    /// The number of seconds a thread has the lock before poll() hands it over; inf means never.
    ///
    /// It is stored in whole microseconds. With 0, every poll() hands the lock over if another
    /// thread is waiting. A new value takes effect at once, also for the thread that has the lock
    /// now.
    #[getter]
    fn interval(&self) -> New<f64> {
        let seconds = |interval: Duration| interval.as_micros() as f64 / 1e6;
        New(self.0.interval().map_or(f64::INFINITY, seconds))
    }

    #[setter]
    fn set_interval(&self, interval: Interval) {
        self.0.set_interval(interval.0);
    }

    /// The number of threads and tasks that are waiting for the lock at this moment.
    #[getter]
    fn waiters(&self) -> New<usize> {
        New(self.0.waiters())
    }

    /// Take the lock, waiting until it is free.
    ///
    /// Raise RuntimeError if this thread already has it.
    fn lock(&self, py: Python<'_>) -> Result<()> {
        if !self.0.try_lock() {
            self.lock_slow(py, None)?;
        }
        Ok(())
    }

    /// Release the lock; the thread or task that has waited longest gets it.
    ///
    /// Raise RuntimeError if neither this task nor this thread has it.
    pub(super) fn unlock(&self, py: Python<'_>) -> Result<()> {
        let task = self.task_with_lock(py)?;
        Ok(awaiting::ringing(py, || match task {
            Some(task) => self.0.unlock_of(task),
            None => self.0.unlock(),
        })?)
    }

    /// Take the lock, and return whether that succeeded.
    ///
    /// Wait up to timeout seconds, or forever if timeout is -1 or None. If blocking is false, do
    /// not wait. Raise RuntimeError if this thread has the lock and would wait for itself.
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
            || self.0.try_lock(),
            |deadline| self.lock_slow(py, deadline),
        )
    }

    /// Release the lock; this is the same as unlock().
    fn release(&self, py: Python<'_>) -> Result<()> {
        self.unlock(py)
    }

    /// Return whether any thread or task has the lock.
    fn locked(&self) -> bool {
        self.0.is_locked()
    }

    /// Let all waiting threads have the lock, one after the other, and then take it again.
    ///
    /// The interval begins again in any case. Raise RuntimeError if this thread does not have the
    /// lock. If the wait is interrupted, by Ctrl-C or because a signal handler raises, this thread
    /// does not have the lock any more.
    fn cede(&self, py: Python<'_>) -> Result<()> {
        awaiting::ringing(py, || {
            if let Some(mut waiter) = self.0.begin_cede()? {
                // The next in line may be a coroutine.
                awaiting::ring(py);
                wait(py, None, |until| waiter.wait_deadline(until))?;
            }
            Ok(())
        })
    }

    /// Do what cede() does, if the interval is over and other threads are waiting.
    ///
    /// The interval is over if this thread has had the lock for longer than that. The clock is read
    /// only if other threads are waiting. Raise RuntimeError if this thread does not have the lock.
    fn poll(&self, py: Python<'_>) -> Result<()> {
        if self.0.is_due()? {
            self.cede(py)?;
        }
        Ok(())
    }

    /// Return another Python object for the same lock.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    /// Take the lock, and return this object.
    fn __enter__(slf: Bound<'_, Self>) -> Result<Bound<'_, Self>> {
        slf.get().lock(slf.py())?;
        Ok(slf)
    }

    /// Release the lock.
    ///
    /// If the body has already released the lock, raise RuntimeError, unless the body itself has
    /// raised: an interrupted cede() leaves the body without the lock.
    // The three usual arguments have names, because PyO3 panics if there is no memory for a tuple
    // of them.
    #[pyo3(signature = (kind=None, _value=None, _traceback=None, /, *_more), text_signature = "($self, *args)")]
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: Option<&Bound<'_, PyAny>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
        _more: &Bound<'_, PyTuple>,
    ) -> Result<()> {
        self.leave(py, kind.is_some())
    }

    /// Return whether this task or this thread has the lock, for threading.Condition.
    fn _is_owned(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.0.is_owner() || self.task_with_lock(py)?.is_some())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let this = slf.get();
        let name = slf.get_type().name()?;
        let state = if this.locked() { "locked" } else { "unlocked" };
        let waiting = match this.0.waiters() {
            0 => String::new(),
            n => format!(", {n} waiting"),
        };
        Ok(New(format!(
            "<{state} {name} object at {:p}, interval {} s{waiting}>",
            slf.as_ptr(),
            this.interval().0
        )))
    }
}

not_copyable!(PyIntervalLock, "handle() to share the object");

fast_calls::fast! { PyIntervalLock:
    noargs c"lock" = |this, py| this.0.try_lock().then(|| Done::none(py));
    noargs c"unlock" = |this, py| unlocked(this, py);
    noargs c"release" = |this, py| unlocked(this, py);
    noargs c"poll" = |this, py| match this.0.is_due() {
        Ok(false) => Some(Done::none(py)),
        _ => None,
    };
    enter c"__enter__" = |this| this.0.try_lock();
    three c"__exit__" = |this, py, _, _, _| unlocked(this, py);
}

/// Releases the lock, if this thread has it.
#[inline]
fn unlocked(lock: &PyIntervalLock, py: Python<'_>) -> Option<Done> {
    let unlocked = awaiting::ringing(py, || lock.0.unlock());
    unlocked.ok().map(|()| Done::none(py))
}

deferred_from_birth!(PyIntervalLock);
