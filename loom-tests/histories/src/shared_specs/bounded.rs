//! Of `ConcurrentStack` and `PriorityQueue`: containers with a bound, which can be closed and drained.

use crate::linear::Model;
use ft_concurrent_queue::{TryPopError, TryPushError};
use std::{collections::BTreeSet, fmt::Debug, hash::Hash, mem};

/// The items, and which of them leaves first.
pub trait Items: Clone + Debug + Default + Eq + Hash + Send + Sync + 'static {
    fn count(&self) -> usize;
    fn put(&mut self, item: u32);
    /// Whether this item may leave next.
    fn is_next(&self, item: u32) -> bool;
    /// Removes the item that leaves next.
    fn remove(&mut self, item: u32);
}

/// The last item leaves first.
impl Items for Vec<u32> {
    fn count(&self) -> usize {
        self.len()
    }

    fn put(&mut self, item: u32) {
        self.push(item);
    }

    fn is_next(&self, item: u32) -> bool {
        self.last() == Some(&item)
    }

    fn remove(&mut self, _item: u32) {
        self.pop();
    }
}

/// The least item leaves first. Items are compared by how often `UNIT` is in them: those that are equal then
/// leave in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Least<const UNIT: u32 = 1>(BTreeSet<u32>);

impl<const UNIT: u32> FromIterator<u32> for Least<UNIT> {
    fn from_iter<T: IntoIterator<Item = u32>>(items: T) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<const UNIT: u32> Items for Least<UNIT> {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn put(&mut self, item: u32) {
        self.0.insert(item);
    }

    fn is_next(&self, item: u32) -> bool {
        let is_least = self.0.first().is_some_and(|it| it / UNIT == item / UNIT);
        is_least && self.0.contains(&item)
    }

    fn remove(&mut self, item: u32) {
        self.0.remove(&item);
    }
}

/// What one thread would see.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spec<I> {
    pub items: I,
    /// `usize::MAX`: there is no bound.
    pub capacity: usize,
    pub closed: bool,
}

impl<I: Items> Spec<I> {
    /// Returns an empty and open container.
    pub fn new(capacity: usize) -> Self {
        Self {
            items: I::default(),
            capacity,
            closed: false,
        }
    }
}

#[derive(Clone, Debug)]
pub enum Step<I> {
    Pushed(u32),
    Full,
    PushClosed,
    Popped(u32),
    Empty,
    PopClosed,
    Peeked(Option<u32>),
    Len(usize),
    IsClosed(bool),
    Visited(I),
    /// Drained while open, because there were at most so many.
    Drained(usize, I),
    /// Not drained, because there were more.
    TooMany(usize),
    Closed,
    ClosedAndDrained(I),
}

impl<I> Step<I> {
    /// What came of a push.
    pub fn pushed<T>(item: u32, result: Result<(), TryPushError<T>>) -> Self {
        match result {
            Ok(()) => Self::Pushed(item),
            Err(TryPushError::Full(_)) => Self::Full,
            Err(TryPushError::Closed(_)) => Self::PushClosed,
        }
    }

    /// What came of a pop.
    pub fn popped(result: Result<u32, TryPopError>) -> Self {
        match result {
            Ok(item) => Self::Popped(item),
            Err(TryPopError::Empty) => Self::Empty,
            Err(TryPopError::Closed) => Self::PopClosed,
        }
    }
}

impl<I: Items> Model for Spec<I> {
    type Step = Step<I>;

    fn step(&mut self, _thread: usize, step: &Step<I>) -> bool {
        let count = self.items.count();
        match step {
            Step::Pushed(item) => {
                self.items.put(*item);
                !self.closed && count < self.capacity
            }
            Step::Full => !self.closed && count == self.capacity,
            Step::PushClosed => self.closed,
            Step::Popped(item) => {
                let is_next = self.items.is_next(*item);
                self.items.remove(*item);
                is_next
            }
            Step::Empty => count == 0 && !self.closed,
            Step::PopClosed => count == 0 && self.closed,
            Step::Peeked(Some(item)) => self.items.is_next(*item),
            Step::Peeked(None) => count == 0,
            Step::Len(len) => count == *len,
            Step::IsClosed(closed) => self.closed == *closed,
            Step::Visited(items) => self.items == *items,
            Step::Drained(most, items) => mem::take(&mut self.items) == *items && count <= *most,
            Step::TooMany(most) => count > *most,
            Step::Closed => {
                self.closed = true;
                true
            }
            Step::ClosedAndDrained(items) => {
                self.closed = true;
                mem::take(&mut self.items) == *items
            }
        }
    }
}
