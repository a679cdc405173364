//! The segments that hold the items, and the slots in them.
//!
//! Everything here is about one segment; how segments follow one another is the business of
//! `links.rs`.

use std::mem::MaybeUninit;

use crossbeam_epoch::Atomic;
use crossbeam_utils::CachePadded;
use ft_sync::{
    UnsafeCell,
    atomic::{
        AtomicU8, AtomicUsize,
        Ordering::{Acquire, Relaxed, Release},
    },
    hint, thread,
};

/// Slots in a segment. Few under loom and shuttle, so that small models cross from one segment to
/// the next.
pub(crate) const SEGMENT: usize = if cfg!(any(ft_loom, ft_shuttle)) {
    2
} else {
    64
};

/// How often a pop looks at a claimed slot that its push has yet to fill, before it burns it. A slot
/// is never empty again, so whoever counts looks comes by this number while it is.
const PATIENCE: usize = if cfg!(any(ft_loom, ft_shuttle)) {
    0
} else {
    100
};

/// In `Segment::head`: a peek has the first slot, and nothing can be claimed until it is done.
pub(crate) const PEEKED: usize = 1 << (usize::BITS - 1);

/// In `Segment::tail`: nothing can be claimed here any more, and no segment follows.
pub(crate) const CLOSED: usize = 1 << (usize::BITS - 1);

/// The tag of a null `Segment::next` that says the same of a segment that is used up.
pub(crate) const CLOSED_TAG: usize = 1;

/// States of a slot. An empty one becomes full, by the push that claimed it, or is *burned*, by the pop
/// that claimed it or a peek that has it. Then it stays as it is.
const EMPTY: u8 = 0;
const FULL: u8 = 1;
const BURNED: u8 = 2;

/// A stretch of the queue.
///
/// It never drops an item: whoever frees a segment sees to it that none is left in it.
pub(crate) struct Segment<T> {
    /// The position of slot 0 in the whole queue. Constant; wide enough never to wrap.
    pub(crate) base: u64,
    /// The next slot for a push to claim, up to [`SEGMENT`], plus [`CLOSED`]. Only rises.
    pub(crate) tail: CachePadded<AtomicUsize>,
    /// The next slot for a pop to claim, never beyond `tail`, plus [`PEEKED`]. Only rises.
    pub(crate) head: CachePadded<AtomicUsize>,
    /// The next segment: null until this one is used up, then set once and for all, to a segment
    /// or to null with [`CLOSED_TAG`].
    pub(crate) next: Atomic<Segment<T>>,
    /// The items.
    pub(crate) slots: [Slot<T>; SEGMENT],
}

impl<T> Segment<T> {
    /// Creates a segment that starts at position `base`.
    pub(crate) fn new(base: u64) -> Self {
        Self {
            base,
            tail: CachePadded::new(AtomicUsize::new(0)),
            head: CachePadded::new(AtomicUsize::new(0)),
            next: Atomic::null(),
            slots: std::array::from_fn(|_| Slot::new()),
        }
    }

    /// Returns the slots that pushes have claimed and pops have not.
    ///
    /// Of use only where nobody else is at work on the queue, and what others did happens before.
    pub(crate) fn left(&self) -> &[Slot<T>] {
        // Relaxed: as the caller says.
        &self.slots[self.head.load(Relaxed)..self.tail.load(Relaxed) & !CLOSED]
    }

    /// Waits until no peek has the first slot.
    #[cold]
    pub(crate) fn wait_for_peek(&self) {
        let mut looks = 0;
        // Relaxed: only a hint; the exchanges decide.
        while self.head.load(Relaxed) & PEEKED != 0 {
            pause(looks);
            looks += 1;
        }
    }

    /// Keeps the slot at `index`, the first that no pop has claimed, from pops and other peeks;
    /// `None` if that is not the first, or another peek has it.
    pub(crate) fn peek_at(&self, index: usize) -> Option<Peek<'_, T>> {
        // Acquire: pairs with the Release of the end of the last peek, which had the item before us: to
        // clone one may change it. What was released with `index` is acquired with what takes its
        // place, too, as this is a read-modify-write. Relaxed: on failure nothing is read.
        let peeked = (self.head).compare_exchange(index, index | PEEKED, Acquire, Relaxed);
        peeked.ok().map(|_| Peek {
            segment: self,
            index,
        })
    }
}

/// A peek at the first slot, which no pop can claim before this is gone.
pub(crate) struct Peek<'a, T> {
    segment: &'a Segment<T>,
    /// Where pops go on afterwards.
    index: usize,
}

impl<T: Clone> Peek<'_, T> {
    /// Clones the item, or returns `None` if there is none and there will not be: then the slot
    /// is burned, and counts as popped.
    ///
    /// # Safety
    ///
    /// A push has claimed the slot.
    pub(crate) unsafe fn clone_item(mut self) -> Option<T> {
        let slot = &self.segment.slots[self.index];
        if !slot.wait_full() {
            self.index += 1;
            return None;
        }
        // SAFETY: full, so initialized, and only the pop that claims the slot moves the item: none
        // does before `self` goes, even by a panic.
        Some((slot.value).with(|place| unsafe { (*place).assume_init_ref().clone() }))
    }
}

