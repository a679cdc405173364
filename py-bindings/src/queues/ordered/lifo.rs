//! `StdConcurrentLifoQueue`.

use super::{class::PyOrderedQueue, items::Items};
use crate::queues::channel;
use pyo3::{
    prelude::*,
    types::{PyDict, PyTuple},
};

/// A last-in first-out queue with the methods of queue.LifoQueue.
///
/// StdConcurrentLifoQueue(maxsize=0)
///
/// It holds at most maxsize items, or any number if maxsize is not positive. The item that was put
/// in last is taken out first. What StdConcurrentQueue says about queue.Queue applies here to
/// queue.LifoQueue.
#[pyclass(
    frozen,
    subclass,
    extends = PyOrderedQueue,
    module = "ft_utils.concurrency",
    name = "StdConcurrentLifoQueue"
)]
pub(crate) struct PyStdLifoQueue;

#[pymethods]
impl PyStdLifoQueue {
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
        slf.as_super().get().make(Items::lifo(maxsize));
    }

    /// Return another object for the same queue.
    ///
    /// A thread that uses a handle of its own does not share a reference count with the others.
    fn handle<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        let base = PyClassInitializer::from(PyOrderedQueue::share(slf.as_super())?);
        Bound::new(slf.py(), base.add_subclass(Self))
    }
}
