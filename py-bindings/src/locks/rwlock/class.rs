//! The class `RWLock`.

use crate::{
    locks::{
        acquire::{acquire, wait},
        tasks,
    },
    runtime::{
        awaiting, create::New, deferral::deferred_from_birth, error::Result,
        not_copyable::not_copyable, truth::Truth,
    },
};
use ft_rwlock::{OwnedRwLock, WouldDeadlock};
use ft_sync::TaskToken;
use pyo3::{
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::{sync::Arc, time::Instant};

/// A lock for many readers or one writer.
///
/// RWLock()
///
/// While a writer waits, new readers wait too. When a writer leaves, all readers that are waiting
/// by then come in together before the next writer. So neither side starves. Writers go in the
/// order in which they came. A thread that is reading may take the lock for reading again, even
/// while writers wait; it must release it as often as it has taken it.
///
/// A thread can release only what it has taken; otherwise RuntimeError is raised. RuntimeError is
/// also raised if a thread would wait for itself: a reader that wants to write, or a writer that
/// wants to read or write. Ctrl-C ends a wait within 0.1 s, and the thread then does not have the
/// lock.
///
/// Coroutines use "async with lock.read():", and the methods whose names end in _async. Tasks of any
/// number of event loops wait in one line with threads. What a task has taken so belongs to that task,
/// not to its thread: the rules above hold for tasks as for threads, and the methods that release the
/// lock do so for the task that calls them, if it has the lock. A task that is cancelled while it waits
/// has taken nothing. In the thread of an event loop, the other methods stop the loop while they wait.
///
/// >>> lock = RWLock()
/// >>> with lock.read():
/// ...     lock.readers()
/// 1
/// >>> with lock.write():
/// ...     lock.writer_locked()
/// True
#[pyclass(
    frozen,
    subclass,
    weakref,
    module = "ft_utils.synchronization",
    name = "RWLock"
)]
pub(crate) struct PyRwLock(pub(super) Arc<OwnedRwLock>);

impl PyRwLock {
    #[cold]
    fn read_slow(&self, py: Python<'_>, deadline: Option<Instant>) -> Result<bool> {
        if let Some(task) = self.task(py)? {
            self.refuse(task)?;
        }
        awaiting::ringing(py, || {
            let mut waiter = self.0.wait_to_read()?;
            wait(py, deadline, |until| waiter.wait_deadline(until))
        })
    }

    #[cold]
    fn write_slow(&self, py: Python<'_>, deadline: Option<Instant>) -> Result<bool> {
        if let Some(task) = self.task(py)? {
            self.refuse(task)?;
        }
        awaiting::ringing(py, || {
            // When it is dropped, others may have their turn. That happens before the alarms are rung.
            let mut waiter = self.0.wait_to_write()?;
            wait(py, deadline, |until| waiter.wait_deadline(until))
        })
    }

    /// Fails if this task has the lock: the thread would wait for a task that it runs itself.
    fn refuse(&self, task: TaskToken) -> Result<()> {
        if self.0.is_writing(task) {
            return Err(WouldDeadlock::HasWrite.into());
        }
        if self.0.is_reading(task) {
            return Err(WouldDeadlock::HasRead.into());
        }
        Ok(())
    }

    /// Returns the task that runs in this thread, if any task has the lock.
    pub(super) fn task(&self, py: Python<'_>) -> PyResult<Option<TaskToken>> {
        if self.0.has_tasks() {
            tasks::current(py)
        } else {
            Ok(None)
        }
    }
}

