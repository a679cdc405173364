//! The class `AtomicInt64`, and the steps that all its methods and operators are made of.

use crate::runtime::{
    create,
    reentry::{Place, Watch},
};
use ft_atomic_int::{ArithmeticError, AtomicInt64, Change, Operation};
use pyo3::{prelude::*, types::PyInt};
use std::sync::Arc;

/// An integer of 64 bits that threads share and change in atomic steps.
///
/// AtomicInt64(value=0, *, overflow="raise")
///
/// Every method and every in-place operator (``a += 1``) is one atomic, sequentially consistent
/// step, which takes integers. ``/=`` and ``@=`` have no integer to store, and raise ``TypeError``. The
/// other operators read the value once and work on that as on any int, also with ``float``,
/// ``complex``, ``Fraction`` and ``Decimal``, so they never overflow. A step whose result does not fit
/// into 64 bits raises ``OverflowError`` and leaves the value unchanged; with ``overflow="wrap"`` it
/// wraps round, with ``overflow="saturate"`` it stops at the limit.
///
/// >>> counter = AtomicInt64(40)
/// >>> counter.incr()
/// 41
/// >>> counter += 1
/// >>> counter
/// AtomicInt64(42)
#[pyclass(
    frozen,
    subclass,
    weakref,
    generic,
    module = "ft_utils.concurrency",
    name = "AtomicInt64"
)]
pub(crate) struct PyAtomicInt64(pub(super) Arc<AtomicInt64>);

pub(super) static WATCH: Watch = Watch::new();

impl PyAtomicInt64 {
    pub(super) fn int<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyInt>> {
        create::int(py, self.0.load())
    }

    // All changes go through these: see `reentry`.

    #[inline]
    pub(super) fn apply(
        &self,
        operation: Operation,
        operand: i64,
    ) -> Result<Change, ArithmeticError> {
        let change = self.0.apply(operation, operand)?;
        self.changed();
        Ok(change)
    }

    #[inline]
    pub(super) fn swap(&self, value: i64) -> i64 {
        let before = self.0.exchange(value);
        self.changed();
        before
    }

    #[inline]
    pub(super) fn exchange_if(&self, expected: i64, new: i64) -> Result<i64, i64> {
        let before = self.0.compare_exchange(expected, new)?;
        self.changed();
        Ok(before)
    }

    #[inline]
    pub(super) fn store(&self, value: i64) {
        self.0.store(value);
        self.changed();
    }

    #[inline]
    fn changed(&self) {
        WATCH.changed(|| self.place());
    }

    pub(super) fn place(&self) -> Place {
        Place::of(&*self.0)
    }
}
