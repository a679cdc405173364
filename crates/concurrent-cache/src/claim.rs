//! Computing the value of a missing or expired key once, even if many callers ask for it.

use crate::{
    cache::ConcurrentCache,
    cell::Version,
    clock::{Clock, SystemClock},
    duty::{Duty, Never},
    hashed::Hashed,
    life::Terms,
    read::Look,
    store::Stored,
};
use ft_concurrent_dict::{self as dict, Flight, Note, Party, Query, Waiting};
use ft_sync::{
    Arc,
    atomic::{
        AtomicUsize,
        Ordering::{Acquire, Relaxed},
    },
};
use std::{
    convert::Infallible,
    fmt,
    hash::{BuildHasher, Hash, RandomState},
    mem,
};

/// The outcome of [`ConcurrentCache::try_claim`].
#[derive(Debug)]
pub enum Claim<'a, K: Clone, V, S = RandomState, C = SystemClock>
where
    S: BuildHasher,
    C: Clock,
{
    /// The key has a value.
    Ready(V),
    /// The key has no value, and this caller has to compute it.
    Leader(Leader<'a, K, V, S, C>),
    /// The key has a value that may still be used, and this caller has to compute a new one, now or
    /// later. Meanwhile all others get the old value.
    Stale(V, Leader<'a, K, V, S, C>),
    /// Another caller is computing it. Wait for the flight to land, and claim again.
    Follower(Arc<Flight>),
}

/// The duty to compute the value of a key. If it is dropped without [`publish`](Leader::publish),
/// the duty passes to one of the waiting callers.
///
/// Its party is the thread or task that has claimed it, even if another thread publishes the value.
/// If that party waits for the key meanwhile, its wait counts as a circle, and is refused.
///
/// # Deadlocks
///
/// If it is forgotten ([`mem::forget`](std::mem::forget)), all callers that wait for the key wait
/// for ever.
pub struct Leader<'a, K: Clone, V, S = RandomState, C = SystemClock>
where
    S: BuildHasher,
    C: Clock,
{
    cache: &'a ConcurrentCache<K, V, S, C>,
    /// `None` once the duty was [suspended](Leader::suspend).
    claim: Option<dict::Leader<'a, K, Never, S>>,
    /// Fields are dropped in this order: the flight has landed before it is counted no more.
    _computing: Computing<'a>,
    begun: Begun,
    published: bool,
}

/// What was so when a computation began.
#[derive(Clone, Copy, Debug)]
struct Begun {
    /// The hash of the key.
    hash: u64,
    /// The value that is to be replaced.
    seen: Option<Version>,
    epoch: u64,
    /// The time, if computations are timed.
    at: Option<u64>,
}

/// Counts a computation in progress.
struct Computing<'a>(&'a AtomicUsize);

impl<'a> Computing<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        // Relaxed: ordered by the lock of the shard: see `ConcurrentCache::computing`.
        count.fetch_add(1, Relaxed);
        Self(count)
    }

    /// Stays counted.
    fn go_on(self) {
        mem::forget(self);
    }
}

impl Drop for Computing<'_> {
    fn drop(&mut self) {
        // Relaxed: a thread that still sees the old count looks for a computation in vain. The
        // value was stored, under the lock of its shard, before.
        self.0.fetch_sub(1, Relaxed);
    }
}

/// The duty of a [`Leader`] without the reference to the cache. A task needs it, because it cannot
/// borrow the cache while other tasks run.
///
/// # Deadlocks
///
/// If it is dropped without being [resumed](ConcurrentCache::resume), all callers that wait for the
/// key wait for ever.
#[derive(Debug)]
#[must_use]
pub struct Suspended {
    claim: dict::Suspended,
    begun: Begun,
}

