//! Everything that takes items out or looks at the first.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use crossbeam_epoch::{self as epoch, Guard, Shared};
use ft_sync::{
    atomic::Ordering::{AcqRel, Acquire, Relaxed, Release},
    deadline_after,
};

use crate::{
    ConcurrentQueue, PopError, PopTimeoutError, TryPopError,
    segment::{CLOSED, CLOSED_TAG, Peeked, SEGMENT, Segment},
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
            // Acquire: pairs with the Release of the claims: no item is read as the first that a
            // pop has claimed before.
            let is_front = || segment.head.load(Acquire) == index;
            // SAFETY: `front` has seen a push's claim on this slot, and pops' on those before.
            match unsafe { segment.slots[index].peek(is_front) } {
                Peeked::Item(item) => return Some(item),
                Peeked::Burned => self.pass_burned(segment, index),
                Peeked::Retry => {}
            }
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
            if segment
                .head
                .compare_exchange(slots.start, slots.end, AcqRel, Relaxed)
                .is_ok()
            {
                return Ok((segment, slots));
            }
        }
    }

    /// Finds the slots that pushes have claimed and pops have not, as far as they are in one
    /// segment; at least one.
    ///
    /// `Empty` and `Closed` are true at one moment: when `head` was read. The end, read later, was
    /// no further by then.
    #[inline]
    pub(crate) fn front<'g>(
        &self,
        guard: &'g Guard,
    ) -> Result<(&'g Segment<T>, Range<usize>), TryPopError> {
        loop {
            // Acquire: pairs with the Release in `move_head`, by a thread that had acquired the
            // segment.
            let shared = self.head.load(Acquire, guard);
            // SAFETY: `head` is never null, and what we read from it while pinned is freed only
            // after we unpin (see *Reclamation* in the crate docs).
            let segment = unsafe { shared.deref() };
            // Acquire: pairs with the Release of the claims, made by threads that had acquired a
            // `tail` beyond them: the `tail` we read next is not behind this `head`.
            let start = segment.head.load(Acquire);
            let closed = if start < SEGMENT {
                // Acquire: pairs with the Release of closing: what was done before `close` is
                // visible to whoever sees it.
                let tail = segment.tail.load(Acquire);
                let end = tail & !CLOSED;
                if start < end {
                    return Ok((segment, start..end));
                }
                tail & CLOSED != 0
            } else {
                // Acquire: pairs with the Release in `push_next`, for what is in the segment, and
                // with that of closing.
                let next = segment.next.load(Acquire, guard);
                if !next.is_null() {
                    self.move_head(shared, next, guard);
                    continue;
                }
                next.tag() == CLOSED_TAG
            };
            return Err(match closed {
                true => TryPopError::Closed,
                false => TryPopError::Empty,
            });
        }
    }

    /// Moves `self.head` on from `first`, a segment whose slots are all claimed by pops, and
    /// retires it, unless that was done already.
    #[cold]
    pub(crate) fn move_head(
        &self,
        first: Shared<'_, Segment<T>>,
        next: Shared<'_, Segment<T>>,
        guard: &Guard,
    ) {
        // `tail` must never be behind `head`, or it would lead to a retired segment. It was not
        // when `head` came to `first`, so it is at `first` or beyond.
        // Acquire: what moved it beyond, by whomever, also comes before our moving `head`.
        if self.tail.load(Acquire, guard) == first {
            self.move_tail(first, next, guard);
        }
        // Release: pairs with the Acquire in `front` and `popped`. Relaxed: on failure somebody
        // else has done it.
        if self
            .head
            .compare_exchange(first, next, Release, Relaxed, guard)
            .is_ok()
        {
            // SAFETY:
            // - Neither `head` nor `tail` leads to `first` any more, nor to a segment before it,
            //   and nothing after it does, so a thread that pins from now on cannot reach it.
            // - We alone have moved `head` away from it, so it is retired once.
            // - No item is dropped with it: every slot was claimed by a pop, and a pop reads its
            //   items before it unpins.
            // - It is freed through no more than its own memory, so `T` need not outlive it.
            unsafe { guard.defer_destroy(first) };
        }
    }

    /// Returns the position of the first slot that no pop has claimed, exact at the moment when it
    /// was read.
    pub(crate) fn popped(&self, guard: &Guard) -> u64 {
        loop {
            // Acquire: as in `front`.
            let shared = self.head.load(Acquire, guard);
            // SAFETY: as in `front`.
            let segment = unsafe { shared.deref() };
            // Acquire: pairs with the Release of the claims: the caller's push into the room that
            // they made comes after them.
            let index = segment.head.load(Acquire);
            if index < SEGMENT {
                return segment.base + index as u64;
            }
            // Acquire: as in `front`.
            let next = segment.next.load(Acquire, guard);
            if next.is_null() {
                return segment.base + SEGMENT as u64;
            }
            self.move_head(shared, next, guard);
        }
    }
}
