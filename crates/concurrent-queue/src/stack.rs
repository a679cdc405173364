//! The last-in first-out counterpart of the queue.

use std::{fmt, num::NonZeroUsize, sync::PoisonError};

use ft_sync::{Event, Mutex, MutexGuard};

use crate::{TryPopError, TryPushError};

/// A last-in first-out stack for many producers and many consumers, with an optional exact bound.
///
/// A pop takes the item that was pushed last. The stack is a vector behind a lock. The lock is held
/// for a few instructions at a time, and no code of the caller runs under it except as described at
/// [`try_push_with`](Self::try_push_with), [`peek`](Self::peek) and
/// [`try_for_each`](Self::try_for_each). There are events to wait on;
/// [`ConcurrentQueue::not_empty`](crate::ConcurrentQueue::not_empty) shows how.
///
/// ```
/// use ft_concurrent_queue::{ConcurrentStack, TryPopError, TryPushError};
///
/// let stack = ConcurrentStack::bounded(2);
/// stack.try_push(1).unwrap();
/// stack.try_push(2).unwrap();
/// assert_eq!(stack.try_push(3), Err(TryPushError::Full(3)));
/// assert_eq!(stack.try_pop(), Ok(2));
/// stack.close();
/// assert_eq!(stack.try_pop(), Ok(1));
/// assert_eq!(stack.try_pop(), Err(TryPopError::Closed));
/// ```
pub struct ConcurrentStack<T> {
    state: Mutex<State<T>>,
    /// The largest number of items. `None` means no limit.
    capacity: Option<NonZeroUsize>,
    /// Notified once per pushed item. Closing notifies all listeners.
    not_empty: Event,
    /// Notified once per popped item if there is a bound. Closing notifies all listeners.
    not_full: Event,
}

struct State<T> {
    /// The last item leaves first.
    items: Vec<T>,
    /// Whether pushes are refused.
    closed: bool,
}

impl<T> ConcurrentStack<T> {
    /// Creates a stack that takes any number of items.
    pub fn unbounded() -> Self {
        Self::with_capacity(None)
    }

    /// Creates a stack that never holds more than `capacity` items.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0.
    pub fn bounded(capacity: usize) -> Self {
        let capacity = NonZeroUsize::new(capacity).expect("capacity must be positive");
        Self::with_capacity(Some(capacity))
    }

    fn with_capacity(capacity: Option<NonZeroUsize>) -> Self {
        let state = State {
            items: Vec::new(),
            closed: false,
        };
        Self {
            state: Mutex::new(state),
            capacity,
            not_empty: Event::new(),
            not_full: Event::new(),
        }
    }

    /// Pushes `item` on top, unless the stack is full or closed.
    ///
    /// # Errors
    ///
    /// [`TryPushError::Full`] or [`TryPushError::Closed`], with the item.
    pub fn try_push(&self, item: T) -> Result<(), TryPushError<T>> {
        self.try_push_with(item, || ())
    }

    /// Like [`try_push`](Self::try_push), but calls `certain` once the push is certain to succeed,
    /// and before another thread can see the item.
    ///
    /// `certain` runs under the lock: it must be short, and must not use the stack.
    ///
    /// # Errors
    ///
    /// Those of [`try_push`](Self::try_push).
    pub fn try_push_with(&self, item: T, certain: impl FnOnce()) -> Result<(), TryPushError<T>> {
        let mut state = self.lock();
        if state.closed {
            return Err(TryPushError::Closed(item));
        }
        if Some(state.items.len()) == self.capacity() {
            return Err(TryPushError::Full(item));
        }
        certain();
        state.items.push(item);
        drop(state);
        self.not_empty.notify(1);
        Ok(())
    }

    /// Pops the top item, if there is one.
    ///
    /// # Errors
    ///
    /// [`TryPopError::Empty`], or [`TryPopError::Closed`] if no item will ever come.
    pub fn try_pop(&self) -> Result<T, TryPopError> {
        let mut state = self.lock();
        let popped = state.items.pop();
        let closed = state.closed;
        drop(state);
        match popped {
            Some(item) => {
                self.freed(1);
                Ok(item)
            }
            None if closed => Err(TryPopError::Closed),
            None => Err(TryPopError::Empty),
        }
    }

    /// Takes out all items in one step, the top one first. Returns `None`, and takes nothing, if
    /// there are more than `most` items.
    ///
    /// The limit is for callers that allocate room for the items beforehand.
    ///
    /// ```
    /// use ft_concurrent_queue::ConcurrentStack;
    ///
    /// let stack = ConcurrentStack::unbounded();
    /// stack.try_push(1).unwrap();
    /// stack.try_push(2).unwrap();
    /// assert_eq!(stack.try_drain(1), None);
    /// assert_eq!(stack.try_drain(usize::MAX), Some(vec![2, 1]));
    /// assert!(stack.is_empty());
    /// ```
    pub fn try_drain(&self, most: usize) -> Option<Vec<T>> {
        let mut state = self.lock();
        if state.items.len() > most {
            return None;
        }
        let mut items = std::mem::take(&mut state.items);
        drop(state);
        self.freed(items.len());
        items.reverse();
        Some(items)
    }

    /// Returns a clone of the top item, or `None` if the stack is empty. The item is cloned under
    /// the lock.
    ///
    /// # Deadlocks
    ///
    /// A `clone` that uses the stack waits for itself.
    pub fn peek(&self) -> Option<T>
    where
        T: Clone,
    {
        self.lock().items.last().cloned()
    }

    /// Returns the number of items.
    pub fn len(&self) -> usize {
        self.lock().items.len()
    }

    /// Returns whether the stack is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether the stack has as many items as the bound allows.
    pub fn is_full(&self) -> bool {
        self.capacity() == Some(self.len())
    }

    /// Returns the bound, or `None` if there is none.
    pub fn capacity(&self) -> Option<usize> {
        self.capacity.map(NonZeroUsize::get)
    }

    /// Returns whether the stack was closed. It may still contain items.
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Closes the stack. After that no push succeeds, and pops return the remaining items and then
    /// an error. All waiting threads are woken.
    pub fn close(&self) {
        self.lock().closed = true;
        self.wake_all();
    }

    /// Closes the stack and returns the remaining items, in one step.
    pub fn close_and_drain(&self) -> Vec<T> {
        let mut state = self.lock();
        state.closed = true;
        let left = std::mem::take(&mut state.items);
        drop(state);
        self.wake_all();
        left
    }

    /// Calls `visit` with every item until it returns an error. `visit` runs under the lock and
    /// must not use the stack.
    ///
    /// # Errors
    ///
    /// The error of `visit`.
    pub fn try_for_each<E>(&self, visit: impl FnMut(&T) -> Result<(), E>) -> Result<(), E> {
        self.lock().items.iter().try_for_each(visit)
    }

    /// Returns the event that is notified of each pushed item, and of closing.
    pub fn not_empty(&self) -> &Event {
        &self.not_empty
    }

    /// Returns the event that is notified of each place that becomes free, and of closing.
    pub fn not_full(&self) -> &Event {
        &self.not_full
    }

    fn freed(&self, places: usize) {
        if self.capacity.is_some() {
            self.not_full.notify(places);
        }
    }

    fn wake_all(&self) {
        self.not_empty.notify_all();
        self.not_full.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // A clone or a visit that panicked has left everything as it was.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for ConcurrentStack<T> {
    /// Creates an unbounded stack.
    fn default() -> Self {
        Self::unbounded()
    }
}

impl<T> fmt::Debug for ConcurrentStack<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcurrentStack")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
