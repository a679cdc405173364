//! Operations on the whole cache, which compare no keys.

use crate::{
    cache::{ConcurrentCache, Gone},
    cell::{Cell, Version},
    clock::Clock,
    few::Few,
};
use ft_concurrent_dict::Walk;
use ft_sync::atomic::Ordering::Release;
use std::{collections::HashSet, hash::BuildHasher};

/// How many expired entries are removed under one lock.
const REAPED: usize = 64;

impl<K: Clone, V, S: BuildHasher, C: Clock> ConcurrentCache<K, V, S, C> {
    /// Returns the number of entries, by adding up the shards of the table one after another. It
    /// counts entries that have expired and were not removed yet.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Returns whether each shard was empty at the moment when it was looked at.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Returns the sum of the weights of the entries, by adding up the parts one after another.
    /// It is never larger than the [capacity](Self::capacity).
    pub fn weight(&self) -> u64 {
        let parts = 0..self.parts.len() as u32;
        parts.fold(0, |sum: u64, part| {
            sum.saturating_add(self.part(part).weight())
        })
    }

    /// Returns what `f` makes of each key and its value, in the next part of the table, as they are
    /// at one moment, without those that have expired. It does not count as a use of them. Returns
    /// `None` at the end of the walk. Parts are as for
    /// [`ConcurrentDict::collect_next`](ft_concurrent_dict::ConcurrentDict::collect_next).
    ///
    /// `f` runs under a lock, so it should only copy what it needs.
    ///
    /// # Deadlocks
    ///
    /// See [`try_read`](Self::try_read).
    pub fn collect_next<T>(
        &self,
        walk: &mut Walk,
        mut f: impl FnMut(&K, &V) -> T,
    ) -> Option<Vec<T>> {
        let now = self.time();
        let collect = |key: &K, cell: &Cell<V>| {
            let fresh = cell.is_fresh(now);
            fresh.then(|| f(key, &cell.value))
        };
        let collected = self.table.collect_next(walk, collect)?;
        Some(collected.into_iter().flatten().collect())
    }

    /// Removes all entries, part by part. Entries that other threads store during the call may
    /// survive.
    ///
    /// The results of all computations in progress go to the callers that compute them, and are not
    /// stored.
    pub fn clear(&self) {
        self.outdate_all();
        self.remove_where(|_, _| true);
    }

    /// Removes the entries for which `is_it` returns true. It is called with no lock held.
    ///
    /// An entry whose value is replaced during the call is not removed, even if `is_it` has accepted
    /// the old value. The results of all computations in progress are not stored, as for
    /// [`clear`](Self::clear).
    pub fn remove_if(&self, mut is_it: impl FnMut(&K, &V) -> bool)
    where
        V: Clone,
    {
        self.outdate_all();
        let (mut walk, mut chosen) = (Walk::default(), HashSet::new());
        while let Some(copies) = self.table.collect_next(&mut walk, |key, cell| {
            let entry = (cell.mark, cell.version());
            (key.clone(), cell.value.clone(), entry)
        }) {
            let copies = copies.iter().filter(|(key, value, _)| is_it(key, value));
            // Versions are unique in each part, which is a part of the mark.
            chosen.extend(copies.map(|(.., entry)| *entry));
        }
        if !chosen.is_empty() {
            self.remove_where(|mark, version| chosen.contains(&(mark, version)));
        }
    }

    /// Removes the entries that have expired. Insertions do that, too, for two entries each, and so
    /// does a call that finds such an entry. Returns how many entries this call has removed.
    pub fn remove_expired(&self) -> usize {
        let mut removed = 0;
        for part in 0..self.parts.len() as u32 {
            loop {
                let mut victims = Few::new();
                let more = self.part(part).reap(self.time(), REAPED, &mut victims);
                let count = |_: &Gone<K, V>| removed += 1;
                self.tell_all(self.evict(victims).into_iter().inspect(count));
                if !more {
                    break;
                }
            }
        }
        removed
    }

    /// Calls `f` with every key and its value, without taking any lock, until `f` returns an error.
    /// The value is `None` if it is still being computed.
    ///
    /// This is for garbage collectors, which run while no other thread does.
    ///
    /// # Safety
    ///
    /// Until this call returns, no other thread may be inside a method of this cache. Neither may
    /// the calling thread, and `f` must not call such a method.
    ///
    /// # Errors
    ///
    /// The first error of `f`.
    #[cfg(not(any(ft_loom, ft_shuttle)))]
    pub unsafe fn for_each_quiescent<E>(
        &self,
        mut f: impl FnMut(&K, Option<&V>) -> Result<(), E>,
    ) -> Result<(), E> {
        // SAFETY: the caller's promise: a thread inside of the table is inside of the cache.
        unsafe {
            self.table
                .for_each_quiescent(|key, cell| f(key, cell.map(|cell| &cell.value)))
        }?;
        // SAFETY: as above.
        unsafe { self.claims.for_each_quiescent(|key, _| f(key, None)) }
    }

    /// Makes sure that no computation in progress brings back what is removed now.
    fn outdate_all(&self) {
        // Release: pairs with the Acquire of a leader that begins. What was changed before this call
        // is seen by computations of the new epoch. See also `Duty::is_outdated`.
        self.epoch.fetch_add(1, Release);
    }

    fn remove_where(&self, is_it: impl Fn(u32, Version) -> bool) {
        let (now, mut walk) = (self.time(), Walk::default());
        while let Some(removed) = self.table.extract_next(&mut walk, |_, cell| {
            let chosen = is_it(cell.mark, cell.version());
            if chosen {
                self.forget(cell.id());
            }
            chosen
        }) {
            self.tell_all(removed.into_iter().map(|(key, cell)| {
                let over = cell.is_over(now);
                Gone::removed((key, cell), over)
            }));
        }
    }
}
