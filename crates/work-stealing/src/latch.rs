//! What tells a thread that the job it waits for has run.

use crate::runner::Runner;
use ft_sync::{
    Event,
    atomic::{
        AtomicBool,
        Ordering::{Acquire, Release},
    },
};
use std::sync::Arc;

/// A flag in a job, which is set once.
pub(crate) trait JobLatch {
    /// Sets the latch, and wakes the thread that waits for it.
    ///
    /// # Safety
    ///
    /// `this` must be good until the flag is set: that is the last time that this function touches
    /// it, because the thread that sees the flag may free it.
    unsafe fn set(this: *const Self, pool: &dyn Runner);
}

/// A latch for which a worker of the same pool waits.
pub(crate) struct WorkerLatch {
    done: AtomicBool,
    /// The worker that waits.
    owner: usize,
}

impl WorkerLatch {
    /// Creates a latch for the worker with this number.
    pub(crate) fn new(owner: usize) -> Self {
        Self {
            done: AtomicBool::new(false),
            owner,
        }
    }

    /// Tells whether the latch is set.
    pub(crate) fn is_set(&self) -> bool {
        // Acquire: pairs with the Release in `set`, so the result of the job is seen.
        self.done.load(Acquire)
    }
}

impl JobLatch for WorkerLatch {
    unsafe fn set(this: *const Self, pool: &dyn Runner) {
        // SAFETY: the flag is not set yet.
        let owner = unsafe { (*this).owner };
        // SAFETY: as above. Release: pairs with the Acquire in `is_set`.
        unsafe { (*this).done.store(true, Release) };
        // What is woken lives in the pool, not in the latch.
        pool.finished(owner);
    }
}

/// A latch for which a thread outside the pool waits.
#[derive(Default)]
pub(crate) struct OutsideLatch {
    pub(crate) done: AtomicBool,
    pub(crate) changed: Event,
}

impl JobLatch for Arc<OutsideLatch> {
    unsafe fn set(this: *const Self, _pool: &dyn Runner) {
        // SAFETY: the flag is not set yet. Our own reference keeps the latch.
        let latch = unsafe { Arc::clone(&*this) };
        // Release: pairs with the Acquire of the thread that waits.
        latch.done.store(true, Release);
        latch.changed.notify_all();
    }
}
