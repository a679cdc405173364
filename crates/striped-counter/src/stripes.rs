//! A table of stripes.

use crossbeam_utils::CachePadded;
use ft_sync::atomic::{
    AtomicI64,
    Ordering::{Relaxed, Release},
};
use std::{num::NonZero, ptr, thread};

/// Integers in cache lines of their own, which are parts of one sum.
pub(crate) struct Stripes {
    /// As many as a power of two.
    stripes: Box<[CachePadded<AtomicI64>]>,
    may_grow: bool,
    /// Null, or the table with half as many stripes that was in use before. This one owns it.
    smaller: *mut Stripes,
}

// SAFETY: a table owns its stripes and the smaller tables, which are atomics.
unsafe impl Send for Stripes {}
// SAFETY: as above. `smaller` does not change while the table is shared.
unsafe impl Sync for Stripes {}

impl Stripes {
    /// Makes a table with twice as many stripes as the smaller one, which may be null, and belongs to
    /// the new one from now on.
    ///
    /// # Safety
    ///
    /// The smaller table is valid, and nobody else frees it, unless the result is
    /// [discarded](Self::discard).
    pub(crate) unsafe fn after(smaller: *mut Self) -> Box<Self> {
        // SAFETY: it is null, or the caller's promise.
        let present = unsafe { smaller.as_ref() }.map_or(1, |smaller| smaller.stripes.len());
        let stripes = present * 2;
        Box::new(Self {
            stripes: (0..stripes).map(|_| CachePadded::default()).collect(),
            may_grow: stripes < processors(),
            smaller,
        })
    }

    /// Frees a table that was not put to use, and leaves the smaller one to its owner.
    ///
    /// # Safety
    ///
    /// It comes from [`after`](Self::after), by way of `Box::into_raw`, and nobody uses it.
    pub(crate) unsafe fn discard(this: *mut Self) {
        // SAFETY: the caller's promise.
        let mut this = unsafe { Box::from_raw(this) };
        this.smaller = ptr::null_mut();
    }

    /// Returns whether there are processors for more stripes.
    pub(crate) fn may_grow(&self) -> bool {
        self.may_grow
    }

    /// Returns the stripe for a place.
    #[inline]
    pub(crate) fn at(&self, place: usize) -> &AtomicI64 {
        &self.stripes[place & (self.stripes.len() - 1)]
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &AtomicI64> {
        self.stripes.iter().map(|stripe| &**stripe)
    }

    pub(crate) fn smaller(&self) -> Option<&Self> {
        // SAFETY: it is null, or lives as long as this table, which owns it.
        unsafe { self.smaller.as_ref() }
    }
}

impl Drop for Stripes {
    fn drop(&mut self) {
        if !self.smaller.is_null() {
            // SAFETY: it came from a box, this table owns it, and nobody uses it any more.
            drop(unsafe { Box::from_raw(self.smaller) });
        }
    }
}

/// Adds a number, unless another thread changes the integer at this moment. Returns whether one did.
#[inline]
pub(crate) fn met(integer: &AtomicI64, n: i64) -> bool {
    // Relaxed, twice: the number is only compared with the one to be replaced, and after a failure
    // nothing is read.
    let seen = integer.load(Relaxed);
    // Release: see *Orderings* in the crate docs. It pairs with the Acquire in `sum`.
    (integer.compare_exchange(seen, seen.wrapping_add(n), Release, Relaxed)).is_err()
}

fn processors() -> usize {
    if cfg!(any(ft_loom, ft_shuttle)) {
        return 4;
    }
    thread::available_parallelism().map_or(1, NonZero::get)
}
