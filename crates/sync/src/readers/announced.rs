//! Short readings, of which a thread announces one at a time.

use super::slots::{self, Slot};
use crate::atomic::Ordering::{Relaxed, Release, SeqCst};
use std::ptr::{self, NonNull};

/// The announcement of the calling thread that it reads under a lock. Dropping it withdraws it.
pub struct Announced {
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
    pub fn announce(lock: usize) -> Option<Self> {
        let slot = slots::own_or_claimed()?;
        // SAFETY: the slot belongs to this thread, and a slot lives as long as its thread.
        let reading = unsafe { &slot.as_ref().reading };
        // Relaxed: only this thread writes there.
        if reading.load(Relaxed) != 0 {
            return None;
        }
        // SeqCst: in one order with the accesses of the writer, as described above.
        reading.swap(lock, SeqCst);
        crate::before_looking();
        Some(Self { slot })
    }

    /// Announces that this thread, which has announced nothing else, reads under a lock that it
    /// holds already: no writer can get the lock before this announcement is dropped, whether the
    /// writer sees it or not.
    pub fn besides(lock: usize) -> Option<Self> {
        let slot = NonNull::new(slots::own().cast_mut())?;
        // SAFETY: as in `announce`.
        let reading = unsafe { &slot.as_ref().reading };
        // Relaxed: only this thread needs it, when it reads again inside of this reading.
        reading.store(lock, Relaxed);
        Some(Self { slot })
    }

    /// Returns the lock under which this thread has announced that it reads, or 0 if it has
    /// announced none. Returns `None` if the thread has no slot.
    pub fn current() -> Option<usize> {
        // SAFETY: as in `announce`, if it is not null.
        // Relaxed: as in `announce`.
        unsafe { slots::own().as_ref() }.map(|slot| slot.reading.load(Relaxed))
    }
}

impl Drop for Announced {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: as in `announce`.
        let reading = unsafe { &self.slot.as_ref().reading };
        // Release: pairs with the load of the writer that waits for this slot: the writer's changes
        // come after our reads.
        reading.store(0, Release);
        crate::polled();
    }
}

/// Returns whether any thread has announced that it reads under `lock`.
///
/// Announcements that come later are up to the caller: see [`Announced::announce`].
#[inline]
pub fn is_read(lock: usize) -> bool {
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
pub fn wait_for_readers(lock: usize, waiting: &mut dyn FnMut(&dyn Fn() -> bool)) {
    any_reader(lock, |slot| {
        wait_for(slot, lock, waiting);
        false
    });
}

/// Returns whether `f` returns true for the slot of any thread that reads under `lock`.
#[inline]
fn any_reader(lock: usize, mut f: impl FnMut(&Slot) -> bool) -> bool {
    slots::any(|slot| {
        // SeqCst: see `Announced::announce`. The load also acquires, because the writer's changes
        // must come after the reader's reads.
        slot.reading.load(SeqCst) == lock && f(slot)
    })
}

#[cold]
fn wait_for(slot: &Slot, lock: usize, waiting: &mut dyn FnMut(&dyn Fn() -> bool)) {
    assert!(
        !ptr::eq(slot, slots::own()),
        "a thread that reads under a lock must not write under it"
    );
    // SeqCst: as in `any_reader`.
    let is_gone = || slot.reading.load(SeqCst) != lock;
    waiting(&is_gone);
    crate::poll(|| is_gone().then_some(()));
}
