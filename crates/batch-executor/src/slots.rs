//! The memory of a batch.

use std::{
    collections::TryReserveError,
    mem::MaybeUninit,
    ptr::{self, NonNull},
};

use ft_sync::atomic::{AtomicPtr, Ordering::Relaxed};

/// A ring of words. Its memory is first touched when it is first written, so a batch that may
/// become large costs address space and not memory.
pub(crate) struct Slots {
    first: NonNull<AtomicPtr<()>>,
    /// The number of slots, which is a power of two, minus one: position `p` is in slot `p & mask`.
    mask: usize,
}

// SAFETY: it owns the memory, which contains atomics.
unsafe impl Send for Slots {}
// SAFETY: `get` is atomic, and so is a `set` of a slot that has been set before. By the contract of
// `set`, the first `set` of a slot happens before every other access to it.
unsafe impl Sync for Slots {}

impl Slots {
    /// Creates a ring for at least `size` words.
    pub(crate) fn new(size: usize) -> Result<Self, TryReserveError> {
        // If there is no next power of two, `size` is more than any memory: `try_reserve_exact`
        // reports that.
        let count = size.checked_next_power_of_two().unwrap_or(usize::MAX);
        let mut memory = Vec::<MaybeUninit<AtomicPtr<()>>>::new();
        memory.try_reserve_exact(count)?;
        // SAFETY: there is room for so many, and they need not be initialized.
        unsafe { memory.set_len(count) };
        let memory = Box::into_raw(memory.into_boxed_slice());
        Ok(Self {
            // SAFETY: the pointer of a box is never null.
            first: unsafe { NonNull::new_unchecked(memory.cast()) },
            mask: count - 1,
        })
    }

    fn slot(&self, position: u64) -> *mut AtomicPtr<()> {
        // On 32-bit machines the position is truncated, which does no harm, because the mask has no
        // more bits.
        let index = position as usize & self.mask;
        // SAFETY: the index is not above the mask, so the slot is inside of the allocation.
        unsafe { self.first.as_ptr().add(index) }
    }

    /// Reads the word at `position`.
    ///
    /// # Safety
    ///
    /// A `set` for this position happens before.
    #[inline]
    pub(crate) unsafe fn get(&self, position: u64) -> *mut () {
        // SAFETY: the caller promises that the slot was set. So it is initialized, and its first
        // `set`, which is not atomic, is over.
        let slot = unsafe { &*self.slot(position) };
        // Relaxed: the positions of the batch tell the caller whether the word is the right one.
        slot.load(Relaxed)
    }

    /// Writes the word at `position`.
    ///
    /// # Safety
    ///
    /// Positions are set in order, from 0 on, and each of these calls happens before the next.
    #[inline]
    pub(crate) unsafe fn set(&self, position: u64, word: *mut ()) {
        let slot = self.slot(position);
        if position <= self.mask as u64 {
            // SAFETY: this is the first word of the slot, so no thread may read the slot before.
            unsafe { slot.write(AtomicPtr::new(word)) };
        } else {
            // SAFETY: the slot was initialized when the ring was first filled.
            // Relaxed: a thread that is too late for the previous word may read either one, and
            // uses neither.
            unsafe { (*slot).store(word, Relaxed) };
        }
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        let first: *mut MaybeUninit<AtomicPtr<()>> = self.first.as_ptr().cast();
        let memory = ptr::slice_from_raw_parts_mut(first, self.mask + 1);
        // SAFETY: this is the box of `new`. The atomics in it need not be dropped.
        drop(unsafe { Box::from_raw(memory) });
    }
}
