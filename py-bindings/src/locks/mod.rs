//! Objects that threads and tasks acquire and release, `Lock`, `RWLock`, `IntervalLock` and
//! `ProcessSemaphore`, and `Condition`, which releases such an object while it waits.

use pyo3::prelude::*;

pub(crate) mod acquire;
pub(crate) mod condition;
mod condition_async;
pub(crate) mod interval_lock;
pub(crate) mod lock;
mod relock;
pub(crate) mod rwlock;
pub(crate) mod semaphore;
mod tasks;

/// Puts the faster entries in front of the methods.
pub(crate) fn speed_up(py: Python<'_>) -> PyResult<()> {
    interval_lock::class::speed_up(py)?;
    lock::speed_up(py)?;
    rwlock::fast::speed_up(py)
}

/// Defers the reference counts of objects that hold nothing of the user's.
pub(crate) fn defer(py: Python<'_>) {
    interval_lock::class::defer(py);
    lock::defer(py);
    rwlock::class::defer(py);
    semaphore::defer(py);
}
