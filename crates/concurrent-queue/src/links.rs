//! The list of segments: finding its two ends, moving them on, and closing.

use std::ops::Range;

use crossbeam_epoch::{self as epoch, Guard, Shared};
use ft_sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use crate::{
    ConcurrentQueue, TryPopError,
    segment::{CLOSED, CLOSED_TAG, PEEKED, SEGMENT, Segment},
};

/// The end of the queue as it was at some moment.
pub(crate) struct End<'g, T> {
    /// The last segment.
    pub(crate) shared: Shared<'g, Segment<T>>,
    /// The same, as a reference.
    pub(crate) segment: &'g Segment<T>,
    /// The slot in it that comes next; [`SEGMENT`] if it is used up.
    pub(crate) index: usize,
    /// Whether it stays like this.
    pub(crate) closed: bool,
}

impl<T> End<'_, T> {
    /// Returns the position, in the whole queue, of the next slot.
    pub(crate) fn position(&self) -> u64 {
        self.segment.base + self.index as u64
    }
}

impl<T> ConcurrentQueue<T> {
    /// Finds the end of the queue, exact at the moment when its index was read.
    #[inline]
    pub(crate) fn end<'g>(&self, guard: &'g Guard) -> End<'g, T> {
        loop {
            // Acquire: pairs with the Release in `move_tail`, by a thread that had acquired the
            // segment or made it.
            let shared = self.tail.load(Acquire, guard);
            // SAFETY: `tail` is never null, and what we read from it while pinned is freed only
            // after we unpin (see *Reclamation* in the crate docs).
            let segment = unsafe { shared.deref() };
            // Acquire: pairs with the Release of the claims and of closing. Whoever sees a claim
            // also sees the pops that made room for it, so what `room` reads later is not behind.
            let tail = segment.tail.load(Acquire);
            let mut closed = tail & CLOSED != 0;
            if tail == SEGMENT {
                // Acquire: pairs with the Release in `push_next`, for what is in the segment, and
                // with that of closing.
                let next = segment.next.load(Acquire, guard);
                if !next.is_null() {
                    self.move_tail(shared, next, guard);
                    continue;
                }
                closed = next.tag() == CLOSED_TAG;
            }
            return End {
                shared,
                segment,
                index: tail & !CLOSED,
                closed,
            };
        }
    }

    /// Finds the segment to pop from, or one before it that is used up.
    #[inline]
    pub(crate) fn first<'g>(&self, guard: &'g Guard) -> (Shared<'g, Segment<T>>, &'g Segment<T>) {
        // Acquire: pairs with the Release in `move_head`, by a thread that had acquired the
        // segment.
        let shared = self.head.load(Acquire, guard);
        // SAFETY: `head` is never null, and what we read from it while pinned is freed only
        // after we unpin (see *Reclamation* in the crate docs).
        (shared, unsafe { shared.deref() })
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
            let (shared, segment) = self.first(guard);
            // Acquire: pairs with the Release of the claims, made by threads that had acquired a
            // `tail` beyond them: the `tail` we read next is not behind this `head`.
            let start = segment.head.load(Acquire) & !PEEKED;
            let closed = if start < SEGMENT {
                // Acquire: pairs with the Release of closing: what was done before `close` is
                // visible to whoever sees it.
                let tail = segment.tail.load(Acquire);
                let end = tail & !CLOSED;
                debug_assert!(start <= end, "popped beyond the end");
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

    /// Returns the position of the first slot that no pop has claimed, exact at a moment of this call.
    ///
    /// If pops go on to the next segment meanwhile, that is the moment when they came to its start:
    /// they had not when we read the link to this one, since they move it first.
    pub(crate) fn popped(&self, guard: &Guard) -> u64 {
        let (_, segment) = self.first(guard);
        // Acquire: pairs with the Release of the claims: the caller's push into the room that
        // they made comes after them.
        segment.base + (segment.head.load(Acquire) & !PEEKED) as u64
    }

    /// Moves `self.tail` on from `last`, unless that was done already.
    pub(crate) fn move_tail(
        &self,
        last: Shared<'_, Segment<T>>,
        next: Shared<'_, Segment<T>>,
        guard: &Guard,
    ) {
        // Release: pairs with the Acquire loads of `self.tail`. Relaxed: on failure somebody else
        // has done it.
        let _ = self
            .tail
            .compare_exchange(last, next, Release, Relaxed, guard);
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
        // Release: pairs with the Acquire in `first`. Relaxed: on failure somebody
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

    /// Makes `end` report `closed`, for ever; false if it did so before.
    pub(crate) fn close_quietly(&self) -> bool {
        let guard = &epoch::pin();
        loop {
            let end = self.end(guard);
            if end.closed {
                return false;
            }
            // Release: pairs with the Acquire loads of `tail` and `next`. Acquire: hands on what
            // earlier claims released. Relaxed: a failure decides nothing.
            let closed = if end.index < SEGMENT {
                // No claim succeeds from here on, so the segment is never used up.
                let tail = &end.segment.tail;
                tail.compare_exchange(end.index, end.index + CLOSED, AcqRel, Relaxed)
                    .is_ok()
            } else {
                // There is nothing to claim, and from here on nothing can be appended.
                let (null, closed) = (Shared::null(), Shared::null().with_tag(CLOSED_TAG));
                let next = &end.segment.next;
                next.compare_exchange(null, closed, AcqRel, Relaxed, guard)
                    .is_ok()
            };
            if closed {
                return true;
            }
        }
    }
}
