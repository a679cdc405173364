//! Computing the value of a missing key once, even if many threads ask for it.

use crate::{dict::ConcurrentDict, entry::Entry, query::Query};
use ft_once::{Flight, Note, Party, Waiting};
use ft_sync::Arc;
use std::hash::{BuildHasher, Hash};

/// The outcome of [`ConcurrentDict::try_claim`].
pub enum Claim<'a, K, V, S> {
    /// The key has a value.
    Ready(V),
    /// The key has no value, and this caller has to compute it.
    Leader(Leader<'a, K, V, S>),
    /// Another caller is computing it.
    Follower(Arc<Flight>),
}

/// The duty to compute the value of a key. If it is dropped without [`publish`](Leader::publish),
/// the duty passes to one of the waiting callers.
///
/// # Deadlocks
///
/// If it is forgotten ([`mem::forget`](std::mem::forget)), all callers that wait for the key wait
/// for ever.
pub struct Leader<'a, K, V, S> {
    dict: &'a ConcurrentDict<K, V, S>,
    /// `None` once the duty was [suspended](Leader::suspend).
    claim: Option<Suspended>,
}

/// The duty of a [`Leader`] without the reference to the dictionary. A task needs it, because it
/// cannot borrow the dictionary while other tasks run.
///
/// # Deadlocks
///
/// If it is dropped without being [resumed](ConcurrentDict::resume), all callers that wait for the
/// key wait for ever.
#[derive(Debug)]
#[must_use]
pub struct Suspended {
    hash: u64,
    flight: Arc<Flight>,
}

impl<K, V: Clone, S: BuildHasher> ConcurrentDict<K, V, S> {
    /// Claims the computation of a missing key.
    ///
    /// `key` must return a key equal to `query`. Like `Clone`, it is called under a lock.
    ///
    /// If several callers claim the same missing key, one of them becomes the [`Leader`]. The
    /// others get its [`Flight`]: they wait until it has landed, and then claim again.
    /// [`get_or_insert_with`](Self::get_or_insert_with) does all this for plain keys.
    ///
    /// If a process was forked while a thread of its parent computed the key, the child claims the
    /// key anew.
    ///
    /// # Errors
    ///
    /// Those of the query.
    pub fn try_claim<Q>(
        &self,
        query: &Q,
        key: impl FnOnce() -> K,
    ) -> Result<Claim<'_, K, V, S>, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        self.try_claim_for(Party::thread, query, key)
    }

    /// Like [`try_claim`](Self::try_claim), for a given party, which must belong to the calling
    /// thread. `party` is called only if the key is missing.
    ///
    /// # Errors
    ///
    /// Those of the query.
    pub fn try_claim_for<Q>(
        &self,
        party: impl FnOnce() -> Party,
        query: &Q,
        key: impl FnOnce() -> K,
    ) -> Result<Claim<'_, K, V, S>, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let hash = query.hash(&self.hasher);
        if let Some(value) = self.values.read(hash, query, |value| value.cloned())? {
            return Ok(Claim::Ready(value));
        }
        let flight = Arc::new(Flight::new(Some(party())));
        // If it is not called, it is dropped outside of the lock.
        let mut key = Some(key);
        let ours = Arc::clone(&flight);
        let other = self.flights.entry(hash, query, |entry| match entry {
            Entry::Occupied(mut entry) if !entry.get().is_of_this_process() => {
                drop(entry.replace(ours));
                None
            }
            Entry::Occupied(entry) => Some(Arc::clone(entry.get())),
            Entry::Vacant(entry) => {
                entry.insert(used(&mut key)(), ours);
                None
            }
        })?;
        if let Some(flight) = other {
            return Ok(Claim::Follower(flight));
        }
        let leader = Leader {
            dict: self,
            claim: Some(Suspended { hash, flight }),
        };
        // An earlier leader may have landed between our look and our claim. It published the value
        // before it gave up its claim, so this second look sees the value.
        match self.values.read(hash, query, |value| value.cloned())? {
            Some(value) => Ok(Claim::Ready(value)),
            None => Ok(Claim::Leader(leader)),
        }
    }

    /// Returns the computation of this key that is in progress, if there is one.
    ///
    /// # Errors
    ///
    /// Those of the query.
    pub fn try_flight<Q>(&self, query: &Q) -> Result<Option<Arc<Flight>>, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let hash = query.hash(&self.hasher);
        self.flights.read(hash, query, |flight| flight.cloned())
    }

    /// Resumes a suspended duty, which must belong to this dictionary.
    ///
    /// # Deadlocks
    ///
    /// If it belongs to another dictionary, all callers that wait for the key there wait for ever.
    pub fn resume(&self, duty: Suspended) -> Leader<'_, K, V, S> {
        Leader {
            dict: self,
            claim: Some(duty),
        }
    }
}

impl<K, V, S> Leader<'_, K, V, S> {
    /// Returns the computation that this is the duty of.
    pub fn flight(&self) -> &Arc<Flight> {
        let Some(claim) = &self.claim else {
            unreachable!("only `suspend` takes the claim, and it consumes the leader");
        };
        &claim.flight
    }
}

impl<K, V: Clone, S> Leader<'_, K, V, S> {
    /// Stores the value, unless another caller has stored one without a claim, and returns the
    /// value that is stored now. `key` is as for [`try_claim`](ConcurrentDict::try_claim).
    ///
    /// # Errors
    ///
    /// Those of the query, which must be the query that was claimed.
    pub fn publish<Q>(self, query: &Q, key: impl FnOnce() -> K, value: V) -> Result<V, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let Some(claim) = &self.claim else {
            unreachable!("only `suspend` takes the claim, and it consumes the leader");
        };
        // What is not used is dropped outside of the lock.
        let (mut key, mut value) = (Some(key), Some(value));
        self.dict
            .values
            .entry(claim.hash, query, |entry| match entry {
                Entry::Occupied(entry) => entry.get().clone(),
                Entry::Vacant(entry) => {
                    let key = used(&mut key)();
                    entry.insert(key, used(&mut value)).clone()
                }
            })
    }

    /// Releases the reference to the dictionary and keeps the duty, until it is
    /// [resumed](ConcurrentDict::resume).
    pub fn suspend(mut self) -> Suspended {
        let claim = self.claim.take();
        claim.expect("only `suspend` takes the claim")
    }
}

/// Takes what is used under a lock, once at most.
fn used<T>(it: &mut Option<T>) -> T {
    it.take().expect("an entry is given to its function once")
}

impl<K, V, S> Drop for Leader<'_, K, V, S> {
    fn drop(&mut self) {
        let Some(Suspended { hash, flight }) = self.claim.take() else {
            return;
        };
        let claim = (self.dict.flights).remove_value(hash, |other| Arc::ptr_eq(other, &flight));
        flight.land();
        drop(claim);
    }
}

impl<K: Clone + Eq + Hash, V, S: BuildHasher> ConcurrentDict<K, V, S> {
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
                    flight.changed().wait_for(landed);
                }
            }
        }
    }
}
