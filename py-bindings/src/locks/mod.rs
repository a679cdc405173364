//! Objects that threads acquire and release: `RWLock`, `IntervalLock` and `ProcessSemaphore`.

use pyo3::prelude::*;

pub(crate) mod acquire;
pub(crate) mod interval_lock;
pub(crate) mod rwlock;
pub(crate) mod semaphore;

/// Puts the faster entries in front of the methods.
pub(crate) fn speed_up(py: Python<'_>) -> PyResult<()> {
    interval_lock::speed_up(py)?;
    rwlock::fast::speed_up(py)
}
