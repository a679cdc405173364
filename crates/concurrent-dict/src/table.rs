//! The table below the dictionary: shards of raw hash tables, each behind a read-write lock.
//!
//! This is all that the rest of the crate knows of `dashmap`. Neither loom nor shuttle can see into
//! its lock, so the models get the same tables behind theirs.

#[cfg(any(loom, shuttle))]
use ft_sync::RwLock;
#[cfg(not(any(loom, shuttle)))]
use std::hash::{Hash, Hasher};
use std::ops::{Deref, DerefMut};

/// What is stored for a key.
pub(crate) struct Slot<K, V> {
    /// Kept, so that a table can grow without hashing keys again, which could run any code.
    pub(crate) hash: u64,
    pub(crate) key: K,
    pub(crate) value: V,
}

/// One shard: dashmap's raw table, with everything in the place of the key.
pub(crate) type Shard<K, V> = hashbrown::raw::RawTable<(Slot<K, V>, dashmap::SharedValue<()>)>;

#[cfg(not(any(loom, shuttle)))]
pub(crate) struct Table<K, V>(dashmap::DashMap<Slot<K, V>, ()>);
#[cfg(any(loom, shuttle))]
pub(crate) struct Table<K, V>(Box<[RwLock<Shard<K, V>>]>);

impl<K, V> Table<K, V> {
    /// Creates an empty table; `shards` is a power of two, and at least 2.
    pub(crate) fn new(shards: usize) -> Self {
        #[cfg(not(any(loom, shuttle)))]
        let table = dashmap::DashMap::with_shard_amount(shards);
        #[cfg(any(loom, shuttle))]
        let table = (0..shards).map(|_| RwLock::new(Shard::new())).collect();
        Self(table)
    }

    /// Returns how many shards there are.
    pub(crate) fn shards(&self) -> usize {
        #[cfg(not(any(loom, shuttle)))]
        return self.0.shards().len();
        #[cfg(any(loom, shuttle))]
        return self.0.len();
    }

    /// Returns the index of the shard where a key with this hash belongs.
    #[inline]
    pub(crate) fn shard_of(&self, hash: u64) -> usize {
        // Truncation on 32 bits is fine: it is a hash.
        #[cfg(not(any(loom, shuttle)))]
        return self.0.determine_shard(hash as usize);
        #[cfg(any(loom, shuttle))]
        return hash as usize % self.0.len();
    }

    /// Locks a shard for reading.
    #[inline]
    pub(crate) fn read(&self, shard: usize) -> impl Deref<Target = Shard<K, V>> {
        #[cfg(not(any(loom, shuttle)))]
        return self.0.shards()[shard].read();
        #[cfg(any(loom, shuttle))]
        return self.0[shard].read().unwrap();
    }

    /// Locks a shard for writing.
    #[inline]
    pub(crate) fn write(&self, shard: usize) -> impl DerefMut<Target = Shard<K, V>> {
        #[cfg(not(any(loom, shuttle)))]
        return self.0.shards()[shard].write();
        #[cfg(any(loom, shuttle))]
        return self.0[shard].write().unwrap();
    }

    /// Returns a shard without locking it.
    ///
    /// # Safety
    ///
    /// While the reference lives, no thread may be inside a method of the table.
    #[cfg(not(any(loom, shuttle)))]
    pub(crate) unsafe fn quiescent(&self, shard: usize) -> &Shard<K, V> {
        // SAFETY: the lock guards the data against nobody but other methods, and the caller
        // promises that none is running.
        unsafe { &*self.0.shards()[shard].data_ptr() }
    }
}

// Dashmap's constructor wants both, though its raw tables are always given the hash and the
// equality to use.
#[cfg(not(any(loom, shuttle)))]
impl<K, V> Hash for Slot<K, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

#[cfg(not(any(loom, shuttle)))]
impl<K, V> PartialEq for Slot<K, V> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

#[cfg(not(any(loom, shuttle)))]
impl<K, V> Eq for Slot<K, V> {}
