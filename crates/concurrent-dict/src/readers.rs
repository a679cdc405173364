//! The readers: each thread has a slot, in which it announces the lock that it reads under.
//!
//! So a reader writes only where no other thread writes, and a writer looks at all slots. The
//! threads of a process share one set of slots for all dictionaries. The design follows BRAVO (Dice
//! and Kogan, "Biased Locking for Reader-Writer Locks", 2019); there, however, two threads may
//! collide in a slot.
//!
//! This module does not know what a lock is. It identifies each lock by a number that is not 0.

use crossbeam_utils::CachePadded;
use ft_sync::{
    atomic::{
        AtomicBool, AtomicPtr, AtomicUsize,
        Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
    },
    thread_local,
};
use std::{
    cell::Cell,
    iter,
    ptr::{self, NonNull},
};

/// The number of slots in a block. Models have small blocks, so that they reach the second one.
const SLOTS: usize = if cfg!(ft_loom) { 2 } else { 16 };

/// The slots of all threads.
#[derive(Default)]
struct Slots {
    first: Block,
    /// No thread that reads has a slot at this place or beyond. A thread that takes a slot raises
    /// `end` before its first reading. A thread that owns the last slot below `end`, and is not
    /// reading, lowers it.
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
struct Slot {
    /// The lock under which the thread reads, or 0. Only the thread that owns the slot writes here.
    reading: AtomicUsize,
    /// Whether a thread owns the slot.
    taken: AtomicBool,
}

thread_local! {
    /// The slot of this thread, or null. It has no destructor, so access needs no check.
    static SLOT: Cell<*const Slot> = const { Cell::new(ptr::null()) };
    /// Gives the slot back when the thread ends.
    static CLAIM: Cell<Option<Claim>> = const { Cell::new(None) };
}

/// The announcement of the calling thread that it reads under a lock. Dropping it withdraws it.
pub(crate) struct Announced {
    /// The slot of this thread. The thread cannot end before `self` is dropped, because a pointer
    /// is not [`Send`].
    slot: NonNull<Slot>,
}

impl Announced {
    /// Announces that this thread reads under `lock`. Returns `None` if the thread already reads
    /// under any lock, or if it is ending.
    ///
    /// The caller must then look at the lock with a `SeqCst` load, and withdraw the announcement if
    /// a writer has the lock. A writer first takes the lock with a `SeqCst` read-modify-write, and
    /// then calls [`is_read`]. If the announcement comes first in the order of all these
    /// operations, the writer sees it and waits. If the writer comes first, the reader sees the
    /// writer.
    #[inline]
    pub(crate) fn announce(lock: usize) -> Option<Self> {
        let mut slot = own_slot();
        if slot.is_null() {
            slot = claim()?;
        }
        // SAFETY: the slot belongs to this thread, and a slot lives as long as its thread.
        let reading = unsafe { &(*slot).reading };
        // Relaxed: only this thread writes there.
        if reading.load(Relaxed) != 0 {
            return None;
        }
        // SeqCst: in one order with the accesses of the writer, as described above.
        reading.swap(lock, SeqCst);
        ft_sync::before_looking();
        // SAFETY: it is not null, as checked above.
        let slot = unsafe { NonNull::new_unchecked(slot.cast_mut()) };
        Some(Self { slot })
    }

    /// Announces that this thread, which has announced nothing else, reads under a lock that it
    /// holds already: no writer can get the lock before this announcement is dropped, whether the
    /// writer sees it or not.
    pub(crate) fn besides(lock: usize) -> Option<Self> {
        let slot = NonNull::new(own_slot().cast_mut())?;
        // SAFETY: as in `announce`.
        let reading = unsafe { &slot.as_ref().reading };
        // Relaxed: only this thread needs it, when it reads again inside of this reading.
        reading.store(lock, Relaxed);
        Some(Self { slot })
    }

    /// Returns the lock under which this thread has announced that it reads, or 0 if it has
    /// announced none. Returns `None` if the thread has no slot.
    pub(crate) fn current() -> Option<usize> {
        // SAFETY: as in `announce`, if it is not null.
        // Relaxed: as in `announce`.
        unsafe { own_slot().as_ref() }.map(|slot| slot.reading.load(Relaxed))
    }
}

/// The slot of this thread, or null.
#[inline]
fn own_slot() -> *const Slot {
    SLOT.try_with(Cell::get).unwrap_or(ptr::null())
}

impl Drop for Announced {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: as in `announce`.
        let reading = unsafe { &self.slot.as_ref().reading };
        // Release: pairs with the load of the writer that waits for this slot: the writer's changes
        // come after our reads.
        reading.store(0, Release);
        ft_sync::polled();
    }
}

