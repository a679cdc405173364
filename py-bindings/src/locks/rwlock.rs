//! `RWLock`, and the contexts that use it.

use crate::{
    locks::acquire::Patience,
    runtime::{
        blocking,
        create::{New, exception},
        error::{Result, not_copyable},
        fast::Done,
        truth::Truth,
    },
};
use ft_rwlock::{OwnedRwLock, Waiter};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::PyRuntimeError,
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

/// A lock for many readers or one writer.
///
/// RWLock()
///
/// While a writer waits, new readers wait too; when a writer leaves, all readers that waited by then
/// come in together before the next writer. So neither side starves. Writers go in the order in which
/// they came. A thread that reads may read again, even while writers wait, and gives up as often.
///
/// Every thread gives up only what it has, and RuntimeError is raised if it does not have it, or if it
/// would wait for itself: a reader that wants to write, or a writer that wants to read or write. Waits
/// end within 0.1 s of Ctrl-C, without the lock.
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
pub(crate) struct PyRwLock(Arc<OwnedRwLock>);

fn wait(py: Python<'_>, deadline: Option<Instant>, mut waiter: Waiter<'_>) -> PyResult<bool> {
    let step = |until| waiter.wait_deadline(until).then_some(());
    Ok(blocking::wait_in_slices(py, deadline, step)?.is_some())
}

impl PyRwLock {
    #[cold]
    fn read_slow(&self, py: Python<'_>, deadline: Option<Instant>) -> Result<bool> {
        Ok(wait(py, deadline, self.0.wait_to_read()?)?)
    }

    #[cold]
    fn write_slow(&self, py: Python<'_>, deadline: Option<Instant>) -> Result<bool> {
        Ok(wait(py, deadline, self.0.wait_to_write()?)?)
    }
}

#[pymethods]
impl PyRwLock {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "()")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self(Arc::new(OwnedRwLock::new()))
    }

    // Here and not in `new`, so that subclasses are free in what they take.
    fn __init__(&self) {}

    /// Take the lock for reading, waiting for it.
    ///
    /// Raise RuntimeError if this thread has it for writing.
    fn lock_read(&self, py: Python<'_>) -> Result<()> {
        if !self.0.try_read() {
            self.read_slow(py, None)?;
        }
        Ok(())
    }

    /// Give up one reading.
    ///
    /// Raise RuntimeError if this thread has none.
    fn unlock_read(&self) -> Result<()> {
        Ok(self.0.unlock_read()?)
    }

    /// Take the lock for writing, waiting for it.
    ///
    /// Raise RuntimeError if this thread has it, for reading or for writing.
    fn lock_write(&self, py: Python<'_>) -> Result<()> {
        if !self.0.try_write() {
            self.write_slow(py, None)?;
        }
        Ok(())
    }

    /// Give up the writing.
    ///
    /// Raise RuntimeError if this thread does not have the lock for writing.
    fn unlock_write(&self) -> Result<()> {
        Ok(self.0.unlock_write()?)
    }

    /// Take the lock for reading, and tell whether that succeeded.
    ///
    /// Wait up to timeout seconds, for ever if it is -1 or None, and not at all unless blocking. Raise
    /// RuntimeError if this thread has the lock for writing and would wait for itself.
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
        let patience = Patience::new(blocking.0, timeout)?;
        if self.0.try_read() {
            return Ok(true);
        }
        match patience {
            Patience::Never => Ok(false),
            Patience::Until(deadline) => self.read_slow(py, deadline),
        }
    }

    /// Take the lock for writing, and tell whether that succeeded.
    ///
    /// Wait up to timeout seconds, for ever if it is -1 or None, and not at all unless blocking. Raise
    /// RuntimeError if this thread has the lock and would wait for itself.
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
        let patience = Patience::new(blocking.0, timeout)?;
        if self.0.try_write() {
            return Ok(true);
        }
        match patience {
            Patience::Never => Ok(false),
            Patience::Until(deadline) => self.write_slow(py, deadline),
        }
    }

    /// Give up one reading; the same as unlock_read().
    fn release_read(&self) -> Result<()> {
        self.unlock_read()
    }

    /// Give up the writing; the same as unlock_write().
    fn release_write(&self) -> Result<()> {
        self.unlock_write()
    }

    /// Turn the writing into a reading: no other writer comes in between.
    ///
    /// Readers that wait come in as well. Raise RuntimeError if this thread does not have the lock for
    /// writing.
    fn downgrade(&self) -> Result<()> {
        Ok(self.0.downgrade()?)
    }

    /// Return a context that has the lock for reading: ``with lock.read():``.
    fn read(slf: Bound<'_, Self>) -> PyRwReadContext {
        PyRwReadContext {
            lock: OnceLock::from(slf.unbind()),
        }
    }

    /// Return a context that has the lock for writing: ``with lock.write():``.
    fn write(slf: Bound<'_, Self>) -> PyRwWriteContext {
        PyRwWriteContext {
            lock: OnceLock::from(slf.unbind()),
        }
    }

    /// Return how many readings there are, at this moment; a thread that reads twice counts twice.
    fn readers(&self) -> New<usize> {
        New(self.0.readers())
    }

    /// Return how many threads wait for writing, at this moment.
    fn writers_waiting(&self) -> New<usize> {
        New(self.0.writers_waiting())
    }

    /// Tell whether some thread has the lock for writing.
    fn writer_locked(&self) -> bool {
        self.0.is_write_locked()
    }

    /// Return another object for the same lock.
    ///
    /// A thread that uses a handle of its own does not share a reference count with the others.
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

    fn __copy__(slf: &Bound<'_, Self>) -> PyResult<()> {
        not_copyable(slf, "handle() to share the object")
    }

    fn __deepcopy__(slf: &Bound<'_, Self>, _memo: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::__copy__(slf)
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::__copy__(slf)
    }
}

