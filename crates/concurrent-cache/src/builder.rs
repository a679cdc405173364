//! How a cache is made.

use crate::{
    cache::{ConcurrentCache, Limits},
    callbacks::{Listener, Weigher},
    cause::Cause,
    clock::SystemClock,
    life::Terms,
    policy::MAX_CAPACITY,
};
use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    num::NonZero,
    thread,
    time::Duration,
};

/// Below this number of entries a cache is not divided, since parts that fill unevenly would cost
/// hits.
const ENTRIES_OF_A_PART: u64 = 1_024;
/// The largest number of parts.
const MAX_PARTS: u64 = 1_024;
/// The largest number of stripes in which statistics are counted.
const MAX_STRIPES: usize = 64;

/// Makes a [`ConcurrentCache`].
///
/// Without [`max_entries`](Self::max_entries) or [`max_weight`](Self::max_weight), the cache holds
/// up to 1,024 entries.
///
/// ```
/// use ft_concurrent_cache::{Cause, ConcurrentCache};
///
/// let cache = ConcurrentCache::builder()
///     .max_weight(10)
///     .weigher(|_, text: &String| text.len() as u64)
///     .listener(|name, _, cause| {
///         if cause == Cause::Evicted {
///             println!("{name} has left");
///         }
///     })
///     .build();
/// cache.insert("one", "hello".to_string());
/// cache.insert("two", "goodbye".to_string());
/// // There is room for one of the two.
/// assert_eq!((cache.get("one"), cache.weight()), (None, 7));
/// ```
pub struct Builder<K, V, S = RandomState, C = SystemClock> {
    capacity: u64,
    weighted: bool,
    terms: Terms,
    parts: Option<usize>,
    shards: Option<usize>,
    statistics: bool,
    weigher: Option<Weigher<K, V>>,
    listener: Option<Listener<K, V>>,
    hasher: S,
    clock: C,
}

impl<K, V> ConcurrentCache<K, V> {
    /// Returns what makes a cache.
    pub fn builder() -> Builder<K, V> {
        Builder::default()
    }

    /// Creates a cache that holds up to that many entries.
    pub fn new(max_entries: u64) -> Self
    where
        K: Clone,
    {
        Builder::default().max_entries(max_entries).build()
    }
}

impl<K, V> Default for Builder<K, V> {
    fn default() -> Self {
        Self {
            capacity: 1_024,
            weighted: false,
            terms: Terms::new(),
            parts: None,
            shards: None,
            statistics: false,
            weigher: None,
            listener: None,
            hasher: RandomState::new(),
            clock: SystemClock::default(),
        }
    }
}

impl<K, V, S, C> Builder<K, V, S, C> {
    /// Bounds the cache by its number of entries. With 0 it stores nothing, and with
    /// [`u64::MAX`] there is no bound.
    #[must_use]
    pub fn max_entries(mut self, entries: u64) -> Self {
        (self.capacity, self.weighted) = (entries, false);
        self
    }

    /// Bounds the cache by the sum of the weights of its entries. A weight is 1, unless it is given
    /// by [`Terms::weight`] or by a [`weigher`](Self::weigher). A weight of 0 counts as 1.
    ///
    /// An entry that is heavier than the cache, or than a [part](Self::parts) of it, is not stored.
    /// With 2^62 - 1 or more there is no bound, except that no part holds more than that.
    #[must_use]
    pub fn max_weight(mut self, weight: u64) -> Self {
        (self.capacity, self.weighted) = (weight, true);
        self
    }

    /// Sets what weighs an entry when it is stored by a method that takes a whole key, such as
    /// [`insert`](ConcurrentCache::insert). It is called with no lock held.
    #[must_use]
    pub fn weigher(mut self, weigher: impl Fn(&K, &V) -> u64 + Send + Sync + 'static) -> Self {
        self.weigher = Some(Box::new(weigher));
        self
    }

    /// Sets what is called with each key and value that leave the cache, and with the cause.
    ///
    /// It is called with no lock held, by the thread that has removed the entry, after everything
    /// else that the call does, so it may use the cache. A value that [`Cause::Replaced`] another
    /// may already be there.
    ///
    /// If it panics, the panic reaches the caller of the cache, and the listener does not hear of
    /// the other entries that the same call has removed. The cache stays as it should be.
    #[must_use]
    pub fn listener(mut self, listener: impl Fn(&K, &V, Cause) + Send + Sync + 'static) -> Self {
        self.listener = Some(Box::new(listener));
        self
    }

