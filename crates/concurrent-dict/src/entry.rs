//! The place of one key in a dictionary, while its shard is locked.

use crate::table::{Shard, Slot};
use dashmap::SharedValue;
use hashbrown::raw::Bucket;
use std::fmt;

/// A place in a dictionary, with or without a value, while its shard is locked for writing.
///
/// Everything that is done through an entry is one atomic step. Keep it short, and do not call the
/// dictionary meanwhile: a call that uses the same shard would deadlock. Methods return old values
/// instead of dropping them, so that their destructors can run later, outside of the lock.
#[derive(Debug)]
pub enum Entry<'a, K, V> {
    /// The key has a value.
    Occupied(OccupiedEntry<'a, K, V>),
    /// The key is missing.
    Vacant(VacantEntry<'a, K, V>),
}

/// An [`Entry`] that holds a value.
pub struct OccupiedEntry<'a, K, V> {
    shard: &'a mut Shard<K, V>,
    /// Full, and part of `shard`, which nobody else can change.
    bucket: Bucket<(Slot<K, V>, SharedValue<()>)>,
}

/// An [`Entry`] without a value.
pub struct VacantEntry<'a, K, V> {
    shard: &'a mut Shard<K, V>,
    hash: u64,
}

impl<'a, K, V> Entry<'a, K, V> {
    pub(crate) fn occupied(
        shard: &'a mut Shard<K, V>,
        bucket: Bucket<(Slot<K, V>, SharedValue<()>)>,
    ) -> Self {
        Self::Occupied(OccupiedEntry { shard, bucket })
    }

    pub(crate) fn vacant(shard: &'a mut Shard<K, V>, hash: u64) -> Self {
        Self::Vacant(VacantEntry { shard, hash })
    }

    /// Returns the value, if there is one.
    pub fn get(&self) -> Option<&V> {
        match self {
            Self::Occupied(entry) => Some(entry.get()),
            Self::Vacant(_) => None,
        }
    }

    /// Inserts the key and the value if the key is missing, and returns the value that is stored
    /// now.
    ///
    /// A key and value that are not needed are dropped under the lock.
    pub fn or_insert(self, key: K, value: V) -> &'a mut V {
        match self {
            Self::Occupied(entry) => entry.into_mut(),
            Self::Vacant(entry) => entry.insert(key, value),
        }
    }
}

impl<'a, K, V> OccupiedEntry<'a, K, V> {
    fn slot(&self) -> &Slot<K, V> {
        // SAFETY: the bucket is full, and we have the only reference to the shard.
        unsafe { &self.bucket.as_ref().0 }
    }

    fn slot_mut(&mut self) -> &mut Slot<K, V> {
        // SAFETY: as in `slot`; `self` is borrowed mutably for as long as the result.
        unsafe { &mut self.bucket.as_mut().0 }
    }

    /// Returns the stored key.
    pub fn key(&self) -> &K {
        &self.slot().key
    }

    /// Returns the value.
    pub fn get(&self) -> &V {
        &self.slot().value
    }

    /// Returns the value for changing it in place.
    pub fn get_mut(&mut self) -> &mut V {
        &mut self.slot_mut().value
    }

    /// Returns the value for changing it in place, for as long as the shard is locked.
    pub fn into_mut(self) -> &'a mut V {
        // SAFETY: as in `slot`; `self` gives up its only reference to the shard.
        unsafe { &mut self.bucket.as_mut().0.value }
    }

    /// Stores a value under the existing key, and returns the previous value.
    pub fn replace(&mut self, value: V) -> V {
        std::mem::replace(self.get_mut(), value)
    }

    /// Removes the key and its value, and returns both.
    pub fn remove(self) -> (K, V) {
        // SAFETY: the bucket is full and belongs to this shard, and is not used again.
        let ((slot, _), _) = unsafe { self.shard.remove(self.bucket) };
        (slot.key, slot.value)
    }
}

impl<'a, K, V> VacantEntry<'a, K, V> {
    /// Stores a key and its value.
    ///
    /// The key must be equal to the query that led here.
    pub fn insert(self, key: K, value: V) -> &'a mut V {
        let slot = Slot {
            hash: self.hash,
            key,
            value,
        };
        let stored = (slot, SharedValue::new(()));
        let bucket = self.shard.insert(self.hash, stored, |(slot, _)| slot.hash);
        // SAFETY: the bucket has just been filled, and `self` gives up its only reference to the
        // shard.
        unsafe { &mut bucket.as_mut().0.value }
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for OccupiedEntry<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OccupiedEntry")
            .field("key", self.key())
            .field("value", self.get())
            .finish()
    }
}

impl<K, V> fmt::Debug for VacantEntry<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VacantEntry").finish_non_exhaustive()
    }
}
