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
        Ordering::{AcqRel, Acquire, Relaxed, Release},
    },
    hint, thread,
};

/// Slots in a segment. Few under loom and shuttle, so that small models cross from one segment to
/// the next.
pub(crate) const SEGMENT: usize = if cfg!(any(loom, shuttle)) { 2 } else { 64 };

/// How often a pop looks at a claimed slot that its push has yet to fill, before it burns it. A slot
/// is never empty again, so whoever counts looks comes by this number while it is.
const PATIENCE: usize = if cfg!(any(loom, shuttle)) { 0 } else { 100 };

/// In `Segment::tail`: nothing can be claimed here any more, and no segment follows.
pub(crate) const CLOSED: usize = 1 << (usize::BITS - 1);

/// The tag of a null `Segment::next` that says the same of a segment that is used up.
pub(crate) const CLOSED_TAG: usize = 1;

/// States of a slot; these are all the transitions:
///
/// | from | to | by |
/// | --- | --- | --- |
/// | `EMPTY` | `FULL` | the push that claimed the slot |
/// | `EMPTY` | `TAKEN` | the pop that claimed the slot, or a peek at the front: *burned* |
/// | `FULL` | `TAKEN` | the pop that claimed the slot |
/// | `FULL` | `PEEKED` | a peek |
/// | `PEEKED` | `FULL` | the same peek |
const EMPTY: u8 = 0;
const FULL: u8 = 1;
const PEEKED: u8 = 2;
const TAKEN: u8 = 3;

/// A stretch of the queue.
///
/// It never drops an item: whoever frees a segment sees to it that none is left in it.
pub(crate) struct Segment<T> {
    /// The position of slot 0 in the whole queue. Constant; wide enough never to wrap.
    pub(crate) base: u64,
    /// The next slot for a push to claim, up to [`SEGMENT`], plus [`CLOSED`]. Only rises.
    pub(crate) tail: CachePadded<AtomicUsize>,
    /// The next slot for a pop to claim, never beyond `tail`. Only rises.
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

    /// Moves `head` past `index`, a slot that is burned, and says whether it was this call that
    /// did. Afterwards `head` is past `index` in either case.
    ///
    /// The caller has seen that `head` is at `index` or beyond.
    pub(crate) fn pass(&self, index: usize) -> bool {
        // AcqRel, Relaxed: a claim like any other, see `pop.rs`. A failure has read a value beyond
        // `index`, and no later load goes back behind it.
        // No test sees AcqRel -> Acquire: as for the claims in `pop.rs`.
        // No test sees AcqRel -> Release: whoever goes on from here acquires the next value, and any
        // read-modify-write is a part of the release sequence.
        self.head
            .compare_exchange(index, index + 1, AcqRel, Relaxed)
            .is_ok()
    }
}

/// A place for one item, used once.
pub(crate) struct Slot<T> {
    state: AtomicU8,
    /// Initialized from `FULL` until the pop that turns it to `TAKEN` has read it.
    value: UnsafeCell<MaybeUninit<T>>,
}

