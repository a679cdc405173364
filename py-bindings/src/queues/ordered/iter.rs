//! The iterator of the queues that are not first-in first-out.

use super::class::PyOrderedQueue;
use crate::{
    queues::channel,
    runtime::{create::New, imports::Imports},
};
use pyo3::{PyTraverseError, PyVisit, prelude::*};

/// An iterator that takes items out, and ends when the queue is shut down and drained; it raises
/// QueueFailed if the queue has failed.
#[pyclass(
    frozen,
    weakref,
    module = "ft_utils._native",
    name = "StdOrderedQueueIterator"
)]
pub(crate) struct OrderedIter(Py<PyOrderedQueue>);

#[pymethods]
impl OrderedIter {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let inner = self.0.get().inner()?;
        match channel::get_until(inner, py, None) {
            Ok(item) => Ok(Some(item)),
            Err(err) if err.get_type(py).is(&Imports::get(py).shut_down) => Ok(None),
            Err(err) => Err(err),
        }
    }

    fn __length_hint__(&self) -> PyResult<New<usize>> {
        self.0.get().qsize()
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.0)
    }
}

#[pymethods]
impl PyOrderedQueue {
    /// The number of items, for those who make room for what an iteration yields.
    fn __length_hint__(&self) -> PyResult<New<usize>> {
        self.qsize()
    }

    /// Take out item after item, waiting for each, until the queue is shut down and drained; raise
    /// QueueFailed if it has failed.
    fn __iter__(slf: Bound<'_, Self>) -> OrderedIter {
        OrderedIter(slf.unbind())
    }
}
