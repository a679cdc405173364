//! What operators and methods take for a number.

use super::class::PyAtomicInt64;
use crate::{
    local_wrapper,
    runtime::{create::exception, imports::Imports},
};
use pyo3::{
    exceptions::{PyOverflowError, PyTypeError},
    ffi,
    prelude::*,
    types::PyInt,
};

/// The argument of an atomic step.
pub(super) enum Operand {
    Value(i64),
    /// It is an integer, but not one of 64 bits, or it failed to say which.
    Failed(PyErr),
}

impl Operand {
    pub(super) fn value(self) -> PyResult<i64> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Failed(err) => Err(err),
        }
    }
}

impl FromPyObject<'_, '_> for Operand {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let Some(int) = integer(&object).transpose() else {
            let kind = object.get_type();
            return Err(exception::<PyTypeError>(format!(
                "expected an integer, not {kind}"
            )));
        };
        Ok(match int.and_then(|int| to_i64(&int)) {
            Ok(value) => Self::Value(value),
            Err(err) => Self::Failed(err),
        })
    }
}

/// The int that an object stands for, if it stands for one.
fn integer<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyInt>>> {
    let py = object.py();
    if let Ok(int) = object.cast::<PyInt>() {
        return Ok(Some(int.clone()));
    }
    if let Ok(atomic) = object.cast::<PyAtomicInt64>() {
        return atomic.get().int(py).map(Some);
    }
    // SAFETY: both get a valid object while attached; `PyNumber_Index` returns a new reference
    // or sets an exception.
    unsafe {
        if ffi::PyIndex_Check(object.as_ptr()) == 0 {
            return Ok(None);
        }
        let index = Bound::from_owned_ptr_or_err(py, ffi::PyNumber_Index(object.as_ptr()));
        match index {
            // All wrappers have `__index__`, whatever they wrap.
            Err(err)
                if local_wrapper::is_instance(object) && err.is_instance_of::<PyTypeError>(py) =>
            {
                Ok(None)
            }
            index => Ok(Some(index?.cast_into()?)),
        }
    }
}

/// As [`integer`], where what has `__index__` need not be one: all arrays of NumPy have it.
pub(super) fn integral<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyInt>>> {
    match integer(object) {
        Err(err) if err.is_instance_of::<PyTypeError>(object.py()) => Ok(None),
        int => int,
    }
}

/// What an operator that is not in place takes from the other side: an int, or another number as it
/// is. Python asks all other types for the operator themselves.
pub(super) fn number<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    if let Some(int) = integral(object)? {
        return Ok(Some(int.into_any()));
    }
    let py = object.py();
    // By its type, as operators go, and not by what it says its class is.
    let is_number = (object.get_type()).is_subclass(Imports::get(py).number.bind(py))?;
    Ok(is_number.then(|| object.clone()))
}

pub(super) fn to_i64(int: &Bound<'_, PyInt>) -> PyResult<i64> {
    int.extract().map_err(|_| {
        exception::<PyOverflowError>("the operand does not fit in 64 bits; the value is unchanged")
    })
}
