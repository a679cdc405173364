//! The iterator of `ConcurrentQueue`.

use super::{class::PyConcurrentQueue, state::popped};
use crate::runtime::create::New;
use pyo3::{PyTraverseError, PyVisit, prelude::*};

/// An iterator that pops items.
///
/// It ends when the queue is shut down and drained, and raises QueueFailed if the queue has failed.
#[pyclass(
    frozen,
    weakref,
    module = "ft_utils.concurrency",
    name = "ConcurrentQueueIterator"
)]
pub(crate) struct QueueIter(pub(super) Py<PyConcurrentQueue>);

#[pymethods]
impl QueueIter {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let inner = self.0.get().inner()?;
        let attempt = || popped(inner.core.try_pop());
        match inner.wait(py, None, inner.core.not_empty(), attempt)? {
            Some(Ok(item)) => Ok(Some(item.into_py())),
            _ if inner.ending.cause().is_some() => Err(inner.ending.error(py)),
            _ => Ok(None),
        }
    }

    fn __length_hint__(&self) -> PyResult<New<usize>> {
        self.0.get().size()
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.0)
    }
}

#[pymethods]
impl PyConcurrentQueue {
    /// Return the number of items, a size hint for code that collects the items of an iteration.
    fn __length_hint__(&self) -> PyResult<New<usize>> {
        self.size()
    }

    /// Return an iterator that pops items, waiting for each.
    ///
    /// It ends when the queue is shut down and drained, and raises QueueFailed if the queue has
    /// failed.
    fn __iter__(slf: Bound<'_, Self>) -> QueueIter {
        QueueIter(slf.unbind())
    }
}
