//! The operands of operators and methods.

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
    /// The object is an integer, but it does not fit in 64 bits, or converting it raised an
    /// exception.
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

/// Returns the int that an object stands for, if it stands for one.
fn integer<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyInt>>> {
    let py = object.py();
    if let Ok(int) = object.cast::<PyInt>() {
        return Ok(Some(int.clone()));
    }
    if let Ok(atomic) = object.cast::<PyAtomicInt64>() {
        return atomic.get().int(py).map(Some);
    }
    // SAFETY: both functions get a valid object, in an attached thread. `PyNumber_Index` returns a
    // new reference or sets an exception.
    unsafe {
        if ffi::PyIndex_Check(object.as_ptr()) == 0 {
            return Ok(None);
        }
        let index = Bound::from_owned_ptr_or_err(py, ffi::PyNumber_Index(object.as_ptr()));
        match index {
            // All wrappers have `__index__`, even if the wrapped object has none.
            Err(err)
                if local_wrapper::is_instance(object) && err.is_instance_of::<PyTypeError>(py) =>
            {
                Ok(None)
            }
            index => Ok(Some(index?.cast_into()?)),
        }
    }
}

/// Does the same as [`integer`] for operators. There, an object with `__index__` may fail to be an
/// integer: all arrays of NumPy have the method.
pub(super) fn integral<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyInt>>> {
    match integer(object) {
        Err(err) if err.is_instance_of::<PyTypeError>(object.py()) => Ok(None),
        int => int,
    }
}

/// Returns the other operand of an operator that is not in place: an int, or another number
/// unchanged. For all other types, Python asks the other operand to perform the operator.
pub(super) fn number<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    if let Some(int) = integral(object)? {
        return Ok(Some(int.into_any()));
    }
    let py = object.py();
    // The type decides, as for operators, not the `__class__` that the object claims.
    let is_number = (object.get_type()).is_subclass(Imports::get(py).number.bind(py))?;
    Ok(is_number.then(|| object.clone()))
}

pub(super) fn to_i64(int: &Bound<'_, PyInt>) -> PyResult<i64> {
    int.extract().map_err(|_| {
        exception::<PyOverflowError>("the operand does not fit in 64 bits; the value is unchanged")
    })
}
