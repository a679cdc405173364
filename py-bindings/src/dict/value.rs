//! The values that a `ConcurrentDict` stores.

use crate::runtime::{create, fast_calls::exact_i64, object::Object};
use pyo3::prelude::*;

/// A value: a Python object, or a counter, which `add` can change without making an object.
#[derive(Clone)]
pub(crate) enum Value {
    Object(Object),
    /// Written by `add` and `add_many`. A caller that reads it gets an int.
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

    /// Returns whether this is the same value as the one that was read before: the same object, or
    /// an equal counter.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Object(one), Self::Object(other)) => one.is(&**other),
            (Self::Count(one), Self::Count(other)) => one == other,
            _ => false,
        }
    }

    /// Returns the value as a counter, if it is one or can become one. Runs no Python code.
    #[inline]
    pub(crate) fn count(&self) -> Option<i64> {
        match self {
            Self::Count(count) => Some(*count),
            Self::Object(object) => {
                // SAFETY: values are only used in dictionaries, and only attached threads use
                // these.
                let py = unsafe { Python::assume_attached() };
                exact_i64(object.bind_borrowed(py))
            }
        }
    }
}
