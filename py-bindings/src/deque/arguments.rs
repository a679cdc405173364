//! The arguments of the methods: indices, bounds, timeouts and factors.

use crate::runtime::{blocking::Timeout, create::exception};
use pyo3::{
    PyTypeInfo,
    exceptions::{PyOverflowError, PyTypeError},
    ffi,
    prelude::*,
};
use std::{ptr, time::Instant};

/// How long a pop waits for an item.
pub(super) enum Patience {
    None,
    /// Until a deadline, or forever if there is none.
    Until(Option<Instant>),
}

impl FromPyObject<'_, '_> for Patience {
    type Error = PyErr;

    fn extract(timeout: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let timeout: Option<Timeout> = timeout.extract()?;
        Ok(Self::Until(Timeout::deadline(timeout)))
    }
}

/// An optional argument for which None is not accepted.
pub(super) struct Given<'py>(pub(super) Option<Bound<'py, PyAny>>);

impl<'py> FromPyObject<'_, 'py> for Given<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(Some(object.to_owned())))
    }
}

/// The index of an item. An index that does not fit in a machine word raises IndexError.
pub(super) struct Index(pub(super) isize);

impl FromPyObject<'_, '_> for Index {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        // SAFETY: both are valid objects, and the thread is attached.
        let index = unsafe { ffi::PyNumber_AsSsize_t(object.as_ptr(), ffi::PyExc_IndexError) };
        checked(object.py(), index).map(Self)
    }
}

/// One end of a range of indices. If it does not fit in a machine word, the largest or smallest
/// possible value is used.
pub(super) struct Bounds(pub(super) isize);

impl FromPyObject<'_, '_> for Bounds {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        // SAFETY: the object is valid, the thread is attached, and null asks for clipping.
        let index = unsafe { ffi::PyNumber_AsSsize_t(object.as_ptr(), ptr::null_mut()) };
        checked(object.py(), index).map(Self)
    }
}

/// Returns the index, or the exception that is set if the index is -1.
fn checked(py: Python<'_>, index: isize) -> PyResult<isize> {
    match (index == -1).then(|| PyErr::take(py)).flatten() {
        Some(err) => Err(err),
        None => Ok(index),
    }
}

/// How often to repeat. An exception from `__index__` is kept as a value: if the extraction itself
/// failed, the operator would return NotImplemented, and the exception would be lost.
pub(super) struct Times(pub(super) PyResult<isize>);

impl FromPyObject<'_, '_> for Times {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let py = object.py();
        // SAFETY: both functions get a valid object, in an attached thread. If the second one
        // fails, it returns -1 with an exception set. Without an exception, -1 is the number
        // itself.
        unsafe {
            if ffi::PyIndex_Check(object.as_ptr()) == 0 {
                let kind = object.get_type();
                let message = format!("expected an integer, not {kind}");
                return Err(exception::<PyTypeError>(message));
            }
            let overflow = PyOverflowError::type_object_raw(py).cast();
            let n = ffi::PyNumber_AsSsize_t(object.as_ptr(), overflow);
            Ok(Self(match PyErr::take(py) {
                Some(err) if n == -1 => Err(err),
                _ => Ok(n),
            }))
        }
    }
}
