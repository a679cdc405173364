//! `StdConcurrentPriorityQueue`.

use super::{class::PyOrderedQueue, items::Items, kind_of_queue::kind_of_queue};
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

kind_of_queue!(PyStdPriorityQueue, Items::priority);
