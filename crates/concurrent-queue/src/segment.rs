//! The segments that hold the items, and the slots in them.
//!
//! Everything here is about one segment. `links.rs` deals with the list of segments.

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

/// The number of slots in a segment. It is small under loom and shuttle, so that small models cross
/// from one segment to the next.
pub(crate) const SEGMENT: usize = if cfg!(any(ft_loom, ft_shuttle)) {
    2
} else {
    64
};

/// How often a pop looks at a slot that is claimed but not yet filled, before it burns the slot. A
/// slot never becomes empty again, so all of these looks see the same unfilled slot.
const PATIENCE: usize = if cfg!(any(ft_loom, ft_shuttle)) {
    0
} else {
    100
};

/// In `Segment::head`: a peek is using the first slot, and no slot can be claimed until it is done.
pub(crate) const PEEKED: usize = 1 << (usize::BITS - 1);

/// In `Segment::tail`: no slot can be claimed any more, and no segment follows.
pub(crate) const CLOSED: usize = 1 << (usize::BITS - 1);

/// The tag of a null `Segment::next`: the segment is used up, and no segment follows.
pub(crate) const CLOSED_TAG: usize = 1;

/// States of a slot. An empty slot either becomes full, by the push that claimed it, or is
/// *burned*, by the pop that claimed it or by a peek that is using it. After that its state does
/// not change.
const EMPTY: u8 = 0;
const FULL: u8 = 1;
const BURNED: u8 = 2;

/// A section of the queue.
///
/// A segment never drops an item: the code that frees a segment ensures that no item is left in it.
pub(crate) struct Segment<T> {
    /// The position of slot 0, counted over the whole queue. It is constant, and wide enough never
    /// to wrap.
    pub(crate) base: u64,
    /// The next slot for a push to claim, up to [`SEGMENT`], plus [`CLOSED`]. It only rises.
    pub(crate) tail: CachePadded<AtomicUsize>,
    /// The next slot for a pop to claim, never beyond `tail`, plus [`PEEKED`]. The slot only rises.
    pub(crate) head: CachePadded<AtomicUsize>,
    /// The next segment. It is null until this segment is used up, and is then set once: to a
    /// segment, or to null with [`CLOSED_TAG`].
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
    /// The result is meaningful only if no other thread is using the queue, and everything that
    /// other threads did happens before this call.
    pub(crate) fn left(&self) -> &[Slot<T>] {
        // Relaxed: see above; no other thread is using the queue.
        &self.slots[self.head.load(Relaxed)..self.tail.load(Relaxed) & !CLOSED]
    }

    /// Waits until no peek is using the first slot.
    #[cold]
    pub(crate) fn wait_for_peek(&self) {
        let mut looks = 0;
        // Relaxed: this is only a hint; the exchanges decide.
        while self.head.load(Relaxed) & PEEKED != 0 {
            pause(looks);
            looks += 1;
        }
    }

    /// Keeps pops and other peeks from using the slot at `index`, which must be the first that no
    /// pop has claimed. Returns `None` if it is not, or if another peek is using it.
    pub(crate) fn peek_at(&self, index: usize) -> Option<Peek<'_, T>> {
        // Acquire: pairs with the Release at the end of the last peek, which used the item before
        // us: cloning an item may change it. What was released with `index` is also acquired with
        // the value that replaces it, because this is a read-modify-write.
        // Relaxed: on failure nothing is read.
        let peeked = (self.head).compare_exchange(index, index | PEEKED, Acquire, Relaxed);
        peeked.ok().map(|_| Peek {
            segment: self,
            index,
        })
    }
}

/// A peek at the first slot. No pop can claim the slot before this is dropped.
pub(crate) struct Peek<'a, T> {
    segment: &'a Segment<T>,
    /// The slot at which pops continue afterwards.
    index: usize,
}

impl<T: Clone> Peek<'_, T> {
    /// Clones the item. Returns `None` if there is no item and there will be none: then the slot is
    /// burned, and counts as popped.
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
        // SAFETY: the slot is full, so it is initialized. Only the pop that claims the slot moves
        // the item, and no pop can claim it before `self` is dropped, even by a panic.
        Some((slot.value).with(|place| unsafe { (*place).assume_init_ref().clone() }))
    }
}

impl<T> Drop for Peek<'_, T> {
    fn drop(&mut self) {
        // Release: pairs with the Acquire of the claim by the pop that moves the item, and with
        // that of the next peek. Both come after our reading.
        //
        // A plain store suffices, because nobody else changes `head` while it is PEEKED.
        self.segment.head.store(self.index, Release);
    }
}

