//! The class `AtomicInt64`, and the steps that its methods and operators consist of.

use crate::runtime::{
    create,
    deferral::deferred_from_birth,
    inline::{HasInline, Inline},
    reentry::{Place, Watch},
};
use ft_atomic_int::{ArithmeticError, AtomicInt64, Change, Operation};
use pyo3::{prelude::*, types::PyInt};
use std::ops::Deref;

/// A 64-bit integer that threads share and change in atomic steps.
///
/// AtomicInt64(value=0, *, overflow="raise")
///
/// Every method and every in-place operator (``a += 1``) is one atomic, sequentially consistent
/// step, and takes integers. ``/=`` and ``@=`` have no integer to store, and raise ``TypeError``.
/// All other operators read the value once and compute with it as with any int, also with
/// ``float``, ``complex``, ``Fraction`` and ``Decimal``, so they never overflow. If the result of a
/// step does not fit into 64 bits, the step raises ``OverflowError`` and leaves the value
/// unchanged. With ``overflow="wrap"`` the result wraps around instead, and with
/// ``overflow="saturate"`` it stops at the limit.
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
pub(crate) struct PyAtomicInt64(pub(super) Inline<Self>);

/// The integer, in a cache line that has no other use.
///
/// The interpreter reads the head of the Python object in each call. If the integer were in the same
/// line, two threads that change it would take that line away from each other twice. Where Python
/// aligns objects of this size to it, as mimalloc does, no other object uses the line either.
#[repr(C)]
#[derive(Default)]
pub(crate) struct OwnLine {
    _after_the_head: [u64; 4],
    int: AtomicInt64,
    _to_the_end: [u64; 4],
}

impl OwnLine {
    pub(super) fn new(int: AtomicInt64) -> Self {
        Self {
            int,
            ..Self::default()
        }
    }
}

impl Deref for OwnLine {
    type Target = AtomicInt64;

    #[inline]
    fn deref(&self) -> &AtomicInt64 {
        &self.int
    }
}

impl HasInline for PyAtomicInt64 {
    type Core = OwnLine;

    #[inline]
    fn inline(&self) -> &Inline<Self> {
        &self.0
    }
}

pub(super) static WATCH: Watch = Watch::new();

impl PyAtomicInt64 {
    pub(super) fn int<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyInt>> {
        create::int(py, self.0.load())
    }

    // All changes go through these methods: see `reentry`.

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
        Place::of(&**self.0)
    }
}

deferred_from_birth!(PyAtomicInt64);
