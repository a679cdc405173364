//! The iterator of the LIFO queue and the priority queue.

use super::class::PyOrderedQueue;
use crate::{
    queues::channel,
    runtime::{create::New, imports::Imports},
};
use pyo3::{PyTraverseError, PyVisit, prelude::*};

/// An iterator that takes items out of the queue.
///
/// It ends when the queue is shut down and drained, and raises QueueFailed if the queue has failed.
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
    /// Return the number of items, a size hint for code that collects the items of an iteration.
    fn __length_hint__(&self) -> PyResult<New<usize>> {
        self.qsize()
    }

    /// Return an iterator that takes items out, waiting for each.
    ///
    /// It ends when the queue is shut down and drained, and raises QueueFailed if the queue has
    /// failed.
    fn __iter__(slf: Bound<'_, Self>) -> OrderedIter {
        OrderedIter(slf.unbind())
    }
}
