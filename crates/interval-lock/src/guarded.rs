//! The lock with a value.

use crate::RawIntervalLock;
use ft_sync::{UnsafeCell, deadline_after};
use std::{
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
    time::{Duration, Instant},
};

/// A fair lock for a value, whose holder lets other threads in now and then.
///
/// The [crate docs](crate) have an example, and say who goes first.
///
/// # Deadlocks
///
/// If a guard is forgotten ([`mem::forget`](std::mem::forget)), the lock stays locked. `poll` and
/// `cede` take the lock again, so a thread that calls them with another lock in its hands can be
/// waited for by one that wants that lock and has this one.
pub struct IntervalLock<T> {
    raw: RawIntervalLock,
    /// Only the thread that has the lock accesses it.
    value: UnsafeCell<T>,
}

// SAFETY: one thread at a time has access to the value, and it may move the value out.
unsafe impl<T: Send> Sync for IntervalLock<T> {}

impl<T> IntervalLock<T> {
    /// Creates an unlocked lock.
    ///
    /// The interval is counted in whole microseconds. An interval of more than 500,000 years never
    /// ends.
    pub fn new(interval: Duration, value: T) -> Self {
        Self {
            raw: RawIntervalLock::new(interval),
            value: UnsafeCell::new(value),
        }
    }

    /// Takes the lock, and waits for it if necessary.
    ///
    /// # Panics
    ///
    /// If the calling thread has it.
    pub fn lock(&self) -> IntervalLockGuard<'_, T> {
        match self.raw.lock() {
            Ok(()) => self.guard(),
            Err(err) => panic!("{err}"),
        }
    }

    /// Takes the lock if nobody has it.
    pub fn try_lock(&self) -> Option<IntervalLockGuard<'_, T>> {
        self.raw.try_lock().then(|| self.guard())
    }

    /// Like [`lock`](Self::lock), but returns `None` after the timeout. A timeout that is too large
    /// for the clock means for ever.
    ///
    /// # Panics
    ///
    /// As for [`lock`](Self::lock).
    pub fn lock_timeout(&self, timeout: Duration) -> Option<IntervalLockGuard<'_, T>> {
        self.lock_deadline(deadline_after(timeout))
    }

    /// Like [`lock`](Self::lock), but returns `None` if `deadline` passes first.
    ///
    /// # Panics
    ///
    /// As for [`lock`](Self::lock).
    pub fn lock_deadline(&self, deadline: Option<Instant>) -> Option<IntervalLockGuard<'_, T>> {
        match self.raw.lock_deadline(deadline) {
            Ok(taken) => taken.then(|| self.guard()),
            Err(err) => panic!("{err}"),
        }
    }

    /// Returns whether a thread has the lock.
    pub fn is_locked(&self) -> bool {
        self.raw.is_locked()
    }

    /// Returns the number of waiting threads.
    pub fn waiters(&self) -> usize {
        self.raw.waiters()
    }

    /// Returns how long a thread has the lock before [`poll`](IntervalLockGuard::poll) hands it
    /// over. `None` means for ever.
    pub fn interval(&self) -> Option<Duration> {
        self.raw.interval()
    }

    /// Changes the interval, also for the thread that has the lock at the moment.
    pub fn set_interval(&self, interval: Duration) {
        self.raw.set_interval(interval);
    }

    /// Unwraps the value.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }

    fn guard(&self) -> IntervalLockGuard<'_, T> {
        IntervalLockGuard {
            lock: self,
            stays: PhantomData,
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for IntervalLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("IntervalLock");
        match self.try_lock() {
            Some(guard) => debug.field("value", &*guard),
            None => debug.field("value", &format_args!("<locked>")),
        };
        debug.finish_non_exhaustive()
    }
}

/// Gives access to the value of an [`IntervalLock`] until it is dropped.
#[must_use = "the lock is released at once if this is dropped"]
pub struct IntervalLockGuard<'a, T> {
    lock: &'a IntervalLock<T>,
    /// Keeps the guard in its thread: the thread that took the lock must release it.
    stays: PhantomData<*const ()>,
}

// SAFETY: sharing the guard only shares the value.
unsafe impl<T: Sync> Sync for IntervalLockGuard<'_, T> {}

impl<T> IntervalLockGuard<'_, T> {
    /// If this thread has had the lock for longer than the interval, lets waiting threads have it
    /// and takes it again. Returns whether that happened; the value may have changed then.
    #[inline]
    pub fn poll(&mut self) -> bool {
        let polled = self.lock.raw.poll();
        polled.expect("a guard stays in the thread that has the lock")
    }

    /// Lets waiting threads have the lock, and takes it again. Returns whether there were any; the
    /// value may have changed then.
    pub fn cede(&mut self) -> bool {
        let ceded = self.lock.raw.cede();
        ceded.expect("a guard stays in the thread that has the lock")
    }
}

impl<T> Deref for IntervalLockGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: we have the lock, for as long as the guard is borrowed.
        self.lock.value.with(|value| unsafe { &*value })
    }
}

impl<T> DerefMut for IntervalLockGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and the guard is borrowed exclusively.
        self.lock.value.with_mut(|value| unsafe { &mut *value })
    }
}

impl<T: fmt::Debug> fmt::Debug for IntervalLockGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T> Drop for IntervalLockGuard<'_, T> {
    fn drop(&mut self) {
        let unlocked = self.lock.raw.unlock();
        unlocked.expect("a guard stays in the thread that has the lock");
    }
}
