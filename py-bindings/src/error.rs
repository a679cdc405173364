//! The one place where the primitives' errors become Python's.

use ft_atomic_int::ArithmeticError;
use ft_interval_lock::{AlreadyOwner, NotOwner};
use ft_rwlock::{NotHeld, WouldDeadlock};
use ft_semaphore::ReleaseError;
use ft_weave::RegisterError;
use pyo3::{
    exceptions::{
        PyKeyError, PyMemoryError, PyOverflowError, PyRuntimeError, PyTypeError, PyValueError,
        PyZeroDivisionError,
    },
    prelude::*,
    types::PyType,
};

/// What a binding can fail with.
pub(crate) enum Error {
    Py(PyErr),
    Arithmetic(ArithmeticError),
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl From<PyErr> for Error {
    fn from(err: PyErr) -> Self {
        Self::Py(err)
    }
}

impl From<ArithmeticError> for Error {
    fn from(err: ArithmeticError) -> Self {
        Self::Arithmetic(err)
    }
}

impl From<AlreadyOwner> for Error {
    fn from(err: AlreadyOwner) -> Self {
        Self::Py(PyRuntimeError::new_err(err.to_string()))
    }
}

impl From<NotHeld> for Error {
    fn from(err: NotHeld) -> Self {
        Self::Py(PyRuntimeError::new_err(err.to_string()))
    }
}

impl From<NotOwner> for Error {
    fn from(err: NotOwner) -> Self {
        Self::Py(PyRuntimeError::new_err(err.to_string()))
    }
}

impl From<WouldDeadlock> for Error {
    fn from(err: WouldDeadlock) -> Self {
        Self::Py(PyRuntimeError::new_err(err.to_string()))
    }
}

impl From<ReleaseError> for Error {
    fn from(err: ReleaseError) -> Self {
        Self::Py(PyValueError::new_err(err.to_string()))
    }
}

impl From<RegisterError> for Error {
    fn from(err: RegisterError) -> Self {
        let message = err.to_string();
        Self::Py(match err {
            RegisterError::NoMemory => PyMemoryError::new_err(message),
            _ => PyRuntimeError::new_err(message),
        })
    }
}

impl From<Error> for PyErr {
    fn from(err: Error) -> Self {
        match err {
            Error::Py(err) => err,
            Error::Arithmetic(err) => {
                let message = err.to_string();
                match err {
                    ArithmeticError::Overflow => PyOverflowError::new_err(message),
                    ArithmeticError::DivisionByZero => PyZeroDivisionError::new_err(message),
                    _ => PyValueError::new_err(message),
                }
            }
        }
    }
}

/// The error for a missing key: its one argument is the key, even if that is a tuple.
pub(crate) fn key_error(key: &Bound<'_, PyAny>) -> PyErr {
    PyKeyError::new_err((key.clone().unbind(),))
}

/// Refuses `copy.copy`, `copy.deepcopy` and `pickle` of an object that threads share.
///
/// A copy would be another object, which the threads that use the first one know nothing of; so
/// whoever wants that says so.
pub(crate) fn not_copyable(object: &Bound<'_, PyAny>, instead: &str) -> PyResult<()> {
    let kind = object.get_type().name()?.to_string();
    Err(PyTypeError::new_err(format!(
        "cannot copy or pickle '{kind}' object, which threads share; use {instead}"
    )))
}

/// An instance of one of the exceptions of queues, without arguments.
pub(crate) fn raised(py: Python<'_>, kind: &Py<PyType>) -> PyErr {
    PyErr::from_type(kind.bind(py).clone(), ())
}
