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

/// Defers the reference counts of objects that hold nothing of the user's.
pub(crate) fn defer(py: Python<'_>) {
    interval_lock::defer(py);
    rwlock::class::defer(py);
    semaphore::defer(py);
}
