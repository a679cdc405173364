//! All operations that put items in.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use crossbeam_epoch::{self as epoch, Guard, Owned, Shared};
use ft_sync::{
    atomic::Ordering::{Relaxed, SeqCst},
    deadline_after,
};

use crate::{
    ConcurrentQueue, PushError, PushTimeoutError, TryPushError, TryPushManyError,
    links::End,
    segment::{SEGMENT, Segment},
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
        let mut item = Some(item);
        match self.push_run(&mut item) {
            Ok(pushed) => {
                self.not_empty.notify_after_swap(pushed);
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

    /// Pushes `item` at the back, and waits while the queue is full.
    ///
    /// # Errors
    ///
    /// [`PushError`], with the item, if the queue was closed, even while this call waited.
    pub fn push(&self, item: T) -> Result<(), PushError<T>> {
        match self.push_wait(item, None) {
            Ok(()) => Ok(()),
            Err(err) => Err(PushError(err.into_inner())),
        }
    }

    /// Pushes `item` at the back, and waits for at most `timeout` while the queue is full.
    ///
    /// If `timeout` is too large for the clock, the call waits for ever.
    ///
    /// # Errors
    ///
    /// [`PushTimeoutError`], with the item, if there was no room in time or the queue was closed.
    pub fn push_timeout(&self, item: T, timeout: Duration) -> Result<(), PushTimeoutError<T>> {
        self.push_wait(item, deadline_after(timeout))
    }

    /// Pushes `item` at the back, and waits until `deadline` while the queue is full.
    ///
    /// # Errors
    ///
    /// [`PushTimeoutError`], with the item, if there was no room in time or the queue was closed.
    pub fn push_deadline(&self, item: T, deadline: Instant) -> Result<(), PushTimeoutError<T>> {
        self.push_wait(item, Some(deadline))
    }

    fn push_wait(&self, item: T, deadline: Option<Instant>) -> Result<(), PushTimeoutError<T>> {
        let mut left = Some(item);
        let done = self.not_full.wait_until(deadline, || {
            match self.try_push(left.take().expect("no attempt without the item")) {
                Ok(()) => Some(Ok(())),
                Err(TryPushError::Closed(item)) => Some(Err(PushTimeoutError::Closed(item))),
                Err(TryPushError::Full(item)) => {
                    left = Some(item);
                    None
                }
            }
        });
        match (done, left) {
            (Some(done), _) => done,
            (None, Some(item)) => Err(PushTimeoutError::Timeout(item)),
            (None, None) => unreachable!("a push that timed out still has its item"),
        }
    }

    /// Moves as many of `items` as fit into the queue, from the front and in order, and returns
    /// their number. The other items stay in `items`.
    ///
    /// Each run of up to 64 items costs little more than one push. The items of one run follow one
    /// another in the queue. Items of other threads can come between runs.
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
                    self.not_empty.notify_after_swap(more);
                    pushed += more;
                }
                Err(Refused::Full) => return Err(TryPushManyError::Full { pushed }),
                Err(Refused::Closed) => return Err(TryPushManyError::Closed { pushed }),
            }
        }
        Ok(pushed)
    }

    /// Claims a run of slots, moves items into them from the front of `source`, which must not be
    /// empty, and returns their number, at least one.
    fn push_run(&self, source: &mut impl Source<T>) -> Result<usize, Refused> {
        let guard = &epoch::pin();
        loop {
            let end = self.end(guard);
            if end.closed {
                return Err(Refused::Closed);
            }
            let pushed = match end.index < SEGMENT {
                true => self.push_here(&end, source, guard)?,
                false => self.push_next(&end, source, guard)?,
            };
            if pushed > 0 {
                return Ok(pushed);
            }
        }
    }

    /// Fills slots of the last segment. Returns 0 if another thread was faster, or if all of the
    /// slots were burned.
    #[inline]
    fn push_here(
        &self,
        end: &End<'_, T>,
        source: &mut impl Source<T>,
        guard: &Guard,
    ) -> Result<usize, Refused> {
        let (segment, index) = (end.segment, end.index);
        let room = self.room(end.position(), guard)?;
        let end = index + source.len().min(room).min(SEGMENT - index);
        // No push has claimed a slot between our load and this exchange, and `head` never falls. So
        // after the exchange, too, no more slots are claimed than the capacity allows.
        //
        // SeqCst: in one order with the notification that follows; see `Event::notify_after_swap`.
        // Release: pairs with the Acquire loads of `tail` here and in `pop.rs`.
        // Acquire: passes on what earlier claims released.
        // Relaxed: a failure decides nothing.
        if segment
            .tail
            .compare_exchange(index, end, SeqCst, Relaxed)
            .is_err()
        {
            return Ok(0);
        }
        let mut pushed = 0;
        for slot in &segment.slots[index..end] {
            // SAFETY: the exchange has claimed these slots for us, and each is used once.
            match unsafe { slot.put(source.take()) } {
                Ok(()) => pushed += 1,
                Err(item) => {
                    source.put_back(item);
                    // Wait until the burned slot counts as popped.
                    segment.wait_for_peek();
                }
            }
        }
        Ok(pushed)
    }

    /// Appends a segment that already contains items. Returns 0 if another thread has appended one.
    ///
    /// The items of a new segment need no claim. Otherwise pushes and pops that race for the same
    /// slots could undo each other's work for ever. A push that succeeds here cannot be burned.
    #[cold]
    fn push_next(
        &self,
        end: &End<'_, T>,
        source: &mut impl Source<T>,
        guard: &Guard,
    ) -> Result<usize, Refused> {
        let base = end.position();
        let count = source.len().min(self.room(base, guard)?).min(SEGMENT);
        let mut new = Owned::new(Segment::new(base));
        for slot in &mut new.slots[..count] {
            slot.fill(source.take());
        }
        // Relaxed: published by the exchange below.
        new.tail.store(count, Relaxed);
        // SeqCst: as in `push_here`.
        // Release: pairs with the Acquire loads of `next`, so a thread that follows the link sees
        // the segment.
        // Acquire: passes on what was released with `tail`.
        // Relaxed: a failure decides nothing.
        match end
            .segment
            .next
            .compare_exchange(Shared::null(), new, SeqCst, Relaxed, guard)
        {
            Ok(new) => {
                self.move_tail(end.shared, new, guard);
                Ok(count)
            }
            Err(failed) => {
                for slot in failed.new.slots[..count].iter().rev() {
                    // SAFETY: no other thread has seen the segment, and it is freed right after
                    // this.
                    let item = unsafe { slot.take() };
                    source.put_back(item.expect("the slot was filled above"));
                }
                Ok(0)
            }
        }
    }

    /// Returns how many more slots can be claimed from `position` on, at least one. `position` is
    /// the end of the queue as the caller has seen it.
    ///
    /// `Full` is true at one moment: when the position of the pops was exact. By then the end was
    /// at `position` or beyond.
    fn room(&self, position: u64, guard: &Guard) -> Result<usize, Refused> {
        let Some(capacity) = self.capacity else {
            return Ok(usize::MAX);
        };
        // If `position` is outdated, pops may have passed it. Then the claim of the caller fails.
        let used = position.saturating_sub(self.popped(guard));
        debug_assert!(used <= capacity.get() as u64, "bound exceeded");
        match capacity.get() - used as usize {
            0 => Err(Refused::Full),
            room => Ok(room),
        }
    }
}

/// The reason why nothing was pushed.
enum Refused {
    Full,
    Closed,
}

/// The items that `push_run` takes: one or many.
trait Source<T> {
    fn len(&self) -> usize;
    /// Takes the first item. It may be called `len` times.
    fn take(&mut self) -> T;
    /// Undoes the last `take`.
    fn put_back(&mut self, item: T);
}

impl<T> Source<T> for Option<T> {
    fn len(&self) -> usize {
        usize::from(self.is_some())
    }

    fn take(&mut self) -> T {
        Option::take(self).expect("called once")
    }

    fn put_back(&mut self, item: T) {
        *self = Some(item);
    }
}

impl<T> Source<T> for VecDeque<T> {
    fn len(&self) -> usize {
        VecDeque::len(self)
    }

    fn take(&mut self) -> T {
        self.pop_front().expect("called at most `len` times")
    }

    fn put_back(&mut self, item: T) {
        self.push_front(item);
    }
}

#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod stalled;
