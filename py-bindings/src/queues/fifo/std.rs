//! `StdConcurrentQueue`.

use super::{class::PyConcurrentQueue, state::Inner};
use crate::{
    queues::{
        channel::{self, Channel},
        channel_async, subclass,
    },
    runtime::{awaiting::Coroutine, create::New, truth::Truth},
};
use ft_concurrent_queue::TaskTracker;
use pyo3::{
    prelude::*,
    types::{PyDict, PyTuple, PyType},
};
use std::sync::Arc;

/// A first-in first-out queue with the methods of queue.Queue.
///
/// StdConcurrentQueue(maxsize=0)
///
/// It holds at most maxsize items, or any number if maxsize is not positive. It is a ConcurrentQueue
/// and does what queue.Queue does on Python 3.13, on every version, with these exceptions: the
/// bound cannot be changed; there is no lock (mutex), no deque (queue) and no condition to get hold
/// of; and a subclass that overrides _init, _put, _get or _qsize, to change how items are kept, is a
/// TypeError. A subclass may override put and get, which put_nowait and get_nowait then call.
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
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(maxsize=0)")]
    fn new(
        _args: &Bound<'_, PyTuple>,
        _kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        PyClassInitializer::from(PyConcurrentQueue::unmade()).add_subclass(Self)
    }

    #[pyo3(signature = (maxsize=None))]
    fn __init__(
        slf: &Bound<'_, Self>,
        #[pyo3(from_py_with = channel::bound)] maxsize: Option<usize>,
    ) -> PyResult<()> {
        let inner = Inner::new(maxsize, Some(TaskTracker::new()), false);
        slf.as_super().get().make(inner);
        Ok(())
    }

    /// Refuse a subclass that overrides _init, _put, _get or _qsize, which nothing would call.
    #[classmethod]
    #[pyo3(signature = (**kwargs))]
    fn __init_subclass__(
        cls: &Bound<'_, PyType>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        subclass::init_subclass::<Self>(cls, kwargs)
    }

    /// Put an item in, waiting while the queue is full.
    ///
    /// Raise Full after timeout seconds, or at once if block is false; ShutDown if the queue is shut
    /// down, QueueFailed if it has failed.
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

    /// Put an item in; raise Full at once if there is no room.
    ///
    /// In a subclass it is put(item, block=False).
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
    /// Raise Empty after timeout seconds, or at once if block is false; once the queue is drained,
    /// ShutDown if it is shut down and QueueFailed if it has failed.
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
    /// In a subclass it is get(block=False).
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
    /// Raise ValueError if that was said of every item already.
    fn task_done(slf: &Bound<'_, Self>) -> PyResult<()> {
        channel::task_done(inner(slf)?, slf.py())
    }

    /// Wait until task_done() was called for every item that was put in.
    ///
    /// Items that shutdown(immediate=True) has dropped do not count; those that drain() has returned
    /// do, as those that get() has. Raise QueueFailed if the queue has failed and items are not done.
    fn join(slf: &Bound<'_, Self>) -> PyResult<()> {
        channel::join(inner(slf)?, slf.py())
    }

    /// As join(), to be awaited: the task waits, not its thread.
    fn join_async(slf: &Bound<'_, Self>) -> PyResult<Coroutine> {
        let inner = Arc::new(inner(slf)?.clone());
        channel_async::joining(inner, slf, "StdConcurrentQueue.join_async")
    }

    /// The number of items that were put in and are not done.
    #[getter]
    fn unfinished_tasks(slf: &Bound<'_, Self>) -> PyResult<New<u64>> {
        Ok(New(inner(slf)?.tasks()?.unfinished()))
    }

    /// Return another object for the same queue.
    ///
    /// A thread that uses a handle of its own does not share a reference count with the others.
    fn handle<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        let base = PyClassInitializer::from(PyConcurrentQueue::share(slf.as_super())?);
        Bound::new(slf.py(), base.add_subclass(Self))
    }
}
