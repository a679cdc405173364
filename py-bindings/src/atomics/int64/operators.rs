//! Operators and conversions.

use super::{
    class::PyAtomicInt64,
    operand::{integral, number, to_i64},
};
use crate::runtime::{
    create::{New, exception},
    error::Result,
};
use ft_atomic_int::Operation;
use pyo3::{exceptions::PyTypeError, ffi, intern, prelude::*, types::PyNotImplemented};

/// A function of the C API that implements a binary operator.
type Binary = unsafe extern "C" fn(*mut ffi::PyObject, *mut ffi::PyObject) -> *mut ffi::PyObject;

/// The operator `**` without a modulus.
unsafe extern "C" fn power(
    left: *mut ffi::PyObject,
    right: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the caller promises what `PyNumber_Power` requires. None is immortal or borrowed.
    unsafe { ffi::PyNumber_Power(left, right, ffi::Py_None()) }
}

impl PyAtomicInt64 {
    /// Applies an operator, with the value on the left and another number on the right.
    pub(super) fn left<'py>(
        &self,
        right: &Bound<'py, PyAny>,
        operator: Binary,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = right.py();
        match number(right)? {
            Some(right) => call(operator, self.int(py)?.as_any(), &right),
            None => Ok(PyNotImplemented::get(py).to_owned().into_any()),
        }
    }

    /// Does the same as `left`, with the value on the right.
    pub(super) fn right<'py>(
        &self,
        left: &Bound<'py, PyAny>,
        operator: Binary,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = left.py();
        match number(left)? {
            Some(left) => call(operator, &left, self.int(py)?.as_any()),
            None => Ok(PyNotImplemented::get(py).to_owned().into_any()),
        }
    }

    /// Performs the step of an in-place operator.
    ///
    /// This never returns NotImplemented, whatever the operand is. Python would then use the
    /// operator that is not in place, and this thread's variable would hold the result instead of
    /// the shared object.
    pub(super) fn in_place(
        &self,
        operation: Operation,
        sign: &str,
        operand: &Bound<'_, PyAny>,
    ) -> Result<()> {
        let Some(int) = integral(operand)? else {
            let kind = operand.get_type();
            let reason = format!("{sign}= takes an integer, not {kind}");
            return Err(refused(&reason, sign).into());
        };
        self.apply(operation, to_i64(&int)?)?;
        Ok(())
    }
}

/// Makes the error of an in-place operator that has no integer to store.
fn refused(reason: &str, sign: &str) -> PyErr {
    exception::<PyTypeError>(format!(
        "{reason}; a {sign} b gives a result and leaves the shared integer as it is"
    ))
}

fn call<'py>(
    operator: Binary,
    left: &Bound<'py, PyAny>,
    right: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: `operator` is a function of the C API for two objects, and both are valid. It returns
    // a new reference or sets an exception.
    unsafe { Bound::from_owned_ptr_or_err(left.py(), operator(left.as_ptr(), right.as_ptr())) }
}

#[pymethods]
impl PyAtomicInt64 {
    fn __pow__<'py>(
        &self,
        other: &Bound<'py, PyAny>,
        modulo: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = other.py();
        if modulo.is_none() {
            return self.left(other, power);
        }
        match (number(other)?, number(modulo)?) {
            (Some(exponent), Some(modulo)) => self.int(py)?.into_any().pow(exponent, modulo),
            _ => Ok(PyNotImplemented::get(py).to_owned().into_any()),
        }
    }

    fn __rpow__<'py>(
        &self,
        other: &Bound<'py, PyAny>,
        modulo: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = other.py();
        if modulo.is_none() {
            return self.right(other, power);
        }
        match (number(other)?, number(modulo)?) {
            (Some(base), Some(modulo)) => base.pow(self.int(py)?, modulo),
            _ => Ok(PyNotImplemented::get(py).to_owned().into_any()),
        }
    }

    fn __ipow__(&self, other: &Bound<'_, PyAny>, _modulo: &Bound<'_, PyAny>) -> Result<()> {
        self.in_place(Operation::Pow, "**", other)
    }

    fn __itruediv__(&self, _other: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(refused("/= would not store an integer, as //= does", "/"))
    }

    fn __imatmul__(&self, _other: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(refused("@= would not store an integer", "@"))
    }

    fn __neg__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.int(py)?.neg()
    }

    fn __abs__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.int(py)?.abs()
    }

    fn __invert__(&self) -> New<i64> {
        New(!self.0.load())
    }

    #[pyo3(signature = (ndigits=None))]
    fn __round__<'py>(
        &self,
        py: Python<'py>,
        ndigits: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match ndigits {
            Some(ndigits) => self
                .int(py)?
                .call_method1(intern!(py, "__round__"), (ndigits,)),
            None => Ok(self.int(py)?.into_any()),
        }
    }

    fn __float__(&self) -> New<f64> {
        New(self.0.load() as f64)
    }

    fn __bool__(&self) -> bool {
        self.0.load() != 0
    }
}
