//! The items of a deque and their positions.

use std::collections::{TryReserveError, VecDeque, vec_deque};
use std::ops::Range;

/// The buffer never shrinks below this capacity.
const SMALL: usize = 256;

/// The items of a deque, each at a position.
///
/// Positions are places on an endless line, counted modulo 2^64 or so: the first item is at
/// `start`, the next at `start + 1`. An item keeps its position while others come and go at the
/// ends. It gets another one when it is rotated from one end to the other, when an insertion or a
/// removal in the middle moves it, and when the order is reversed.
pub(crate) struct Ring<T> {
    items: VecDeque<T>,
    /// The position of the first item. If there is none, that of the next item.
    start: usize,
}

impl<T> Ring<T> {
    pub(crate) fn new() -> Self {
        Self {
            items: VecDeque::new(),
            start: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.items.get(index)
    }

    pub(crate) fn iter(&self) -> vec_deque::Iter<'_, T> {
        self.items.iter()
    }

    pub(crate) fn range(&self, range: Range<usize>) -> vec_deque::Iter<'_, T> {
        self.items.range(range)
    }

    /// Returns the position of the item at `index`.
    pub(crate) fn position(&self, index: usize) -> usize {
        self.start.wrapping_add(index)
    }

    #[inline]
    pub(crate) fn push_back(&mut self, item: T) {
        self.items.push_back(item);
    }

    #[inline]
    pub(crate) fn push_front(&mut self, item: T) {
        self.items.push_front(item);
        self.start = self.start.wrapping_sub(1);
    }

    #[inline]
    pub(crate) fn pop_back(&mut self) -> Option<T> {
        let item = self.items.pop_back();
        self.shrink();
        item
    }

    #[inline]
    pub(crate) fn pop_front(&mut self) -> Option<T> {
        let item = self.items.pop_front()?;
        self.start = self.start.wrapping_add(1);
        self.shrink();
        Some(item)
    }

    /// Frees memory once seven eighths of it are unused. Half of the remaining memory is then
    /// unused, so the next time is as many operations away as there are items.
    #[inline]
    fn shrink(&mut self) {
        let capacity = self.items.capacity();
        if capacity > SMALL && self.items.len() < capacity / 8 {
            self.items.shrink_to(capacity / 4);
        }
    }

    pub(crate) fn extend_back(&mut self, items: impl Iterator<Item = T>) {
        self.items.extend(items);
    }

    pub(crate) fn extend_front(&mut self, items: impl ExactSizeIterator<Item = T>) {
        self.items.reserve(items.len());
        items.for_each(|item| self.push_front(item));
    }

    pub(crate) fn drain_front(&mut self, count: usize) -> vec_deque::Drain<'_, T> {
        self.start = self.start.wrapping_add(count);
        self.items.drain(..count)
    }

    pub(crate) fn drain_back(&mut self, count: usize) -> vec_deque::Drain<'_, T> {
        self.items.drain(self.items.len() - count..)
    }

    pub(crate) fn insert(&mut self, index: usize, item: T) {
        if index == 0 {
            self.push_front(item);
        } else {
            self.items.insert(index, item);
        }
    }

    pub(crate) fn remove(&mut self, index: usize) -> Option<T> {
        if index == 0 {
            return self.pop_front();
        }
        let item = self.items.remove(index);
        self.shrink();
        item
    }

    /// Replaces the item at `index`, which must be there, and returns it.
    pub(crate) fn replace(&mut self, index: usize, item: T) -> T {
        std::mem::replace(&mut self.items[index], item)
    }

    pub(crate) fn take(&mut self) -> VecDeque<T> {
        self.start = self.position(self.items.len());
        std::mem::take(&mut self.items)
    }

    pub(crate) fn rotate(&mut self, steps: isize) {
        let len = self.items.len();
        if len == 0 {
            return;
        }
        // It is less than `len`, which is at most `isize::MAX`.
        let right = steps.rem_euclid(len as isize) as usize;
        if right <= len / 2 {
            self.items.rotate_right(right);
            self.start = self.start.wrapping_sub(right);
        } else {
            self.items.rotate_left(len - right);
            self.start = self.start.wrapping_add(len - right);
        }
    }

    pub(crate) fn reverse(&mut self) {
        self.items.make_contiguous().reverse();
    }
}

impl<T: Clone> Ring<T> {
    /// Appends that many copies of all items. The clones are made in `clones`, which is empty
    /// before, so that nothing has changed if one panics.
    pub(crate) fn append_copies(
        &mut self,
        copies: usize,
        clones: &mut Vec<T>,
    ) -> Result<(), TryReserveError> {
        // A number of items that overflows does not fit into memory either.
        let more = self.items.len().saturating_mul(copies);
        self.items.try_reserve(more)?;
        clones.try_reserve_exact(more)?;
        clones.extend(self.items.iter().cycle().take(more).cloned());
        self.items.extend(clones.drain(..));
        Ok(())
    }
}
