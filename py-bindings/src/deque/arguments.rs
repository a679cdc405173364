//! What the methods take for an index, a bound, a timeout and a factor.

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
    /// Without a deadline, for ever.
    Until(Option<Instant>),
}

impl FromPyObject<'_, '_> for Patience {
    type Error = PyErr;

    fn extract(timeout: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let timeout: Option<Timeout> = timeout.extract()?;
        Ok(Self::Until(Timeout::deadline(timeout)))
    }
}

/// An argument that may be left out, where None is wrong.
pub(super) struct Given<'py>(pub(super) Option<Bound<'py, PyAny>>);

impl<'py> FromPyObject<'_, 'py> for Given<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(Some(object.to_owned())))
    }
}

/// The index of an item. One that no machine word holds is an IndexError.
pub(super) struct Index(pub(super) isize);

impl FromPyObject<'_, '_> for Index {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        // SAFETY: both are valid objects, and the thread is attached.
        let index = unsafe { ffi::PyNumber_AsSsize_t(object.as_ptr(), ffi::PyExc_IndexError) };
        checked(object.py(), index).map(Self)
    }
}

/// One end of a range of indices. Beyond a machine word it is the largest or smallest there is.
pub(super) struct Bounds(pub(super) isize);

impl FromPyObject<'_, '_> for Bounds {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        // SAFETY: the object is valid, the thread is attached, and null asks for clipping.
        let index = unsafe { ffi::PyNumber_AsSsize_t(object.as_ptr(), ptr::null_mut()) };
        checked(object.py(), index).map(Self)
    }
}

/// -1 can stand for an error.
fn checked(py: Python<'_>, index: isize) -> PyResult<isize> {
    match (index == -1).then(|| PyErr::take(py)).flatten() {
        Some(err) => Err(err),
        None => Ok(index),
    }
}

/// How often to repeat: a failure of `__index__` is kept, for an operand that cannot be extracted
/// would be declined, and the exception lost.
pub(super) struct Times(pub(super) PyResult<isize>);

impl FromPyObject<'_, '_> for Times {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let py = object.py();
        // SAFETY: both get a valid object while attached. The second returns -1 with an exception
        // if it fails, and without one if that is the number.
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
