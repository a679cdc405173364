//! Holds, of which a thread can have several, each for as long as it likes.
//!
//! A hold is a number in a place of the thread's slot. The thread that owns the slot is the only one
//! that writes a number. Every thread can remove it or mark it as seen, with an exchange: so the
//! holder learns, when it releases the hold, whether another thread wants to be told.
//!
//! All holds of one lock are alike. If a thread releases a hold that another thread has announced,
//! it may remove any of them: there remain as many as there should be.

use super::slots::{self, Slot};
use crate::atomic::{
    AtomicUsize,
    Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
};

/// Marks a hold as seen. No lock has it in its number.
const SEEN: usize = 0b1;

/// What has become of an attempt to release a hold of the calling thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// The hold is gone, and no thread has seen it.
    Unseen,
    /// The hold is gone. A thread has [seen](see_holds) it, and may be waiting for its end.
    Seen,
    /// The thread has announced no hold of this lock, or another thread has removed it.
    NotHere,
}

/// Returns a number for a lock: it is even, not 0, and no other call returns it. Returns `None` if
/// there are no more numbers, which can happen only on 32-bit machines.
pub fn lock_number() -> Option<usize> {
    // This is std's atomic on purpose: models need not explore it.
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(2);
    // Relaxed: it only matters that each call gets another number.
    NEXT.fetch_update(Relaxed, Relaxed, |next| next.checked_add(2))
        .ok()
}

/// Announces that the calling thread holds `lock`, which is a [`lock_number`]. Returns false if the
/// thread has announced as many holds as it can, or if it is ending.
///
/// The caller must then look at the lock with a `SeqCst` load, and [`withdraw`] the announcement if
/// the lock does not allow it. A thread that wants no more holds first says so in the lock with a
/// `SeqCst` read-modify-write, and then calls [`see_holds`]. If the announcement comes first in the
/// order of all these operations, that thread sees it. If that thread comes first, the caller sees
/// what it said in the lock.
#[inline]
pub fn hold(lock: usize) -> bool {
    let Some(slot) = slots::own_or_claimed() else {
        return false;
    };
    // SAFETY: the slot belongs to this thread, and a slot lives as long as its thread.
    for place in unsafe { &slot.as_ref().held } {
        // Relaxed: only this thread writes numbers there.
        if place.load(Relaxed) == 0 {
            // SeqCst: in one order with the accesses of others, as described above.
            place.swap(lock, SeqCst);
            crate::before_looking();
            return true;
        }
    }
    false
}

/// Takes back an announcement that the calling thread has just made. Returns false if another thread
/// has seen it or has removed it. In that case there is one hold more than the others have, and it
/// belongs to the calling thread.
#[cold]
pub fn withdraw(lock: usize) -> bool {
    // If the thread already had a hold of this lock, this may be the earlier one. It makes no
    // difference: one of them remains.
    let mut places = own().into_iter().flat_map(|slot| &slot.held);
    // Release: as in `release`, for the earlier hold.
    // Acquire: if the caller has a hold now, it must see what the thread that has seen or removed
    // it sees, such as what the last writer did.
    places.any(|place| place.compare_exchange(lock, 0, Release, Acquire).is_ok())
}

/// Releases a hold that the calling thread has announced.
#[inline]
pub fn release(lock: usize) -> Released {
    let Some(slot) = own() else {
        return Released::NotHere;
    };
    for place in &slot.held {
        // Relaxed: the exchange below decides.
        let found = place.load(Relaxed);
        // Release: pairs with the load of the thread that looks for holds: its changes come after
        // our reads.
        // Relaxed: on failure we look again.
        if found == lock && place.compare_exchange(lock, 0, Release, Relaxed).is_ok() {
            return Released::Unseen;
        }
        if found & !SEEN == lock && release_seen(lock, place) {
            return Released::Seen;
        }
    }
    Released::NotHere
}

/// Returns whether the hold at `place` is still there, and removes it.
#[cold]
fn release_seen(lock: usize, place: &AtomicUsize) -> bool {
    // Release, Relaxed: as in `release`.
    (place.compare_exchange(lock | SEEN, 0, Release, Relaxed)).is_ok()
}

/// Returns the slot of this thread, if it has one.
#[inline]
fn own() -> Option<&'static Slot> {
    // SAFETY: a slot lives as long as its thread, and the reference does not leave this module, nor
    // the thread.
    unsafe { slots::own().as_ref() }
}

/// Returns whether any thread has announced that it holds `lock`, and marks all these holds as seen.
#[cold]
pub fn see_holds(lock: usize) -> bool {
    let mut seen = false;
    every(lock, |place| {
        // SeqCst: see `hold`. The load also acquires, because the caller's changes must come after
        // the reads of a thread that has released its hold.
        let found = place.load(SeqCst);
        seen |= match found == lock {
            // AcqRel, Acquire: as for the load.
            true => match place.compare_exchange(lock, lock | SEEN, AcqRel, Acquire) {
                Ok(_) => true,
                Err(now) => now == lock | SEEN,
            },
            false => found == lock | SEEN,
        };
        false
    });
    seen
}

/// Removes one hold of `lock`, whichever thread has announced it. Returns false if there is none.
///
/// A hold that is announced or removed meanwhile may be missed.
#[cold]
pub fn remove_hold(lock: usize) -> bool {
    every(lock, |place| {
        [lock, lock | SEEN].into_iter().any(|number| {
            // Release: as in `release`.
            // Relaxed: on failure nothing has happened.
            (place.compare_exchange(number, 0, Release, Relaxed)).is_ok()
        })
    })
}

/// Returns the number of holds of `lock` that all threads have announced.
#[cold]
pub fn count_holds(lock: usize) -> usize {
    let mut count = 0;
    every(lock, |_| {
        count += 1;
        false
    });
    count
}

/// Removes all holds of a lock that does not exist any more: nobody can release them.
#[cold]
pub fn forget_holds(lock: usize) {
    while remove_hold(lock) {}
}

/// Returns whether `f` returns true for any place that has a hold of `lock`.
fn every(lock: usize, mut f: impl FnMut(&AtomicUsize) -> bool) -> bool {
    slots::any(|slot| {
        (slot.held.iter())
            // SeqCst: as in `see_holds`.
            .any(|place| place.load(SeqCst) & !SEEN == lock && f(place))
    })
}
