//! The table inside the dictionary: shards of raw hash tables, each behind a [`Lock`].
//!
//! No other module knows of `dashmap`. Dashmap locks its shards with a lock that every reader
//! writes to. That lock is not used here; our own lock stands in front of it. Neither loom nor
//! shuttle can see into dashmap, so the models use the same raw tables in cells that loom and
//! shuttle know, behind the same locks.

use crate::lock::{Lock, Locked, Reading};
use crossbeam_utils::CachePadded;
#[cfg(any(ft_loom, ft_shuttle))]
use ft_sync::UnsafeCell;
#[cfg(not(any(ft_loom, ft_shuttle)))]
use std::hash::{Hash, Hasher};
use std::ops::{Deref, DerefMut};

/// An entry of the table.
pub(crate) struct Slot<K, V> {
    /// Stored so that a table can grow without hashing keys again, which could run any code.
    pub(crate) hash: u64,
    pub(crate) key: K,
    pub(crate) value: V,
}

/// One shard: dashmap's raw table. The whole entry is in the place of dashmap's key.
pub(crate) type Shard<K, V> = hashbrown::raw::RawTable<(Slot<K, V>, dashmap::SharedValue<()>)>;

pub(crate) struct Table<K, V> {
    #[cfg(not(any(ft_loom, ft_shuttle)))]
    shards: dashmap::DashMap<Slot<K, V>, ()>,
    #[cfg(any(ft_loom, ft_shuttle))]
    shards: Box<[UnsafeCell<Shard<K, V>>]>,
    /// One for each shard.
    locks: Box<[CachePadded<Lock>]>,
}

// SAFETY: this is as for dashmap. A thread that holds the lock of a shard for reading gets shared
// references to it, and one that holds it for writing gets an exclusive reference.
#[cfg(any(ft_loom, ft_shuttle))]
unsafe impl<K: Send + Sync, V: Send + Sync> Sync for Table<K, V> {}

impl<K, V> Table<K, V> {
    /// Creates an empty table. `shards` must be a power of two, and at least 2.
    pub(crate) fn new(shards: usize) -> Self {
        Self {
            #[cfg(not(any(ft_loom, ft_shuttle)))]
            shards: dashmap::DashMap::with_shard_amount(shards),
            #[cfg(any(ft_loom, ft_shuttle))]
            shards: (0..shards).map(|_| UnsafeCell::new(Shard::new())).collect(),
            locks: (0..shards).map(|_| CachePadded::default()).collect(),
        }
    }

    /// Returns the number of shards.
    pub(crate) fn shards(&self) -> usize {
        self.locks.len()
    }

    /// Returns the index of the shard to which keys with this hash belong.
    #[inline]
    pub(crate) fn shard_of(&self, hash: u64) -> usize {
        // On 32-bit machines the hash is truncated, which does not matter for a hash.
        #[cfg(not(any(ft_loom, ft_shuttle)))]
        return self.shards.determine_shard(hash as usize);
        #[cfg(any(ft_loom, ft_shuttle))]
        return hash as usize % self.shards.len();
    }

    /// Locks a shard for reading.
    #[inline]
    pub(crate) fn read(&self, shard: usize) -> ReadGuard<'_, K, V> {
        let hold = self.locks[shard].read();
        ReadGuard {
            #[cfg(not(ft_loom))]
            shard: self.data(shard),
            #[cfg(ft_loom)]
            shard: self.shards[shard].get(),
            _hold: hold,
        }
    }

    /// Locks a shard for writing.
    #[inline]
    pub(crate) fn write(&self, shard: usize) -> WriteGuard<'_, K, V> {
        let hold = self.locks[shard].write();
        WriteGuard {
            #[cfg(not(ft_loom))]
            shard: self.data(shard),
            #[cfg(ft_loom)]
            shard: self.shards[shard].get_mut(),
            _hold: hold,
        }
    }

    #[cfg(not(ft_loom))]
    #[inline]
    fn data(&self, shard: usize) -> *mut Shard<K, V> {
        #[cfg(not(ft_shuttle))]
        return self.shards.shards()[shard].data_ptr();
        #[cfg(ft_shuttle)]
        return self.shards[shard].with_mut(|data| data);
    }

    /// Returns a shard without locking it.
    ///
    /// # Safety
    ///
    /// While the reference lives, no thread may be inside a method of the table.
    #[cfg(not(any(ft_loom, ft_shuttle)))]
    pub(crate) unsafe fn quiescent(&self, shard: usize) -> &Shard<K, V> {
        // SAFETY: the lock only protects the data from other methods of the table, and the caller
        // promises that none is running.
        unsafe { &*self.data(shard) }
    }
}

/// A shard that is locked for reading.
pub(crate) struct ReadGuard<'a, K, V> {
    // Fields are dropped in this order, so that loom sees the access end before the lock is
    // released.
    #[cfg(not(ft_loom))]
    shard: *const Shard<K, V>,
    #[cfg(ft_loom)]
    shard: ft_sync::ConstPtr<Shard<K, V>>,
    _hold: Reading<'a>,
}

/// A shard that is locked for writing.
pub(crate) struct WriteGuard<'a, K, V> {
    // As above.
    #[cfg(not(ft_loom))]
    shard: *mut Shard<K, V>,
    #[cfg(ft_loom)]
    shard: ft_sync::MutPtr<Shard<K, V>>,
    _hold: Locked<'a>,
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

// Dashmap's constructor requires `Hash` and `Eq`, but its raw tables always get the hash and the
// equality from us.
#[cfg(not(any(ft_loom, ft_shuttle)))]
impl<K, V> Hash for Slot<K, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

#[cfg(not(any(ft_loom, ft_shuttle)))]
impl<K, V> PartialEq for Slot<K, V> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

#[cfg(not(any(ft_loom, ft_shuttle)))]
impl<K, V> Eq for Slot<K, V> {}
