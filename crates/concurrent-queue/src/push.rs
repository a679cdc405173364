//! All operations that put items in.

use std::collections::VecDeque;

use crate::{
    ConcurrentQueue, TryPushError, TryPushManyError,
    block::{Pauses, Slot},
    end::{Claimed, Word},
};

impl<T> ConcurrentQueue<T> {
    /// Pushes `item` at the back, unless the queue is full or closed.
    ///
    /// # Errors
    ///
    /// [`TryPushError::Full`] or [`TryPushError::Closed`], with the item.
    ///
    /// ```
    /// use ft_concurrent_queue::{ConcurrentQueue, TryPushError};
    ///
    /// let queue = ConcurrentQueue::bounded(1);
    /// assert_eq!(queue.try_push(1), Ok(()));
    /// assert_eq!(queue.try_push(2), Err(TryPushError::Full(2)));
    /// queue.close();
    /// assert_eq!(queue.try_push(3), Err(TryPushError::Closed(3)));
    /// ```
    #[inline]
    pub fn try_push(&self, item: T) -> Result<(), TryPushError<T>> {
        let tail = &self.tail.end;
        let word = tail.load();
        // What nearly always is the case comes first, as it is the last step of a longer way.
        if word.is_free() && !tail.begins_block(word) && self.has_room(word, 1) {
            if let Ok(claimed) = tail.claim(word, 1) {
                let slot = claimed.slot();
                self.wait_for_lap(slot, claimed.start);
                // SAFETY: we have claimed the position, and use it once.
                unsafe { Slot::put(slot, claimed.start, item) };
                tail.changed.notify_after_swap(1);
                return Ok(());
            }
        }
        self.try_push_slow(item)
    }

    #[cold]
    fn try_push_slow(&self, item: T) -> Result<(), TryPushError<T>> {
        let mut item = Some(item);
        match self.push_run(&mut item) {
            Ok(pushed) => {
                self.tail.end.changed.notify_after_swap(pushed);
                Ok(())
            }
            Err(refused) => {
                let item = item.expect("a refused item stays in the source");
                Err(match refused {
                    Refused::Full => TryPushError::Full(item),
                    Refused::Closed => TryPushError::Closed(item),
                })
            }
        }
    }

    /// Moves as many of `items` as fit into the queue, from the front and in order, and returns
    /// their number. The other items stay in `items`.
    ///
    /// The items go in in runs: of up to 32, or, in a queue that is a ring (see the [crate
    /// docs](crate)), up to the end of a lap. A run costs little more than one push, and wakes
    /// waiting threads when it is complete. The items of one run follow one another in the queue.
    /// Items of other threads can come between runs.
    ///
    /// # Errors
    ///
    /// [`TryPushManyError`] if items are left over, with the number of items that were pushed.
    ///
    /// ```
    /// use ft_concurrent_queue::{ConcurrentQueue, TryPushManyError};
    ///
    /// let queue = ConcurrentQueue::bounded(3);
    /// let mut items = (1..=5).collect();
    /// assert_eq!(queue.try_push_many(&mut items), Err(TryPushManyError::Full { pushed: 3 }));
    /// assert_eq!(items, [4, 5]);
    /// assert_eq!(queue.try_iter().collect::<Vec<_>>(), [1, 2, 3]);
    /// assert_eq!(queue.try_push_many(&mut items), Ok(2));
    /// ```
    pub fn try_push_many(&self, items: &mut VecDeque<T>) -> Result<usize, TryPushManyError> {
        let mut pushed = 0;
        while !items.is_empty() {
            match self.push_run(items) {
                Ok(more) => {
                    self.tail.end.changed.notify_after_swap(more);
                    pushed += more;
                }
                Err(Refused::Full) => return Err(TryPushManyError::Full { pushed }),
                Err(Refused::Closed) => return Err(TryPushManyError::Closed { pushed }),
            }
        }
        Ok(pushed)
    }

