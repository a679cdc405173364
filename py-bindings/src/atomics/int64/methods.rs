//! The constructor, the atomic steps, `str`, `repr`, formatting and comparison.

use super::{
    class::{OwnLine, PyAtomicInt64, WATCH},
    operand::Operand,
};
use crate::runtime::{
    awaitable::refuse_coroutine,
    create::{self, New, exception},
    error::Result,
    inline::Inline,
    not_copyable::not_copyable,
    reentry::own_change,
};
use ft_atomic_int::{AtomicInt64, Change, Operation, Overflow};
use pyo3::{
    PyTraverseError, PyVisit,
    basic::CompareOp,
    exceptions::{PyTypeError, PyValueError},
    intern,
    prelude::*,
    types::{PyDict, PyType},
};

/// Refuses unknown keywords. A subclass with an `__init__` of its own may have them, because Python
/// passes them to `__new__` too; `object` does the same.
fn check_unused(cls: &Bound<'_, PyType>, others: &Bound<'_, PyDict>) -> PyResult<()> {
    let py = cls.py();
    let init = intern!(py, "__init__");
    if cls.getattr(init)?.is(py.get_type::<PyAny>().getattr(init)?) {
        let name = others.keys().get_item(0)?;
        let message = format!(
            "AtomicInt64.__new__() got an unexpected keyword argument {}",
            name.repr()?
        );
        return Err(exception::<PyTypeError>(message));
    }
    Ok(())
}

impl PyAtomicInt64 {
    fn step(&self, operation: Operation, operand: Operand) -> Result<Change> {
        Ok(self.apply(operation, operand.value()?)?)
    }
}

