//! The errors of the operations. An error contains the item that could not be pushed.

use std::{convert::Infallible, error::Error, fmt};

/// The error of [`try_push`](crate::ConcurrentQueue::try_push).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TryPushError<T> {
    /// The queue is bounded and has no room.
    Full(T),
    /// The queue was closed.
    Closed(T),
}

/// The error of [`push`](crate::ConcurrentQueue::push): the queue was closed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PushError<T>(pub T);

/// The error of [`push_timeout`](crate::ConcurrentQueue::push_timeout).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PushTimeoutError<T> {
    /// The queue is bounded and had no room until the deadline.
    Timeout(T),
    /// The queue was closed.
    Closed(T),
}

/// The error of [`try_push_many`](crate::ConcurrentQueue::try_push_many): some items were not
/// pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryPushManyError {
    /// The queue is bounded and ran out of room.
    Full {
        /// The number of items that were pushed.
        pushed: usize,
    },
    /// The queue was closed.
    Closed {
        /// The number of items that were pushed.
        pushed: usize,
    },
}

/// The error of [`try_pop`](crate::ConcurrentQueue::try_pop).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryPopError {
    /// The queue is empty at the moment.
    Empty,
    /// The queue is empty and closed: no item will ever come.
    Closed,
}

/// The error of [`pop`](crate::ConcurrentQueue::pop): the queue is empty and closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PopError;

/// The error of [`pop_timeout`](crate::ConcurrentQueue::pop_timeout).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PopTimeoutError {
    /// No item came before the deadline.
    Timeout,
    /// The queue is empty and closed: no item will ever come.
    Closed,
}

/// The error of [`PriorityQueue::try_push`](crate::PriorityQueue::try_push).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PriorityPushError<T, E = Infallible> {
    /// The queue is bounded and has no room.
    Full(T),
    /// The queue was closed.
    Closed(T),
    /// Another thread is comparing items.
    Busy(T),
    /// A comparison failed. If the caller had been woken because there was room, it should notify
    /// [`not_full`](crate::PriorityQueue::not_full), so that the next waiter gets the chance.
    Order {
        /// The item that was not pushed.
        item: T,
        /// The error of the comparison.
        error: E,
    },
}

/// The error of [`PriorityQueue::try_pop`](crate::PriorityQueue::try_pop).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriorityPopError<E = Infallible> {
    /// The queue is empty at the moment.
    Empty,
    /// The queue is empty and closed: no item will ever come.
    Closed,
    /// Another thread is comparing items.
    Busy,
    /// A comparison failed. All items are still in the queue. If the caller had been woken because
    /// there was an item, it should notify [`not_empty`](crate::PriorityQueue::not_empty), so that
    /// the next waiter gets the chance.
    Order(E),
}

const FULL: &str = "queue is full";
const CLOSED: &str = "queue is closed";
const TIMEOUT: &str = "timed out waiting on a queue";
const BUSY: &str = "another thread is comparing items";

impl<T> TryPushError<T> {
    /// Returns the item that was not pushed.
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(item) | Self::Closed(item) => item,
        }
    }
}

impl<T> PushError<T> {
    /// Returns the item that was not pushed.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> PushTimeoutError<T> {
    /// Returns the item that was not pushed.
    pub fn into_inner(self) -> T {
        match self {
            Self::Timeout(item) | Self::Closed(item) => item,
        }
    }
}

impl<T, E> PriorityPushError<T, E> {
    /// Returns the item that was not pushed.
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(item) | Self::Closed(item) | Self::Busy(item) => item,
            Self::Order { item, .. } => item,
        }
    }
}

impl TryPushManyError {
    /// Returns the number of items that were pushed.
    pub fn pushed(self) -> usize {
        match self {
            Self::Full { pushed } | Self::Closed { pushed } => pushed,
        }
    }
}

impl<T> fmt::Display for TryPushError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => FULL,
            Self::Closed(_) => CLOSED,
        })
    }
}

impl<T> fmt::Display for PushError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(CLOSED)
    }
}

impl<T> fmt::Display for PushTimeoutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout(_) => TIMEOUT,
            Self::Closed(_) => CLOSED,
        })
    }
}

impl fmt::Display for TryPushManyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (why, pushed) = match self {
            Self::Full { pushed } => (FULL, pushed),
            Self::Closed { pushed } => (CLOSED, pushed),
        };
        write!(f, "{why} after {pushed} items")
    }
}

impl fmt::Display for TryPopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "queue is empty",
            Self::Closed => "queue is empty and closed",
        })
    }
}

impl fmt::Display for PopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&TryPopError::Closed, f)
    }
}

impl fmt::Display for PopTimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str(TIMEOUT),
            Self::Closed => fmt::Display::fmt(&TryPopError::Closed, f),
        }
    }
}

impl<T, E: fmt::Display> fmt::Display for PriorityPushError<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str(FULL),
            Self::Closed(_) => f.write_str(CLOSED),
            Self::Busy(_) => f.write_str(BUSY),
            Self::Order { error, .. } => write!(f, "cannot compare items: {error}"),
        }
    }
}

impl<E: fmt::Display> fmt::Display for PriorityPopError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => fmt::Display::fmt(&TryPopError::Empty, f),
            Self::Closed => fmt::Display::fmt(&TryPopError::Closed, f),
            Self::Busy => f.write_str(BUSY),
            Self::Order(error) => write!(f, "cannot compare items: {error}"),
        }
    }
}

// These are written out, because the items need not be `Debug`.

impl<T> fmt::Debug for TryPushError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

impl<T> fmt::Debug for PushError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushError(..)")
    }
}

impl<T> fmt::Debug for PushTimeoutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout(_) => "Timeout(..)",
            Self::Closed(_) => "Closed(..)",
        })
    }
}

impl<T, E> fmt::Debug for PriorityPushError<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Closed(_) => "Closed(..)",
            Self::Busy(_) => "Busy(..)",
            Self::Order { .. } => "Order { .. }",
        })
    }
}

impl<T> Error for TryPushError<T> {}
impl<T> Error for PushError<T> {}
impl<T> Error for PushTimeoutError<T> {}
impl Error for TryPushManyError {}
impl Error for TryPopError {}
impl Error for PopError {}
impl Error for PopTimeoutError {}
impl<T, E: fmt::Display> Error for PriorityPushError<T, E> {}
impl<E: fmt::Debug + fmt::Display> Error for PriorityPopError<E> {}
