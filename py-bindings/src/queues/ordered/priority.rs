//! `StdConcurrentPriorityQueue`.

use super::{class::PyOrderedQueue, items::Items, kind_of_queue::kind_of_queue};
use crate::{
    queues::channel,
    runtime::{deferral::share_if, truth::Truth},
};
use pyo3::{
    prelude::*,
    types::{PyDict, PyTuple},
};

/// A queue with the methods of queue.PriorityQueue, whose smallest item leaves first.
///
/// StdConcurrentPriorityQueue(maxsize=0, *, shared=False)
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

kind_of_queue!(PyStdPriorityQueue, Items::priority);
