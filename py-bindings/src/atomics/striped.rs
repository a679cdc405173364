//! `StripedCounter`.

use crate::runtime::{
    create::New,
    deferral::deferred_from_birth,
    fast_calls::{self, Done, exact_i64},
    inline::{HasInline, Inline},
    not_copyable::not_copyable,
};
use ft_striped_counter::StripedCounter;
use pyo3::{PyTraverseError, PyVisit, prelude::*};

/// A counter that many threads add to, and that is read now and then.
///
/// StripedCounter()
///
/// Threads that add at the same time do not slow each other down, as they do with an AtomicInt64:
/// when threads meet, the counter gets further integers, and each thread adds to one of its own. So
/// add() returns nothing, and sum() goes through all of them.
///
/// >>> requests = StripedCounter()
/// >>> requests.add()
/// >>> requests.add(4)
/// >>> requests.sum()
/// 5
///
/// A sum counts each addition that was complete before the call, and may or may not count one that
/// another thread makes meanwhile. With additions of both signs, it may be a number that the counter
/// never had. If nothing negative is added, sums never go down. The sum wraps around at 64 bits.
#[pyclass(
    frozen,
    subclass,
    weakref,
    module = "ft_utils.concurrency",
    name = "StripedCounter"
)]
pub(crate) struct PyStripedCounter(Inline<Self>);

impl HasInline for PyStripedCounter {
    type Core = StripedCounter;

    #[inline]
    fn inline(&self) -> &Inline<Self> {
        &self.0
    }
}

#[pymethods]
impl PyStripedCounter {
    #[new]
    fn new() -> Self {
        Self(Inline::new(StripedCounter::new()))
    }

    /// Add n, which may be negative; raise OverflowError if it has more than 64 bits.
    #[pyo3(signature = (n=1, /))]
    fn add(&self, n: i64) {
        self.0.add(n);
    }

    /// Return the sum of all additions.
    fn sum(&self) -> New<i64> {
        New(self.0.sum())
    }

    /// Return the sum of all additions since the last reset, and start again from 0.
    ///
    /// Each addition is counted by exactly one of all such calls, even if it is made meanwhile.
    fn sum_then_reset(&self) -> New<i64> {
        New(self.0.sum_then_reset())
    }

    /// Return another Python object for the same counter.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle(slf: &Bound<'_, Self>) -> Self {
        Self(Inline::handle(slf))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let sum = slf.get().0.sum();
        Ok(New(format!("{}({sum})", slf.get_type().name()?)))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.0.traverse(&visit)
    }
}

not_copyable!(
    PyStripedCounter,
    "sum() for the value, handle() to share the object"
);

fast_calls::fast! { PyStripedCounter:
    noargs c"sum" = |this, py| Some(Done::int(py, this.0.sum()));
    one c"add" = |this, py, n| {
        this.0.add(exact_i64(n)?);
        Some(Done::none(py))
    };
    none c"add" = |this, py| {
        this.0.add(1);
        Some(Done::none(py))
    };
}

deferred_from_birth!(PyStripedCounter);
