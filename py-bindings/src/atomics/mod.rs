//! `AtomicInt64`, `AtomicReference` and `AtomicFlag`: single values that threads change in atomic
//! steps; and `StripedCounter`, to which they add.

use pyo3::prelude::*;

mod content;
pub(crate) mod flag;
pub(crate) mod int64;
pub(crate) mod reference;
pub(crate) mod striped;

/// Puts the faster entries in front of the methods.
pub(crate) fn speed_up(py: Python<'_>) -> PyResult<()> {
    flag::speed_up(py)?;
    int64::fast::speed_up(py)?;
    reference::speed_up(py)?;
    striped::speed_up(py)
}

/// Defers the reference counts of objects that hold nothing of the user's.
pub(crate) fn defer(py: Python<'_>) {
    flag::defer(py);
    int64::class::defer(py);
    striped::defer(py);
}
