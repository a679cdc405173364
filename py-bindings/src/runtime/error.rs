//! The one place that turns the primitives' errors into Python exceptions.

use crate::runtime::create::{exception, exception_of};
use ft_atomic_int::ArithmeticError;
use ft_interval_lock::{AlreadyOwner, NotOwner};
use ft_latch::{CountTooLarge, CountedTooFar};
use ft_rate_limiter::{MoreThanBurst, RateError};
use ft_rwlock::{NotHeld, WouldDeadlock};
use ft_semaphore::ReleaseError;
use ft_weave::RegisterError;
use pyo3::{
    exceptions::{
        PyException, PyKeyError, PyMemoryError, PyOverflowError, PyRuntimeError, PyValueError,
        PyZeroDivisionError,
    },
    prelude::*,
    types::PyType,
};

/// The errors that a binding can return.
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

/// Converts each error type to one exception type, with the same text.
macro_rules! same_text {
    ($($error:ty => $exception:ty;)*) => {$(
        impl From<$error> for Error {
            fn from(err: $error) -> Self {
                Self::Py(exception::<$exception>(err.to_string()))
            }
        }
    )*};
}

same_text! {
    AlreadyOwner => PyRuntimeError;
    CountTooLarge => PyOverflowError;
    CountedTooFar => PyValueError;
    MoreThanBurst => PyValueError;
    NotHeld => PyRuntimeError;
    NotOwner => PyRuntimeError;
    RateError => PyValueError;
    WouldDeadlock => PyRuntimeError;
    ReleaseError => PyValueError;
}

impl From<RegisterError> for Error {
    fn from(err: RegisterError) -> Self {
        let message = err.to_string();
        Self::Py(match err {
            RegisterError::NoMemory => exception::<PyMemoryError>(message),
            _ => exception::<PyRuntimeError>(message),
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
                    ArithmeticError::Overflow => exception::<PyOverflowError>(message),
                    ArithmeticError::DivisionByZero => exception::<PyZeroDivisionError>(message),
                    _ => exception::<PyValueError>(message),
                }
            }
        }
    }
}

/// Makes the error for a missing key. Its one argument is the key, even if the key is a tuple.
pub(crate) fn key_error(key: &Bound<'_, PyAny>) -> PyErr {
    exception_of::<PyKeyError>(key)
}

/// Makes an exception without arguments.
pub(crate) fn raised(py: Python<'_>, kind: &Py<PyType>) -> PyErr {
    PyErr::from_type(kind.bind(py).clone(), ())
}

/// Returns the first of two errors, or the second one if that alone is no `Exception`: a
/// KeyboardInterrupt, for example, must not be lost.
pub(crate) fn both<T>(py: Python<'_>, one: PyResult<()>, other: PyResult<T>) -> PyResult<T> {
    match (one, other) {
        (Err(one), Err(other))
            if one.is_instance_of::<PyException>(py)
                && !other.is_instance_of::<PyException>(py) =>
        {
            Err(other)
        }
        (one, other) => one.and(other),
    }
}