/// A place for one item, used once.
pub(crate) struct Slot<T> {
    state: AtomicU8,
    /// Initialized while the state is FULL, until the pop that has claimed the slot moves the item
    /// out.
    value: UnsafeCell<MaybeUninit<T>>,
}

impl<T> Slot<T> {
    fn new() -> Self {
        Self {
            state: AtomicU8::new(EMPTY),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// Puts `value` into a slot of a segment that no other thread knows yet.
    #[inline]
    pub(crate) fn fill(&mut self, value: T) {
        // SAFETY: `&mut self` is exclusive.
        self.value.with_mut(|place| unsafe {
            (*place).write(value);
        });
        // Relaxed: published with the segment.
        self.state.store(FULL, Relaxed);
    }

    /// Puts `value` into the slot, or returns it if the slot was burned.
    ///
    /// # Safety
    ///
    /// The caller has claimed this slot for pushing, and calls this once.
    #[inline]
    pub(crate) unsafe fn put(&self, value: T) -> Result<(), T> {
        // SAFETY: unless the state is FULL, only the push that claimed the slot accesses `value`.
        // The state becomes FULL below.
        self.value.with_mut(|place| unsafe {
            (*place).write(value);
        });
        // Release: pairs with the Acquire in `is_full` and `wait_full`, after which `value` is
        // read.
        // Acquire: pairs with the Release in `wait_full`. The pop or peek that burned the slot had
        // claimed it before, and our next look at `head` must see that claim.
        match (self.state).compare_exchange(EMPTY, FULL, Release, Acquire) {
            Ok(_) => Ok(()),
            // SAFETY: the value was initialized above. The state never was FULL, so nobody has read
            // the value, and nobody will.
            Err(_) => Err(self
                .value
                .with(|place| unsafe { (*place).assume_init_read() })),
        }
    }

    /// Returns whether the slot contains an item.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        // Acquire: pairs with the Release in `put`.
        self.state.load(Acquire) == FULL
    }

    /// Takes the item out. Returns `None` if this call burned the slot: that is how a pop gets past
    /// a push that has claimed its slot and then stalled.
    ///
    /// # Safety
    ///
    /// The caller has claimed this slot for popping (or is the only user of the queue), and calls
    /// this or `take_full` once.
    #[inline]
    pub(crate) unsafe fn take(&self) -> Option<T> {
        // SAFETY: as the caller says.
        (self.is_full() || self.wait_full()).then(|| unsafe { self.take_full() })
    }

    /// Takes the item out.
    ///
    /// # Safety
    ///
    /// The slot [is full](Self::is_full). The caller has claimed it for popping (or is the only
    /// user of the queue), and calls this or `take` once.
    #[inline]
    pub(crate) unsafe fn take_full(&self) -> T {
        // SAFETY: the slot is full, so it is initialized. We have claimed it, which happens once in
        // the life of a slot, so only we move the item. A peek is over before a claim succeeds.
        self.value
            .with(|place| unsafe { (*place).assume_init_read() })
    }

    /// Waits a short while for the slot to become full, and burns it if it does not. Returns
    /// whether it is full.
    #[cold]
    fn wait_full(&self) -> bool {
        let came = (0..PATIENCE).any(|looks| {
            pause(looks);
            self.is_full()
        });
        // Release, Acquire: pair with those in `put`. Only the push in `put` can change a slot that
        // we may burn.
        came || self.state.compare_exchange(EMPTY, BURNED, Release, Acquire) == Err(FULL)
    }

    /// Calls `visit` with the item, if there is one.
    ///
    /// # Safety
    ///
    /// No other thread uses the slot during the call, and everything that other threads did to it
    /// happens before.
    pub(crate) unsafe fn visit<E>(&self, visit: impl FnOnce(&T) -> Result<(), E>) -> Result<(), E> {
        // Relaxed: the caller promises that everything that others did happens before.
        if self.state.load(Relaxed) != FULL {
            return Ok(());
        }
        // SAFETY: the state is FULL, so the slot is initialized, and nobody moves the item during
        // the call.
        self.value
            .with(|place| visit(unsafe { (*place).assume_init_ref() }))
    }
}

/// Waits a moment: it spins, and on every 32nd look it lets other threads run.
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

    /// A filled slot is not burned.
    #[test]
    fn patience_pays() {
        let slot = Slot::new();
        // SAFETY: there is only this thread.
        unsafe { slot.put(7) }.unwrap();
        assert!(slot.wait_full());
        // SAFETY: as above.
        assert_eq!(unsafe { slot.take() }, Some(7));
    }

    /// A slot that is not filled is burned once, and an item that comes later is handed back.
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
