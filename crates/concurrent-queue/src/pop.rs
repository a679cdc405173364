//! Everything that takes items out or looks at the first.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use crossbeam_epoch::{self as epoch, Guard};
use ft_sync::{
    atomic::Ordering::{AcqRel, Relaxed},
    deadline_after,
};

use crate::{
    ConcurrentQueue, PopError, PopTimeoutError, TryPopError,
    segment::{SEGMENT, Segment},
};

impl<T> ConcurrentQueue<T> {
    /// Pops the first item, if there is one.
    ///
    /// # Errors
    ///
    /// [`TryPopError::Empty`], or [`TryPopError::Closed`] if no item will come any more.
    #[inline]
    pub fn try_pop(&self) -> Result<T, TryPopError> {
        loop {
            let guard = epoch::pin();
            let (segment, slots) = self.claim(1, &guard)?;
            // SAFETY: `claim` has made the slot ours.
            let item = unsafe { segment.slots[slots.start].take() };
            drop(guard);
            self.freed(1);
            if let Some(item) = item {
                return Ok(item);
            }
        }
    }

    /// Pops the first item, waiting for one if need be.
    ///
    /// # Errors
    ///
    /// [`PopError`] if the queue is closed and empty, even if that happened while this call waited.
    pub fn pop(&self) -> Result<T, PopError> {
        self.pop_wait(None).map_err(|_| PopError)
    }

    /// Pops the first item, waiting at most `timeout` for one. A call that times out leaves no
    /// trace.
    ///
    /// A timeout too large for the clock waits for ever.
    ///
    /// # Errors
    ///
    /// [`PopTimeoutError`] if no item came in time, or none will come any more.
    pub fn pop_timeout(&self, timeout: Duration) -> Result<T, PopTimeoutError> {
        // Saves the look at the clock when there is no need to wait.
        match self.try_pop() {
            Ok(item) => Ok(item),
            Err(TryPopError::Closed) => Err(PopTimeoutError::Closed),
            Err(TryPopError::Empty) => self.pop_wait(deadline_after(timeout)),
        }
    }

    /// Pops the first item, waiting until `deadline` for one. A call that times out leaves no
    /// trace.
    ///
    /// # Errors
    ///
    /// [`PopTimeoutError`] if no item came in time, or none will come any more.
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

    /// Moves up to `max` items from the front of the queue to the end of `out`, in their order,
    /// and returns how many.
    ///
    /// Costs little more than one pop for each run of up to 64 items. Other threads can pop
    /// between runs.
    ///
    /// # Errors
    ///
    /// [`TryPopError`] if there was not a single item (and `max` is not 0).
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
            // Before the claim: items that are claimed when memory runs out would be lost.
            out.reserve(wanted);
            let guard = epoch::pin();
            let (segment, slots) = match self.claim(wanted, &guard) {
                Ok(claimed) => claimed,
                Err(_) if out.len() > before => break,
                Err(err) => return Err(err),
            };
            let claimed = slots.len();
            for slot in &segment.slots[slots] {
                // SAFETY: `claim` has made the slots ours.
                out.extend(unsafe { slot.take() });
            }
            drop(guard);
            self.freed(claimed);
        }
        Ok(out.len() - before)
    }

    /// Returns a clone of the first item, which stays, or `None` if the queue is empty.
    ///
    /// Meant for items that are cheap to clone: a pop of that item and other peeks wait, spinning,
    /// until the clone is made. `clone` must not use the queue.
    pub fn peek(&self) -> Option<T>
    where
        T: Clone,
    {
        let guard = &epoch::pin();
        loop {
            let (segment, slots) = self.front(guard).ok()?;
            let index = slots.start;
            // An item found here was the first of the queue at a moment of this call: after its
            // push had claimed the slot, as `front` has seen, and before a pop did, as `front` had
            // not. (A pop that has claimed it since waits for us.)
            // SAFETY: `front` has seen a push's claim on this slot, and pops' on those before.
            if let Some(item) = unsafe { segment.slots[index].peek() } {
                return Some(item);
            }
            self.pass_burned(segment, index);
        }
    }

    /// Claims the first slots of the queue, from one to `max` of them.
    #[inline]
    fn claim<'g>(
        &self,
        max: usize,
        guard: &'g Guard,
    ) -> Result<(&'g Segment<T>, Range<usize>), TryPopError> {
        loop {
            let (segment, mut slots) = self.front(guard)?;
            slots.end = slots.end.min(slots.start + max);
            // Release: pairs with the Acquire loads of `head` in `front` and `popped`. Acquire:
            // hands on what earlier claims released. Relaxed: a failure decides nothing.
            // No test sees AcqRel -> Release: `front` has acquired this value, which is there once.
            // No test sees AcqRel -> Acquire: it takes a third thread that sees this claim and not the
            // push's, with no fence in between, and loom does not come to that schedule.
            if segment
                .head
                .compare_exchange(slots.start, slots.end, AcqRel, Relaxed)
                .is_ok()
            {
                return Ok((segment, slots));
            }
        }
    }
}