#[pymethods]
impl PyRwLock {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "()")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self(Arc::new(OwnedRwLock::new()))
    }

    // `__init__` checks the arguments, not `new`, so that subclasses can choose their own.
    fn __init__(&self) {}

    /// Take the lock for reading, waiting until that is possible.
    ///
    /// Raise RuntimeError if this thread has it for writing.
    pub(super) fn lock_read(&self, py: Python<'_>) -> Result<()> {
        if !self.0.try_read() {
            self.read_slow(py, None)?;
        }
        Ok(())
    }

    /// Release the lock once, after taking it for reading.
    ///
    /// Raise RuntimeError if neither this task nor this thread has the lock for reading.
    pub(super) fn unlock_read(&self, py: Python<'_>) -> Result<()> {
        let task = self.task(py)?.filter(|&task| self.0.is_reading(task));
        Ok(awaiting::ringing(py, || match task {
            Some(task) => self.0.unlock_read_of(task),
            None => self.0.unlock_read(),
        })?)
    }

    /// Take the lock for writing, waiting until that is possible.
    ///
    /// Raise RuntimeError if this thread has it, for reading or for writing.
    pub(super) fn lock_write(&self, py: Python<'_>) -> Result<()> {
        if !self.0.try_write() {
            self.write_slow(py, None)?;
        }
        Ok(())
    }

    /// Release the lock, after taking it for writing.
    ///
    /// Raise RuntimeError if neither this task nor this thread has the lock for writing.
    pub(super) fn unlock_write(&self, py: Python<'_>) -> Result<()> {
        let task = self.task(py)?.filter(|&task| self.0.is_writing(task));
        Ok(awaiting::ringing(py, || match task {
            Some(task) => self.0.unlock_write_of(task),
            None => self.0.unlock_write(),
        })?)
    }

    /// Take the lock for reading, and return whether that succeeded.
    ///
    /// Wait up to timeout seconds, or forever if timeout is -1 or None. If blocking is false, do
    /// not wait. Raise RuntimeError if this thread has the lock for writing and would wait for
    /// itself.
    #[pyo3(
        signature = (blocking=Truth(true), timeout=None),
        text_signature = "($self, blocking=True, timeout=-1)",
    )]
    fn acquire_read(
        &self,
        py: Python<'_>,
        blocking: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> Result<bool> {
        acquire(
            blocking.0,
            timeout,
            || self.0.try_read(),
            |deadline| self.read_slow(py, deadline),
        )
    }

    /// Take the lock for writing, and return whether that succeeded.
    ///
    /// Wait up to timeout seconds, or forever if timeout is -1 or None. If blocking is false, do
    /// not wait. Raise RuntimeError if this thread has the lock and would wait for itself.
    #[pyo3(
        signature = (blocking=Truth(true), timeout=None),
        text_signature = "($self, blocking=True, timeout=-1)",
    )]
    fn acquire_write(
        &self,
        py: Python<'_>,
        blocking: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> Result<bool> {
        acquire(
            blocking.0,
            timeout,
            || self.0.try_write(),
            |deadline| self.write_slow(py, deadline),
        )
    }

    /// Release the lock after reading; this is the same as unlock_read().
    fn release_read(&self, py: Python<'_>) -> Result<()> {
        self.unlock_read(py)
    }

    /// Release the lock after writing; this is the same as unlock_write().
    fn release_write(&self, py: Python<'_>) -> Result<()> {
        self.unlock_write(py)
    }

    /// Keep the lock for reading instead of writing; no other writer can come in between.
    ///
    /// Waiting readers come in as well. Raise RuntimeError if neither this task nor this thread has
    /// the lock for writing.
    fn downgrade(&self, py: Python<'_>) -> Result<()> {
        let task = self.task(py)?.filter(|&task| self.0.is_writing(task));
        Ok(awaiting::ringing(py, || match task {
            Some(task) => self.0.downgrade_of(task),
            None => self.0.downgrade(),
        })?)
    }

    /// Return how often the lock is taken for reading at this moment.
    ///
    /// A thread or task that has taken it twice counts twice.
    fn readers(&self) -> New<usize> {
        New(self.0.readers())
    }

    /// Return the number of threads and tasks that are waiting to write at this moment.
    fn writers_waiting(&self) -> New<usize> {
        New(self.0.writers_waiting())
    }

    /// Return whether any thread or task has the lock for writing.
    fn writer_locked(&self) -> bool {
        self.0.is_write_locked()
    }

    /// Return another Python object for the same lock.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let this = slf.get();
        let name = slf.get_type().name()?;
        let state = match (this.writer_locked(), this.0.readers()) {
            (true, _) => "write-locked",
            (false, 0) => "unlocked",
            (false, _) => "read-locked",
        };
        let readers = match this.0.readers() {
            0 => String::new(),
            n => format!(", readers: {n}"),
        };
        let waiting = match this.0.writers_waiting() {
            0 => String::new(),
            n => format!(", writers waiting: {n}"),
        };
        Ok(New(format!(
            "<{state} {name} object at {:p}{readers}{waiting}>",
            slf.as_ptr()
        )))
    }
}

not_copyable!(PyRwLock, "handle() to share the object");

deferred_from_birth!(PyRwLock);
