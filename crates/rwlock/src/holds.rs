//! Which locks the calling thread has for reading.

use ft_sync::thread_local;
use std::{cell::RefCell, mem::ManuallyDrop};

/// One entry per reading. A stack, because locks are given up in the reverse order of taking, or
/// nearly so.
type Holds = ManuallyDrop<RefCell<Vec<u64>>>;

thread_local! {
    /// Never dropped, and so of use for as long as the thread runs anything; `AtEnd` frees its
    /// memory.
    static HOLDS: Holds = const { ManuallyDrop::new(RefCell::new(Vec::new())) };
    static AT_END: AtEnd = const { AtEnd };
}

struct AtEnd;

impl Drop for AtEnd {
    fn drop(&mut self) {
        // In a model the thread has no more of its own than this.
        let _ = HOLDS.try_with(|holds| holds.borrow_mut().shrink_to_fit());
    }
}

/// Counts one more.
#[inline]
pub(crate) fn add(lock: u64) {
    HOLDS.with(|holds| {
        let mut holds = holds.borrow_mut();
        if holds.len() == holds.capacity() {
            // It fails while the thread ends; then what we are about to allocate is lost.
            let _ = AT_END.try_with(|_| ());
        }
        holds.push(lock);
    });
}

/// Counts one less; false if there is none.
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

/// Counts none any more.
pub(crate) fn forget(lock: u64) {
    HOLDS.with(|holds| holds.borrow_mut().retain(|&other| other != lock));
}

/// Tells whether there is one.
pub(crate) fn contains(lock: u64) -> bool {
    HOLDS.with(|holds| holds.borrow().contains(&lock))
}
