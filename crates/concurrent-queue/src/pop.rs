//! All operations that take items out or look at the first item.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use crossbeam_epoch::{self as epoch, Guard};
use ft_sync::{
    atomic::Ordering::{Relaxed, SeqCst},
    deadline_after,
};

use crate::{
    ConcurrentQueue, PopError, PopTimeoutError, TryPopError,
    segment::{SEGMENT, Segment, Slot},
};

impl<T> ConcurrentQueue<T> {
    /// Pops the first item, if there is one.
    ///
    /// # Errors
    ///
    /// [`TryPopError::Empty`], or [`TryPopError::Closed`] if no item will ever come.
    #[inline]
    pub fn try_pop(&self) -> Result<T, TryPopError> {
        loop {
            let guard = epoch::pin();
            let item = match self.claim_full(&guard) {
                // SAFETY: the slot is full, and `claim_full` has claimed it for us.
                Some(slot) => Some(unsafe { slot.take_full() }),
                None => {
                    let (segment, slots) = self.claim(1, &guard)?;
                    // SAFETY: `claim` has claimed the slot for us.
                    unsafe { segment.slots[slots.start].take() }
                }
            };
            drop(guard);
            self.freed(1);
            if let Some(item) = item {
                return Ok(item);
            }
        }
    }

    /// Pops the first item, and waits for one if necessary.
    ///
    /// # Errors
    ///
    /// [`PopError`] if the queue is closed and empty, even if it was closed while this call waited.
    pub fn pop(&self) -> Result<T, PopError> {
        self.pop_wait(None).map_err(|_| PopError)
    }

    /// Pops the first item, and waits for one for at most `timeout`. A call that times out leaves
    /// no trace.
    ///
    /// If `timeout` is too large for the clock, the call waits for ever.
    ///
    /// # Errors
    ///
    /// [`PopTimeoutError`] if no item came in time, or none will ever come.
    pub fn pop_timeout(&self, timeout: Duration) -> Result<T, PopTimeoutError> {
        // This avoids reading the clock when there is no need to wait.
        match self.try_pop() {
            Ok(item) => Ok(item),
            Err(TryPopError::Closed) => Err(PopTimeoutError::Closed),
            Err(TryPopError::Empty) => self.pop_wait(deadline_after(timeout)),
        }
    }

    /// Pops the first item, and waits for one until `deadline`. A call that times out leaves no
    /// trace.
    ///
    /// # Errors
    ///
    /// [`PopTimeoutError`] if no item came in time, or none will ever come.
    pub fn pop_deadline(&self, deadline: Instant) -> Result<T, PopTimeoutError> {
        self.pop_wait(Some(deadline))
    }

    fn pop_wait(&self, deadline: Option<Instant>) -> Result<T, PopTimeoutError> {
        self.not_empty
            .wait_until(deadline, || match self.try_pop() {
                Ok(item) => Some(Ok(item)),
                Err(TryPopError::Closed) => Some(Err(PopTimeoutError::Closed)),
                Err(TryPopError::Empty) => None,
            })
            .unwrap_or(Err(PopTimeoutError::Timeout))
    }

    /// Moves up to `max` items from the front of the queue to the end of `out`, in order, and
    /// returns their number.
    ///
    /// Each run of up to 64 items costs little more than one pop. Other threads can pop between
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
            let wanted = (max - (out.len() - before)).min(SEGMENT);
            // Reserve before the claim: items that are already claimed when memory runs out would
            // be lost.
            out.reserve(wanted);
            let guard = epoch::pin();
            let (segment, slots) = match self.claim(wanted, &guard) {
                Ok(claimed) => claimed,
                Err(_) if out.len() > before => break,
                Err(err) => return Err(err),
            };
            let claimed = slots.len();
            for slot in &segment.slots[slots] {
                // SAFETY: `claim` has claimed the slots for us.
                out.extend(unsafe { slot.take() });
            }
            drop(guard);
            self.freed(claimed);
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
        let guard = &epoch::pin();
        loop {
            let (segment, slots) = self.front(guard).ok()?;
            let Some(peek) = segment.peek_at(slots.start) else {
                segment.wait_for_peek();
                continue;
            };
            // An item found here stays the first of the queue until `peek` is dropped.
            // SAFETY: `front` has seen a push's claim on this slot.
            if let Some(item) = unsafe { peek.clone_item() } {
                return Some(item);
            }
            // The burned slot now counts as popped. That was a plain store, so the notification
            // needs a fence.
            self.not_full.notify(1);
        }
    }

    /// Claims the first slot of the queue if it contains an item. It does not look at the end of
    /// the queue, whose cache line is with the processor that pushes.
    #[inline]
    fn claim_full<'g>(&self, guard: &'g Guard) -> Option<&'g Slot<T>> {
        let (_, segment) = self.first(guard);
        // Relaxed: the exchange decides. An index with the PEEKED bit is beyond the slots.
        let index = segment.head.load(Relaxed);
        // A thread that sees the slot full sees the claim of its push, and so does a thread that
        // acquires our claim.
        let slot = segment.slots.get(index).filter(|slot| slot.is_full())?;
        // SeqCst, Relaxed: as in `claim`.
        let claimed = (segment.head).compare_exchange(index, index + 1, SeqCst, Relaxed);
        claimed.is_ok().then_some(slot)
    }

    /// Claims the first slots of the queue: at least one, and at most `max`.
    #[inline]
    fn claim<'g>(
        &self,
        max: usize,
        guard: &'g Guard,
    ) -> Result<(&'g Segment<T>, Range<usize>), TryPopError> {
        loop {
            let (segment, mut slots) = self.front(guard)?;
            slots.end = slots.end.min(slots.start + max);
            // SeqCst: in one order with the notification that follows; see
            // `Event::notify_after_swap`.
            // Release: pairs with the Acquire loads of `head` in `front` and `popped`.
            // Acquire: passes on what earlier claims released, and pairs with the Release at the
            // end of a peek.
            // Relaxed: a failure decides nothing.
            if segment
                .head
                .compare_exchange(slots.start, slots.end, SeqCst, Relaxed)
                .is_ok()
            {
                return Ok((segment, slots));
            }
            segment.wait_for_peek();
        }
    }
}
