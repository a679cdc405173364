//! Computing the value of a missing key once, however many threads ask for it.

use crate::{ConcurrentDict, Entry, query::Query, waits::Party};
use ft_sync::{
    Arc, Event,
    atomic::{AtomicBool, Ordering::Relaxed},
};
use std::{hash::BuildHasher, process};

/// What [`ConcurrentDict::try_claim`] found.
pub enum Claim<'a, K: Clone, V, S> {
    /// The key has a value.
    Ready(V),
    /// It has none, and it is up to this caller to compute it.
    Leader(Leader<'a, K, V, S>),
    /// Another caller is computing it.
    Follower(Arc<Flight>),
}

/// A computation that is under way.
#[derive(Debug)]
pub struct Flight {
    /// Set once, when the leader is done, with a value or without.
    landed: AtomicBool,
    changed: Event,
    /// The process of the leader: a child that was forked meanwhile has no such thread.
    process: u32,
    leader: Party,
}

/// The duty to compute the value of a key; dropped without
/// [`publish`](Leader::publish), it passes to one of those who wait.
///
/// # Deadlocks
///
/// If it is forgotten ([`mem::forget`](std::mem::forget)), those who wait for the key do so for ever.
pub struct Leader<'a, K: Clone, V, S> {
    dict: &'a ConcurrentDict<K, V, S>,
    /// Gone once the duty was [suspended](Leader::suspend).
    claim: Option<Suspended>,
}

/// The duty of a [`Leader`], without the dictionary: for a task, which cannot borrow that while others
/// run.
///
/// # Deadlocks
///
/// If it is dropped, and not [resumed](ConcurrentDict::resume), those who wait for the key do so for ever.
#[derive(Debug)]
#[must_use]
pub struct Suspended {
    hash: u64,
    flight: Arc<Flight>,
}

impl Flight {
    /// Tells whether the leader is done, with or without a value.
    pub fn has_landed(&self) -> bool {
        // Relaxed: whoever sees it claims again, under locks, and learns the outcome there. That
        // a waiter does see it is the business of the fences of `changed`.
        self.landed.load(Relaxed)
    }

    /// Returns the event that is signaled when the leader is done.
    pub fn changed(&self) -> &Event {
        &self.changed
    }

    /// Tells whether the calling thread, or a task of it, is the leader: if the thread waited, it would
    /// be for ever. [`Waiting`](crate::Waiting) also knows of what the leader waits for.
    pub fn is_led_by_me(&self) -> bool {
        self.leader.is_here()
    }

    /// Returns who is computing the value.
    pub fn leader(&self) -> Party {
        self.leader
    }
}

impl<K: Clone, V: Clone, S: BuildHasher> ConcurrentDict<K, V, S> {
    /// Claims the computation of a missing key.
    ///
    /// `key` makes a key equal to `query`; like `Clone` it is called under a lock.
    ///
    /// A process that was forked while a thread of its parent computed the key claims it anew.
    ///
    /// Of all that claim a key while it is missing one becomes the [`Leader`]; the others get its
    /// [`Flight`] to wait for, and claim again when it has landed.
    /// [`get_or_insert_with`](Self::get_or_insert_with) does all this for keys that are plain.
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

    /// As [`try_claim`](Self::try_claim), for a party of the calling thread's; `party` is called if the
    /// key is missing.
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
        let flight = Arc::new(Flight {
            landed: AtomicBool::new(false),
            changed: Event::new(),
            process: process::id(),
            leader: party(),
        });
        let ours = Arc::clone(&flight);
        let other = self.flights.entry(hash, query, |entry| match entry {
            Entry::Occupied(mut entry) if entry.get().process != ours.process => {
                drop(entry.replace(ours));
                None
            }
            Entry::Occupied(entry) => Some(Arc::clone(entry.get())),
            Entry::Vacant(entry) => {
                entry.insert(key(), ours);
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
        // An earlier leader may have landed between our look and our claim. It published before
        // it gave the claim up, so this look sees its value.
        match self.values.read(hash, query, |value| value.cloned())? {
            Some(value) => Ok(Claim::Ready(value)),
            None => Ok(Claim::Leader(leader)),
        }
    }

    /// Takes up a duty again, which must be one of this dictionary's.
    ///
    /// # Deadlocks
    ///
    /// If it is another one's: then those who wait for the key there do so for ever.
    pub fn resume(&self, duty: Suspended) -> Leader<'_, K, V, S> {
        Leader {
            dict: self,
            claim: Some(duty),
        }
    }
}

impl<K: Clone, V: Clone, S> Leader<'_, K, V, S> {
    /// Stores the value, unless somebody has stored one without a claim, and returns the value
    /// that is there now; `key` is as for [`try_claim`](ConcurrentDict::try_claim).
    ///
    /// # Errors
    ///
    /// Those of the query, which must be the one that was claimed.
    pub fn publish<Q>(self, query: &Q, key: impl FnOnce() -> K, value: V) -> Result<V, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let Some(claim) = &self.claim else {
            unreachable!("only `suspend` takes it out, and that takes us");
        };
        let outcome = self
            .dict
            .values
            .entry(claim.hash, query, |entry| match entry {
                Entry::Occupied(entry) => (entry.get().clone(), Some(value)),
                Entry::Vacant(entry) => (entry.insert(key(), value).clone(), None),
            });
        // What was not needed is dropped here, outside of the lock.
        outcome.map(|(stored, _unused)| stored)
    }

    /// Lets go of the dictionary and keeps the duty, until it is [resumed](ConcurrentDict::resume).
    pub fn suspend(mut self) -> Suspended {
        let claim = self.claim.take();
        claim.expect("nothing else takes it out")
    }
}

impl<K: Clone, V, S> Drop for Leader<'_, K, V, S> {
    fn drop(&mut self) {
        let Some(Suspended { hash, flight }) = self.claim.take() else {
            return;
        };
        let claim = (self.dict.flights).remove_value(hash, |other| Arc::ptr_eq(other, &flight));
        // Relaxed: see `has_landed`.
        flight.landed.store(true, Relaxed);
        flight.changed.notify_all();
        drop(claim);
    }
}
