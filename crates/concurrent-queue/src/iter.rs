//! Iterators, all of which pop.

use std::iter::FusedIterator;

use crate::queue::ConcurrentQueue;

impl<T> ConcurrentQueue<T> {
    /// Returns an iterator that pops until the queue is closed and empty, and waits for items.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(self)
    }

    /// Returns an iterator that pops until the queue is empty.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter(self)
    }
}

/// Pops until the queue is closed and empty, and waits for items. Made by
/// [`ConcurrentQueue::iter`].
#[derive(Debug)]
#[must_use = "an iterator pops only when asked"]
pub struct Iter<'a, T>(&'a ConcurrentQueue<T>);

/// Pops until the queue is empty. Made by [`ConcurrentQueue::try_iter`].
#[derive(Debug)]
#[must_use = "an iterator pops only when asked"]
pub struct TryIter<'a, T>(&'a ConcurrentQueue<T>);

/// Pops the remaining items of a queue that it owns.
#[derive(Debug)]
pub struct IntoIter<T>(ConcurrentQueue<T>);

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.pop().ok()
    }
}

// A queue that is closed and empty stays so.
impl<T> FusedIterator for Iter<'_, T> {}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.try_pop().ok()
    }
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.try_pop().ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.0.len();
        (len, Some(len))
    }
}

// No other thread can push any more.
impl<T> FusedIterator for IntoIter<T> {}
impl<T> ExactSizeIterator for IntoIter<T> {}

impl<'a, T> IntoIterator for &'a ConcurrentQueue<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoIterator for ConcurrentQueue<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter(self)
    }
}

/// Collects into an unbounded queue.
impl<T> FromIterator<T> for ConcurrentQueue<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut queue = Self::unbounded();
        queue.extend(items);
        queue
    }
}

/// Pushes each item.
///
/// # Panics
///
/// If the queue is closed or full: during an exclusive borrow no other thread could make room.
impl<T> Extend<T> for ConcurrentQueue<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        for item in items {
            if let Err(err) = self.try_push(item) {
                panic!("cannot extend: {err}");
            }
        }
    }
}
