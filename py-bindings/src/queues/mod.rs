//! The queues: `ConcurrentQueue`, and the classes with the methods of the module `queue`.

use pyo3::prelude::*;

pub(crate) mod channel;
pub(crate) mod concurrent;
pub(crate) mod less_than;
pub(crate) mod std_fifo;
pub(crate) mod std_ordered;

/// Puts the faster entries before methods.
pub(crate) fn speed_up(py: Python<'_>) -> PyResult<()> {
    concurrent::queue::speed_up(py)?;
    concurrent::iter::speed_up(py)?;
    std_fifo::speed_up(py)
}
