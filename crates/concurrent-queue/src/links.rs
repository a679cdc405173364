//! The list of segments: finding its two ends, moving them forward, and closing it.

use std::ops::Range;

use crossbeam_epoch::{self as epoch, Guard, Shared};
use ft_sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

use crate::{
    ConcurrentQueue, TryPopError,
    segment::{CLOSED, CLOSED_TAG, PEEKED, SEGMENT, Segment},
};

/// The end of the queue, as it was at some moment.
pub(crate) struct End<'g, T> {
    /// The last segment.
    pub(crate) shared: Shared<'g, Segment<T>>,
    /// The last segment, as a reference.
    pub(crate) segment: &'g Segment<T>,
    /// The next slot of that segment, or [`SEGMENT`] if the segment is used up.
    pub(crate) index: usize,
    /// Whether this is the final end of the queue.
    pub(crate) closed: bool,
}

impl<T> End<'_, T> {
    /// Returns the position of the next slot, counted over the whole queue.
    pub(crate) fn position(&self) -> u64 {
        self.segment.base + self.index as u64
    }
}

impl<T> ConcurrentQueue<T> {
    /// Finds the end of the queue. The result is exact at the moment when its index was read.
    #[inline]
    pub(crate) fn end<'g>(&self, guard: &'g Guard) -> End<'g, T> {
        loop {
            // Acquire: pairs with the Release in `move_tail`, by a thread that had acquired or
            // created the segment.
            let shared = self.tail.load(Acquire, guard);
            // SAFETY: `tail` is never null, and a segment that we read from it while pinned is
            // freed only after we unpin (see *Reclamation* in the crate docs).
            let segment = unsafe { shared.deref() };
            // Acquire: pairs with the Release of the claims and of closing. A thread that sees a
            // claim also sees the pops that made room for it, so what `room` reads later is not
            // older.
            let tail = segment.tail.load(Acquire);
            let mut closed = tail & CLOSED != 0;
            if tail == SEGMENT {
                // Acquire: pairs with the Release in `push_next`, for the contents of the segment,
                // and with the Release of closing.
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
        // SAFETY: `head` is never null, and a segment that we read from it while pinned is freed
        // only after we unpin (see *Reclamation* in the crate docs).
        (shared, unsafe { shared.deref() })
    }

    /// Finds the slots that pushes have claimed and pops have not, as far as they are in one
    /// segment. There is at least one.
    ///
    /// `Empty` and `Closed` are true at one moment: when `head` was read. The end is read later,
    /// and was no further at that moment.
    #[inline]
    pub(crate) fn front<'g>(
        &self,
        guard: &'g Guard,
    ) -> Result<(&'g Segment<T>, Range<usize>), TryPopError> {
        loop {
            let (shared, segment) = self.first(guard);
            // Acquire: pairs with the Release of the claims, by threads that had acquired a `tail`
            // beyond them. So the `tail` that we read next is not behind this `head`.
            let start = segment.head.load(Acquire) & !PEEKED;
            let closed = if start < SEGMENT {
                // Acquire: pairs with the Release of closing. What a thread did before `close` is
                // visible to a thread that sees the closing.
                let tail = segment.tail.load(Acquire);
                let end = tail & !CLOSED;
                debug_assert!(start <= end, "popped beyond the end");
                if start < end {
                    return Ok((segment, start..end));
                }
                tail & CLOSED != 0
            } else {
                // Acquire: pairs with the Release in `push_next`, for the contents of the segment,
                // and with the Release of closing.
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

    /// Returns the position of the first slot that no pop has claimed. It is exact at one moment of
    /// this call.
    ///
    /// If pops go on to the next segment meanwhile, that moment is when they reached the start of
    /// the next segment. They had not reached it when we read the link to this segment, since they
    /// move that link first.
    pub(crate) fn popped(&self, guard: &Guard) -> u64 {
        let (_, segment) = self.first(guard);
        // Acquire: pairs with the Release of the claims. The caller's push into the room that the
        // claims made comes after them.
        segment.base + (segment.head.load(Acquire) & !PEEKED) as u64
    }

    /// Moves `self.tail` from `last` to `next`, unless another thread has done so.
    pub(crate) fn move_tail(
        &self,
        last: Shared<'_, Segment<T>>,
        next: Shared<'_, Segment<T>>,
        guard: &Guard,
    ) {
        // Release: pairs with the Acquire loads of `self.tail`.
        // Relaxed: on failure another thread has moved it.
        let _ = self
            .tail
            .compare_exchange(last, next, Release, Relaxed, guard);
    }

    /// Moves `self.head` from `first` to `next`, and retires `first`, unless another thread has
    /// done so. Pops must have claimed all slots of `first`.
    #[cold]
    pub(crate) fn move_head(
        &self,
        first: Shared<'_, Segment<T>>,
        next: Shared<'_, Segment<T>>,
        guard: &Guard,
    ) {
        // `tail` must never be behind `head`, or it would lead to a retired segment. It was not
        // behind when `head` came to `first`, so it is at `first` or beyond.
        //
        // Acquire: the exchange that moved `tail` beyond `first`, by any thread, must also come
        // before we move `head`.
        if self.tail.load(Acquire, guard) == first {
            self.move_tail(first, next, guard);
        }
        // Release: pairs with the Acquire in `first`.
        // Relaxed: on failure another thread has moved it.
        if self
            .head
            .compare_exchange(first, next, Release, Relaxed, guard)
            .is_ok()
        {
            // SAFETY:
            // - Neither `head` nor `tail` leads to `first` any more, nor to a segment before it,
            //   and no later segment leads back to it. So a thread that pins from now on cannot
            //   reach it.
            // - Only we have moved `head` away from it, so it is retired once.
            // - No item is dropped with it: pops have claimed every slot, and a pop reads its items
            //   before it unpins.
            // - Freeing it accesses only its own memory, so `T` need not outlive it.
            unsafe { guard.defer_destroy(first) };
        }
    }

    /// Makes `end` report `closed` for ever. Returns false if it already did.
    pub(crate) fn close_quietly(&self) -> bool {
        let guard = &epoch::pin();
        loop {
            let end = self.end(guard);
            if end.closed {
                return false;
            }
            // Release: pairs with the Acquire loads of `tail` and `next`.
            // Acquire: passes on what earlier claims released.
            // Relaxed: a failure decides nothing.
            let closed = if end.index < SEGMENT {
                // From here on no claim succeeds, so the segment is never used up.
                let tail = &end.segment.tail;
                tail.compare_exchange(end.index, end.index + CLOSED, AcqRel, Relaxed)
                    .is_ok()
            } else {
                // There is no slot to claim, and from here on no segment can be appended.
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