impl<T> Slot<T> {
    fn new() -> Self {
        Self {
            state: AtomicU8::new(EMPTY),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// Puts `value` in, or hands it back if the slot was burned.
    ///
    /// # Safety
    ///
    /// The caller has claimed this slot for pushing, and calls this once.
    #[inline]
    pub(crate) unsafe fn put(&self, value: T) -> Result<(), T> {
        // SAFETY: only the push that claimed the slot touches `value` while the state is EMPTY or
        // burned: pops and peeks do so only after they have seen FULL, which is set below.
        self.value.with_mut(|place| unsafe {
            (*place).write(value);
        });
        // Release: pairs with the Acquire in `take` and `peek`, which read `value`.
        // Relaxed: a burned slot tells us nothing; what we take back is our own.
        match self.state.compare_exchange(EMPTY, FULL, Release, Relaxed) {
            Ok(_) => Ok(()),
            // SAFETY: initialized above, and since the state never was FULL, nobody has read it
            // or ever will.
            Err(_) => Err(self
                .value
                .with(|place| unsafe { (*place).assume_init_read() })),
        }
    }

    /// Takes the item out, or returns `None` if the slot is burned, if need be by this call: that
    /// is how a pop gets by a push that has claimed its slot and then stalled.
    ///
    /// # Safety
    ///
    /// The caller has claimed this slot for popping (or has the queue to itself), and calls this
    /// once.
    #[inline]
    pub(crate) unsafe fn take(&self) -> Option<T> {
        // Acquire: pairs with the Release of FULL in `put`, which wrote the value, and with that
        // in `peek`, which has finished reading it.
        // Relaxed: on failure nothing is read.
        if let Err(state) = self.state.compare_exchange(FULL, TAKEN, Acquire, Relaxed) {
            if !self.take_slow(state) {
                return None;
            }
        }
        // SAFETY: the state was FULL, so `value` is initialized. It went from FULL to TAKEN by
        // our exchange, which happens once in a slot's life, so we alone read it.
        Some(
            self.value
                .with(|place| unsafe { (*place).assume_init_read() }),
        )
    }

    /// Goes on with `take` from `state`; true if the value is the caller's now.
    #[cold]
    fn take_slow(&self, mut state: u8) -> bool {
        let mut looks = 0;
        loop {
            let target = match state {
                FULL => Some(TAKEN),
                EMPTY if looks == PATIENCE => Some(TAKEN),
                EMPTY | PEEKED => None,
                // Burned by a peek.
                _ => return false,
            };
            if let Some(target) = target {
                // Acquire, Relaxed: as in `take`. When it is EMPTY that gives way, nothing is
                // handed over in either direction.
                match self.state.compare_exchange(state, target, Acquire, Relaxed) {
                    Ok(FULL) => return true,
                    // Burned here.
                    Ok(_) => return false,
                    Err(now) => state = now,
                }
            } else {
                pause(looks);
                looks += 1;
                // Relaxed: only a hint; the exchanges decide.
                state = self.state.load(Relaxed);
            }
        }
    }

    /// Clones the item, or returns `None` if a pop has taken it or the slot is burned, if need be by
    /// this call.
    ///
    /// # Safety
    ///
    /// A push has claimed this slot, and every slot before it was claimed by a pop or burned.
    pub(crate) unsafe fn peek(&self) -> Option<T>
    where
        T: Clone,
    {
        let mut looks = 0;
        loop {
            // Acquire: pairs with the Release of FULL in `put`, as in `take`.
            // Relaxed: on failure nothing is read.
            match self.state.compare_exchange(FULL, PEEKED, Acquire, Relaxed) {
                Ok(_) => {
                    let _restore = Restore(&self.state);
                    // SAFETY: the state was FULL, so `value` is initialized; it is PEEKED until
                    // `_restore` goes, even by a panic, and nobody else touches the value in that
                    // state.
                    return Some(
                        self.value
                            .with(|place| unsafe { (*place).assume_init_ref().clone() }),
                    );
                }
                Err(EMPTY) if looks == PATIENCE => {
                    // Relaxed: nothing is handed over in either direction. Whether it is burned now
                    // or has been filled, the next look sees it.
                    let _ = self.state.compare_exchange(EMPTY, TAKEN, Relaxed, Relaxed);
                }
                Err(EMPTY | PEEKED) => {
                    pause(looks);
                    looks += 1;
                }
                Err(_) => return None,
            }
        }
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

/// Ends a peek, whether its clone returned or panicked.
struct Restore<'a>(&'a AtomicU8);

impl Drop for Restore<'_> {
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `take`, which moves the value out, and in the next
        // `peek`; both come after our reading. A plain store: nobody else leaves PEEKED.
        self.0.store(FULL, Release);
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

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;

    /// A pop takes what comes while it looks.
    #[test]
    fn patience_pays() {
        for before in [EMPTY, PEEKED] {
            let slot = Slot::new();
            // SAFETY: there is only this thread.
            unsafe { slot.put(7) }.unwrap();
            assert!(slot.take_slow(before));
            // SAFETY: as above.
            assert_eq!(unsafe { slot.peek() }, None);
        }
    }

    /// A slot in which nothing comes is burned once, and what comes later is handed back.
    #[test]
    fn patience_ends() {
        for peeks in [false, true] {
            let slot = Slot::new();
            for _ in 0..2 {
                // SAFETY: there is only this thread, and no item to take twice.
                let item = unsafe { if peeks { slot.peek() } else { slot.take() } };
                assert_eq!(item, None);
            }
            // SAFETY: there is only this thread.
            assert_eq!(unsafe { slot.put(7) }, Err(7));
        }
    }
}
