//! Searching for an item while other threads change the deque.

use std::{collections::VecDeque, ops::Range};

use crate::{ConcurrentDeque, Query, ring::Ring};

/// How many items are cloned and compared in the first round.
const FIRST_BATCH: usize = if cfg!(any(ft_loom, ft_shuttle)) {
    1
} else {
    32
};
/// How many times as many items each round compares as the one before.
const GROWTH: usize = 4;

/// The items that have been compared, and their positions.
struct Seen<T> {
    /// The items at the positions from `start` on. `None`: the item there was not compared.
    items: VecDeque<Option<T>>,
    start: usize,
    /// The position of the item that matches, if there is one. The other items do not match.
    hit: Option<usize>,
}

/// Finds the first item in a range that matches, and calls `act` with its index, under the lock.
///
/// `range` returns the range for a given number of items. The result of `act` is returned after
/// unlocking.
pub(crate) fn search<T: Clone, Q: Query<T>, R>(
    deque: &ConcurrentDeque<T>,
    query: &Q,
    range: impl Fn(usize) -> Range<usize>,
    act: impl FnOnce(&mut Ring<T>, usize) -> R,
) -> Result<Option<R>, Q::Error> {
    let mut seen = Seen {
        items: VecDeque::new(),
        start: 0,
        hit: None,
    };
    let mut batch = FIRST_BATCH;
    // How many items were there in the last round. So memory is mostly allocated without the lock.
    let mut unseen = batch;
    loop {
        // The items to compare next, each with its distance from the start of the range.
        let mut fresh = Vec::with_capacity(batch.min(unseen));
        let mut ring = deque.ring();
        let range = range(ring.len());
        let first = ring.position(range.start);
        let mut hit = None;
        for (offset, item) in ring.range(range.clone()).enumerate() {
            let position = first.wrapping_add(offset);
            let same = seen.at(position).is_some_and(|one| Q::is_same(one, item));
            if !same {
                fresh.push((offset, item.clone()));
            } else if seen.hit == Some(position) {
                hit = Some(range.start + offset);
            }
            if hit.is_some() || fresh.len() == batch {
                break;
            }
        }
        if fresh.is_empty() {
            // All items before the match, or all there are, are the very ones that were compared.
            let done = hit.map(|index| act(&mut ring, index));
            drop(ring);
            return Ok(done);
        }
        drop(ring);
        seen.rebase(first, range.len());
        let not_fresh = range.len().saturating_sub(fresh.len());
        unseen = not_fresh.saturating_sub(seen.items.len());
        seen.compare(query, fresh)?;
        batch = batch.saturating_mul(GROWTH);
    }
}

impl<T> Seen<T> {
    fn at(&self, position: usize) -> Option<&T> {
        let index = position.wrapping_sub(self.start);
        self.items.get(index)?.as_ref()
    }

    /// Makes the items begin at the position `start`, that of the first of `len` items in the
    /// deque.
    fn rebase(&mut self, start: usize, len: usize) {
        let before = self.start.wrapping_sub(start);
        if before <= len {
            (0..before).for_each(|_| self.items.push_front(None));
        } else {
            let gone = start.wrapping_sub(self.start).min(self.items.len());
            self.items.drain(..gone);
        }
        self.start = start;
    }

    /// Compares the items in turn, up to the first one that matches.
    fn compare<Q: Query<T>>(&mut self, query: &Q, fresh: Vec<(usize, T)>) -> Result<(), Q::Error> {
        for (offset, item) in fresh {
            let position = self.start.wrapping_add(offset);
            let matches = query.matches(&item)?;
            if self.items.len() <= offset {
                self.items.resize_with(offset + 1, || None);
            }
            self.items[offset] = Some(item);
            if matches {
                let later = self.hit.replace(position);
                self.forget(later.filter(|&later| later != position));
                break;
            }
            if self.hit == Some(position) {
                // The item that matched was there before this one.
                self.hit = None;
            }
        }
        Ok(())
    }

    /// Forgets that the item at a position was compared.
    fn forget(&mut self, position: Option<usize>) {
        let index = position.map(|position| position.wrapping_sub(self.start));
        if let Some(item) = index.and_then(|index| self.items.get_mut(index)) {
            *item = None;
        }
    }
}
