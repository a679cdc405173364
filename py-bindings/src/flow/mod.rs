//! Classes that pass values and work between threads: `ConcurrentGatheringIterator`, `BatchExecutor` and
//! `WorkStealingExecutor`.

use pyo3::prelude::*;

pub(crate) mod batch_executor;
pub(crate) mod executor;
pub(crate) mod gathering_iter;

/// Puts the faster entries in front of the methods.
pub(crate) fn speed_up(py: Python<'_>) -> PyResult<()> {
    batch_executor::speed_up(py)?;
    executor::class::take_any_arguments(py)?;
    gathering_iter::fast::speed_up(py)
}
