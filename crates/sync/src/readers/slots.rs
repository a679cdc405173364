//! The slots of all threads: where they are, who owns them, and what a fork leaves of them.

use crate::{
    atomic::{
        AtomicBool, AtomicPtr, AtomicUsize,
        Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
    },
    thread_local,
};
use crossbeam_utils::CachePadded;
use std::{
    cell::Cell,
    iter,
    ptr::{self, NonNull},
};

/// The number of slots in a block. Models have small blocks, so that they reach the second one.
const SLOTS: usize = if cfg!(ft_loom) { 2 } else { 16 };

/// The number of locks that a thread can announce that it holds.
pub(super) const PLACES: usize = if cfg!(ft_loom) { 2 } else { 4 };

/// The slots of all threads.
#[derive(Default)]
struct Slots {
    first: Block,
    /// No thread that reads has a slot at this place or beyond. A thread that takes a slot raises
    /// `end` before its first reading. A thread that owns the last slot below `end`, in which
    /// nothing is announced, lowers it.
    end: AtomicUsize,
}

#[derive(Default)]
struct Block {
    slots: [CachePadded<Slot>; SLOTS],
    /// Null, or the next block. Blocks are never freed, because a writer may be looking at them at
    /// any time.
    next: AtomicPtr<Block>,
}

#[derive(Default)]
pub(super) struct Slot {
    /// The lock under which the thread reads for a moment, or 0. Only the thread that owns the slot
    /// writes here.
    pub(super) reading: AtomicUsize,
    /// The locks that the thread holds: see [`holds`](super::holds).
    pub(super) held: [AtomicUsize; PLACES],
    /// Whether a thread owns the slot.
    taken: AtomicBool,
}

thread_local! {
    /// The slot of this thread, or null. It has no destructor, so access needs no check.
    static SLOT: Cell<*const Slot> = const { Cell::new(ptr::null()) };
    /// Gives the slot back when the thread ends.
    static CLAIM: Cell<Option<Claim>> = const { Cell::new(None) };
}

/// The slot of this thread, or null.
#[inline]
pub(super) fn own() -> *const Slot {
    SLOT.try_with(Cell::get).unwrap_or(ptr::null())
}

/// The slot of this thread, which gets one if it has none. Returns `None` if the thread is ending.
#[inline]
pub(super) fn own_or_claimed() -> Option<NonNull<Slot>> {
    NonNull::new(own().cast_mut()).or_else(claim)
}

/// Returns whether `f` returns true for any slot that a thread may be using.
///
/// Everything that a thread has announced before the caller's last `SeqCst` read-modify-write, in
/// the order of all `SeqCst` operations, is in these slots.
#[inline]
pub(super) fn any(mut f: impl FnMut(&Slot) -> bool) -> bool {
    crate::before_looking();
    let slots = all();
    // SeqCst: a thread raises `end` before its first announcement. So if the announcement comes
    // before the writer takes the lock, the writer sees the raised `end`. The load also acquires:
    // see `give_back`.
    let mut left = slots.end.load(SeqCst);
    let mut block = &slots.first;
    loop {
        for slot in &block.slots[..left.min(SLOTS)] {
            if f(slot) {
                return true;
            }
        }
        if left <= SLOTS {
            return false;
        }
        left -= SLOTS;
        // Acquire: pairs with the Release of the exchange that set the pointer, in `Block::next`.
        let next = block.next.load(Acquire);
        // SAFETY: each slot below `end` is in a block. A block is complete before it is linked, and
        // is never freed.
        block = unsafe { &*next };
    }
}

impl Slot {
    fn take(&self) -> bool {
        // Acquire: pairs with the Release in `give_back`. The thread that next lowers `end` below
        // this slot thereby passes on what the slot's last owner has read.
        // Relaxed: on failure the thread tries another slot.
        (self.taken)
            .compare_exchange(false, true, Acquire, Relaxed)
            .is_ok()
    }

    /// Returns whether anything is held here. Only the thread that owns the slot asks, so that the
    /// answer can change only to false.
    fn has_holds(&self) -> bool {
        // Acquire: pairs with the Releases of threads that have removed holds. The caller passes on
        // what they have read, as in `take`.
        self.held.iter().any(|held| held.load(Acquire) != 0)
    }
}