/// The lock of a context.
fn lock_of(lock: &OnceLock<Py<PyRwLock>>) -> PyResult<&Py<PyRwLock>> {
    lock.get()
        .ok_or_else(|| exception::<PyRuntimeError>("__init__() of the context was not called"))
}

/// Gives a context its lock, which it keeps: threads may be between entering and leaving.
fn set_lock(lock: &OnceLock<Py<PyRwLock>>, new: Bound<'_, PyRwLock>) -> PyResult<()> {
    if !lock.get_or_init(|| new.clone().unbind()).is(&new) {
        let message = "the context has another lock already";
        return Err(exception::<PyRuntimeError>(message));
    }
    Ok(())
}

fn context_repr(
    context: &Bound<'_, PyAny>,
    lock: &OnceLock<Py<PyRwLock>>,
) -> PyResult<New<String>> {
    let name = context.get_type().name()?;
    Ok(New(match lock.get() {
        Some(lock) => format!("<{name} of {}>", lock.bind(context.py()).repr()?),
        None => format!("<{name}, not initialized>"),
    }))
}

/// A context that has an RWLock for reading.
///
/// RWReadContext(lock)
///
/// Entering it returns the lock. It can be used any number of times, by several threads at once, and
/// inside itself.
///
/// >>> with RWReadContext(RWLock()) as lock:
/// ...     lock.readers()
/// 1
#[pyclass(
    frozen,
    subclass,
    weakref,
    module = "ft_utils.synchronization",
    name = "RWReadContext"
)]
pub(crate) struct PyRwReadContext {
    /// Set by `__init__`, so that subclasses are free in what they take.
    lock: OnceLock<Py<PyRwLock>>,
}

#[pymethods]
impl PyRwReadContext {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(lock)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            lock: OnceLock::new(),
        }
    }

    fn __init__(&self, lock: Bound<'_, PyRwLock>) -> PyResult<()> {
        set_lock(&self.lock, lock)
    }

    /// Take the lock for reading, and return it.
    fn __enter__(&self, py: Python<'_>) -> Result<Py<PyRwLock>> {
        let lock = lock_of(&self.lock)?;
        lock.get().lock_read(py)?;
        Ok(lock.clone_ref(py))
    }

    /// Give up the reading.
    // The usual three by name: PyO3 panics if there is no memory for a tuple of them.
    #[pyo3(signature = (_kind=None, _value=None, _traceback=None, /, *_more), text_signature = "($self, *_args)")]
    fn __exit__(
        &self,
        _kind: Option<&Bound<'_, PyAny>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
        _more: &Bound<'_, PyTuple>,
    ) -> Result<()> {
        lock_of(&self.lock)?.get().unlock_read()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        context_repr(slf, &slf.get().lock)
    }

    fn __copy__(slf: &Bound<'_, Self>) -> PyResult<()> {
        not_copyable(slf, "the context itself, from as many threads as you like")
    }

    fn __deepcopy__(slf: &Bound<'_, Self>, _memo: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::__copy__(slf)
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::__copy__(slf)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        visit.call(self.lock.get())
    }
}

