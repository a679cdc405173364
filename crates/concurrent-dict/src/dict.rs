//! The dictionary itself: keys, values, and operations under one lock at a time.

use crate::{entry::Entry, flight::Flight, map::Map, query::Query};
use ft_sync::Arc;
use std::{
    convert::Infallible,
    hash::{BuildHasher, Hash, RandomState},
    num::NonZero,
    panic::{RefUnwindSafe, UnwindSafe},
};

/// The largest number of shards that a dictionary has, whatever number is asked for.
const MAX_SHARDS: usize = 1024;

/// A concurrent hash map. See the [crate docs](crate) for how it works and what it guarantees.
pub struct ConcurrentDict<K, V, S = RandomState> {
    pub(crate) values: Map<K, V>,
    /// Keys whose values are being computed.
    pub(crate) flights: Map<K, Arc<Flight>>,
    pub(crate) hasher: S,
}

// If a closure, a comparison or a clone panics, every key keeps a value that it had or was given,
// and no lock stays locked.
impl<K, V, S: UnwindSafe> UnwindSafe for ConcurrentDict<K, V, S> {}
impl<K, V, S: RefUnwindSafe> RefUnwindSafe for ConcurrentDict<K, V, S> {}

impl<K: Clone, V> ConcurrentDict<K, V> {
    /// Creates an empty dictionary with a number of shards that suits the machine.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an empty dictionary that is meant for about `shards` threads at once.
    ///
    /// The number is rounded up to a power of two, and kept between 2 and 1024. It never changes
    /// afterwards; the shards themselves grow with their contents.
    pub fn with_shards(shards: usize) -> Self {
        Self::with_shards_and_hasher(shards, RandomState::new())
    }
}

impl<K: Clone, V, S> ConcurrentDict<K, V, S> {
    /// Creates an empty dictionary like [`with_shards`](ConcurrentDict::with_shards), with the
    /// given hasher.
    pub fn with_shards_and_hasher(shards: usize, hasher: S) -> Self {
        let shards = shards.clamp(2, MAX_SHARDS).next_power_of_two();
        Self {
            values: Map::new(shards),
            flights: Map::new(2),
            hasher,
        }
    }
}

/// Operations for any [`Query`].
impl<K: Clone, V, S: BuildHasher> ConcurrentDict<K, V, S> {
    /// Calls `f` with the value that `query` finds, or with `None`, and returns the result of `f`.
    ///
    /// `f` runs under a lock, so it should only copy what it needs. It may read in this dictionary
    /// and in others, to any depth.
    ///
    /// # Errors
    ///
    /// Those of [`Query::compare`]. In that case `f` is not called.
    ///
    /// # Panics
    ///
    /// If `f` changes the same part of the dictionary.
    ///
    /// # Deadlocks
    ///
    /// If `f` waits for another thread that changes the dictionary, or if `f` changes another part
    /// of the dictionary while the other thread does the reverse.
    #[inline]
    pub fn try_read<Q, R>(&self, query: &Q, f: impl FnOnce(Option<&V>) -> R) -> Result<R, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        self.values.read(query.hash(&self.hasher), query, f)
    }

    /// Calls `f` with the [`Entry`] for `query`, and returns the result of `f`.
    ///
    /// Everything that `f` does through the entry is one atomic step. `f` runs under a lock: see
    /// [`Entry`].
    ///
    /// # Errors
    ///
    /// Those of [`Query::compare`]. In that case `f` is not called.
    ///
    /// # Deadlocks
    ///
    /// If `f` uses the dictionary: the key that it uses may be in the part that is locked.
    #[inline]
    pub fn try_entry<Q, R>(
        &self,
        query: &Q,
        f: impl FnOnce(Entry<'_, K, V>) -> R,
    ) -> Result<R, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        self.values.entry(query.hash(&self.hasher), query, f)
    }
}

/// Operations for keys that are [`Eq`] and [`Hash`].
impl<K: Clone + Eq + Hash, V, S: BuildHasher> ConcurrentDict<K, V, S> {
    /// Returns a copy of the value.
    #[inline]
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        Q: Query<K, Error = Infallible> + ?Sized,
        V: Clone,
    {
        let Ok(value) = self.try_read(key, |value| value.cloned());
        value
    }

    /// Returns whether the dictionary has the key.
    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        Q: Query<K, Error = Infallible> + ?Sized,
    {
        let Ok(found) = self.try_read(key, |value| value.is_some());
        found
    }

    /// Stores a value and returns the previous one. If an equal key is already stored, that key
    /// stays.
    pub fn insert(&self, key: K, value: V) -> Option<V> {
        self.entry(&key, |entry| match entry {
            Entry::Occupied(mut entry) => Some(entry.replace(value)),
            Entry::Vacant(entry) => {
                entry.insert(key.clone(), value);
                None
            }
        })
    }

    /// Removes the key and returns its value.
    pub fn remove<Q>(&self, key: &Q) -> Option<V>
    where
        Q: Query<K, Error = Infallible> + ?Sized,
    {
        let removed = self.entry(key, |entry| match entry {
            Entry::Occupied(entry) => Some(entry.remove()),
            Entry::Vacant(_) => None,
        });
        removed.map(|(_key, value)| value)
    }