impl<K: Clone, V: Clone, S: BuildHasher, C: Clock> ConcurrentCache<K, V, S, C> {
    /// Returns the value that `query` finds, or claims its computation.
    ///
    /// `key` must return a key equal to `query`. Like `Clone`, it may be called under a lock.
    ///
    /// If several callers claim the same missing key, one of them becomes the [`Leader`]. The
    /// others get its [`Flight`]: they wait until it has landed, and then claim again.
    /// [`get_or_compute`](Self::get_or_compute) does all this for plain keys.
    ///
    /// If the value is due to be [refreshed](Terms::refresh_after), or has expired but may be used
    /// [while it is renewed](Terms::stale_while_revalidate), one caller gets [`Claim::Stale`], and
    /// the others [`Claim::Ready`].
    ///
    /// # Errors
    ///
    /// Those of the query.
    ///
    /// # Examples
    ///
    /// A task suspends its duty, and awaits the duty of others:
    ///
    /// ```
    /// use ft_concurrent_cache::{Claim, ConcurrentCache, Party};
    ///
    /// async fn load(page: &str) -> Result<String, String> {
    ///     Ok(format!("<h1>{page}</h1>"))
    /// }
    ///
    /// async fn get(
    ///     cache: &ConcurrentCache<String, String>,
    ///     task: usize,
    ///     page: &String,
    /// ) -> Result<String, String> {
    ///     loop {
    ///         let Ok(claim) = cache.try_claim_for(|| Party::task(task), page, || page.clone());
    ///         match claim {
    ///             Claim::Ready(value) => return Ok(value),
    ///             Claim::Stale(_, leader) | Claim::Leader(leader) => {
    ///                 // If the task fails, `leader` is dropped, and another caller has its turn.
    ///                 let value = load(page).await?;
    ///                 let Ok(value) = leader.publish(page, || page.clone(), value);
    ///                 return Ok(value);
    ///             }
    ///             Claim::Follower(flight) => {
    ///                 let landed = || flight.has_landed().then_some(());
    ///                 flight.changed().wait_until_async(landed).await;
    ///             }
    ///         }
    ///     }
    /// }
    /// ```
    pub fn try_claim<Q>(
        &self,
        query: &Q,
        key: impl FnOnce() -> K,
    ) -> Result<Claim<'_, K, V, S, C>, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        self.try_claim_for(Party::thread, query, key)
    }

    /// Like [`try_claim`](Self::try_claim), for a given party, which must belong to the calling
    /// thread. `party` is called only if there is something to compute.
    ///
    /// # Errors
    ///
    /// Those of the query.
    pub fn try_claim_for<Q>(
        &self,
        party: impl FnOnce() -> Party,
        query: &Q,
        key: impl FnOnce() -> K,
    ) -> Result<Claim<'_, K, V, S, C>, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let query = &self.hashed(query);
        let old = match self.look(query, V::clone)? {
            Look::Fresh(value) => {
                self.asked(true);
                return Ok(Claim::Ready(value));
            }
            Look::Due { value, .. } => Some(value),
            Look::Absent { .. } => None,
        };
        self.claim(party, query, key, old, false)
    }

    /// Claims the computation of a new value even if there is one that has not expired, for example
    /// to renew a value in the background. Others get the old value meanwhile.
    ///
    /// Returns [`Claim::Follower`] if another caller is computing it already.
    ///
    /// # Errors
    ///
    /// Those of the query.
    pub fn try_claim_refresh<Q>(
        &self,
        party: impl FnOnce() -> Party,
        query: &Q,
        key: impl FnOnce() -> K,
    ) -> Result<Claim<'_, K, V, S, C>, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        self.claim(party, &self.hashed(query), key, None, true)
    }

    #[inline]
    fn hashed<'a, Q>(&self, query: &'a Q) -> Hashed<'a, Q>
    where
        Q: Query<K> + ?Sized,
    {
        let hash = query.hash(self.table.hasher());
        Hashed { query, hash }
    }

    #[cold]
    fn claim<Q>(
        &self,
        party: impl FnOnce() -> Party,
        query: &Hashed<'_, Q>,
        key: impl FnOnce() -> K,
        old: Option<V>,
        always: bool,
    ) -> Result<Claim<'_, K, V, S, C>, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let claim = match self.claims.try_claim_for(party, query, key)? {
            dict::Claim::Ready(never) => match never {},
            dict::Claim::Leader(claim) => claim,
            dict::Claim::Follower(flight) => {
                return Ok(match old {
                    Some(value) => {
                        self.asked(true);
                        Claim::Ready(value)
                    }
                    // It counts when it claims again.
                    None => Claim::Follower(flight),
                });
            }
        };
        let computing = Computing::new(&self.computing);
        // Acquire: pairs with the Release of `clear` and `remove_if`. The value is computed from what
        // was there before them, or the epoch is an older one.
        let epoch = self.epoch.load(Acquire);
        // It comes before the value, so that a value which comes in between counts as a later one.
        let before = if always { self.version(query)? } else { None };
        // An earlier leader may have landed between our look and our claim. It stored the value
        // before it gave up its claim, so this second look sees the value.
        let (old, seen) = match self.look(query, V::clone)? {
            Look::Fresh(value) if !always => {
                self.asked(true);
                return Ok(Claim::Ready(value));
            }
            Look::Fresh(value) => (Some(value), before),
            Look::Due { value, version, .. } => (Some(value), Some(version)),
            Look::Absent { over } => (None, over),
        };
        if !always {
            self.asked(old.is_some());
        }
        let leader = Leader {
            cache: self,
            claim: Some(claim),
            _computing: computing,
            begun: Begun {
                hash: query.hash,
                seen,
                epoch,
                at: self.counters().map(|_| self.now()),
            },
            published: false,
        };
        Ok(match old {
            Some(value) => Claim::Stale(value, leader),
            None => Claim::Leader(leader),
        })
    }

    /// Returns the version of the value that is there.
    fn version<Q>(&self, query: &Q) -> Result<Option<Version>, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        (self.table).try_read(query, |cell| cell.map(|cell| cell.version()))
    }

    /// Resumes a suspended duty, which must belong to this cache.
    ///
    /// # Deadlocks
    ///
    /// If it belongs to another cache, all callers that wait for the key there wait for ever.
    pub fn resume(&self, duty: Suspended) -> Leader<'_, K, V, S, C> {
        Leader {
            cache: self,
            claim: Some(self.claims.resume(duty.claim)),
            _computing: Computing(&self.computing),
            begun: duty.begun,
            published: false,
        }
    }
}

