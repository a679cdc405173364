//! The lock with a value.

use crate::RawIntervalLock;
use ft_sync::{UnsafeCell, deadline_after};
use std::{
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
    time::{Duration, Instant},
};

/// A fair lock for a value, whose holder lets others in now and then.
///
/// See the [crate docs](crate) for an example, and for who goes first.
pub struct IntervalLock<T> {
    raw: RawIntervalLock,
    /// Belongs to whoever has the lock.
    value: UnsafeCell<T>,
}

// SAFETY: one thread at a time gets at the value, and may take it away.
unsafe impl<T: Send> Sync for IntervalLock<T> {}

impl<T> IntervalLock<T> {
    /// Creates an unlocked lock.
    ///
    /// The interval counts in whole microseconds; one of more than 500,000 years never ends.
    pub fn new(interval: Duration, value: T) -> Self {
        Self {
            raw: RawIntervalLock::new(interval),
            value: UnsafeCell::new(value),
        }
    }

    /// Takes the lock, waiting for it.
    ///
    /// # Panics
    ///
    /// If the calling thread has it.
    pub fn lock(&self) -> IntervalLockGuard<'_, T> {
        let guard = self.lock_deadline(None);
        guard.expect("there is no deadline")
    }

    /// Takes the lock if nobody has it.
    pub fn try_lock(&self) -> Option<IntervalLockGuard<'_, T>> {
        self.raw.try_lock().then(|| self.guard())
    }

    /// As [`lock`](Self::lock); `None` after the timeout. One that no clock reaches is for ever.
    ///
    /// # Panics
    ///
    /// As for [`lock`](Self::lock).
    pub fn lock_timeout(&self, timeout: Duration) -> Option<IntervalLockGuard<'_, T>> {
        self.lock_deadline(deadline_after(timeout))
    }

    /// As [`lock`](Self::lock); `None` if `deadline` passes first.
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

    /// Tells whether somebody has the lock.
    pub fn is_locked(&self) -> bool {
        self.raw.is_locked()
    }

    /// Returns how many threads wait.
    pub fn waiters(&self) -> usize {
        self.raw.waiters()
    }

    /// Returns how long a thread has the lock before [`poll`](IntervalLockGuard::poll) hands it over;
    /// `None` is for ever.
    pub fn interval(&self) -> Option<Duration> {
        self.raw.interval()
    }

    /// Changes the interval, also for the thread that has the lock now.
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

/// What reads and writes the value of an [`IntervalLock`] until it is dropped.
#[must_use = "the lock is given up at once if this is dropped"]
pub struct IntervalLockGuard<'a, T> {
    lock: &'a IntervalLock<T>,
    /// The lock is given up by the thread that took it.
    stays: PhantomData<*const ()>,
}

// SAFETY: sharing it shares the value, and nothing else in it.
unsafe impl<T: Sync> Sync for IntervalLockGuard<'_, T> {}

impl<T> IntervalLockGuard<'_, T> {
    /// Lets those who wait have the lock, and takes it again, if this thread has had it for longer
    /// than the interval; tells whether that happened. The value may be another one then.
    #[inline]
    pub fn poll(&mut self) -> bool {
        let polled = self.lock.raw.poll();
        polled.expect("the guard is of the thread that has the lock")
    }

    /// Lets those who wait have the lock, and takes it again; tells whether there was anybody. The
    /// value may be another one then.
    pub fn cede(&mut self) -> bool {
        let ceded = self.lock.raw.cede();
        ceded.expect("the guard is of the thread that has the lock")
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
        // SAFETY: as above, and the guard is borrowed by nobody else.
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
        unlocked.expect("the guard is of the thread that has the lock");
    }
}
