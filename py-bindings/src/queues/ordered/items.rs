//! The state of a LIFO or priority queue: a stack or a heap, the tasks, and the reason for the end.

use super::less_than::LessThan;
use crate::{
    queues::channel::Channel,
    runtime::{blocking, failure::Ending, object::Object},
};
use ft_concurrent_queue::{
    ConcurrentStack, PriorityPopError, PriorityPushError, PriorityQueue, TaskTracker, TryPopError,
    TryPushError,
};
use ft_sync::Event;
use pyo3::prelude::*;

pub(super) struct Inner {
    pub(super) items: Items,
    pub(super) tasks: TaskTracker,
    /// Why the queue is closed, once it is.
    pub(super) ending: Ending,
}

pub(super) enum Items {
    Lifo(ConcurrentStack<Object>),
    Priority(PriorityQueue<Object>),
}

impl Items {
    pub(super) fn lifo(maxsize: Option<usize>) -> Self {
        Self::Lifo(maxsize.map_or_else(ConcurrentStack::unbounded, ConcurrentStack::bounded))
    }

    pub(super) fn priority(maxsize: Option<usize>) -> Self {
        Self::Priority(maxsize.map_or_else(PriorityQueue::unbounded, PriorityQueue::bounded))
    }

    pub(super) fn peek(&self) -> Option<Object> {
        match self {
            Self::Lifo(stack) => stack.peek(),
            Self::Priority(queue) => queue.peek(),
        }
    }

    pub(super) fn try_drain(&self, most: usize) -> Option<Vec<Object>> {
        match self {
            Self::Lifo(stack) => stack.try_drain(most),
            Self::Priority(queue) => queue.try_drain(most),
        }
    }

    pub(super) fn close_and_drain(&self) -> Vec<Object> {
        match self {
            Self::Lifo(stack) => stack.close_and_drain(),
            Self::Priority(queue) => queue.close_and_drain(),
        }
    }
}

/// Calls `attempt`, which returns `None` while another thread is comparing items. In this case,
/// waits for its turn and tries again.
fn in_turn<T>(
    py: Python<'_>,
    queue: &PriorityQueue<Object>,
    mut attempt: impl FnMut() -> Option<T>,
) -> PyResult<T> {
    if let Some(done) = attempt() {
        return Ok(done);
    }
    loop {
        let _turn = blocking::wait(py, None, queue.turn_over(), || queue.try_turn())?;
        if let Some(done) = attempt() {
            return Ok(done);
        }
    }
}

impl Channel for Inner {
    fn try_put(&self, py: Python<'_>, item: Object) -> PyResult<Result<(), TryPushError<Object>>> {
        let certain = || self.tasks.add();
        let queue = match &self.items {
            Items::Lifo(stack) => return Ok(stack.try_push_with(item, certain)),
            Items::Priority(queue) => queue,
        };
        let mut item = Some(item);
        in_turn(py, queue, || {
            let done = match queue.try_push_with(item.take()?, &LessThan(py), certain) {
                Ok(()) => Ok(Ok(())),
                Err(PriorityPushError::Full(item)) => Ok(Err(TryPushError::Full(item))),
                Err(PriorityPushError::Closed(item)) => Ok(Err(TryPushError::Closed(item))),
                Err(PriorityPushError::Order { error, .. }) => Err(error),
                Err(PriorityPushError::Busy(back)) => {
                    item = Some(back);
                    return None;
                }
            };
            Some(done)
        })?
    }

    fn try_get(&self, py: Python<'_>) -> PyResult<Result<Object, TryPopError>> {
        let queue = match &self.items {
            Items::Lifo(stack) => return Ok(stack.try_pop()),
            Items::Priority(queue) => queue,
        };
        in_turn(py, queue, || match queue.try_pop(&LessThan(py)) {
            Ok(item) => Some(Ok(Ok(item))),
            Err(PriorityPopError::Empty) => Some(Ok(Err(TryPopError::Empty))),
            Err(PriorityPopError::Closed) => Some(Ok(Err(TryPopError::Closed))),
            Err(PriorityPopError::Order(err)) => Some(Err(err)),
            Err(PriorityPopError::Busy) => None,
        })?
    }

    fn len(&self) -> usize {
        match &self.items {
            Items::Lifo(stack) => stack.len(),
            Items::Priority(queue) => queue.len(),
        }
    }

    fn capacity(&self) -> Option<usize> {
        match &self.items {
            Items::Lifo(stack) => stack.capacity(),
            Items::Priority(queue) => queue.capacity(),
        }
    }

    fn is_closed(&self) -> bool {
        match &self.items {
            Items::Lifo(stack) => stack.is_closed(),
            Items::Priority(queue) => queue.is_closed(),
        }
    }

    fn close(&self) {
        match &self.items {
            Items::Lifo(stack) => stack.close(),
            Items::Priority(queue) => queue.close(),
        }
    }

    fn not_empty(&self) -> &Event {
        match &self.items {
            Items::Lifo(stack) => stack.not_empty(),
            Items::Priority(queue) => queue.not_empty(),
        }
    }

    fn not_full(&self) -> &Event {
        match &self.items {
            Items::Lifo(stack) => stack.not_full(),
            Items::Priority(queue) => queue.not_full(),
        }
    }

    fn ending(&self) -> &Ending {
        &self.ending
    }

    fn tasks(&self) -> PyResult<&TaskTracker> {
        Ok(&self.tasks)
    }
}