impl<K: Clone, V: Clone, S: BuildHasher, C: Clock> Leader<'_, K, V, S, C> {
    /// Stores the value, and returns it. `key` is as for [`ConcurrentCache::try_claim`].
    ///
    /// If another value was stored since the computation began, that value stays and is returned.
    /// If the key was removed since, or all keys were, the value is returned, but not stored.
    ///
    /// # Errors
    ///
    /// Those of the query, which must be the query that was claimed.
    pub fn publish<Q>(self, query: &Q, key: impl Fn() -> K, value: V) -> Result<V, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        self.publish_with(query, key, value, Terms::new())
    }

    /// Like [`publish`](Self::publish), for a value on terms of its own.
    ///
    /// # Errors
    ///
    /// As for `publish`.
    pub fn publish_with<Q>(
        mut self,
        query: &Q,
        key: impl Fn() -> K,
        value: V,
        terms: Terms,
    ) -> Result<V, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let Some(claim) = self.claim.take() else {
            unreachable!("only `suspend` takes the claim, and it consumes the leader");
        };
        let duty = Duty {
            seen: self.begun.seen,
            epoch: self.begun.epoch,
            flight: claim.flight(),
        };
        let query = &Hashed {
            query,
            hash: self.begun.hash,
        };
        let copy = value.clone();
        let outcome = (self.cache).store(query, &key, value, &terms, Some(duty), true)?;
        self.published = true;
        if let (Some(counters), Some(begun)) = (self.cache.counters(), self.begun.at) {
            counters.computed(self.cache.now().saturating_sub(begun));
        }
        let kept = matches!(outcome.stored, Stored::Kept(_));
        // Those who wait for the value go on before the listener hears of the old one.
        drop(claim);
        let (_, instead) = self.cache.tell_outcome(outcome);
        Ok(instead.filter(|_| kept).unwrap_or(copy))
    }

    /// Returns the computation that this is the duty of.
    pub fn flight(&self) -> &Arc<Flight> {
        let Some(claim) = &self.claim else {
            unreachable!("only `suspend` takes the claim, and it consumes the leader");
        };
        claim.flight()
    }

    /// Releases the reference to the cache and keeps the duty, until it is
    /// [resumed](ConcurrentCache::resume).
    pub fn suspend(mut self) -> Suspended {
        let Some(claim) = self.claim.take() else {
            unreachable!("only `suspend` takes the claim, and it consumes the leader");
        };
        let duty = Suspended {
            claim: claim.suspend(),
            begun: self.begun,
        };
        // The computation goes on, and stays counted.
        self.published = true;
        Computing::new(&self.cache.computing).go_on();
        duty
    }
}