impl Slots {
    #[cfg(not(any(ft_loom, ft_shuttle)))]
    const fn new() -> Self {
        Self {
            first: Block::new(),
            end: AtomicUsize::new(0),
        }
    }

    fn blocks(&self) -> impl Iterator<Item = &Block> {
        let next = |block: &&Block| {
            // Acquire: as in `any`.
            let next = block.next.load(Acquire);
            // SAFETY: as in `any`.
            unsafe { next.as_ref() }
        };
        iter::successors(Some(&self.first), next)
    }

    fn get(&self, place: usize) -> &Slot {
        let block = self.blocks().nth(place / SLOTS);
        // A thread knows a place only after it has found the slot there.
        &block.expect("a slot that was taken has a block").slots[place % SLOTS]
    }

    /// Takes a slot that no thread owns, and returns its place.
    fn take(&self) -> usize {
        let mut place = 0;
        let mut block = &self.first;
        loop {
            for slot in &block.slots {
                if slot.take() {
                    // SeqCst: see `any`.
                    self.end.fetch_max(place + 1, SeqCst);
                    return place;
                }
                place += 1;
            }
            block = block.next();
        }
    }

    /// Gives back a slot that the caller owns.
    ///
    /// If the slot is the last one below `end`, the caller lowers `end`. If nobody owns the slot
    /// before it, the caller takes that slot and repeats this. So `end` is lowered only past slots
    /// that the caller owns and in which nothing is held, and never past the slot of another thread.
    ///
    /// Holds may remain in the slot. They are as good in the slot of the thread that takes it next:
    /// any thread can release them.
    fn give_back(&self, mut place: usize) {
        loop {
            if self.get(place).has_holds() {
                // Release: as below.
                return self.get(place).taken.store(false, Release);
            }
            // Release: pairs with the load in `any` of a writer that no longer looks at this
            // slot: our reads come before its changes. A thread that takes this slot does so after
            // we have given it back below, and raises `end` again.
            // Relaxed: on failure there is another slot behind this one, or there will be.
            let is_last = (self.end)
                .compare_exchange(place + 1, place, Release, Relaxed)
                .is_ok();
            // Release: pairs with the Acquire in `Slot::take`.
            self.get(place).taken.store(false, Release);
            if !is_last || place == 0 || !self.get(place - 1).take() {
                return;
            }
            place -= 1;
        }
    }
}

