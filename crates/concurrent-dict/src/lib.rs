//! A hash map that many threads share, whose key equality may fail, may run any code, and is
//! never called under a lock.
//!
//! ```
//! use ft_concurrent_dict::ConcurrentDict;
//! use std::thread;
//!
//! let words = ConcurrentDict::new();
//! thread::scope(|scope| {
//!     for text in ["to be or", "not to be"] {
//!         let words = &words;
//!         scope.spawn(move || {
//!             for word in text.split(' ') {
//!                 words.entry(word, |entry| *entry.or_insert(word, 0) += 1);
//!             }
//!         });
//!     }
//! });
//! assert_eq!(words.get("be"), Some(2));
//! assert_eq!(words.len(), 4);
//! ```
//!
//! Keys that are [`Eq`] and [`Hash`] have the plain methods. The others, say the objects of an
//! interpreter, whose equality is a call back into that interpreter, implement [`Query`] and have
//! [`try_read`](ConcurrentDict::try_read) and [`try_entry`](ConcurrentDict::try_entry), from which
//! every other operation can be made.
//!
//! # How it works
//!
//! Keys are spread over shards, each a raw hash table of [dashmap](https://docs.rs/dashmap) behind
//! a read-write lock. An operation locks one shard and looks at the keys with the same hash. Those
//! of which the query cannot tell there and then it copies out, unlocks, compares, and comes back;
//! a verdict stays valid whatever happened meanwhile, because it belongs to a key, not to a place.
//! The operation takes effect on the visit under whose lock nothing is left to decide.
//!
//! The lock is one of our own. Each thread has a slot, in a cache line that no other one writes to. A
//! reader stores there which lock it reads under, and goes on if that has no writer. So readers do not
//! slow each other down, not even those of one key. A writer takes the lock, and then looks at
//! the slots of all threads that have ever read and still live: it pays for what they save, more the
//! more they are. An overwrite is two atomic operations, allocates nothing, and hands the old value
//! out at once.
//!
//! # Orderings
//!
//! A reader writes its slot and then looks at the lock; a writer writes the lock and then looks at the
//! slots; all four are `SeqCst`, so one of them at least sees the other. If it is the reader,
//! it takes its word back, and waits; if it is the writer, it waits for the slot to change. All that
//! ends a reading or a writing is a `Release`, and all of the above acquires.
//!
//! # Guarantees
//!
//! - Operations on one key are linearizable. [`len`](ConcurrentDict::len),
//!   [`clear`](ConcurrentDict::clear) and iteration go from shard to shard, and see or empty each at
//!   one moment, but not all at the same.
//! - Under a lock it calls [`Query::peek`], [`Query::is_same`], `Clone` of keys and values, the
//!   closures it is given, and nothing else: no hash, no comparison that may take its time, no
//!   destructor of a key or value.
//! - Locks are held for a few instructions. Who has to wait looks again and again, and sleeps in
//!   between, for a millisecond at most. Nobody is served in turn.
//! - Reading inside of a reading is possible, of another dictionary, but locks that one. Two that
//!   are read inside of each other deadlock when others write.
//! - The child of a fork may use a dictionary that no other thread of its parent was writing to. Who
//!   was reading there is forgotten.

mod entry;
mod iter;
mod lock;
mod map;
mod once;
mod query;
mod readers;
mod table;
mod waits;

use std::{
    convert::Infallible,
    fmt,
    hash::{BuildHasher, Hash, RandomState},
    num::NonZero,
    panic::{RefUnwindSafe, UnwindSafe},
};

use ft_sync::Arc;
use map::Map;

pub use entry::{Entry, OccupiedEntry, VacantEntry};
pub use iter::Iter;
pub use once::{Claim, Flight, Leader, Suspended};
pub use query::Query;
pub use waits::{Deadlock, Note, Party, Waiting};

/// The most shards that a dictionary has, whatever it is asked for.
const MAX_SHARDS: usize = 1024;

/// A hash map that many threads share; the [crate] says how and why.
pub struct ConcurrentDict<K, V, S = RandomState> {
    values: Map<K, V>,
    /// Keys whose values are being computed.
    flights: Map<K, Arc<Flight>>,
    hasher: S,
}

