//! A concurrent hash map whose key comparisons may fail and may run any code, because no lock is
//! held while a comparison runs.
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
//! Keys that are [`Eq`] and [`Hash`] have the usual methods. For other keys, such as the objects of
//! an interpreter whose equality calls back into the interpreter, implement [`Query`] and use
//! [`try_read`](ConcurrentDict::try_read) and [`try_entry`](ConcurrentDict::try_entry). Every other
//! operation can be built from these two.
//!
//! # How it works
//!
//! Keys are spread over shards. Each shard is a raw hash table of
//! [dashmap](https://docs.rs/dashmap) behind a read-write lock. An operation locks one shard and
//! looks at the keys that have the same hash. If the query cannot decide immediately whether such a
//! key is equal, the operation copies the key out, unlocks the shard, compares, and then locks the
//! shard again. The verdict stays valid whatever other threads did meanwhile, because it belongs to
//! the key and not to a place in the table. The operation takes effect under the lock at the visit
//! that leaves nothing to decide.
//!
//! The lock is part of this crate. Each thread has a slot, in a cache line that no other thread
//! writes to. A reader stores in its slot which lock it reads under, and goes on if no writer has
//! that lock. So readers do not slow each other down, even if all of them read one key. A writer
//! takes the lock and then looks at the slots of all living threads that have ever read. So a write
//! costs more, the more such threads there are. An overwrite is two atomic operations, allocates
//! nothing, and returns the old value immediately.
//!
//! # Orderings
//!
//! A reader writes its slot and then looks at the lock. A writer writes the lock and then looks at
//! the slots. All four accesses are `SeqCst`, so at least one of the two sees the other. A reader
//! that sees the writer withdraws its announcement and waits. A writer that sees the reader waits
//! for the slot to change. Every store that ends a reading or a writing is a `Release`, and all
//! four accesses above acquire.
//!
//! # Guarantees
//!
//! - Operations on one key are linearizable. [`len`](ConcurrentDict::len),
//!   [`clear`](ConcurrentDict::clear) and iteration go from shard to shard. They see or empty each
//!   shard at one moment, but not all shards at the same moment.
//! - While it holds a lock, the dictionary calls [`Query::peek`], [`Query::is_same`], `Clone` of
//!   keys and values, the closures that it is given, and nothing else: no hash function, no
//!   comparison that may take long, no destructor of a key or value.
//! - A lock is held for a few instructions. A thread that has to wait for it looks again and again
//!   and sleeps in between, for at most a millisecond. Waiting threads are not served in order.
//! - A closure that reads may read in this dictionary and in others, to any depth. A reading inside
//!   of another one never waits for a writer that waits for readers. Unless both are in the same
//!   shard, it writes to the lock of its shard, so it costs more.
//! - The child of a fork may use a dictionary if no other thread of the parent was writing to it at
//!   the time of the fork. Threads that were reading in the parent are forgotten in the child.

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

/// The largest number of shards that a dictionary has, whatever number is asked for.
const MAX_SHARDS: usize = 1024;

/// A concurrent hash map. See the [crate docs](crate) for how it works and what it guarantees.
pub struct ConcurrentDict<K, V, S = RandomState> {
    values: Map<K, V>,
    /// Keys whose values are being computed.
    flights: Map<K, Arc<Flight>>,
    hasher: S,
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

    /// Returns the value of the key. If the key is missing, computes the value with `f` and stores
    /// it.
    ///
    /// If several threads ask for the same missing key, one of them calls its `f`, with no lock
    /// held, and the others wait for the result. If `f` panics, one of the waiting threads calls
    /// its own `f`.
    ///
    /// # Panics
    ///
    /// Panics if `f` asks for the same key, since it would wait for itself. Also panics if waiting
    /// would close a circle: if the function that computes the key waits for a key that this thread
    /// is computing, directly or through other functions, in this dictionary or another one.
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

    /// Returns copies of all keys and values of one shard, as they are at one moment.
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

    /// Iterates over copies of the keys and values. [`Iter`] describes the effect of concurrent
    /// writes.
    pub fn iter(&self) -> Iter<'_, K, V, S>
    where
        V: Clone,
    {
        Iter::new(self)
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

/// No type here may be covariant: otherwise a short-lived reference that was put in could come out
/// as a long-lived one. So these examples must not compile.
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