impl<K: Clone, V, S: BuildHasher, C: Clock> Drop for Leader<'_, K, V, S, C> {
    fn drop(&mut self) {
        if let (false, Some(counters)) = (self.published, self.cache.counters()) {
            counters.failed();
        }
    }
}

impl<K: Clone, V, S: BuildHasher, C: Clock> fmt::Debug for Leader<'_, K, V, S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leader").finish_non_exhaustive()
    }
}

impl<K: Clone + Eq + Hash, V: Clone, S: BuildHasher, C: Clock> ConcurrentCache<K, V, S, C> {
    /// Returns the value of the key. If the key is missing or has expired, computes the value with
    /// `f` and stores it.
    ///
    /// If several threads ask for the same missing key, one of them calls its `f`, with no lock
    /// held, and the others wait for the result. If `f` panics, one of the waiting threads calls its
    /// own `f`. A value that is not stored, because it is too heavy or because the key was removed
    /// meanwhile, is returned to the one caller; each of the others computes it.
    ///
    /// # Panics
    ///
    /// Panics if `f` asks for the same key, since it would wait for itself, unless there is an old
    /// value that may still be used: then `f` gets that. Also panics if waiting
    /// would close a circle: if the function that computes the key waits for a key that this thread
    /// is computing, directly or through other functions, in this cache or another one.
    ///
    /// ```
    /// # use ft_concurrent_cache::ConcurrentCache;
    /// # use std::{sync::atomic::{AtomicU32, Ordering::Relaxed}, thread};
    /// let (primes, calls) = (ConcurrentCache::new(10), AtomicU32::new(0));
    /// thread::scope(|scope| {
    ///     for _ in 0..4 {
    ///         scope.spawn(|| {
    ///             primes.get_or_compute("largest", || {
    ///                 calls.fetch_add(1, Relaxed);
    ///                 97
    ///             })
    ///         });
    ///     }
    /// });
    /// assert_eq!((primes.get("largest"), calls.into_inner()), (Some(97), 1));
    /// ```
    pub fn get_or_compute(&self, key: K, f: impl FnOnce() -> V) -> V {
        let Ok(value) = self.try_get_or_compute(key, || Ok::<_, Infallible>(f()));
        value
    }

    /// Like [`get_or_compute`](Self::get_or_compute), for a computation that may fail.
    ///
    /// # Errors
    ///
    /// Those of `f`. Nothing is stored then, and one of the waiting threads calls its own `f`. If
    /// there is an old value that may still be used, it is returned instead of the error.
    ///
    /// # Panics
    ///
    /// As `get_or_compute`.
    pub fn try_get_or_compute<E>(&self, key: K, f: impl FnOnce() -> Result<V, E>) -> Result<V, E> {
        loop {
            let Ok(claim) = self.try_claim(&key, || key.clone());
            let (old, leader) = match claim {
                Claim::Ready(value) => return Ok(value),
                Claim::Leader(leader) => (None, leader),
                Claim::Stale(old, leader) => (Some(old), leader),
                Claim::Follower(flight) => {
                    let waiting = Waiting::begin(&flight, Party::thread(), Note::new(()));
                    let _waiting = waiting.unwrap_or_else(|deadlock| panic!("{deadlock}"));
                    let landed = || flight.has_landed().then_some(());
                    flight.changed().wait_for(landed);
                    continue;
                }
            };
            let value = match (f(), old) {
                (Ok(value), _) => value,
                (Err(_), Some(old)) => return Ok(old),
                (Err(err), None) => return Err(err),
            };
            let mut terms = Terms::new();
            terms.weight = self.weigh(&key, &value);
            let Ok(value) = leader.publish_with(&key, || key.clone(), value, terms);
            return Ok(value);
        }
    }
}
