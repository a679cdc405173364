//! What a `ConcurrentDict` stores as a value.

use crate::{made, object::Object};
use pyo3::{ffi, prelude::*};

/// A value: a Python object, or a counter, which can be added to without making an object.
#[derive(Clone)]
pub(crate) enum Value {
    Object(Object),
    /// Written by `add` and `add_many`; whoever reads it gets an int.
    Count(i64),
}

impl Value {
    pub(crate) fn new(object: &Bound<'_, PyAny>) -> Self {
        Self::Object(Object::new(object))
    }

    pub(crate) fn into_object(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::Object(object) => Ok(object.into_bound(py)),
            Self::Count(count) => Ok(made::int(py, count)?.into_any()),
        }
    }

    /// Tells whether it is the very value that was read before.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Object(one), Self::Object(other)) => one.is(&**other),
            (Self::Count(one), Self::Count(other)) => one == other,
            _ => false,
        }
    }

    /// The value as a counter, if it is one or can become one; runs no Python code.
    #[inline]
    pub(crate) fn count(&self) -> Option<i64> {
        match self {
            Self::Count(count) => Some(*count),
            // SAFETY: an object that is stored is valid, and the thread is attached.
            Self::Object(object) => unsafe { exact_i64(object.as_ptr()) },
        }
    }
}

/// The number that an object is, if it is exactly an int, not a bool say, and fits in 64 bits.
pub(crate) fn count_of(object: &Bound<'_, PyAny>) -> Option<i64> {
    // SAFETY: the object is valid, and the thread attached.
    unsafe { exact_i64(object.as_ptr()) }
}

/// # Safety
///
/// `object` is valid, and the thread is attached.
unsafe fn exact_i64(object: *mut ffi::PyObject) -> Option<i64> {
    // SAFETY: the caller's promise. For an exact int the conversion runs no code and sets no
    // exception.
    unsafe {
        if ffi::PyLong_CheckExact(object) == 0 {
            return None;
        }
        let mut overflow = 0;
        let value = ffi::PyLong_AsLongLongAndOverflow(object, &mut overflow);
        (overflow == 0).then_some(value)
    }
}
