//! `StdConcurrentPriorityQueue`.

use super::{class::PyOrderedQueue, items::Items};
use crate::queues::channel;
use pyo3::{
    prelude::*,
    types::{PyDict, PyTuple},
};

/// A queue with the methods of queue.PriorityQueue, whose least item leaves first.
///
/// StdConcurrentPriorityQueue(maxsize=0)
///
/// It holds at most maxsize items, or any number if maxsize is not positive. Items are compared with
/// "<" alone; equal ones leave in no particular order. So with (priority, item) the items are compared
/// where priorities are equal, and two dicts, say, cannot be: put (priority, count, item) in, with a
/// number that is never the same, such as next(itertools.count()), and equal priorities leave in the
/// order of the numbers.
///
/// A comparison that raises makes the call that compares raise, and nothing else: the item that was to
/// be put in is not, the one that was to be taken out stays, and drain() returns all of them, as it
/// compares nothing. A comparison may use the queue itself: then the call that compares starts again.
/// While one thread compares items by methods in Python, calls of others that put or get wait for it.
/// What is said of StdConcurrentQueue and queue.Queue holds here too.
#[pyclass(
    frozen,
    subclass,
    extends = PyOrderedQueue,
    module = "ft_utils.concurrency",
    name = "StdConcurrentPriorityQueue"
)]
pub(crate) struct PyStdPriorityQueue;

#[pymethods]
impl PyStdPriorityQueue {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(maxsize=0)")]
    fn new(
        _args: &Bound<'_, PyTuple>,
        _kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyClassInitializer<Self> {
        PyClassInitializer::from(PyOrderedQueue::unmade()).add_subclass(Self)
    }

    #[pyo3(signature = (maxsize=None))]
    fn __init__(
        slf: &Bound<'_, Self>,
        #[pyo3(from_py_with = channel::bound)] maxsize: Option<usize>,
    ) {
        slf.as_super().get().make(Items::priority(maxsize));
    }

    /// Return another object for the same queue.
    ///
    /// A thread that uses a handle of its own does not share a reference count with the others.
    fn handle<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        let base = PyClassInitializer::from(PyOrderedQueue::share(slf.as_super())?);
        Bound::new(slf.py(), base.add_subclass(Self))
    }
}
