//! The usual methods of a map, for keys that are [`Eq`] and [`Hash`].

use crate::{dict::ConcurrentDict, entry::Entry, query::Query};
use std::{
    convert::Infallible,
    hash::{BuildHasher, Hash},
};

/// Operations for keys that are [`Eq`] and [`Hash`].
impl<K: Eq + Hash, V, S: BuildHasher> ConcurrentDict<K, V, S> {
    /// Returns a copy of the value.
    #[inline]
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        Q: Query<K, Error = Infallible> + ?Sized,
        V: Clone,
    {
        self.read(key, |value| value.cloned())
    }

    /// Calls `f` with the value, or with `None`, and returns the result of `f`.
    ///
    /// `f` runs under a lock: see [`try_read`](Self::try_read), also for its panics and deadlocks.
    ///
    /// ```
    /// # use ft_concurrent_dict::ConcurrentDict;
    /// let texts: ConcurrentDict<_, _> = [("de", "Guten Morgen".to_string())].into_iter().collect();
    /// let length = texts.read("de", |text| text.map_or(0, String::len));
    /// assert_eq!(length, 12);
    /// ```
    #[inline]
    pub fn read<Q, R>(&self, key: &Q, f: impl FnOnce(Option<&V>) -> R) -> R
    where
        Q: Query<K, Error = Infallible> + ?Sized,
    {
        let Ok(result) = self.try_read(key, f);
        result
    }

    /// Returns whether the dictionary has the key.
    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        Q: Query<K, Error = Infallible> + ?Sized,
    {
        self.read(key, |value| value.is_some())
    }

    /// Stores a value and returns the previous one. If an equal key is already stored, that key
    /// stays.
    pub fn insert(&self, key: K, value: V) -> Option<V> {
        self.values.insert(self.hasher.hash_one(&key), key, value)
    }

    /// Removes the key and returns its value.
    pub fn remove<Q>(&self, key: &Q) -> Option<V>
    where
        Q: Query<K, Error = Infallible> + ?Sized,
    {
        self.remove_if(key, |_, _| true).map(|(_key, value)| value)
    }

    /// Removes the key if `is_it` accepts it and its value, in one atomic step, and returns both.
    ///
    /// `is_it` runs under a lock.
    ///
    /// # Deadlocks
    ///
    /// See [`try_entry`](Self::try_entry).
    ///
    /// ```
    /// # use ft_concurrent_dict::ConcurrentDict;
    /// let users: ConcurrentDict<_, _> = [("ada", 0), ("bob", 2)].into_iter().collect();
    /// assert_eq!(users.remove_if("bob", |_, open| *open == 0), None);
    /// assert_eq!(users.remove_if("ada", |_, open| *open == 0), Some(("ada", 0)));
    /// ```
    pub fn remove_if<Q>(&self, key: &Q, is_it: impl FnOnce(&K, &V) -> bool) -> Option<(K, V)>
    where
        Q: Query<K, Error = Infallible> + ?Sized,
    {
        self.entry(key, |entry| match entry {
            Entry::Occupied(entry) if is_it(entry.key(), entry.get()) => Some(entry.remove()),
            Entry::Occupied(_) | Entry::Vacant(_) => None,
        })
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

impl<K: Eq + Hash, V, S: BuildHasher + Default> FromIterator<(K, V)> for ConcurrentDict<K, V, S> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        let mut dict = Self::default();
        dict.extend(items);
        dict
    }
}

impl<K: Eq + Hash, V, S: BuildHasher> Extend<(K, V)> for ConcurrentDict<K, V, S> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, items: I) {
        let items = items.into_iter();
        self.reserve(items.size_hint().0);
        for (key, value) in items {
            self.insert(key, value);
        }
    }
}

/// Compares with another dictionary part by part, as [`iter`](ConcurrentDict::iter) goes through one.
/// If threads write to one of them meanwhile, the result may be one that was true at no moment.
///
/// Keys are hashed and compared, and values compared, under a lock.
///
/// # Deadlocks
///
/// If doing so changes one of the dictionaries.
impl<K: Eq + Hash, V: PartialEq, S: BuildHasher> PartialEq for ConcurrentDict<K, V, S> {
    fn eq(&self, other: &Self) -> bool {
        let is_there = |key: &K, value: &V| other.read(key, |there| there == Some(value));
        self.len() == other.len() && self.values.all(is_there)
    }
}

impl<K: Eq + Hash, V: Eq, S: BuildHasher> Eq for ConcurrentDict<K, V, S> {}
