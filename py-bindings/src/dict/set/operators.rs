//! The operators of a set, for sets of all kinds on the other side.

use super::class::{PyConcurrentSet, operand};
use crate::runtime::{
    create::{New, exception},
    nesting::Call,
};
use pyo3::{
    basic::CompareOp,
    exceptions::PyTypeError,
    prelude::*,
    types::{PyNotImplemented, PySet},
};

impl PyConcurrentSet {
    /// Returns what the method of the builtin set makes of `one` and `other`.
    fn combine<'py>(
        one: &Bound<'py, PySet>,
        method: &str,
        other: &Bound<'py, PySet>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let set = Self::of(&one.call_method1(New(method), (other,))?)?;
        Ok(Bound::new(one.py(), set)?.into_any())
    }

    fn operator<'py>(
        &self,
        method: &str,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match operand(other)? {
            Some(other) => Self::combine(&self.to_set(other.py())?, method, &other),
            None => Ok(not_implemented(other.py())),
        }
    }

    fn reflected<'py>(
        &self,
        method: &str,
        other: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match operand(other)? {
            Some(other) => Self::combine(&other, method, &self.to_set(other.py())?),
            None => Ok(not_implemented(other.py())),
        }
    }
}

fn not_implemented(py: Python<'_>) -> Bound<'_, PyAny> {
    PyNotImplemented::get(py).to_owned().into_any()
}

/// Returns the other operand of an operator that changes this set.
fn operand_in_place<'py>(sign: &str, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PySet>> {
    operand(other)?.ok_or_else(|| {
        let kind = other.get_type();
        let name = kind.name().map(|name| name.to_string()).unwrap_or_default();
        exception::<PyTypeError>(format!(
            "unsupported operand type(s) for {sign}: 'ConcurrentSet' and '{name}'"
        ))
    })
}

#[pymethods]
impl PyConcurrentSet {
    fn __or__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator("union", other)
    }

    fn __ror__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.reflected("union", other)
    }

    fn __and__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator("intersection", other)
    }

    fn __rand__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.reflected("intersection", other)
    }

    fn __sub__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator("difference", other)
    }

    fn __rsub__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.reflected("difference", other)
    }

    fn __xor__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.operator("symmetric_difference", other)
    }

    fn __rxor__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.reflected("symmetric_difference", other)
    }

    fn __ior__(&self, other: &Bound<'_, PyAny>) -> PyResult<()> {
        self.add_all(&operand_in_place("|=", other)?)
    }

    fn __iand__(&self, other: &Bound<'_, PyAny>) -> PyResult<()> {
        self.keep_only(&operand_in_place("&=", other)?)
    }

    fn __isub__(&self, other: &Bound<'_, PyAny>) -> PyResult<()> {
        self.discard_all(&operand_in_place("-=", other)?)
    }

    fn __ixor__(&self, other: &Bound<'_, PyAny>) -> PyResult<()> {
        self.toggle_all(&operand_in_place("^=", other)?)
    }

    fn __richcmp__<'py>(
        &self,
        other: &Bound<'py, PyAny>,
        op: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        match operand(other)? {
            Some(other) => {
                let _call = Call::enter()?;
                self.to_set(other.py())?.into_any().rich_compare(other, op)
            }
            None => Ok(not_implemented(other.py())),
        }
    }
}
