//! A lock for a few instructions.

use std::{
    cell::UnsafeCell,
    ops::{Deref, DerefMut},
    sync::atomic::{
        AtomicBool,
        Ordering::{Acquire, Relaxed, Release},
    },
};

/// A value behind a lock that is released with a plain store, because nobody sleeps until then: a
/// thread that has to wait looks again and again.
///
/// So it is for state that one thread uses nearly all the time, and it must be held only for a few
/// instructions that run no Python code. `std`'s mutex has a second atomic exchange, which is as dear
/// as a whole step of an iterator.
#[derive(Default)]
pub(crate) struct Brief<T> {
    busy: AtomicBool,
    value: UnsafeCell<T>,
}

/// The right to use the value of a [`Brief`].
pub(crate) struct BriefGuard<'a, T>(&'a Brief<T>);

// SAFETY: the lock gives the value to one thread at a time.
unsafe impl<T: Send> Sync for Brief<T> {}

impl<T> Brief<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            busy: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    #[inline]
    pub(crate) fn try_lock(&self) -> Option<BriefGuard<'_, T>> {
        // Acquire: pairs with the Release in the drop of the guard.
        // Relaxed: on failure nothing is read.
        (self.busy)
            .compare_exchange(false, true, Acquire, Relaxed)
            .is_ok()
            .then(|| BriefGuard(self))
    }

    pub(crate) fn lock(&self) -> BriefGuard<'_, T> {
        ft_sync::poll(|| self.try_lock())
    }
}

impl<T> Deref for BriefGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: nobody else has the value while the guard lives.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for BriefGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and the guard is borrowed exclusively.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for BriefGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `try_lock`.
        self.0.busy.store(false, Release);
    }
}
