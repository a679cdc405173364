//! Storing and removing the value of a key.

use crate::{
    cache::{ConcurrentCache, Gone},
    cause::Cause,
    cell::Cell,
    clock::Clock,
    duty::Duty,
    few::Few,
    life::{Life, Terms},
    policy::{Arrival, Id, Victim},
};
use ft_concurrent_dict::{Entry, Query};
use ft_sync::{Arc, atomic::Ordering::Relaxed};
use std::{
    convert::Infallible,
    hash::{BuildHasher, Hash},
};

/// What the listener has not heard of yet.
pub(crate) struct Outcome<K, V> {
    pub(crate) stored: Stored<K, V>,
    /// What was evicted.
    gone: Few<Gone<K, V>>,
}

/// The outcome of storing a value.
pub(crate) enum Stored<K, V> {
    /// It is there. This is what was there before, with its key if there is a listener.
    Here(Option<(Option<K>, Cell<V>)>),
    /// Another value was there, and stays.
    Kept(V),
    /// There are computations in progress. Nothing was done, and this is the value.
    Busy(V),
    /// It was computed from what has changed since. Nothing was done.
    Outdated,
    /// It has no room or no time. It is not there, and what was there before is not either. The key
    /// is there if something was, or if there is a listener.
    Refused(V, Option<K>, Option<Cell<V>>),
}

/// Terms, at the moment when a value is stored.
struct Settled {
    weight: u64,
    life: Option<Arc<Life>>,
    /// Whether the value would have expired already.
    dead: bool,
    now: Option<u64>,
}

/// Storing for any [`Query`].
impl<K: Clone, V: Clone, S: BuildHasher, C: Clock> ConcurrentCache<K, V, S, C> {
    /// Stores a value, and returns the previous one, unless it has expired. `key` must return a key
    /// equal to `query`; like `Clone`, it may be called under a lock. If an equal key is already
    /// stored, that key stays.
    ///
    /// If the value is being computed, this one takes its place: the result of the computation is
    /// not stored.
    ///
    /// # Errors
    ///
    /// Those of [`Query::compare`]. In that case nothing was stored.
    pub fn try_insert<Q>(
        &self,
        query: &Q,
        key: impl Fn() -> K,
        value: V,
        terms: Terms,
    ) -> Result<Option<V>, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let mut outcome = self.store(query, &key, value, &terms, None, false)?;
        if let Stored::Busy(value) = outcome.stored {
            self.outdate(query)?;
            outcome = self.store(query, &key, value, &terms, None, true)?;
        }
        Ok(self.tell_outcome(outcome).0)
    }

    /// Stores a value. A duty says under which conditions. Without one, `outdated` says that a
    /// computation of this key was outdated already, if there was one.
    pub(crate) fn store<Q>(
        &self,
        query: &Q,
        mut key: impl FnMut() -> K,
        value: V,
        terms: &Terms,
        duty: Option<Duty<'_>>,
        outdated: bool,
    ) -> Result<Outcome<K, V>, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let Settled {
            weight,
            life,
            dead,
            now,
        } = self.settle(terms);
        let (mut victims, mut here) = (Few::new(), None);
        // A value that is not stored is dropped at the end, outside of the lock.
        let mut unused = Some(value);
        let mut value = || unused.take().expect("it is used once");
        let stored = self.table.try_entry(query, |mut entry| {
            let hash = entry.hash();
            if let Some(duty) = duty {
                if let Some(cell) = entry.get() {
                    if duty.seen != Some(cell.version()) && cell.is_fresh(now) {
                        return Stored::Kept(cell.value.clone());
                    }
                }
                if duty.is_outdated(&self.epoch) {
                    return Stored::Outdated;
                }
            // Relaxed: see `computing`.
            } else if !outdated && self.computing.load(Relaxed) > 0 {
                return Stored::Busy(value());
            }
            let arrival = Arrival {
                hash,
                weight,
                life: life.clone(),
                now,
            };
            let policy = |id: Option<Id>| {
                let mut part = self.part(self.part_of(hash));
                match id {
                    Some(id) => part.renew(id, arrival, &self.marks, &mut victims),
                    None => part.admit(arrival, &self.marks, &mut victims),
                }
            };
            if dead || !self.has_room(hash, weight) {
                return match entry {
                    Entry::Occupied(entry) => {
                        self.forget(entry.get().id());
                        let (key, before) = entry.remove();
                        Stored::Refused(value(), Some(key), Some(before))
                    }
                    Entry::Vacant(_) => {
                        let key = self.listener.is_some().then(&mut key);
                        Stored::Refused(value(), key, None)
                    }
                };
            }
            match &mut entry {
                Entry::Occupied(entry) => {
                    let key = self.listener.is_some().then(|| entry.key().clone());
                    let before = entry.get();
                    let cell = if self.weighted || life.is_some() || before.life.is_some() {
                        Cell::new(value(), policy(Some(before.id())), life)
                    } else {
                        // To the policy, nothing has changed.
                        self.marks.hit(before.mark);
                        before.with(value())
                    };
                    Stored::Here(Some((key, entry.replace(cell))))
                }
                Entry::Vacant(_) => {
                    let key = key();
                    let id = policy(None);
                    // One step and one search fewer, if the victim is in the part that is locked.
                    let is_near = |victim: &Victim| {
                        victim.id != id && self.table.share_a_part(hash, victim.hash)
                    };
                    if let Some(victim) = victims.take_first(is_near) {
                        // If it is not there, another thread has removed it.
                        let removed =
                            entry.remove_other(victim.hash, |cell| cell.id() == victim.id);
                        here = removed.map(|removed| Gone::evicted(removed, &victim));
                    }
                    entry.or_insert(key, Cell::new(value(), id, life));
                    Stored::Here(None)
                }
            }
        })?;
        let mut gone = self.evict(victims);
        if let Some(here) = here {
            gone.push(here);
        }
        Ok(Outcome { stored, gone })
    }

    /// Tells the listener of what was stored, and returns the previous value and the value that is
    /// there instead of the new one.
    pub(crate) fn tell_outcome(
        &self,
        Outcome { stored, gone }: Outcome<K, V>,
    ) -> (Option<V>, Option<V>) {
        let now = self.time();
        let previous = |key: Option<&K>, cell: Cell<V>| {
            let over = cell.is_over(now);
            let cause = if over {
                Cause::Expired
            } else {
                Cause::Replaced
            };
            self.tell(key, &cell.value, cause);
            cell.is_fresh(now).then_some(cell.value)
        };
        let values = match stored {
            Stored::Here(None) | Stored::Outdated => (None, None),
            Stored::Here(Some((key, cell))) => (previous(key.as_ref(), cell), None),
            Stored::Kept(value) | Stored::Busy(value) => (None, Some(value)),
            Stored::Refused(value, key, before) => {
                let before = before.and_then(|cell| previous(key.as_ref(), cell));
                self.tell(key.as_ref(), &value, Cause::Evicted);
                (before, Some(value))
            }
        };
        self.tell_all(gone);
        values
    }
}

