//! One part of a table, and the right to use it.

use crate::lock::{Lock, Locked, Reading};
use ft_sync::{
    UnsafeCell,
    atomic::{
        AtomicUsize,
        Ordering::{Relaxed, Release},
    },
};
use hashbrown::raw::RawTable;
use std::ops::{Deref, DerefMut};

/// An entry of the table.
pub(crate) struct Slot<K, V> {
    /// Stored so that a table can grow without hashing keys again, which could run any code.
    pub(crate) hash: u64,
    pub(crate) key: K,
    pub(crate) value: V,
}

/// The entries of a part.
pub(crate) type Shard<K, V> = RawTable<Slot<K, V>>;

/// One part: a raw table, and the lock in front of it. What a search reads first is in one cache
/// line.
pub(crate) struct Part<K, V> {
    lock: Lock,
    /// The number of entries, as it was when a writer last released the lock.
    pub(crate) len: AtomicUsize,
    pub(crate) shard: UnsafeCell<Shard<K, V>>,
}

/// A part that is locked for reading.
pub(crate) struct ReadGuard<'a, K, V> {
    // Fields are dropped in this order, so that loom sees the access end before the lock is
    // released.
    #[cfg(not(ft_loom))]
    shard: *const Shard<K, V>,
    #[cfg(ft_loom)]
    shard: ft_sync::ConstPtr<Shard<K, V>>,
    _hold: Reading<'a>,
}

/// A part that is locked for writing.
pub(crate) struct WriteGuard<'a, K, V> {
    // As above.
    #[cfg(not(ft_loom))]
    shard: *mut Shard<K, V>,
    #[cfg(ft_loom)]
    shard: ft_sync::MutPtr<Shard<K, V>>,
    len: &'a AtomicUsize,
    _hold: Locked<'a>,
}

impl<K, V> Part<K, V> {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            lock: Lock::default(),
            len: AtomicUsize::new(0),
            shard: UnsafeCell::new(Shard::with_capacity(capacity)),
        }
    }

    /// Locks the part for reading.
    #[inline]
    pub(crate) fn read(&self) -> ReadGuard<'_, K, V> {
        let hold = self.lock.read();
        ReadGuard {
            #[cfg(not(ft_loom))]
            shard: self.shard.with(|shard| shard),
            #[cfg(ft_loom)]
            shard: self.shard.get(),
            _hold: hold,
        }
    }

    /// Locks the part for writing. Returns as well whether the lock was in use.
    #[inline]
    pub(crate) fn write(&self) -> (WriteGuard<'_, K, V>, bool) {
        let (hold, has_waited) = self.lock.write();
        let guard = WriteGuard {
            #[cfg(not(ft_loom))]
            shard: self.shard.with_mut(|shard| shard),
            #[cfg(ft_loom)]
            shard: self.shard.get_mut(),
            len: &self.len,
            _hold: hold,
        };
        (guard, has_waited)
    }

    /// Adds an entry that has no equal key to a part that no other thread has seen.
    pub(crate) fn add(&mut self, slot: Slot<K, V>) {
        let len = self.shard.with_mut(|shard| {
            // SAFETY: `self` is borrowed exclusively.
            let shard = unsafe { &mut *shard };
            shard.insert(slot.hash, slot, |slot| slot.hash);
            shard.len()
        });
        // Relaxed: whoever shows the part to other threads publishes it.
        self.len.store(len, Relaxed);
    }
}

impl<K, V> Deref for ReadGuard<'_, K, V> {
    type Target = Shard<K, V>;

    #[inline]
    fn deref(&self) -> &Shard<K, V> {
        // SAFETY: the table is borrowed, and the lock is held for reading, for as long as the guard
        // lives.
        #[cfg(not(ft_loom))]
        return unsafe { &*self.shard };
        // SAFETY: as above.
        #[cfg(ft_loom)]
        return unsafe { self.shard.deref() };
    }
}

impl<K, V> Deref for WriteGuard<'_, K, V> {
    type Target = Shard<K, V>;

    #[inline]
    fn deref(&self) -> &Shard<K, V> {
        // SAFETY: the table is borrowed, and the lock is held for writing, for as long as the guard
        // lives.
        #[cfg(not(ft_loom))]
        return unsafe { &*self.shard };
        // SAFETY: as above.
        #[cfg(ft_loom)]
        return unsafe { self.shard.deref() };
    }
}

impl<K, V> DerefMut for WriteGuard<'_, K, V> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Shard<K, V> {
        // SAFETY: as in `deref`, and the guard is borrowed exclusively.
        #[cfg(not(ft_loom))]
        return unsafe { &mut *self.shard };
        // SAFETY: as above.
        #[cfg(ft_loom)]
        return unsafe { self.shard.deref() };
    }
}

impl<K, V> Drop for WriteGuard<'_, K, V> {
    #[inline]
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `Table::len`.
        self.len.store(self.len(), Release);
    }
}
