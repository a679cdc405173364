//! Operations on the whole dictionary.

use crate::{dict::ConcurrentDict, map::Map, query::Query, table::Walk};
use std::hash::BuildHasher;

/// Operations on the whole dictionary, which compare no keys.
impl<K, V, S> ConcurrentDict<K, V, S> {
    /// Returns the number of keys. It takes no lock, and adds up what the last writer of each shard
    /// left.
    ///
    /// So the result counts every write that happened before the call, and it may or may not count
    /// one that is in progress. If threads write to several shards meanwhile, the sum may be a
    /// number of keys that the dictionary never had.
    pub fn len(&self) -> usize {
        self.values.table.len()
    }

    /// Returns whether each shard was empty at the moment when it was looked at. It takes no lock,
    /// as [`len`](Self::len).
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of shards that the dictionary has once it is divided.
    pub fn shards(&self) -> usize {
        self.values.table.shards()
    }

    /// Makes room for so many more keys.
    ///
    /// Keys are not spread evenly, so a shard may have to grow a little before that. Each part is
    /// locked while it moves its keys.
    ///
    /// # Panics
    ///
    /// If that is more than can be addressed. The dictionary keeps its keys.
    pub fn reserve(&self, additional: usize) {
        self.values.table.reserve(additional);
    }

    /// Gives back memory that the keys do not need, part by part. Each part is locked while it moves
    /// its keys. What is divided stays divided.
    pub fn shrink_to_fit(&self) {
        self.values.table.shrink_to_fit();
    }

    /// Empties the dictionary shard by shard. Keys stored by other threads during the call may
    /// survive.
    pub fn clear(&self) {
        let mut walk = Walk::default();
        while let Some(contents) = self.values.take_next(&mut walk) {
            drop(contents);
        }
    }

    /// Removes any one key and returns it with its value. Returns `None` if every shard was empty
    /// when it was looked at.
    ///
    /// Before the dictionary is divided, all shards are looked at in one moment, so `None` means
    /// that the dictionary was empty. No caller can rely on it: any write may divide the dictionary.
    pub fn pop_any(&self) -> Option<(K, V)> {
        self.values.pop()
    }

    /// Removes the key that has this hash and whose value `is_it` accepts, and returns it with its
    /// value. It compares no keys.
    ///
    /// The hash is that of [`Entry::hash`](crate::Entry::hash). `is_it` runs under a lock.
    ///
    /// # Deadlocks
    ///
    /// See [`try_entry`](Self::try_entry).
    ///
    /// ```
    /// # use ft_concurrent_dict::ConcurrentDict;
    /// let dict: ConcurrentDict<_, _> = [("a", 1), ("b", 2)].into_iter().collect();
    /// let hash = dict.entry("a", |entry| entry.hash());
    /// assert_eq!(dict.remove_by_hash(hash, |value| *value == 2), None);
    /// assert_eq!(dict.remove_by_hash(hash, |value| *value == 1), Some(("a", 1)));
    /// ```
    pub fn remove_by_hash(&self, hash: u64, is_it: impl Fn(&V) -> bool) -> Option<(K, V)> {
        self.values.remove_value(hash, is_it)
    }

    /// Returns whether keys with these hashes are in the same part of the dictionary. All keys are in
    /// one part until the dictionary is divided, which happens once: see
    /// [`with_shards`](ConcurrentDict::with_shards).
    ///
    /// While one of the keys has an [`Entry`](crate::Entry), the answer stays true. Then
    /// [`Entry::remove_other`](crate::Entry::remove_other) can remove the other one in the same atomic step.
    ///
    /// ```
    /// # use ft_concurrent_dict::ConcurrentDict;
    /// let dict: ConcurrentDict<_, _> = [("old", 1)].into_iter().collect();
    /// let old = dict.entry("old", |entry| entry.hash());
    /// dict.entry("new", |mut entry| {
    ///     assert!(dict.share_a_part(entry.hash(), old));
    ///     assert_eq!(entry.remove_other(old, |value| *value == 1), Some(("old", 1)));
    ///     entry.or_insert("new", 2);
    /// });
    /// assert_eq!((dict.get("old"), dict.get("new")), (None, Some(2)));
    /// ```
    pub fn share_a_part(&self, one: u64, other: u64) -> bool {
        self.values.table.share_a_part(one, other)
    }