impl<K: Clone, V, S: BuildHasher, C: Clock> ConcurrentCache<K, V, S, C> {
    /// Removes what `query` finds, and returns its value, unless it has expired.
    ///
    /// If the value is being computed, the result of the computation goes to the caller that
    /// computes it, and is not stored. Callers that wait for it compute it anew.
    ///
    /// # Errors
    ///
    /// Those of [`Query::compare`]. In that case nothing was removed.
    pub fn try_remove<Q>(&self, query: &Q) -> Result<Option<V>, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        self.outdate(query)?;
        let removed = self.table.try_entry(query, |entry| match entry {
            Entry::Occupied(entry) => {
                self.forget(entry.get().id());
                Some(entry.remove())
            }
            Entry::Vacant(_) => None,
        })?;
        let Some((key, cell)) = removed else {
            return Ok(None);
        };
        let now = self.time();
        let over = cell.is_over(now);
        let cause = if over { Cause::Expired } else { Cause::Removed };
        self.tell(Some(&key), &cell.value, cause);
        Ok(cell.is_fresh(now).then_some(cell.value))
    }

    /// Returns what the terms mean now.
    #[inline]
    fn settle(&self, terms: &Terms) -> Settled {
        if self.weighted || self.terms.is_timed() || terms.is_timed() {
            return self.settle_slow(terms);
        }
        Settled {
            weight: 1,
            life: None,
            dead: terms.is_dead(),
            now: self.time(),
        }
    }

    fn settle_slow(&self, terms: &Terms) -> Settled {
        let terms = terms.or(&self.terms);
        // Relaxed, twice: `look` needs no more than a hint.
        if terms.is_timed() && !self.timed.load(Relaxed) {
            self.timed.store(true, Relaxed);
        }
        let now = self.time();
        let life = match now {
            Some(now) if terms.is_timed() => Some(Arc::new(Life::new(&terms, now))),
            _ => None,
        };
        Settled {
            weight: match self.weighted {
                true => terms.weight.unwrap_or(1).max(1),
                false => 1,
            },
            life,
            dead: terms.is_dead(),
            now,
        }
    }

    /// Makes sure that a computation in progress does not bring back what is changed now.
    fn outdate<Q>(&self, query: &Q) -> Result<(), Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        if let Some(flight) = self.claims.try_flight(query)? {
            flight.outdate();
        }
        Ok(())
    }
}

/// Storing and removing for keys that are [`Eq`] and [`Hash`].
impl<K: Clone + Eq + Hash, V: Clone, S: BuildHasher, C: Clock> ConcurrentCache<K, V, S, C> {
    /// Stores a value, and returns the previous one: see [`try_insert`](Self::try_insert).
    pub fn insert(&self, key: K, value: V) -> Option<V> {
        self.insert_with(key, value, Terms::new())
    }

    /// Stores a value on terms of its own.
    pub fn insert_with(&self, key: K, value: V, mut terms: Terms) -> Option<V> {
        terms.weight = terms.weight.or_else(|| self.weigh(&key, &value));
        let Ok(previous) = self.try_insert(&key, || key.clone(), value, terms);
        previous
    }

    /// Removes the key, and returns its value: see [`try_remove`](Self::try_remove).
    pub fn remove<Q>(&self, key: &Q) -> Option<V>
    where
        Q: Query<K, Error = Infallible> + ?Sized,
    {
        let Ok(removed) = self.try_remove(key);
        removed
    }
}
