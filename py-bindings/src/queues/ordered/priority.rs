//! `StdConcurrentPriorityQueue`.

use super::{class::PyOrderedQueue, items::Items};
use crate::queues::channel;
use pyo3::{
    prelude::*,
    types::{PyDict, PyTuple},
};

/// A queue with the methods of queue.PriorityQueue, whose smallest item leaves first.
///
/// StdConcurrentPriorityQueue(maxsize=0)
///
/// It holds at most maxsize items, or any number if maxsize is not positive. Items are compared
/// with "<" alone, and equal items leave in no particular order. If the items are (priority, item)
/// pairs, equal priorities lead to comparing the items, which raises TypeError for dicts, for
/// example. To avoid this, put in (priority, count, item), with a number that is different each
/// time, such as next(itertools.count()). Equal priorities then leave in the order of these
/// numbers.
///
/// If a comparison raises, the call that compares raises the same error, and the queue does not
/// change: an item to be put in is not put in, and an item to be taken out stays. drain() still
/// returns all items, because it compares nothing. A comparison may use the queue itself; the call
/// that compares then starts again. While one thread compares items with methods written in Python,
/// calls of other threads that put or get wait for it. What StdConcurrentQueue says about
/// queue.Queue applies here to queue.PriorityQueue.
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
