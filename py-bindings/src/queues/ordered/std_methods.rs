//! The methods of `queue.Queue`, for the LIFO queue and the priority queue.

use super::{class::PyOrderedQueue, lifo::PyStdLifoQueue, priority::PyStdPriorityQueue};
use crate::{
    queues::{
        channel::{self, Channel},
        subclass,
    },
    runtime::{create::New, truth::Truth},
};
use pyo3::prelude::*;

#[pymethods]
impl PyOrderedQueue {
    /// Put an item into the queue, waiting while the queue is full.
    ///
    /// Raise Full after timeout seconds, or at once if block is false. Raise ShutDown if the queue
    /// is shut down, and QueueFailed if it has failed.
    #[pyo3(
        signature = (item, block=Truth(true), timeout=None),
        text_signature = "($self, item, block=True, timeout=None)",
    )]
    fn put(
        &self,
        item: &Bound<'_, PyAny>,
        block: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        channel::put(self.inner()?, item, block.0, timeout)
    }

    /// Put an item into the queue; raise Full at once if there is no room.
    ///
    /// In a subclass, this calls put(item, block=False).
    fn put_nowait<'py>(
        slf: &Bound<'py, Self>,
        item: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if is_subclass(slf) {
            return subclass::put_of_subclass(slf, item);
        }
        channel::put(slf.get().inner()?, item, false, None)?;
        Ok(slf.py().None().into_bound(slf.py()))
    }

    /// Remove and return the next item, waiting while the queue is empty.
    ///
    /// Raise Empty after timeout seconds, or at once if block is false. Once the queue is drained,
    /// raise ShutDown if it is shut down, and QueueFailed if it has failed.
    #[pyo3(
        signature = (block=Truth(true), timeout=None),
        text_signature = "($self, block=True, timeout=None)",
    )]
    fn get(
        &self,
        py: Python<'_>,
        block: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        channel::get(self.inner()?, py, block.0, timeout)
    }

    /// Remove and return the next item; raise Empty at once if there is none.
    ///
    /// In a subclass, this calls get(block=False).
    fn get_nowait(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        if is_subclass(slf) {
            return subclass::get_of_subclass(slf).map(Bound::unbind);
        }
        channel::get(slf.get().inner()?, slf.py(), false, None)
    }

    /// Return the number of items.
    pub(super) fn qsize(&self) -> PyResult<New<usize>> {
        Ok(New(self.inner()?.len()))
    }

    /// Tell the queue that the work on an item is done.
    ///
    /// Raise ValueError if it was called for every item already.
    fn task_done(&self, py: Python<'_>) -> PyResult<()> {
        channel::task_done(self.inner()?, py)
    }

    /// Wait until task_done() was called for every item that was put into the queue.
    ///
    /// Items that shutdown(immediate=True) drops count as done. Items that drain() returns do not:
    /// like those from get(), they need a call of task_done() each. Raise QueueFailed if the queue
    /// has failed and items are not done.
    fn join(&self, py: Python<'_>) -> PyResult<()> {
        channel::join(self.inner()?, py)
    }

    /// The number of items that were put into the queue and are not done.
    #[getter]
    fn unfinished_tasks(&self) -> PyResult<New<u64>> {
        Ok(New(self.inner()?.tasks.unfinished()))
    }
}

/// Returns whether the queue is an instance of a subclass, which may override methods.
fn is_subclass(queue: &Bound<'_, PyOrderedQueue>) -> bool {
    !queue.is_exact_instance_of::<PyStdLifoQueue>()
        && !queue.is_exact_instance_of::<PyStdPriorityQueue>()
}
