//! `StdConcurrentLifoQueue`.

use super::{class::PyOrderedQueue, items::Items, kind_of_queue::kind_of_queue};
use crate::{
    queues::channel,
    runtime::{deferral::share_if, truth::Truth},
};
use pyo3::{
    prelude::*,
    types::{PyDict, PyTuple},
};

/// A last-in first-out queue with the methods of queue.LifoQueue.
///
/// StdConcurrentLifoQueue(maxsize=0, *, shared=False)
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

kind_of_queue!(PyStdLifoQueue, Items::lifo);
