//! `RWReadContext` and `RWWriteContext`, which hold the lock in a `with` statement.

use super::class::PyRwLock;
use crate::locks::{acquire::Patience, tasks::Answer};
use crate::runtime::{
    awaiting::Coroutine,
    create::{New, exception},
    error::Result,
    not_copyable::not_copyable,
};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::PyRuntimeError,
    prelude::*,
    types::{PyDict, PyTuple},
};
use std::sync::OnceLock;

#[pymethods]
impl PyRwLock {
    /// Return a context that takes the lock for reading: ``with lock.read():``, or ``async with`` in a coroutine.
    fn read(slf: Bound<'_, Self>) -> PyRwReadContext {
        PyRwReadContext {
            lock: OnceLock::from(slf.unbind()),
        }
    }

    /// Return a context that takes the lock for writing: ``with lock.write():``, or ``async with`` in a coroutine.
    fn write(slf: Bound<'_, Self>) -> PyRwWriteContext {
        PyRwWriteContext {
            lock: OnceLock::from(slf.unbind()),
        }
    }
}

impl PyRwLock {
    /// Releases the lock after it was taken for writing, and perhaps downgraded.
    fn unlock_any(&self, py: Python<'_>) -> Result<()> {
        let reads = match self.task(py)? {
            Some(task) if self.0.is_writing(task) => false,
            Some(task) if self.0.is_reading(task) => true,
            _ => self.0.is_reader(),
        };
        if reads {
            self.unlock_read(py)
        } else {
            self.unlock_write(py)
        }
    }
}

/// Returns the lock of a context.
fn lock_of(lock: &OnceLock<Py<PyRwLock>>) -> PyResult<&Py<PyRwLock>> {
    lock.get()
        .ok_or_else(|| exception::<PyRuntimeError>("__init__() of the context was not called"))
}

/// Gives a context its lock. It never changes afterwards, because threads may be inside the
/// context.
fn set_lock(lock: &OnceLock<Py<PyRwLock>>, new: Bound<'_, PyRwLock>) -> PyResult<()> {
    if !lock.get_or_init(|| new.clone().unbind()).is(&new) {
        let message = "the context already has a different lock";
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

/// A context that takes an RWLock for reading.
///
/// RWReadContext(lock)
///
/// Entering it, by "with" or "async with", returns the lock. It can be used any number of times, by
/// several threads and tasks at once, and inside itself.
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
    /// Set by `__init__`, not by `__new__`, so that subclasses can choose their own arguments.
    pub(super) lock: OnceLock<Py<PyRwLock>>,
}

#[pymethods]
impl PyRwReadContext {
    /// Take the lock for reading, and return it.
    fn __enter__(&self, py: Python<'_>) -> Result<Py<PyRwLock>> {
        let lock = lock_of(&self.lock)?;
        lock.get().lock_read(py)?;
        Ok(lock.clone_ref(py))
    }

    /// Release the lock.
    // The three usual arguments have names, because PyO3 panics if there is no memory for a tuple
    // of them.
    #[pyo3(signature = (_kind=None, _value=None, _traceback=None, /, *_more), text_signature = "($self, *_args)")]
    fn __exit__(
        &self,
        py: Python<'_>,
        _kind: Option<&Bound<'_, PyAny>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
        _more: &Bound<'_, PyTuple>,
    ) -> Result<()> {
        lock_of(&self.lock)?.get().unlock_read(py)
    }

    /// Take the lock for a task, which waits if necessary, and return the lock.
    fn __aenter__(&self, py: Python<'_>) -> PyResult<Coroutine> {
        let lock = lock_of(&self.lock)?;
        let answer = Answer::Entered(lock.clone_ref(py).into_any());
        let forever = Patience::Until(None);
        (lock.get()).reading(py, "RWReadContext.__aenter__", answer, forever)
    }

    /// Release the lock.
    // The lock is released now and not when the coroutine is awaited, because a signal may strike in
    // between.
    #[pyo3(signature = (_kind=None, _value=None, _traceback=None, /, *_more), text_signature = "($self, *_args)")]
    fn __aexit__(
        &self,
        py: Python<'_>,
        _kind: Option<&Bound<'_, PyAny>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
        _more: &Bound<'_, PyTuple>,
    ) -> Result<Coroutine> {
        lock_of(&self.lock)?.get().unlock_read(py)?;
        Ok(Coroutine::finished("RWReadContext.__aexit__"))
    }
}

/// A context that takes an RWLock for writing.
///
/// RWWriteContext(lock)
///
/// Entering it, by "with" or "async with", returns the lock. It can be used any number of times, by
/// several threads and tasks. If the body downgrades the lock, leaving the context releases it for reading.
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
    /// Set by `__init__`, not by `__new__`, so that subclasses can choose their own arguments.
    pub(super) lock: OnceLock<Py<PyRwLock>>,
}

#[pymethods]
impl PyRwWriteContext {
    /// Take the lock for writing, and return it.
    fn __enter__(&self, py: Python<'_>) -> Result<Py<PyRwLock>> {
        let lock = lock_of(&self.lock)?;
        lock.get().lock_write(py)?;
        Ok(lock.clone_ref(py))
    }

    /// Release the lock, even if downgrade() has turned it into a read lock.
    // The three usual arguments have names, because PyO3 panics if there is no memory for a tuple
    // of them.
    #[pyo3(signature = (_kind=None, _value=None, _traceback=None, /, *_more), text_signature = "($self, *_args)")]
    fn __exit__(
        &self,
        py: Python<'_>,
        _kind: Option<&Bound<'_, PyAny>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
        _more: &Bound<'_, PyTuple>,
    ) -> Result<()> {
        lock_of(&self.lock)?.get().unlock_any(py)
    }

    /// Take the lock for a task, which waits if necessary, and return the lock.
    fn __aenter__(&self, py: Python<'_>) -> PyResult<Coroutine> {
        let lock = lock_of(&self.lock)?;
        let answer = Answer::Entered(lock.clone_ref(py).into_any());
        let forever = Patience::Until(None);
        (lock.get()).writing(py, "RWWriteContext.__aenter__", answer, forever)
    }

    /// Release the lock, even if downgrade() has turned it into a read lock.
    // The lock is released now and not when the coroutine is awaited, because a signal may strike in
    // between.
    #[pyo3(signature = (_kind=None, _value=None, _traceback=None, /, *_more), text_signature = "($self, *_args)")]
    fn __aexit__(
        &self,
        py: Python<'_>,
        _kind: Option<&Bound<'_, PyAny>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
        _more: &Bound<'_, PyTuple>,
    ) -> Result<Coroutine> {
        lock_of(&self.lock)?.get().unlock_any(py)?;
        Ok(Coroutine::finished("RWWriteContext.__aexit__"))
    }
}

/// The methods that both contexts have. The contexts differ only in how they are entered and left.
macro_rules! context {
    ($class:ty) => {
        #[pymethods]
        impl $class {
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

            fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
                context_repr(slf, &slf.get().lock)
            }

            fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
                visit.call(self.lock.get())
            }
        }

        not_copyable!(
            $class,
            "the context itself, from as many threads as you like"
        );
    };
}

context!(PyRwReadContext);
context!(PyRwWriteContext);