/// A context that has an RWLock for writing.
///
/// RWWriteContext(lock)
///
/// Entering it returns the lock. It can be used any number of times, by several threads. If the body
/// downgrades the lock, leaving gives up the reading.
///
/// >>> with RWWriteContext(RWLock()) as lock:
/// ...     lock.downgrade()
/// ...     lock.readers()
/// 1
#[pyclass(
    frozen,
    subclass,
    weakref,
    module = "ft_utils.synchronization",
    name = "RWWriteContext"
)]
pub(crate) struct PyRwWriteContext {
    /// Set by `__init__`, so that subclasses are free in what they take.
    lock: OnceLock<Py<PyRwLock>>,
}

#[pymethods]
impl PyRwWriteContext {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(lock)")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            lock: OnceLock::new(),
        }
    }

    fn __init__(&self, lock: Bound<'_, PyRwLock>) -> PyResult<()> {
        set_lock(&self.lock, lock)
    }

    /// Take the lock for writing, and return it.
    fn __enter__(&self, py: Python<'_>) -> Result<Py<PyRwLock>> {
        let lock = lock_of(&self.lock)?;
        lock.get().lock_write(py)?;
        Ok(lock.clone_ref(py))
    }

    /// Give up the writing, or the reading that it has become by downgrade().
    // The usual three by name: PyO3 panics if there is no memory for a tuple of them.
    #[pyo3(signature = (_kind=None, _value=None, _traceback=None, /, *_more), text_signature = "($self, *_args)")]
    fn __exit__(
        &self,
        _kind: Option<&Bound<'_, PyAny>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
        _more: &Bound<'_, PyTuple>,
    ) -> Result<()> {
        let lock = lock_of(&self.lock)?.get();
        if lock.0.is_reader() {
            return lock.unlock_read();
        }
        lock.unlock_write()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        context_repr(slf, &slf.get().lock)
    }

    fn __copy__(slf: &Bound<'_, Self>) -> PyResult<()> {
        not_copyable(slf, "the context itself, from as many threads as you like")
    }

    fn __deepcopy__(slf: &Bound<'_, Self>, _memo: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::__copy__(slf)
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::__copy__(slf)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        visit.call(self.lock.get())
    }
}

pub(crate) mod lock {
    use super::{Done, PyRwLock};

    crate::runtime::fast::fast! { PyRwLock:
        noargs c"lock_read" = |this, py| this.0.try_read().then(|| Done::none(py));
        noargs c"unlock_read" = |this, py| this.0.unlock_read().ok().map(|()| Done::none(py));
        noargs c"lock_write" = |this, py| this.0.try_write().then(|| Done::none(py));
        noargs c"unlock_write" = |this, py| this.0.unlock_write().ok().map(|_| Done::none(py));
        noargs c"release_read" = |this, py| this.0.unlock_read().ok().map(|()| Done::none(py));
        noargs c"release_write" = |this, py| this.0.unlock_write().ok().map(|_| Done::none(py));
    }
}

pub(crate) mod read_context {
    use super::{Done, PyRwReadContext, entered};

    crate::runtime::fast::fast! { PyRwReadContext:
        noargs c"__enter__" = |this, py| entered(&this.lock, py, |lock| lock.0.try_read());
        three c"__exit__" = |this, py, _, _, _| {
            this.lock.get()?.get().0.unlock_read().ok()?;
            Some(Done::none(py))
        };
    }
}

pub(crate) mod write_context {
    use super::{Done, PyRwWriteContext, entered};

    crate::runtime::fast::fast! { PyRwWriteContext:
        noargs c"__enter__" = |this, py| entered(&this.lock, py, |lock| lock.0.try_write());
        three c"__exit__" = |this, py, _, _, _| {
            this.lock.get()?.get().0.unlock_write().ok()?;
            Some(Done::none(py))
        };
    }
}

/// The lock of a context, if it has one and that was to be had at once.
#[inline]
fn entered(
    lock: &OnceLock<Py<PyRwLock>>,
    py: Python<'_>,
    attempt: fn(&PyRwLock) -> bool,
) -> Option<Done> {
    let lock = lock.get()?;
    attempt(lock.get()).then(|| Done(lock.clone_ref(py).into_ptr()))
}