    /// Claims a run of positions, moves items into their slots from the front of `source`, which
    /// must not be empty, and returns their number, at least one.
    #[inline]
    fn push_run(&self, source: &mut impl Source<T>) -> Result<usize, Refused> {
        let claimed = self.claim_back(source.len())?;
        for (position, slot) in claimed.slots() {
            self.wait_for_lap(slot, position);
            // SAFETY: we have claimed these positions, and use each once. No user's code runs
            // before all of them are filled.
            unsafe { Slot::put(slot, position, source.take()) };
        }
        Ok(claimed.count)
    }

    /// In a ring, waits until the pop of the lap before has emptied the slot. It has claimed the
    /// position by now, or there would be no room.
    #[inline]
    fn wait_for_lap(&self, slot: &Slot<T>, position: u64) {
        let shape = self.tail.end.shape;
        if shape.is_ring() && position >= shape.slots() as u64 {
            slot.wait_emptied(position - shape.slots() as u64);
        }
    }

    /// Claims positions at the back: at least one, and at most `wanted`.
    #[inline]
    pub(crate) fn claim_back(&self, wanted: usize) -> Result<Claimed<T>, Refused> {
        let tail = &self.tail.end;
        let mut pauses = Pauses::default();
        let mut word = tail.load();
        loop {
            if word.is_closed() {
                return Err(Refused::Closed);
            }
            let count = self.room(word, wanted.min(tail.room_in_block(word)))?;
            if word.is_held() {
                pauses.pause();
                word = tail.load();
                continue;
            }
            // No push claims a position between our load of `word` and the exchange, and the head
            // never falls. So after the exchange, too, there are no more items than the bound
            // allows.
            let claimed = match tail.begins_block(word) {
                true => self.append(word, count),
                false => tail.claim(word, count),
            };
            match claimed {
                Ok(claimed) => return Ok(claimed),
                Err(now) => word = now,
            }
            pauses.pause();
        }
    }

    /// Returns how many positions can be claimed from that of `word` on: at least one, and at most
    /// `wanted`.
    ///
    /// `Full` is true at one moment: when the head was read. `word` was read before. If the tail
    /// had moved on by then, the head had done so as well, or there would have been too many items.
    fn room(&self, word: Word, wanted: usize) -> Result<usize, Refused> {
        let (Some(capacity), false) = (self.tail.end.capacity, self.has_room(word, wanted)) else {
            return Ok(wanted);
        };
        let head = self.head.end.load().position();
        self.tail.end.saw(head);
        // If `word` is outdated, the head may be beyond it. Then the claim fails.
        let used = word.position().saturating_sub(head) as usize;
        debug_assert!(used <= capacity.get(), "bound exceeded");
        match capacity.get() - used {
            0 => Err(Refused::Full),
            room => Ok(room.min(wanted)),
        }
    }

    /// Returns whether `wanted` positions can be claimed from that of `word` on, as far as is known
    /// without a look at the head.
    #[inline]
    fn has_room(&self, word: Word, wanted: usize) -> bool {
        let (tail, position) = (&self.tail.end, word.position());
        let Some(capacity) = tail.capacity else {
            return true;
        };
        let capacity = capacity.get() as u64;
        match tail.looks_at_slots(word, wanted) {
            // If this pop has claimed its position, there is room.
            true => match position.checked_sub(capacity) {
                Some(before) => tail.slot(before).is_emptied(before),
                None => true,
            },
            false => position + wanted as u64 <= tail.seen().saturating_add(capacity),
        }
    }
}

/// The reason why nothing was pushed.
pub(crate) enum Refused {
    Full,
    Closed,
}

/// The items that `push_run` takes: one or many. Its methods run no user's code.
trait Source<T> {
    fn len(&self) -> usize;
    /// Takes the first item. It may be called `len` times.
    fn take(&mut self) -> T;
}

impl<T> Source<T> for Option<T> {
    fn len(&self) -> usize {
        usize::from(self.is_some())
    }

    fn take(&mut self) -> T {
        Option::take(self).expect("called once")
    }
}

impl<T> Source<T> for VecDeque<T> {
    fn len(&self) -> usize {
        VecDeque::len(self)
    }

    fn take(&mut self) -> T {
        self.pop_front().expect("called at most `len` times")
    }
}