    /// Sets the time after which an entry expires. See [`Terms`] for this and the following times.
    #[must_use]
    pub fn time_to_live(mut self, time: Duration) -> Self {
        self.terms.to_live = Some(time);
        self
    }

    /// Sets the time after which an entry expires if it was not read or written meanwhile.
    #[must_use]
    pub fn time_to_idle(mut self, time: Duration) -> Self {
        self.terms.to_idle = Some(time);
        self
    }

    /// Sets the time after which a value is renewed, while others still get the old value.
    #[must_use]
    pub fn refresh_after(mut self, time: Duration) -> Self {
        self.terms.to_refresh = Some(time);
        self
    }

    /// Sets for how long after its expiry a value may be returned while one caller renews it.
    #[must_use]
    pub fn stale_while_revalidate(mut self, time: Duration) -> Self {
        self.terms.stale = Some(time);
        self
    }

    /// Counts hits, misses and more: see [`ConcurrentCache::statistics`]. Then a hit writes to a
    /// counter that few other threads use.
    #[must_use]
    pub fn record_statistics(mut self) -> Self {
        self.statistics = true;
        self
    }

    /// Sets into how many parts the capacity is divided, by the hashes of the keys. Insertions into
    /// different parts do not wait for each other.
    ///
    /// The number is rounded up to a power of two, and is at most 1,024. If that is more than the
    /// capacity, there is one part. Unless the number is set, a cache that is bounded by weight or
    /// small has one part, and a larger one has up to four for each core.
    #[must_use]
    pub fn parts(mut self, parts: usize) -> Self {
        self.parts = Some(parts);
        self
    }

    /// Sets the number of shards of the table, as for
    /// [`ConcurrentDict::with_shards`](ft_concurrent_dict::ConcurrentDict::with_shards).
    #[must_use]
    pub fn shards(mut self, shards: usize) -> Self {
        self.shards = Some(shards);
        self
    }

    /// Sets the hasher.
    #[must_use]
    pub fn hasher<T>(self, hasher: T) -> Builder<K, V, T, C> {
        Builder {
            capacity: self.capacity,
            weighted: self.weighted,
            terms: self.terms,
            parts: self.parts,
            shards: self.shards,
            statistics: self.statistics,
            weigher: self.weigher,
            listener: self.listener,
            hasher,
            clock: self.clock,
        }
    }

    /// Sets the clock.
    #[must_use]
    pub fn clock<D>(self, clock: D) -> Builder<K, V, S, D> {
        Builder {
            capacity: self.capacity,
            weighted: self.weighted,
            terms: self.terms,
            parts: self.parts,
            shards: self.shards,
            statistics: self.statistics,
            weigher: self.weigher,
            listener: self.listener,
            hasher: self.hasher,
            clock,
        }
    }

    /// Makes the cache. What it allocates grows with the number of its entries.
    pub fn build(self) -> ConcurrentCache<K, V, S, C>
    where
        K: Clone,
        S: BuildHasher + Clone,
    {
        let capacity = self.capacity.min(MAX_CAPACITY);
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let parts = match self.parts {
            Some(parts) => parts as u64,
            None if self.weighted => 1,
            None => {
                1 << (capacity / ENTRIES_OF_A_PART)
                    .min(4 * cores as u64)
                    .max(1)
                    .ilog2()
            }
        };
        let parts = parts.clamp(1, MAX_PARTS).next_power_of_two();
        // Each part can hold an entry.
        let parts = if parts > capacity { 1 } else { parts };
        let limits = Limits {
            capacity,
            weighted: self.weighted,
            parts: parts as u32,
            shards: self.shards.unwrap_or(cores.saturating_mul(8)),
            stripes: if self.statistics {
                (4 * cores).min(MAX_STRIPES)
            } else {
                0
            },
        };
        ConcurrentCache::from_parts(
            &limits,
            self.terms,
            self.weigher,
            self.listener,
            self.hasher,
            self.clock,
        )
    }
}

impl<K, V, S, C> fmt::Debug for Builder<K, V, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("capacity", &self.capacity)
            .field("weighted", &self.weighted)
            .field("terms", &self.terms)
            .finish_non_exhaustive()
    }
}
