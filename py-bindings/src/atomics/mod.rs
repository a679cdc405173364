//! `AtomicInt64`, `AtomicReference` and `AtomicFlag`: one value that threads change in one step.

use pyo3::prelude::*;

pub(crate) mod flag;
pub(crate) mod int64;
pub(crate) mod reference;

/// Puts the faster entries before methods.
pub(crate) fn speed_up(py: Python<'_>) -> PyResult<()> {
    flag::speed_up(py)?;
    int64::fast::speed_up(py)?;
    reference::speed_up(py)
}