impl Block {
    #[cfg(not(any(ft_loom, ft_shuttle)))]
    const fn new() -> Self {
        Self {
            slots: [const { CachePadded::new(Slot::new()) }; SLOTS],
            next: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Returns the next block, and creates it if there is none.
    fn next(&self) -> &Self {
        // Acquire, here and below: as in `any`.
        let mut next = self.next.load(Acquire);
        if next.is_null() {
            let new = Box::into_raw(Box::<Self>::default());
            // Release: pairs with the Acquire loads of `next`.
            match (self.next).compare_exchange(next, new, AcqRel, Acquire) {
                Ok(_) => next = new,
                Err(other) => {
                    // SAFETY: no other thread has seen the new block.
                    drop(unsafe { Box::from_raw(new) });
                    next = other;
                }
            }
        }
        // SAFETY: as in `any`.
        unsafe { &*next }
    }
}

#[cfg(not(any(ft_loom, ft_shuttle)))]
impl Slot {
    const fn new() -> Self {
        Self {
            reading: AtomicUsize::new(0),
            held: [const { AtomicUsize::new(0) }; PLACES],
            taken: AtomicBool::new(false),
        }
    }
}

/// The slot that a thread owns.
struct Claim {
    slots: All,
    place: usize,
}

impl Drop for Claim {
    fn drop(&mut self) {
        // From here on the thread has no slot, and can get none.
        let _ = SLOT.try_with(|slot| slot.set(ptr::null()));
        self.slots.give_back(self.place);
    }
}

/// Gets a slot for this thread. Returns `None` if the thread is ending.
#[cold]
fn claim() -> Option<NonNull<Slot>> {
    let claimed = CLAIM.try_with(|claim| {
        #[cfg(all(unix, not(any(ft_loom, ft_shuttle))))]
        if !forked::is_watched() {
            return None;
        }
        let slots = all();
        let place = slots.take();
        let slot: *const Slot = slots.get(place);
        SLOT.try_with(|own| own.set(slot)).ok()?;
        claim.set(Some(Claim { slots, place }));
        NonNull::new(slot.cast_mut())
    });
    claimed.ok().flatten()
}

#[cfg(not(any(ft_loom, ft_shuttle)))]
type All = &'static Slots;

#[cfg(not(any(ft_loom, ft_shuttle)))]
#[inline]
fn all() -> All {
    static ALL: Slots = Slots::new();
    &ALL
}

/// In a model, the slots are dropped after each execution, and before the thread-local variables.
#[cfg(any(ft_loom, ft_shuttle))]
type All = std::sync::Arc<Slots>;

#[cfg(any(ft_loom, ft_shuttle))]
fn all() -> All {
    crate::lazy_static! {
        static ref ALL: std::sync::Arc<Slots> = std::sync::Arc::default();
    }
    std::sync::Arc::clone(&ALL)
}

/// In the child of a fork there are no other threads, whatever their slots say.
#[cfg(all(unix, not(any(ft_loom, ft_shuttle))))]
mod forked {
    use super::{Relaxed, all, own};
    use std::{
        ptr,
        sync::atomic::{
            AtomicBool,
            Ordering::{Acquire, Release},
        },
    };

    /// Ensures that the child of a fork empties the slots. Returns whether that succeeded.
    pub(super) fn is_watched() -> bool {
        static WATCHED: AtomicBool = AtomicBool::new(false);
        // Acquire, Release: a thread that sees the flag takes its slot after the handler was
        // registered. If two threads register the handler at the same time, it may run twice, which
        // does no harm.
        if !WATCHED.load(Acquire) {
            // SAFETY: the handler may run in the child of a process that has other threads: it only
            // stores to atomics, takes no lock and allocates nothing.
            if unsafe { libc::pthread_atfork(None, None, Some(in_child)) } != 0 {
                return false;
            }
            WATCHED.store(true, Release);
        }
        true
    }

    extern "C" fn in_child() {
        let own = own();
        for slot in all().blocks().flat_map(|block| &block.slots) {
            if !ptr::eq(&**slot, own) {
                // Relaxed: the child has no other thread.
                slot.reading.store(0, Relaxed);
                slot.held.iter().for_each(|held| held.store(0, Relaxed));
                slot.taken.store(false, Relaxed);
            }
        }
    }
}

#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod tests {
    use super::*;

    fn end(slots: &Slots) -> usize {
        slots.end.load(Relaxed)
    }

    /// A writer looks at no more slots than necessary: `end` is right behind the last slot that is
    /// owned.
    #[test]
    fn end_is_behind_the_last_slot_taken() {
        // Blocks are not freed. In a static this is no leak.
        static ALL: Slots = Slots::new();
        const LAST: usize = 2 * SLOTS;
        for _ in 0..2 {
            for place in 0..=LAST {
                assert_eq!((ALL.take(), end(&ALL)), (place, place + 1));
            }
            for place in 1..LAST {
                ALL.give_back(place);
                assert_eq!(end(&ALL), LAST + 1);
            }
            assert_eq!(ALL.take(), 1);
            ALL.give_back(LAST);
            assert_eq!(end(&ALL), 2);
            ALL.give_back(0);
            assert_eq!(end(&ALL), 2);
            ALL.give_back(1);
            assert_eq!(end(&ALL), 0);
        }
    }

    /// What a thread still holds when it ends stays where writers look, and costs no slot.
    #[test]
    fn holds_outlive_their_thread() {
        static ALL: Slots = Slots::new();
        assert_eq!((ALL.take(), ALL.take()), (0, 1));
        let held = &ALL.get(0).held[0];
        held.store(2, Relaxed);
        ALL.give_back(0);
        ALL.give_back(1);
        assert_eq!(end(&ALL), 1);
        assert_eq!((ALL.take(), ALL.take()), (0, 1));
        held.store(0, Relaxed);
        ALL.give_back(0);
        ALL.give_back(1);
        assert_eq!(end(&ALL), 0);
    }

    /// No other test in this program announces anything, but for the one of `holds`, which runs in a
    /// child process.
    #[test]
    fn thread_has_a_slot_until_it_ends() {
        let reader = std::thread::spawn(|| {
            own_or_claimed().expect("this thread is not ending");
            end(all())
        });
        assert_eq!(reader.join().unwrap(), 1);
        assert_eq!(end(all()), 0);
    }
}