    /// Removes the keys that `is_it` accepts, in the next part of the dictionary, and returns them
    /// with their values. All are removed at one moment. Returns `None` at the end of the walk. Parts
    /// are as for [`collect_next`](Self::collect_next).
    ///
    /// `is_it` runs under a lock. If it panics, the keys that it has accepted before are removed and
    /// dropped.
    ///
    /// # Deadlocks
    ///
    /// See [`try_entry`](Self::try_entry).
    pub fn extract_next(
        &self,
        walk: &mut Walk,
        mut is_it: impl FnMut(&K, &V) -> bool,
    ) -> Option<Vec<(K, V)>> {
        self.values
            .extract_next(walk, |key, value| is_it(key, value))
    }

    /// Keeps the keys that `is_it` accepts, and removes the others, part by part. It may change the
    /// values. What is removed is dropped outside of the lock.
    ///
    /// `is_it` runs under a lock, once for each key that is present all the time.
    ///
    /// # Deadlocks
    ///
    /// See [`try_entry`](Self::try_entry).
    ///
    /// ```
    /// # use ft_concurrent_dict::ConcurrentDict;
    /// let stock: ConcurrentDict<_, _> = [("tea", 3), ("milk", 0)].into_iter().collect();
    /// stock.retain(|_, left| *left > 0);
    /// assert!(!stock.contains_key("milk"));
    /// ```
    pub fn retain(&self, mut is_it: impl FnMut(&K, &mut V) -> bool) {
        let mut walk = Walk::default();
        while self
            .values
            .extract_next(&mut walk, |key, value| !is_it(key, value))
            .is_some()
        {}
    }

    /// Returns what `f` makes of each key and its value, in the next part of the dictionary, as they
    /// are at one moment. Returns `None` at the end of the walk.
    ///
    /// The parts of one [`Walk`] are the shards; or the whole dictionary, if it is not divided when
    /// the walk begins. A walk meets each key that is present all the time exactly once, and no key
    /// twice.
    ///
    /// `f` runs under a lock, so it should only copy what it needs.
    ///
    /// ```
    /// # use ft_concurrent_dict::{ConcurrentDict, Walk};
    /// let dict: ConcurrentDict<_, _> = [("a", 1), ("b", 2)].into_iter().collect();
    /// let (mut walk, mut sum) = (Walk::default(), 0);
    /// while let Some(numbers) = dict.collect_next(&mut walk, |_, number| *number) {
    ///     sum += numbers.iter().sum::<i32>();
    /// }
    /// assert_eq!(sum, 3);
    /// ```
    ///
    /// # Deadlocks
    ///
    /// See [`try_read`](Self::try_read).
    pub fn collect_next<T>(
        &self,
        walk: &mut Walk,
        mut f: impl FnMut(&K, &V) -> T,
    ) -> Option<Vec<T>> {
        let mut part = Vec::new();
        (self.values)
            .collect_next(walk, &mut part, |slot| f(&slot.key, &slot.value))
            .then_some(part)
    }

    /// Returns what `f` makes of each key and its value, part by part, as
    /// [`collect_next`](Self::collect_next) does.
    ///
    /// # Deadlocks
    ///
    /// See [`try_read`](Self::try_read).
    pub fn collect_all<T>(&self, mut f: impl FnMut(&K, &V) -> T) -> Vec<T> {
        let (mut walk, mut all) = (Walk::default(), Vec::with_capacity(self.len()));
        while (self.values).collect_next(&mut walk, &mut all, |slot| f(&slot.key, &slot.value)) {}
        all
    }

    /// Returns the index of the shard in which the key of a query is once the dictionary is divided.
    /// For tests.
    #[doc(hidden)]
    pub fn shard_of<Q: Query<K> + ?Sized>(&self, query: &Q) -> usize
    where
        S: BuildHasher,
    {
        self.values.table.shard_of(query.hash(&self.hasher))
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
        // SAFETY: the caller's promise.
        unsafe {
            self.values.table.each_quiescent(|shard| {
                // SAFETY: the shard outlives the iterator, and nobody changes it meanwhile.
                shard.iter().try_for_each(|bucket| {
                    // SAFETY: as above.
                    let slot = bucket.as_ref();
                    f(&slot.key, Some(&slot.value))
                })
            })?;
            self.flights.table.each_quiescent(|shard| {
                // SAFETY: as above.
                (shard.iter()).try_for_each(|bucket| f(&bucket.as_ref().key, None))
            })
        }
    }
}

/// Copies the dictionary part by part, as [`collect_next`](ConcurrentDict::collect_next) does. Keys
/// are neither compared nor hashed. Values that are being computed are not part of the copy.
impl<K: Clone, V: Clone, S: Clone> Clone for ConcurrentDict<K, V, S> {
    fn clone(&self) -> Self {
        Self {
            values: self.values.duplicate(),
            flights: Map::new(2),
            hasher: self.hasher.clone(),
        }
    }
}