    /// Calls `f` with the [`Entry`] for `key`, and returns the result of `f`.
    ///
    /// Everything that `f` does through the entry is one atomic step. `f` runs under a lock: see
    /// [`Entry`].
    ///
    /// # Deadlocks
    ///
    /// See [`try_entry`](Self::try_entry).
    #[inline]
    pub fn entry<Q, R>(&self, key: &Q, f: impl FnOnce(Entry<'_, K, V>) -> R) -> R
    where
        Q: Query<K, Error = Infallible> + ?Sized,
    {
        let Ok(result) = self.try_entry(key, f);
        result
    }
}

/// Operations on the whole dictionary, which compare no keys.
impl<K: Clone, V, S> ConcurrentDict<K, V, S> {
    /// Returns the number of keys, by adding up the shards one after another.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns whether each shard was empty at the moment when it was looked at.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of shards.
    pub fn shards(&self) -> usize {
        self.values.table.shards()
    }

    /// Empties the dictionary shard by shard. Keys stored by other threads during the call may
    /// survive.
    pub fn clear(&self) {
        for shard in 0..self.shards() {
            drop(self.values.take_shard(shard));
        }
    }

    /// Removes any one key and returns it with its value. Returns `None` if every shard was empty
    /// when it was looked at.
    pub fn pop_any(&self) -> Option<(K, V)> {
        (0..self.shards()).find_map(|shard| self.values.pop_from(shard))
    }

    /// Returns what `f` makes of each key of one shard and its value, as they are at one moment.
    ///
    /// `f` runs under a lock, so it should only copy what it needs.
    ///
    /// ```
    /// # use ft_concurrent_dict::ConcurrentDict;
    /// let dict: ConcurrentDict<_, _> = [("a", 1), ("b", 2)].into_iter().collect();
    /// let keys = (0..dict.shards()).flat_map(|shard| dict.collect_shard(shard, |key, _| *key));
    /// assert_eq!(keys.count(), 2);
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if `shard` is not below [`shards`](Self::shards).
    ///
    /// # Deadlocks
    ///
    /// See [`try_read`](Self::try_read).
    pub fn collect_shard<T>(&self, shard: usize, mut f: impl FnMut(&K, &V) -> T) -> Vec<T> {
        (self.values).collect_in(shard, |slot| f(&slot.key, &slot.value))
    }

    /// Returns copies of all keys and values of one shard, as they are at one moment.
    ///
    /// # Panics
    ///
    /// Panics if `shard` is not below [`shards`](Self::shards).
    pub fn copy_shard(&self, shard: usize) -> Vec<(K, V)>
    where
        V: Clone,
    {
        self.collect_shard(shard, |key, value| (key.clone(), value.clone()))
    }

    /// Calls `f` with every key and its value, without taking any lock, until `f` returns an error.
    /// The value is `None` if it is still being computed.
    ///
    /// This is for garbage collectors, which run while no other thread does.
    ///
    /// # Safety
    ///
    /// Until this call returns, no other thread may be inside a method of this dictionary. Neither
    /// may the calling thread, and `f` must not call such a method.
    ///
    /// # Errors
    ///
    /// The first error of `f`.
    #[cfg(not(any(ft_loom, ft_shuttle)))]
    pub unsafe fn for_each_quiescent<E>(
        &self,
        mut f: impl FnMut(&K, Option<&V>) -> Result<(), E>,
    ) -> Result<(), E> {
        for shard in 0..self.shards() {
            // SAFETY: the caller's promise.
            let shard = unsafe { self.values.table.quiescent(shard) };
            // SAFETY: the shard outlives the iterator, and nobody changes it meanwhile.
            for bucket in unsafe { shard.iter() } {
                // SAFETY: as above.
                let (slot, _) = unsafe { bucket.as_ref() };
                f(&slot.key, Some(&slot.value))?;
            }
        }
        for shard in 0..self.flights.table.shards() {
            // SAFETY: the caller's promise.
            let shard = unsafe { self.flights.table.quiescent(shard) };
            // SAFETY: the shard outlives the iterator, and nobody changes it meanwhile.
            for bucket in unsafe { shard.iter() } {
                // SAFETY: as above.
                f(&unsafe { bucket.as_ref() }.0.key, None)?;
            }
        }
        Ok(())
    }
}

impl<K: Clone, V, S: Default> Default for ConcurrentDict<K, V, S> {
    fn default() -> Self {
        // Eight shards for each core: two of `n` threads rarely meet in one of `8 n` shards.
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self::with_shards_and_hasher(cores.saturating_mul(8), S::default())
    }
}

impl<K: Clone + Eq + Hash, V, S: BuildHasher + Default> FromIterator<(K, V)>
    for ConcurrentDict<K, V, S>
{
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        let dict = Self::default();
        for (key, value) in items {
            dict.insert(key, value);
        }
        dict
    }
}
