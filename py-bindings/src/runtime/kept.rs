//! What is kept of a call: its value, or its exception.

use crate::runtime::{create::New, object::Object};
use pyo3::{
    PyErr,
    exceptions::{PyBaseException, PyException},
    prelude::*,
};

/// A value, or the exception that the computation of the value has raised.
#[derive(Clone)]
pub(crate) enum Kept {
    Value(Object),
    /// In a cache, only get_or_compute and what stands upon it see it. To all other methods the key
    /// is missing.
    Error(Object),
}

impl Kept {
    pub(crate) fn new(value: &Bound<'_, PyAny>) -> Self {
        Self::Value(Object::new(value))
    }

    pub(crate) fn object(&self) -> &Object {
        match self {
            Self::Value(object) | Self::Error(object) => object,
        }
    }

    pub(crate) fn value(&self) -> Option<&Object> {
        match self {
            Self::Value(value) => Some(value),
            Self::Error(_) => None,
        }
    }

    pub(crate) fn into_value(self, py: Python<'_>) -> Option<Bound<'_, PyAny>> {
        match self {
            Self::Value(value) => Some(value.into_bound(py)),
            Self::Error(_) => None,
        }
    }

    /// Returns the value, or raises the exception.
    pub(crate) fn outcome(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::Value(value) => Ok(value.into_bound(py)),
            Self::Error(error) => Err(PyErr::from_value(error.into_bound(py))),
        }
    }

    /// Returns the value, or raises the exception for one of many callers. Each gets a copy, because
    /// the traceback of a single exception would grow with each call, and keep the frames of all of
    /// them alive. An exception that cannot be copied loses the traceback of the call before.
    pub(crate) fn outcome_of_many(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::Value(value) => Ok(value.into_bound(py)),
            Self::Error(error) => {
                let error = PyErr::from_value(bare(error.bind(py).cast()?)?);
                error.set_traceback(py, None);
                Err(error)
            }
        }
    }
}

/// Returns a copy of an exception without its traceback; if it cannot be copied, the exception
/// itself.
///
/// Fails if copying raises what is no `Exception`, such as the KeyboardInterrupt of a signal handler.
pub(crate) fn bare<'py>(error: &Bound<'py, PyBaseException>) -> PyResult<Bound<'py, PyAny>> {
    let py = error.py();
    let copy = || py.import(New("copy"))?.call_method1(New("copy"), (error,));
    match copy() {
        Ok(copy) if copy.is_instance_of::<PyBaseException>() && !copy.is(error) => {
            copy.call_method1(New("with_traceback"), (py.None(),))
        }
        Err(err) if !err.is_instance_of::<PyException>(py) => Err(err),
        _ => Ok(error.clone().into_any()),
    }
}
