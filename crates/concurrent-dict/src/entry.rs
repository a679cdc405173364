//! The place of one key in a dictionary, while its shard is locked.

use crate::part::{Shard, Slot};
use hashbrown::raw::Bucket;
use std::{fmt, ptr};

/// A shard with fewer entries grows to the fourfold, so that it moves its entries less often. A larger
/// one doubles, so that it does not take too much memory.
const SMALL: usize = 500;

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
    bucket: Bucket<Slot<K, V>>,
}

/// An [`Entry`] without a value.
pub struct VacantEntry<'a, K, V> {
    shard: &'a mut Shard<K, V>,
    hash: u64,
}

impl<'a, K, V> Entry<'a, K, V> {
    pub(crate) fn occupied(shard: &'a mut Shard<K, V>, bucket: Bucket<Slot<K, V>>) -> Self {
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

    /// Returns the hash of the key.
    pub fn hash(&self) -> u64 {
        match self {
            Self::Occupied(entry) => entry.slot().hash,
            Self::Vacant(entry) => entry.hash,
        }
    }

    /// Removes another key that has this hash and whose value `is_it` accepts, and returns it with its
    /// value. It must be in the part that is locked: see
    /// [`ConcurrentDict::share_a_part`](crate::ConcurrentDict::share_a_part). If it is not, it is not
    /// found. The key of this entry is never removed.
    pub fn remove_other(&mut self, hash: u64, is_it: impl Fn(&V) -> bool) -> Option<(K, V)> {
        let (shard, own) = match self {
            Self::Occupied(entry) => (&mut *entry.shard, entry.bucket.as_ptr().cast_const()),
            Self::Vacant(entry) => (&mut *entry.shard, ptr::null()),
        };
        // An entry whose bucket is empty could not be used, so our own slot is passed over.
        let bucket = shard.find(hash, |slot| {
            slot.hash == hash && !ptr::eq(slot, own) && is_it(&slot.value)
        })?;
        // SAFETY: the bucket is full and belongs to this shard, and is not used again.
        let (slot, _) = unsafe { shard.remove(bucket) };
        Some((slot.key, slot.value))
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

    /// Like [`or_insert`](Self::or_insert), with a value that `f` makes if the key is missing. `f`
    /// runs under the lock.
    ///
    /// To compute a value with no lock held, use
    /// [`ConcurrentDict::get_or_insert_with`](crate::ConcurrentDict::get_or_insert_with).
    pub fn or_insert_with(self, key: K, f: impl FnOnce() -> V) -> &'a mut V {
        match self {
            Self::Occupied(entry) => entry.into_mut(),
            Self::Vacant(entry) => entry.insert(key, f()),
        }
    }

    /// Like [`or_insert_with`](Self::or_insert_with), with a function that may fail.
    ///
    /// # Errors
    ///
    /// The error of `f`. Then nothing is inserted.
    pub fn or_try_insert_with<E>(
        self,
        key: K,
        f: impl FnOnce() -> Result<V, E>,
    ) -> Result<&'a mut V, E> {
        Ok(match self {
            Self::Occupied(entry) => entry.into_mut(),
            Self::Vacant(entry) => entry.insert(key, f()?),
        })
    }

    /// Like [`or_insert`](Self::or_insert), with the default value.
    ///
    /// ```
    /// # use ft_concurrent_dict::ConcurrentDict;
    /// let groups = ConcurrentDict::<char, Vec<&str>>::new();
    /// for word in ["tea", "milk", "toast"] {
    ///     let first = word.chars().next().unwrap();
    ///     groups.entry(&first, |group| group.or_default(first).push(word));
    /// }
    /// assert_eq!(groups.get(&'t'), Some(vec!["tea", "toast"]));
    /// ```
    pub fn or_default(self, key: K) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(key, V::default)
    }

    /// Changes the value with `f`, if there is one. `f` runs under the lock.
    ///
    /// ```
    /// # use ft_concurrent_dict::ConcurrentDict;
    /// let words = ConcurrentDict::new();
    /// for word in ["be", "or", "be"] {
    ///     words.entry(word, |count| *count.and_modify(|count| *count += 1).or_insert(word, 1));
    /// }
    /// assert_eq!(words.get("be"), Some(2));
    /// ```
    #[must_use]
    pub fn and_modify(mut self, f: impl FnOnce(&mut V)) -> Self {
        if let Self::Occupied(entry) = &mut self {
            f(entry.get_mut());
        }
        self
    }
}

impl<'a, K, V> OccupiedEntry<'a, K, V> {
    fn slot(&self) -> &Slot<K, V> {
        // SAFETY: the bucket is full, and we have the only reference to the shard.
        unsafe { self.bucket.as_ref() }
    }

    fn slot_mut(&mut self) -> &mut Slot<K, V> {
        // SAFETY: as in `slot`; `self` is borrowed mutably for as long as the result.
        unsafe { self.bucket.as_mut() }
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
        unsafe { &mut self.bucket.as_mut().value }
    }

    /// Stores a value under the existing key, and returns the previous value.
    pub fn replace(&mut self, value: V) -> V {
        std::mem::replace(self.get_mut(), value)
    }

    /// Removes the key and its value, and returns both.
    pub fn remove(self) -> (K, V) {
        // SAFETY: the bucket is full and belongs to this shard, and is not used again.
        let (slot, _) = unsafe { self.shard.remove(self.bucket) };
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
        if self.shard.len() == self.shard.capacity() && self.shard.len() < SMALL {
            let further = self.shard.len().max(1) * 3;
            self.shard.reserve(further, |slot| slot.hash);
        }
        let bucket = self.shard.insert(self.hash, slot, |slot| slot.hash);
        // SAFETY: the bucket has just been filled, and `self` gives up its only reference to the
        // shard.
        unsafe { &mut bucket.as_mut().value }
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