/// Returns whether any thread has announced that it reads under `lock`.
///
/// Announcements that come later are up to the caller: see [`Announced::announce`].
#[inline]
pub(crate) fn is_read(lock: usize) -> bool {
    any_reader(lock, |_| true)
}

/// Waits until every thread that has announced that it reads under `lock` has withdrawn the
/// announcement. Before it waits for a thread, it calls `waiting` with a function that returns
/// whether that thread has finished.
///
/// # Panics
///
/// If the calling thread itself reads under `lock`.
#[cold]
pub(crate) fn wait_for_readers(lock: usize, waiting: &mut dyn FnMut(&dyn Fn() -> bool)) {
    any_reader(lock, |slot| {
        slot.wait(lock, waiting);
        false
    });
}

/// Returns whether `f` returns true for the slot of any thread that reads under `lock`.
#[inline]
fn any_reader(lock: usize, mut f: impl FnMut(&Slot) -> bool) -> bool {
    ft_sync::before_looking();
    let slots = all();
    // SeqCst: a thread raises `end` before its first announcement. So if the announcement comes
    // before the writer takes the lock, the writer sees the raised `end`. The load also acquires:
    // see `give_back`.
    let mut left = slots.end.load(SeqCst);
    let mut block = &slots.first;
    loop {
        for slot in &block.slots[..left.min(SLOTS)] {
            // SeqCst: see `Announced::announce`. The load also acquires, because the writer's
            // changes must come after the reader's reads.
            if slot.reading.load(SeqCst) == lock && f(slot) {
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
    #[cold]
    fn wait(&self, lock: usize, waiting: &mut dyn FnMut(&dyn Fn() -> bool)) {
        assert!(
            !ptr::eq(self, own_slot()),
            "a function that reads in a dictionary must not change it"
        );
        // SeqCst: as in `any_reader`.
        let is_gone = || self.reading.load(SeqCst) != lock;
        waiting(&is_gone);
        ft_sync::poll(|| is_gone().then_some(()));
    }

    fn take(&self) -> bool {
        // Acquire: pairs with the Release in `give_back`. The thread that next lowers `end` below
        // this slot thereby passes on what the slot's last owner has read.
        // Relaxed: on failure the thread tries another slot.
        (self.taken)
            .compare_exchange(false, true, Acquire, Relaxed)
            .is_ok()
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
            // Acquire: as in `any_reader`.
            let next = block.next.load(Acquire);
            // SAFETY: as in `any_reader`.
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
                    // SeqCst: see `any_reader`.
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
    /// that the caller owns, and never past the slot of another thread.
    fn give_back(&self, mut place: usize) {
        loop {
            // Release: pairs with the load in `any_reader` of a writer that no longer looks at this
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
        // Acquire, here and below: as in `any_reader`.
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
        // SAFETY: as in `any_reader`.
        unsafe { &*next }
    }
}

#[cfg(not(any(ft_loom, ft_shuttle)))]
impl Slot {
    const fn new() -> Self {
        Self {
            reading: AtomicUsize::new(0),
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
fn claim() -> Option<*const Slot> {
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
        Some(slot)
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
    ft_sync::lazy_static! {
        static ref ALL: std::sync::Arc<Slots> = std::sync::Arc::default();
    }
    std::sync::Arc::clone(&ALL)
}

/// In the child of a fork there are no other threads, whatever their slots say.
#[cfg(all(unix, not(any(ft_loom, ft_shuttle))))]
mod forked {
    use super::{Relaxed, all, own_slot};
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
            // SAFETY: the handler may run in the child of a process that has other threads, because
            // it only stores to atomics.
            if unsafe { libc::pthread_atfork(None, None, Some(in_child)) } != 0 {
                return false;
            }
            WATCHED.store(true, Release);
        }
        true
    }

    extern "C" fn in_child() {
        let own = own_slot();
        for slot in all().blocks().flat_map(|block| &block.slots) {
            if !ptr::eq(&**slot, own) {
                // Relaxed: the child has no other thread.
                slot.reading.store(0, Relaxed);
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

    /// No other test in this program reads.
    #[test]
    fn thread_has_a_slot_until_it_ends() {
        let reader = std::thread::spawn(|| {
            let _announced = Announced::announce(1).expect("this thread reads nothing else");
            end(all())
        });
        assert_eq!(reader.join().unwrap(), 1);
        assert_eq!(end(all()), 0);
    }
}