#[pymethods]
impl PyAtomicInt64 {
    #[new]
    #[classmethod]
    #[pyo3(
        signature = (value=Operand::Value(0), *, overflow="raise", **others),
        text_signature = "(value=0, *, overflow='raise')",
    )]
    fn new(
        cls: &Bound<'_, PyType>,
        value: Operand,
        overflow: &str,
        others: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        if let Some(others) = others {
            check_unused(cls, others)?;
        }
        let overflow = match overflow {
            "raise" => Overflow::Error,
            "wrap" => Overflow::Wrap,
            "saturate" => Overflow::Saturate,
            other => {
                let message =
                    format!("overflow must be 'raise', 'wrap' or 'saturate', not {other:?}");
                return Err(exception::<PyValueError>(message));
            }
        };
        let int = AtomicInt64::new(value.value()?, overflow);
        Ok(Self(Inline::new(OwnLine::new(int))))
    }

    /// Return the value.
    fn get(&self) -> New<i64> {
        New(self.0.load())
    }

    /// Replace the value.
    #[pyo3(signature = (value, /))]
    fn set(&self, value: Operand) -> PyResult<()> {
        self.store(value.value()?);
        Ok(())
    }

    /// Add one and return the new value.
    fn incr(&self) -> Result<New<i64>> {
        Ok(New(self.apply(Operation::Add, 1)?.after))
    }

    /// Subtract one and return the new value.
    fn decr(&self) -> Result<New<i64>> {
        Ok(New(self.apply(Operation::Sub, 1)?.after))
    }

    /// Replace the value and return the previous one.
    #[pyo3(signature = (value, /))]
    fn exchange(&self, value: Operand) -> PyResult<New<i64>> {
        Ok(New(self.swap(value.value()?)))
    }

    /// Replace the value by new if it equals expected; return whether it did.
    #[pyo3(signature = (expected, new, /))]
    fn compare_exchange(&self, expected: Operand, new: Operand) -> PyResult<bool> {
        Ok((self.exchange_if(expected.value()?, new.value()?)).is_ok())
    }

    /// Replace the value by function(value) and return the new value.
    ///
    /// The function must return an int. It is called again whenever another thread has changed the
    /// value meanwhile. If it raises, the value does not change. It may read the value, but must
    /// not change it: that raises RuntimeError.
    #[pyo3(signature = (function, /))]
    fn update(&self, function: &Bound<'_, PyAny>) -> PyResult<New<i64>> {
        let step = |value: i64| {
            let next = function.call1((create::int(function.py(), value)?,))?;
            refuse_coroutine(&next, "update() takes a function that returns the value")?;
            next.extract::<Operand>()?.value()
        };
        let mut before = self.0.load();
        loop {
            let (after, has_changed_it) = WATCH.during(self.place(), || step(before));
            let after = after?;
            match self.exchange_if(before, after) {
                Ok(_) => return Ok(New(after)),
                Err(_) if has_changed_it => return Err(own_change("AtomicInt64")),
                Err(other) => before = other,
            }
        }
    }

    /// Add to the value and return the previous value.
    #[pyo3(signature = (operand, /))]
    fn fetch_add(&self, operand: Operand) -> Result<New<i64>> {
        Ok(New(self.step(Operation::Add, operand)?.before))
    }

    /// Subtract from the value and return the previous value.
    #[pyo3(signature = (operand, /))]
    fn fetch_sub(&self, operand: Operand) -> Result<New<i64>> {
        Ok(New(self.step(Operation::Sub, operand)?.before))
    }

    /// Store the bitwise and of the value and the operand; return the previous value.
    #[pyo3(signature = (operand, /))]
    fn fetch_and(&self, operand: Operand) -> Result<New<i64>> {
        Ok(New(self.step(Operation::And, operand)?.before))
    }

    /// Store the bitwise or of the value and the operand; return the previous value.
    #[pyo3(signature = (operand, /))]
    fn fetch_or(&self, operand: Operand) -> Result<New<i64>> {
        Ok(New(self.step(Operation::Or, operand)?.before))
    }

    /// Store the bitwise exclusive or of the value and the operand; return the previous value.
    #[pyo3(signature = (operand, /))]
    fn fetch_xor(&self, operand: Operand) -> Result<New<i64>> {
        Ok(New(self.step(Operation::Xor, operand)?.before))
    }

    /// Store the larger one of the value and the operand; return the previous value.
    #[pyo3(signature = (operand, /))]
    fn fetch_max(&self, operand: Operand) -> Result<New<i64>> {
        Ok(New(self.step(Operation::Max, operand)?.before))
    }

    /// Store the smaller one of the value and the operand; return the previous value.
    #[pyo3(signature = (operand, /))]
    fn fetch_min(&self, operand: Operand) -> Result<New<i64>> {
        Ok(New(self.step(Operation::Min, operand)?.before))
    }

    /// Return another Python object for the same integer.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle(slf: &Bound<'_, Self>) -> Self {
        Self(Inline::handle(slf))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        self.0.traverse(&visit)
    }

    /// Compare the value as an int; the other operand decides the result, which need not be a bool.
    fn __richcmp__<'py>(
        &self,
        other: &Bound<'py, PyAny>,
        op: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        let value = self.int(other.py())?;
        match other.cast::<Self>() {
            Ok(other) => value.rich_compare(other.get().int(value.py())?, op),
            Err(_) => value.rich_compare(other, op),
        }
    }

    fn __format__<'py>(&self, spec: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = spec.py();
        self.int(py)?
            .call_method1(intern!(py, "__format__"), (spec,))
    }

    fn __str__(&self) -> New<String> {
        New(self.0.load().to_string())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let atomic: &AtomicInt64 = &slf.get().0;
        let policy = match atomic.overflow() {
            Overflow::Error => "",
            Overflow::Wrap => ", overflow='wrap'",
            Overflow::Saturate => ", overflow='saturate'",
        };
        Ok(New(format!(
            "{}({}{policy})",
            slf.get_type().name()?,
            atomic.load()
        )))
    }
}

not_copyable!(
    PyAtomicInt64,
    "get() for the value, handle() to share the object"
);