impl<T> Drop for Peek<'_, T> {
    fn drop(&mut self) {
        // Release: pairs with the Acquire of the claim of the pop that moves the item, and with that of
        // the next peek, which come after our reading. A plain store: nobody else changes `head` while it is PEEKED.
        self.segment.head.store(self.index, Release);
    }
}

/// A place for one item, used once.
pub(crate) struct Slot<T> {
    state: AtomicU8,
    /// Initialized if the state is FULL, until the pop that has claimed the slot reads it.
    value: UnsafeCell<MaybeUninit<T>>,
}

impl<T> Slot<T> {
    fn new() -> Self {
        Self {
            state: AtomicU8::new(EMPTY),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// Puts `value` into a slot of a segment that nobody else knows yet.
    #[inline]
    pub(crate) fn fill(&mut self, value: T) {
        // SAFETY: `&mut self`.
        self.value.with_mut(|place| unsafe {
            (*place).write(value);
        });
        // Relaxed: published with the segment.
        self.state.store(FULL, Relaxed);
    }

    /// Puts `value` in, or hands it back if the slot was burned.
    ///
    /// # Safety
    ///
    /// The caller has claimed this slot for pushing, and calls this once.
    #[inline]
    pub(crate) unsafe fn put(&self, value: T) -> Result<(), T> {
        // SAFETY: only the push that claimed the slot touches `value` unless the state is FULL, which
        // is set below.
        self.value.with_mut(|place| unsafe {
            (*place).write(value);
        });
        // Release: pairs with the Acquire in `is_full` and `wait_full`, after which `value` is read.
        // Acquire: pairs with the Release in `wait_full`: who has burned the slot has claimed it before,
        // and the next look at `head` sees that.
        match (self.state).compare_exchange(EMPTY, FULL, Release, Acquire) {
            Ok(_) => Ok(()),
            // SAFETY: initialized above, and since the state never was FULL, nobody has read it
            // or ever will.
            Err(_) => Err(self
                .value
                .with(|place| unsafe { (*place).assume_init_read() })),
        }
    }

    /// Returns whether there is an item in here.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        // Acquire: pairs with the Release in `put`.
        self.state.load(Acquire) == FULL
    }

    /// Takes the item out, or returns `None` if the slot is burned by this call: that is how a pop
    /// gets by a push that has claimed its slot and then stalled.
    ///
    /// # Safety
    ///
    /// The caller has claimed this slot for popping (or has the queue to itself), and calls this or
    /// `take_full` once.
    #[inline]
    pub(crate) unsafe fn take(&self) -> Option<T> {
        // SAFETY: as the caller says.
        (self.is_full() || self.wait_full()).then(|| unsafe { self.take_full() })
    }

    /// Takes the item out.
    ///
    /// # Safety
    ///
    /// The slot [is full](Self::is_full), the caller has claimed it for popping (or has the queue to
    /// itself), and calls this or `take` once.
    #[inline]
    pub(crate) unsafe fn take_full(&self) -> T {
        // SAFETY: full, so initialized. We have claimed it, which happens once in a slot's life, so
        // we alone read it: a peek is over before a claim succeeds.
        self.value
            .with(|place| unsafe { (*place).assume_init_read() })
    }

    /// Looks a while whether the slot becomes full, and burns it if not.
    #[cold]
    fn wait_full(&self) -> bool {
        let came = (0..PATIENCE).any(|looks| {
            pause(looks);
            self.is_full()
        });
        // Release, Acquire: pair with those in `put`, whose push alone changes what we may burn.
        came || self.state.compare_exchange(EMPTY, BURNED, Release, Acquire) == Err(FULL)
    }

    /// Calls `visit` with the item, if there is one.
    ///
    /// # Safety
    ///
    /// No other thread uses the slot meanwhile, and what others did to it happens before.
    pub(crate) unsafe fn visit<E>(&self, visit: impl FnOnce(&T) -> Result<(), E>) -> Result<(), E> {
        // Relaxed: what others did happens before, says the caller.
        if self.state.load(Relaxed) != FULL {
            return Ok(());
        }
        // SAFETY: FULL, so initialized, and nobody moves it out while we look.
        self.value
            .with(|place| visit(unsafe { (*place).assume_init_ref() }))
    }
}

/// Waits a moment: spins first, and lets other threads run when that has not helped.
fn pause(looks: usize) {
    if looks % 32 == 31 {
        thread::yield_now();
    } else {
        hint::spin_loop();
    }
}

#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod tests {
    use super::*;

    /// A slot that is filled is not burned.
    #[test]
    fn patience_pays() {
        let slot = Slot::new();
        // SAFETY: there is only this thread.
        unsafe { slot.put(7) }.unwrap();
        assert!(slot.wait_full());
        // SAFETY: as above.
        assert_eq!(unsafe { slot.take() }, Some(7));
    }

    /// A slot in which nothing comes is burned once, and what comes later is handed back.
    #[test]
    fn patience_ends() {
        let slot = Slot::new();
        for _ in 0..2 {
            // SAFETY: there is only this thread, and no item to take twice.
            assert_eq!(unsafe { slot.take() }, None);
        }
        // SAFETY: there is only this thread.
        assert_eq!(unsafe { slot.put(7) }, Err(7));
    }
}
