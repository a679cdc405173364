//! The locks that the calling thread has for reading.

use ft_sync::thread_local;
use std::{cell::RefCell, mem::ManuallyDrop};

/// One entry per reading. It is a stack, because locks are usually released in the reverse order of
/// taking.
type Holds = ManuallyDrop<RefCell<Vec<u64>>>;

thread_local! {
    /// It is never dropped, so it can be used for as long as the thread runs anything. `AtEnd`
    /// frees its memory.
    static HOLDS: Holds = const { ManuallyDrop::new(RefCell::new(Vec::new())) };
    static AT_END: AtEnd = const { AtEnd };
}

struct AtEnd;

impl Drop for AtEnd {
    fn drop(&mut self) {
        // In a model, other thread-local variables may be gone before this one.
        let _ = HOLDS.try_with(|holds| holds.borrow_mut().shrink_to_fit());
    }
}

/// Adds one reading.
#[inline]
pub(crate) fn add(lock: u64) {
    HOLDS.with(|holds| {
        let mut holds = holds.borrow_mut();
        if holds.len() == holds.capacity() {
            // This fails while the thread is ending. Then the memory that we are about to allocate
            // is leaked.
            let _ = AT_END.try_with(|_| ());
        }
        holds.push(lock);
    });
}

/// Removes one reading. Returns false if there is none.
#[inline]
pub(crate) fn remove(lock: u64) -> bool {
    HOLDS.with(|holds| {
        let mut holds = holds.borrow_mut();
        match holds.iter().rposition(|&other| other == lock) {
            Some(place) => {
                holds.swap_remove(place);
                true
            }
            None => false,
        }
    })
}

/// Removes all readings of a lock.
pub(crate) fn forget(lock: u64) {
    HOLDS.with(|holds| holds.borrow_mut().retain(|&other| other != lock));
}

/// Returns whether there is a reading.
pub(crate) fn contains(lock: u64) -> bool {
    HOLDS.with(|holds| holds.borrow().contains(&lock))
}
