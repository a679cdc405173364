//! `StdConcurrentQueue`.

use super::{class::PyConcurrentQueue, state::Inner};
use crate::{
    queues::{
        channel::{self, Channel},
        channel_async, subclass,
    },
    runtime::{awaiting::Coroutine, create::New, deferral::share_if, truth::Truth},
};
use ft_concurrent_queue::TaskTracker;
use pyo3::{
    prelude::*,
    types::{PyDict, PyTuple, PyType},
};
use std::sync::Arc;

/// A first-in first-out queue with the methods of queue.Queue.
///
/// StdConcurrentQueue(maxsize=0, *, shared=False)
///
/// It holds at most maxsize items, or any number if maxsize is not positive. It is a
/// ConcurrentQueue, and on every Python version it behaves like queue.Queue of Python 3.13, with
/// these exceptions:
///
/// - The bound cannot be changed.
/// - The lock (mutex), the deque (queue) and the conditions are not accessible.
/// - A subclass that overrides _init, _put, _get or _qsize, to change how items are stored, raises
///   TypeError.
///
/// A subclass may override put and get; put_nowait and get_nowait then call these.
#[pyclass(
    frozen,
    subclass,
    generic,
    extends = PyConcurrentQueue,
    module = "ft_utils.concurrency",
    name = "StdConcurrentQueue"
)]
pub(crate) struct PyStdQueue;

fn inner<'a>(slf: &'a Bound<'_, PyStdQueue>) -> PyResult<&'a Inner> {
    slf.as_super().get().inner()
}

#[pymethods]
impl PyStdQueue {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(maxsize=0, *, shared=False)")]
    fn new(
        _args: &Bound<'_, PyTuple>,
        _kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        PyClassInitializer::from(PyConcurrentQueue::unmade()).add_subclass(Self)
    }

    #[pyo3(signature = (maxsize=None, *, shared=Truth(false)))]
    fn __init__(
        slf: &Bound<'_, Self>,
        #[pyo3(from_py_with = channel::bound)] maxsize: Option<usize>,
        shared: Truth,
    ) -> PyResult<()> {
        share_if(shared, slf);
        let inner = Inner::new(maxsize, Some(TaskTracker::new()), false);
        slf.as_super().get().make(inner);
        Ok(())
    }

    /// Raise TypeError for a subclass that overrides _init, _put, _get or _qsize.
    ///
    /// Nothing would call these methods.
    #[classmethod]
    #[pyo3(signature = (**kwargs))]
    fn __init_subclass__(
        cls: &Bound<'_, PyType>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        subclass::init_subclass::<Self>(cls, kwargs)
    }

    /// Put an item into the queue, waiting while the queue is full.
    ///
    /// Raise Full after timeout seconds, or at once if block is false. Raise ShutDown if the queue
    /// is shut down, and QueueFailed if it has failed.
    #[pyo3(
        signature = (item, block=Truth(true), timeout=None),
        text_signature = "($self, item, block=True, timeout=None)",
    )]
    fn put(
        slf: &Bound<'_, Self>,
        item: &Bound<'_, PyAny>,
        block: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        channel::put(inner(slf)?, item, block.0, timeout)
    }

    /// Put an item into the queue; raise Full at once if there is no room.
    ///
    /// In a subclass, this calls put(item, block=False).
    fn put_nowait<'py>(
        slf: &Bound<'py, Self>,
        item: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if !slf.is_exact_instance_of::<Self>() {
            return subclass::put_of_subclass(slf, item);
        }
        channel::put(inner(slf)?, item, false, None)?;
        Ok(slf.py().None().into_bound(slf.py()))
    }

    /// Remove and return the oldest item, waiting while the queue is empty.
    ///
    /// Raise Empty after timeout seconds, or at once if block is false. Once the queue is drained,
    /// raise ShutDown if it is shut down, and QueueFailed if it has failed.
    #[pyo3(
        signature = (block=Truth(true), timeout=None),
        text_signature = "($self, block=True, timeout=None)",
    )]
    fn get(
        slf: &Bound<'_, Self>,
        block: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        channel::get(inner(slf)?, slf.py(), block.0, timeout)
    }

    /// Remove and return the oldest item; raise Empty at once if there is none.
    ///
    /// In a subclass, this calls get(block=False).
    fn get_nowait(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        if !slf.is_exact_instance_of::<Self>() {
            return subclass::get_of_subclass(slf).map(Bound::unbind);
        }
        channel::get(inner(slf)?, slf.py(), false, None)
    }

    /// Return the number of items, exact while no other thread puts or gets.
    fn qsize(slf: &Bound<'_, Self>) -> PyResult<New<usize>> {
        Ok(New(inner(slf)?.core.len()))
    }

    /// Tell the queue that the work on an item is done.
    ///
    /// Raise ValueError if it was called for every item already.
    fn task_done(slf: &Bound<'_, Self>) -> PyResult<()> {
        channel::task_done(inner(slf)?, slf.py())
    }

    /// Wait until task_done() was called for every item that was put into the queue.
    ///
    /// Items that shutdown(immediate=True) drops count as done. Items that drain() returns do not:
    /// like those from get(), they need a call of task_done() each. Raise QueueFailed if the queue
    /// has failed and items are not done.
    fn join(slf: &Bound<'_, Self>) -> PyResult<()> {
        channel::join(inner(slf)?, slf.py())
    }

    /// Do what join() does in a coroutine: the task waits, not its thread.
    fn join_async(slf: &Bound<'_, Self>) -> PyResult<Coroutine> {
        let inner = Arc::new(inner(slf)?.clone());
        channel_async::joining(inner, slf, "StdConcurrentQueue.join_async")
    }

    /// The number of items that were put into the queue and are not done.
    #[getter]
    fn unfinished_tasks(slf: &Bound<'_, Self>) -> PyResult<New<u64>> {
        Ok(New(inner(slf)?.tasks()?.unfinished()))
    }

    /// Return another Python object for the same queue.
    ///
    /// If each thread uses a handle of its own, the threads do not contend for one reference count.
    fn handle<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        let base = PyClassInitializer::from(PyConcurrentQueue::share(slf.as_super())?);
        Bound::new(slf.py(), base.add_subclass(Self))
    }
}
