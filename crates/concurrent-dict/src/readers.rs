//! Who reads what: each thread has a slot, in which it says which lock it reads under.
//!
//! So readers write where nobody else does, and a writer asks them all. The threads of a process
//! share the slots, whatever dictionaries they use. After BRAVO (Dice and Kogan, "Biased Locking for
//! Reader-Writer Locks", 2019), whose slots threads may collide in.
//!
//! Nothing here knows what a lock is: it is a number that is not 0, the same for all.

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

/// How many slots are made at once. Models make few, so that they come to the next block.
const SLOTS: usize = if cfg!(ft_loom) { 2 } else { 16 };

/// The slots of all threads.
#[derive(Default)]
struct Slots {
    first: Block,
    /// No slot from this place on is taken by a thread that reads. Raised by a thread that takes a
    /// slot, before it first reads; lowered by one that has the last of them for itself.
    end: AtomicUsize,
}

#[derive(Default)]
struct Block {
    slots: [CachePadded<Slot>; SLOTS],
    /// Null, or the next block, which is not freed: a writer may be in it at any time.
    next: AtomicPtr<Block>,
}

#[derive(Default)]
struct Slot {
    /// The lock under which the thread reads, or 0. Only that thread writes here.
    reading: AtomicUsize,
    /// Whether it is some thread's.
    taken: AtomicBool,
}

thread_local! {
    /// The slot of this thread, or null. Without a destructor, and so reached without a check.
    static SLOT: Cell<*const Slot> = const { Cell::new(ptr::null()) };
    /// What gives that slot back when the thread ends.
    static CLAIM: Cell<Option<Claim>> = const { Cell::new(None) };
}

/// The calling thread's word that it reads under a lock. It takes it back when dropped.
pub(crate) struct Announced {
    /// Of this thread, which cannot end before we are dropped: a pointer is not [`Send`].
    slot: NonNull<Slot>,
}

impl Announced {
    /// Announces that this thread reads under `lock`; `None` if it does so already, under any, or
    /// if it is ending.
    ///
    /// The caller must look at the lock afterwards, with a `SeqCst` load, and withdraw if a writer
    /// has it. The writer takes the lock first, with a `SeqCst` read-modify-write, and then calls
    /// [`is_read`]. If the announcement is first in the order of all these, the writer sees
    /// it, and waits; if the writer is, we see it.
    #[inline]
    pub(crate) fn announce(lock: usize) -> Option<Self> {
        let mut slot = own_slot();
        if slot.is_null() {
            slot = claim()?;
        }
        // SAFETY: the slot is this thread's, and slots live as long as their threads.
        let reading = unsafe { &(*slot).reading };
        // Relaxed: only this thread writes there.
        if reading.load(Relaxed) != 0 {
            return None;
        }
        reading.swap(lock, SeqCst);
        ft_sync::before_looking();
        // SAFETY: not null, as seen above.
        let slot = unsafe { NonNull::new_unchecked(slot.cast_mut()) };
        Some(Self { slot })
    }

    /// Announces that this thread, which has announced nothing else, reads under a lock that no writer
    /// can get before this is gone, whether it sees this or not.
    pub(crate) fn besides(lock: usize) -> Option<Self> {
        let slot = NonNull::new(own_slot().cast_mut())?;
        // SAFETY: as in `announce`.
        let reading = unsafe { &slot.as_ref().reading };
        // Relaxed: only for this thread, when it reads inside of this reading.
        reading.store(lock, Relaxed);
        Some(Self { slot })
    }

    /// The lock under which this thread has announced that it reads: 0 is none, and `None` that it has
    /// no slot.
    pub(crate) fn current() -> Option<usize> {
        // SAFETY: as in `announce`, if not null. Relaxed: as there.
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
        // Release: pairs with the load of the writer that waits for this, whose writes come after
        // our reads.
        reading.store(0, Release);
        ft_sync::polled();
    }
}

/// Tells whether a thread has announced that it reads under `lock`.
///
/// Those that do so later are the business of the caller: see [`Announced::announce`].
#[inline]
pub(crate) fn is_read(lock: usize) -> bool {
    any_reader(lock, |_| true)
}

/// Waits until each thread that has announced that it reads under `lock` is done with that. Before it
/// waits for one it calls `waiting` with what tells whether that one is gone.
///
/// # Panics
///
/// If the calling thread itself is one.
#[cold]
pub(crate) fn wait_for_readers(lock: usize, waiting: &mut dyn FnMut(&dyn Fn() -> bool)) {
    any_reader(lock, |slot| {
        slot.wait(lock, waiting);
        false
    });
}

