//! The dictionary itself: keys, values, and operations under one lock at a time.

use crate::{entry::Entry, map::Map, query::Query, table::shards_of_machine};
use ft_once::Flight;
use ft_sync::Arc;
use std::{
    hash::{BuildHasher, RandomState},
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

impl<K, V> ConcurrentDict<K, V> {
    /// Creates an empty dictionary, whose number of shards suits the machine. It allocates nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an empty dictionary with room for about so many keys.
    ///
    /// Keys are not spread evenly, so a shard may have to grow a little before that.
    ///
    /// # Panics
    ///
    /// If that is more than can be addressed.
    pub fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity_and_hasher(capacity, RandomState::new())
    }

    /// Creates an empty dictionary that is meant for about `shards` threads at once.
    ///
    /// The dictionary is divided into so many shards once threads meet in it, or it has thousands of
    /// keys. The number is rounded up to a power of two, and kept between 2 and 1024. It never
    /// changes afterwards; the shards themselves grow with their contents.
    pub fn with_shards(shards: usize) -> Self {
        Self::with_shards_and_hasher(shards, RandomState::new())
    }
}

impl<K, V, S> ConcurrentDict<K, V, S> {
    /// Creates an empty dictionary like [`with_shards`](ConcurrentDict::with_shards), with the
    /// given hasher.
    pub fn with_shards_and_hasher(shards: usize, hasher: S) -> Self {
        Self::make(shards, 0, hasher)
    }

    /// Creates an empty dictionary like [`new`](ConcurrentDict::new), with the given hasher.
    pub fn with_hasher(hasher: S) -> Self {
        Self::make(shards_of_machine(), 0, hasher)
    }

    /// Creates an empty dictionary like [`with_capacity`](ConcurrentDict::with_capacity), with the
    /// given hasher.
    ///
    /// # Panics
    ///
    /// If that is more than can be addressed.
    pub fn with_capacity_and_hasher(capacity: usize, hasher: S) -> Self {
        Self::make(shards_of_machine(), capacity, hasher)
    }

    fn make(shards: usize, capacity: usize, hasher: S) -> Self {
        let shards = shards.clamp(2, MAX_SHARDS).next_power_of_two();
        Self {
            values: Map::with_capacity(shards, capacity),
            flights: Map::new(2),
            hasher,
        }
    }
}

impl<K, V, S> ConcurrentDict<K, V, S> {
    /// Returns the hasher.
    pub fn hasher(&self) -> &S {
        &self.hasher
    }
}

/// Operations for any [`Query`].
impl<K, V, S: BuildHasher> ConcurrentDict<K, V, S> {
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

impl<K, V, S: Default> Default for ConcurrentDict<K, V, S> {
    fn default() -> Self {
        Self::with_hasher(S::default())
    }
}
