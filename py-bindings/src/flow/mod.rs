//! Classes that pass values between threads: `ConcurrentGatheringIterator` and `BatchExecutor`.

use pyo3::prelude::*;

pub(crate) mod batch_executor;
pub(crate) mod gathering_iter;

/// Puts the faster entries in front of the methods.
pub(crate) fn speed_up(py: Python<'_>) -> PyResult<()> {
    batch_executor::speed_up(py)?;
    gathering_iter::fast::speed_up(py)
}
