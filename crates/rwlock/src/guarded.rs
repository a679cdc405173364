//! The lock with a value, made from [`lock_api`].

use crate::RawRwLock;
use ft_sync::deadline_after;
use std::time::{Duration, Instant};

/// A phase-fair readers-writer lock for a value.
///
/// The [crate docs](crate) say who goes first.
///
/// # Deadlocks
///
/// The lock does not know who has it. A thread that has it for writing waits for itself if it takes
/// it again, and so does one that has it for reading and takes it for writing. One that has it for
/// reading and calls `read` again waits for ever if a writer came in between: call `read_recursive`
/// there. [`OwnedRwLock`](crate::OwnedRwLock) refuses all this. If a guard is forgotten
/// ([`mem::forget`](std::mem::forget)), the lock stays locked.
///
/// # Panics
///
/// If there are 2<sup>62</sup> readings at once (2<sup>30</sup> on 32-bit machines), which takes
/// forgotten guards.
///
/// ```
/// use ft_rwlock::{RwLock, RwLockWriteGuard};
/// use std::time::Duration;
///
/// static TOTAL: RwLock<u64> = RwLock::new(1);
///
/// let mut writing = TOTAL.write();
/// *writing += 1;
/// assert!(TOTAL.try_read_for(Duration::from_millis(1)).is_none());
/// let reading = RwLockWriteGuard::downgrade(writing);
/// assert_eq!(*reading + *TOTAL.read_recursive(), 4);
/// ```
pub type RwLock<T> = lock_api::RwLock<RawRwLock, T>;

/// Gives read access to the value of a [`RwLock`] until it is dropped.
pub type RwLockReadGuard<'a, T> = lock_api::RwLockReadGuard<'a, RawRwLock, T>;

/// Gives read and write access to the value of a [`RwLock`] until it is dropped.
pub type RwLockWriteGuard<'a, T> = lock_api::RwLockWriteGuard<'a, RawRwLock, T>;

/// Tasks that take a [`RwLock`]. They wait in one line with threads.
///
/// A future that is dropped before it is ready has taken nothing. A task that awaits something else
/// while it has a guard keeps the lock meanwhile.
///
/// ```
/// use ft_rwlock::{AsyncRwLock, RwLock};
///
/// async fn rename(name: &RwLock<String>, new: &str) -> String {
///     name.write_async().await.replace_range(.., new);
///     name.read_async().await.to_uppercase()
/// }
/// ```
pub trait AsyncRwLock<T: ?Sized> {
    /// Takes the lock for reading.
    fn read_async<'a>(&'a self) -> impl Future<Output = RwLockReadGuard<'a, T>> + Send
    where
        T: Send + Sync + 'a;

    /// Takes the lock for writing.
    fn write_async<'a>(&'a self) -> impl Future<Output = RwLockWriteGuard<'a, T>> + Send
    where
        T: Send + Sync + 'a;
}

impl<T: ?Sized> AsyncRwLock<T> for RwLock<T> {
    async fn read_async<'a>(&'a self) -> RwLockReadGuard<'a, T>
    where
        T: Send + Sync + 'a,
    {
        // SAFETY: the raw lock is not released here.
        unsafe { self.raw() }.read_async().await;
        // SAFETY: the lock has just been taken for reading, and no other guard releases that.
        unsafe { self.make_read_guard_unchecked() }
    }

    async fn write_async<'a>(&'a self) -> RwLockWriteGuard<'a, T>
    where
        T: Send + Sync + 'a,
    {
        // SAFETY: as above.
        unsafe { self.raw() }.write_async().await;
        // SAFETY: the lock has just been taken for writing, and no other guard releases that.
        unsafe { self.make_write_guard_unchecked() }
    }
}

// SAFETY: a writer takes the lock only when nobody has it. While a writer has it, nobody else can take
// it. Readers take it only when no writer has it. `read` and `write`, which return nothing, return
// only after they have taken it.
unsafe impl lock_api::RawRwLock for RawRwLock {
    // Each use of the constant is meant to be another lock.
    #[allow(clippy::declare_interior_mutable_const)]
    const INIT: Self = Self::unlocked();

    type GuardMarker = lock_api::GuardSend;

    #[inline]
    fn lock_shared(&self) {
        self.read();
    }

    #[inline]
    fn try_lock_shared(&self) -> bool {
        self.try_read()
    }

    #[inline]
    unsafe fn unlock_shared(&self) {
        // SAFETY: promised by the caller.
        unsafe { self.unlock_read() }
    }

    #[inline]
    fn lock_exclusive(&self) {
        self.write();
    }

    #[inline]
    fn try_lock_exclusive(&self) -> bool {
        self.try_write()
    }

    #[inline]
    unsafe fn unlock_exclusive(&self) {
        // SAFETY: promised by the caller.
        unsafe { self.unlock_write() }
    }

    fn is_locked(&self) -> bool {
        self.readers() > 0 || self.is_write_locked()
    }

    fn is_locked_exclusive(&self) -> bool {
        self.is_write_locked()
    }
}

// SAFETY: no writer gets the lock between the writing and the reading.
unsafe impl lock_api::RawRwLockDowngrade for RawRwLock {
    unsafe fn downgrade(&self) {
        // SAFETY: promised by the caller.
        unsafe { self.downgrade() }
    }
}

// SAFETY: as for `RawRwLock`.
unsafe impl lock_api::RawRwLockRecursive for RawRwLock {
    fn lock_shared_recursive(&self) {
        if !self.try_read_recursive() {
            self.read();
        }
    }

    fn try_lock_shared_recursive(&self) -> bool {
        self.try_read_recursive()
    }
}

// SAFETY: as for `RawRwLock`.
unsafe impl lock_api::RawRwLockTimed for RawRwLock {
    type Duration = Duration;
    type Instant = Instant;

    fn try_lock_shared_for(&self, timeout: Duration) -> bool {
        self.read_deadline(deadline_after(timeout))
    }

    fn try_lock_shared_until(&self, deadline: Instant) -> bool {
        self.read_deadline(Some(deadline))
    }

    fn try_lock_exclusive_for(&self, timeout: Duration) -> bool {
        self.write_deadline(deadline_after(timeout))
    }

    fn try_lock_exclusive_until(&self, deadline: Instant) -> bool {
        self.write_deadline(Some(deadline))
    }
}
