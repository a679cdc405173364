//! Data that a model's threads publish to each other, and values whose drops it counts.

use ft_sync::{
    Arc, UnsafeCell,
    atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};

/// A number that is not atomic. Loom fails a model in which one thread changes it while another uses it,
/// that is, if neither access happens before the other.
pub struct Data(UnsafeCell<usize>);

// SAFETY: for both traits: that no thread changes it while another uses it is what loom checks.
unsafe impl Send for Data {}
// SAFETY: as above.
unsafe impl Sync for Data {}

impl Data {
    /// Creates a number.
    pub fn new(number: usize) -> Self {
        Self(UnsafeCell::new(number))
    }

    /// Returns the number.
    pub fn read(&self) -> usize {
        // SAFETY: see `Sync`.
        self.0.with(|number| unsafe { *number })
    }

    /// Returns the number, and lets other threads run while it reads it.
    pub fn read_slowly(&self) -> usize {
        self.0.with(|number| {
            thread::yield_now();
            // SAFETY: see `Sync`.
            unsafe { *number }
        })
    }

    /// Replaces the number.
    pub fn write(&self, new: usize) {
        // SAFETY: see `Sync`.
        self.0.with_mut(|number| unsafe { *number = new });
    }

    /// Adds to the number, and returns the sum.
    pub fn add(&self, more: usize) -> usize {
        // SAFETY: see `Sync`.
        self.0.with_mut(|number| unsafe {
            *number += more;
            *number
        })
    }
}

/// A value that counts its drops.
pub struct Counted(pub Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        // Relaxed: it counts, no more.
        self.0.fetch_add(1, Relaxed);
    }
}
