//! What a `ConcurrentDict` stores as a value.

use crate::runtime::{create, fast::exact_i64, object::Object};
use pyo3::prelude::*;

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
            Self::Count(count) => Ok(create::int(py, count)?.into_any()),
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
            Self::Object(object) => {
                // SAFETY: values live in dictionaries, which only attached threads touch.
                let py = unsafe { Python::assume_attached() };
                exact_i64(object.bind_borrowed(py))
            }
        }
    }
}
