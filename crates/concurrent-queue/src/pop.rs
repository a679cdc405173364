//! All operations that take items out or look at the first item.

use crate::{
    ConcurrentQueue, TryPopError,
    block::{Block, Pauses, SLOTS, Slot},
    end::{Claimed, End, Word},
};

impl<T> ConcurrentQueue<T> {
    /// Pops the first item, if there is one.
    ///
    /// # Errors
    ///
    /// [`TryPopError::Empty`], or [`TryPopError::Closed`] if no item will ever come.
    #[inline]
    pub fn try_pop(&self) -> Result<T, TryPopError> {
        let head = &self.head.end;
        let word = head.load();
        // What nearly always is the case comes first, as it is the last step of a longer way.
        if word.is_free() && !head.begins_block(word) && self.available(word, 1).is_ok() {
            if let Ok(claimed) = head.claim(word, 1) {
                return Ok(self.take_one(claimed));
            }
        }
        self.try_pop_slow()
    }

    #[cold]
    fn try_pop_slow(&self) -> Result<T, TryPopError> {
        self.claim_front(1).map(|claimed| self.take_one(claimed))
    }

    #[inline]
    fn take_one(&self, claimed: Claimed<T>) -> T {
        // SAFETY: we have claimed the position, and use it once.
        let item = unsafe { Slot::take(claimed.slot(), claimed.start) };
        self.freed(1);
        item
    }

    /// Moves up to `max` items from the front of the queue to the end of `out`, in order, and
    /// returns their number.
    ///
    /// Each run of up to 32 items costs little more than one pop. Other threads can pop between
    /// runs.
    ///
    /// # Errors
    ///
    /// [`TryPopError`] if there was no item at all (and `max` is not 0).
    ///
    /// ```
    /// use ft_concurrent_queue::{ConcurrentQueue, TryPopError};
    ///
    /// let queue: ConcurrentQueue<_> = (1..=5).collect();
    /// let mut items = vec![0];
    /// assert_eq!(queue.try_pop_many(3, &mut items), Ok(3));
    /// assert_eq!(queue.try_pop_many(3, &mut items), Ok(2));
    /// assert_eq!(items, [0, 1, 2, 3, 4, 5]);
    /// assert_eq!(queue.try_pop_many(3, &mut items), Err(TryPopError::Empty));
    /// ```
    pub fn try_pop_many(&self, max: usize, out: &mut Vec<T>) -> Result<usize, TryPopError> {
        let before = out.len();
        while out.len() - before < max {
            let wanted = (max - (out.len() - before)).min(SLOTS);
            // Reserve before the claim: items that are already claimed when memory runs out would
            // be lost.
            out.reserve(wanted);
            let claimed = match self.claim_front(wanted) {
                Ok(claimed) => claimed,
                Err(_) if out.len() > before => break,
                Err(err) => return Err(err),
            };
            for (position, slot) in claimed.slots() {
                // SAFETY: we have claimed these positions, and use each once.
                out.push(unsafe { Slot::take(slot, position) });
            }
            self.freed(claimed.count);
        }
        Ok(out.len() - before)
    }

    /// Returns a clone of the first item, which stays in the queue, or `None` if the queue is
    /// empty.
    ///
    /// It is meant for items that are cheap to clone: pops and other peeks spin until the clone is
    /// made.
    ///
    /// # Deadlocks
    ///
    /// A `clone` that pops from the queue, or peeks into it, waits for itself.
    pub fn peek(&self) -> Option<T>
    where
        T: Clone,
    {
        let head = &self.head.end;
        let mut pauses = Pauses::default();
        loop {
            let word = head.load();
            self.available(word, 1).ok()?;
            if !word.is_held() && head.hold(word) {
                return Some(self.clone_first(Held { head, word }));
            }
            pauses.pause();
        }
    }

    /// Clones the first item. There must be one.
    fn clone_first(&self, held: Held<'_, T>) -> T
    where
        T: Clone,
    {
        let position = held.word.position();
        let index = held.head.shape.slot_of(position);
        // SAFETY: we hold the head, so no pop claims this position, and its block is not freed.
        let slot = unsafe { &*Block::slot(self.block_of(position, held.head.block()), index) };
        slot.wait_filled(position);
        // SAFETY: as above, the item stays until `held` is dropped, even by a panic. Another peek
        // would hold the head.
        unsafe { slot.look(T::clone) }
    }

    /// Claims positions at the front: at least one, and at most `wanted`.
    #[inline]
    pub(crate) fn claim_front(&self, wanted: usize) -> Result<Claimed<T>, TryPopError> {
        let head = &self.head.end;
        let mut pauses = Pauses::default();
        let mut word = head.load();
        loop {
            let count = self.available(word, wanted.min(head.room_in_block(word)))?;
            if word.is_held() {
                pauses.pause();
                word = head.load();
                continue;
            }
            let claimed = match head.begins_block(word) {
                true => self.advance(word, count),
                false => head.claim(word, count),
            };
            match claimed {
                Ok(claimed) => return Ok(claimed),
                Err(now) => word = now,
            }
            pauses.pause();
        }
    }

    /// Returns how many positions pushes have claimed from that of `word` on, which was read from
    /// the head: at least one, and at most `wanted`.
    ///
    /// `Empty` and `Closed` are true at one moment: when the tail was read. The head was read
    /// before, and never is beyond the tail.
    #[inline]
    fn available(&self, word: Word, wanted: usize) -> Result<usize, TryPopError> {
        let head = &self.head.end;
        let start = word.position();
        let known = match head.looks_at_slots(word, wanted) {
            true => head.slot(start).is_filled(start),
            false => start + wanted as u64 <= head.seen(),
        };
        if known {
            return Ok(wanted);
        }
        let tail = self.tail.end.load();
        if tail.position() <= start {
            return Err(match tail.is_closed() {
                true => TryPopError::Closed,
                false => TryPopError::Empty,
            });
        }
        head.saw(tail.position());
        Ok(((tail.position() - start) as usize).min(wanted))
    }

    /// Notifies threads that wait for room that pops have claimed `count` more positions.
    #[inline]
    fn freed(&self, count: usize) {
        let head = &self.head.end;
        if head.capacity.is_some() {
            head.changed.notify_after_swap(count);
        }
    }
}

/// The head while a peek holds it. It is released when this is dropped.
struct Held<'a, T> {
    head: &'a End<T>,
    word: Word,
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        self.head.release(self.word);
    }
}
