//! The memory of a batch.

use std::{collections::TryReserveError, mem::ManuallyDrop, ptr::NonNull};

use ft_sync::atomic::{AtomicPtr, Ordering::Relaxed};

/// A ring of words, whose memory is touched only as it is first written: a batch that may become
/// large costs address space, not memory.
pub(crate) struct Slots {
    first: NonNull<AtomicPtr<()>>,
    /// One less than the number of slots, which is a power of two: position `p` is in slot
    /// `p & mask`.
    mask: usize,
    capacity: usize,
}

// SAFETY: it owns the memory, in which there are atomics.
unsafe impl Send for Slots {}
// SAFETY: `get` and a `set` for a slot that has been set before are atomic; the first `set` of a
// slot, says its contract, comes before everything else that is done to the slot.
unsafe impl Sync for Slots {}

impl Slots {
    /// Creates a ring for `size` words at least.
    pub(crate) fn new(size: usize) -> Result<Self, TryReserveError> {
        // Without a next power of two, more than any memory: let `try_reserve_exact` say so.
        let count = size.checked_next_power_of_two().unwrap_or(usize::MAX);
        let mut memory = Vec::new();
        memory.try_reserve_exact(count)?;
        let mut memory = ManuallyDrop::new(memory);
        Ok(Self {
            // SAFETY: the pointer of a vector is never null.
            first: unsafe { NonNull::new_unchecked(memory.as_mut_ptr()) },
            mask: count - 1,
            capacity: memory.capacity(),
        })
    }

    fn slot(&self, position: u64) -> *mut AtomicPtr<()> {
        // On 32 bits the cut is harmless: the mask has no more.
        let index = position as usize & self.mask;
        // SAFETY: no index beyond the mask, so it is inside of the allocation.
        unsafe { self.first.as_ptr().add(index) }
    }

    /// Reads the word at `position`.
    ///
    /// # Safety
    ///
    /// A `set` for this position happens before.
    #[inline]
    pub(crate) unsafe fn get(&self, position: u64) -> *mut () {
        // SAFETY: the caller's promise: it was initialized, and the first `set`, the one that is
        // no atomic write, is over.
        let slot = unsafe { &*self.slot(position) };
        // Relaxed: the positions of the batch say whether the word is what the caller wants.
        slot.load(Relaxed)
    }

    /// Writes the word at `position`.
    ///
    /// # Safety
    ///
    /// Positions are set in order, from 0 on, each of these calls happening before the next.
    #[inline]
    pub(crate) unsafe fn set(&self, position: u64, word: *mut ()) {
        let slot = self.slot(position);
        if position <= self.mask as u64 {
            // SAFETY: the slot's first word: nobody may read it before.
            unsafe { slot.write(AtomicPtr::new(word)) };
        } else {
            // SAFETY: initialized when the ring was written for the first time.
            // Relaxed: a reader that comes too late for the word before gets either, and uses none.
            unsafe { (*slot).store(word, Relaxed) };
        }
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        // SAFETY: pointer and capacity are those of the vector that was made in `new`; the atomics
        // in it need no dropping.
        drop(unsafe { Vec::from_raw_parts(self.first.as_ptr(), 0, self.capacity) });
    }
}