/// Tells whether `f` returns true for the slot of a thread that reads under `lock`.
#[inline]
fn any_reader(lock: usize, mut f: impl FnMut(&Slot) -> bool) -> bool {
    ft_sync::before_looking();
    let slots = all();
    // SeqCst: a thread raises it before its first announcement, so if that is before our taking of
    // the lock, this is seen. It acquires, too: see `give_back`.
    let mut left = slots.end.load(SeqCst);
    let mut block = &slots.first;
    loop {
        for slot in &block.slots[..left.min(SLOTS)] {
            // SeqCst: see `Announced::announce`. It acquires, too: we write after the reader has read.
            if slot.reading.load(SeqCst) == lock && f(slot) {
                return true;
            }
        }
        if left <= SLOTS {
            return false;
        }
        left -= SLOTS;
        // Acquire: pairs with the Release of the exchange that set it.
        let next = block.next.load(Acquire);
        // SAFETY: a slot below `end` has a block, blocks are whole before they are linked, and are
        // not freed.
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
        // SeqCst: as where we were called.
        let is_gone = || self.reading.load(SeqCst) != lock;
        waiting(&is_gone);
        ft_sync::poll(|| is_gone().then_some(()));
    }

    fn take(&self) -> bool {
        // Acquire: pairs with the Release in `give_back`, so that whoever lowers the end past this
        // slot next has what its last owner read behind it. Relaxed: on failure the thread looks
        // elsewhere.
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
            // SAFETY: as there.
            unsafe { next.as_ref() }
        };
        iter::successors(Some(&self.first), next)
    }

    fn get(&self, place: usize) -> &Slot {
        let block = self.blocks().nth(place / SLOTS);
        // A place is only known to who has found the slot there.
        &block.expect("the block of a slot is there").slots[place % SLOTS]
    }

    /// Takes a slot that is nobody's, and returns its place.
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

    /// Gives a slot back that the caller has.
    ///
    /// Whoever has the last one lowers the end; and then, if nobody has the one before, takes that,
    /// and goes on. So no slot below the end is taken by a thread that does not know of the end.
    fn give_back(&self, mut place: usize) {
        loop {
            // Release: pairs with the load in `any_reader`, which no longer looks at this slot:
            // what was read is read. A thread that takes this slot does so after we gave it back
            // below, and raises the end again. Relaxed: if it fails there is another slot behind, or
            // will be.
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

    /// Returns the next block, which is made if there is none.
    fn next(&self) -> &Self {
        // Acquire, twice: as in `any_reader`.
        let mut next = self.next.load(Acquire);
        if next.is_null() {
            let new = Box::into_raw(Box::<Self>::default());
            // Release: pairs with those Acquires.
            match (self.next).compare_exchange(next, new, AcqRel, Acquire) {
                Ok(_) => next = new,
                Err(other) => {
                    // SAFETY: nobody else has seen it.
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

/// A thread's right to its slot.
struct Claim {
    slots: All,
    place: usize,
}

impl Drop for Claim {
    fn drop(&mut self) {
        // From here on the thread has none, and can get none.
        let _ = SLOT.try_with(|slot| slot.set(ptr::null()));
        self.slots.give_back(self.place);
    }
}

/// Gets the thread its slot; `None` if the thread is at its end.
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

/// Models drop theirs after each execution, before the threads' own variables.
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

    /// Sees to it that slots are emptied in children; tells whether that is so.
    pub(super) fn is_watched() -> bool {
        static WATCHED: AtomicBool = AtomicBool::new(false);
        // Acquire, Release: whoever sees it set takes slots after the system was told. Two threads
        // may tell it at once; what they have it call may be called twice.
        if !WATCHED.load(Acquire) {
            // SAFETY: the function is safe to call in a child of a process with threads: it only
            // stores.
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
                // Relaxed: there is nobody else.
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

    /// A writer looks at no more slots than it has to: none of those at the end is nobody's.
    #[test]
    fn end_is_behind_the_last_slot_taken() {
        // Blocks are not freed: this is no leak.
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
            let _announced = Announced::announce(1).expect("it reads nothing else");
            end(all())
        });
        assert_eq!(reader.join().unwrap(), 1);
        assert_eq!(end(all()), 0);
    }
}