// A closure, a comparison or a clone that panics leaves every key with a value that it had or was given,
// and no lock taken.
impl<K, V, S: UnwindSafe> UnwindSafe for ConcurrentDict<K, V, S> {}
impl<K, V, S: RefUnwindSafe> RefUnwindSafe for ConcurrentDict<K, V, S> {}

impl<K: Clone, V> ConcurrentDict<K, V> {
    /// Creates an empty dictionary with a number of shards that suits the machine.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an empty dictionary for about so many threads at once.
    ///
    /// The number is rounded up to a power of two, and kept between 2 and 1024. It never changes
    /// afterwards; the shards themselves grow with their contents.
    pub fn with_shards(shards: usize) -> Self {
        Self::with_shards_and_hasher(shards, RandomState::new())
    }
}

impl<K: Clone, V, S> ConcurrentDict<K, V, S> {
    /// Creates an empty dictionary as [`with_shards`](ConcurrentDict::with_shards) does, with a
    /// hasher of its own.
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
    /// Calls `f` with the value that `query` finds, or `None`, and returns what it returns.
    ///
    /// `f` runs under a lock, so it should only copy what it needs. It may read in this dictionary and in
    /// others, to any depth.
    ///
    /// # Errors
    ///
    /// Those of [`Query::compare`]; then `f` was not called.
    ///
    /// # Panics
    ///
    /// If `f` changes the same part of the dictionary.
    ///
    /// # Deadlocks
    ///
    /// If `f` waits for another thread that changes the dictionary, or changes another part of it while that
    /// thread does the reverse.
    #[inline]
    pub fn try_read<Q, R>(&self, query: &Q, f: impl FnOnce(Option<&V>) -> R) -> Result<R, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        self.values.read(query.hash(&self.hasher), query, f)
    }

    /// Calls `f` with the [`Entry`] for `query`, and returns what it returns.
    ///
    /// All that `f` does is one atomic step. It runs under a lock: see [`Entry`].
    ///
    /// # Errors
    ///
    /// Those of [`Query::compare`]; then `f` was not called.
    ///
    /// # Deadlocks
    ///
    /// If `f` uses the dictionary: its key may be in the part that is locked.
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

    /// Tells whether the key is there.
    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        Q: Query<K, Error = Infallible> + ?Sized,
    {
        let Ok(found) = self.try_read(key, |value| value.is_some());
        found
    }

    /// Stores a value and returns the one before. The first key stored stays.
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

    /// Calls `f` with the [`Entry`] for `key`, and returns what it returns.
    ///
    /// All that `f` does is one atomic step. It runs under a lock: see [`Entry`].
    ///
    /// # Deadlocks
    ///
    /// As for [`try_entry`](Self::try_entry).
    #[inline]
    pub fn entry<Q, R>(&self, key: &Q, f: impl FnOnce(Entry<'_, K, V>) -> R) -> R
    where
        Q: Query<K, Error = Infallible> + ?Sized,
    {
        let Ok(result) = self.try_entry(key, f);
        result
    }

    /// Returns the value, computing it with `f` if the key is missing.
    ///
    /// Of all threads that ask for the same missing key one calls its `f`, with no lock held; the
    /// others wait for the result. If `f` panics, one of them calls its own.
    ///
    /// # Panics
    ///
    /// Panics if `f` asks for the same key, which would wait for itself; or if the function that
    /// computes the key waits for one that this thread is computing, directly or through others, in this
    /// dictionary or another one.
    ///
    /// ```
    /// # use ft_concurrent_dict::ConcurrentDict;
    /// # use std::{sync::atomic::{AtomicU32, Ordering::Relaxed}, thread};
    /// let (primes, calls) = (ConcurrentDict::new(), AtomicU32::new(0));
    /// thread::scope(|scope| {
    ///     for _ in 0..4 {
    ///         scope.spawn(|| {
    ///             primes.get_or_insert_with("largest", || {
    ///                 calls.fetch_add(1, Relaxed);
    ///                 97
    ///             })
    ///         });
    ///     }
    /// });
    /// assert_eq!((primes.get("largest"), calls.into_inner()), (Some(97), 1));
    /// ```
    pub fn get_or_insert_with(&self, key: K, f: impl FnOnce() -> V) -> V
    where
        V: Clone,
    {
        loop {
            let Ok(claim) = self.try_claim(&key, || key.clone());
            match claim {
                Claim::Ready(value) => return value,
                Claim::Leader(leader) => {
                    let value = f();
                    let Ok(stored) = leader.publish(&key, || key.clone(), value);
                    return stored;
                }
                Claim::Follower(flight) => {
                    let waiting = Waiting::begin(&flight, Party::thread(), Note::new(()));
                    let _waiting = waiting.unwrap_or_else(|deadlock| panic!("{deadlock}"));
                    let landed = || flight.has_landed().then_some(());
                    flight.changed().wait_until(None, landed);
                }
            }
        }
    }
}

/// Operations on the whole, which look at no key.
impl<K: Clone, V, S> ConcurrentDict<K, V, S> {
    /// Returns the number of keys, adding up one shard after another.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Tells whether no shard had a key when it was looked at.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of shards.
    pub fn shards(&self) -> usize {
        self.values.table.shards()
    }

    /// Empties the dictionary shard by shard; keys stored meanwhile may survive.
    pub fn clear(&self) {
        for shard in 0..self.shards() {
            drop(self.values.take_shard(shard));
        }
    }

    /// Removes some key and returns it with its value; `None` if every shard was empty when it was
    /// looked at.
    pub fn pop_any(&self) -> Option<(K, V)> {
        (0..self.shards()).find_map(|shard| self.values.pop_from(shard))
    }

    /// Returns copies of the keys and values of one shard, all of the same moment.
    ///
    /// # Panics
    ///
    /// Panics if `shard` is not below [`shards`](Self::shards).
    pub fn copy_shard(&self, shard: usize) -> Vec<(K, V)>
    where
        V: Clone,
    {
        let mut copy = Vec::new();
        self.values.for_each_in(shard, |slot| {
            copy.push((slot.key.clone(), slot.value.clone()))
        });
        copy
    }

    /// Iterates over copies of the keys and values; see [`Iter`] for what others' writes do to it.
    pub fn iter(&self) -> Iter<'_, K, V, S>
    where
        V: Clone,
    {
        Iter::new(self)
    }

    /// Calls `f` with every key, and its value if it is not still being computed, without taking
    /// any lock; ends with the first error.
    ///
    /// For garbage collectors, which run when no other thread does.
    ///
    /// # Safety
    ///
    /// No other thread may be inside a method of this dictionary until this returns, nor may the
    /// calling one, and `f` must not call one.
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
            // SAFETY: the shard outlives the iterator, and does not change meanwhile.
            for bucket in unsafe { shard.iter() } {
                // SAFETY: as above.
                let (slot, _) = unsafe { bucket.as_ref() };
                f(&slot.key, Some(&slot.value))?;
            }
        }
        for shard in 0..self.flights.table.shards() {
            // SAFETY: the caller's promise.
            let shard = unsafe { self.flights.table.quiescent(shard) };
            // SAFETY: the shard outlives the iterator, and does not change meanwhile.
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
        // Eight for each core: two of `n` threads rarely meet in one of `8 n` shards.
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

impl<'a, K: Clone, V: Clone, S> IntoIterator for &'a ConcurrentDict<K, V, S> {
    type Item = (K, V);
    type IntoIter = Iter<'a, K, V, S>;

    fn into_iter(self) -> Iter<'a, K, V, S> {
        self.iter()
    }
}

impl<K: Clone + fmt::Debug, V: Clone + fmt::Debug, S> fmt::Debug for ConcurrentDict<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

/// What was put in as a short-lived reference would come out as a long-lived one: no type here may be
/// covariant, so these must not compile.
///
/// ```compile_fail,E0597
/// use ft_concurrent_dict::ConcurrentDict;
///
/// let dict: ConcurrentDict<&'static str, u8> = ConcurrentDict::new();
/// let short = String::from("gone before it is read");
/// let shorter: &ConcurrentDict<&str, u8> = &dict;
/// shorter.insert(short.as_str(), 1);
/// ```
///
/// ```compile_fail,E0597
/// use ft_concurrent_dict::ConcurrentDict;
///
/// let dict: ConcurrentDict<u8, &'static str> = ConcurrentDict::new();
/// let short = String::from("gone before it is read");
/// let shorter: &ConcurrentDict<u8, &str> = &dict;
/// shorter.insert(1, short.as_str());
/// ```
#[cfg(doctest)]
struct Invariance;
