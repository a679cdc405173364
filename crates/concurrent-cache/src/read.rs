//! Looking for a key.

use crate::{
    cache::ConcurrentCache,
    cause::Cause,
    cell::{Cell, Version},
    clock::Clock,
    life::Life,
};
use ft_concurrent_dict::{Entry, Query};
use ft_sync::atomic::Ordering::Relaxed;
use std::{
    convert::Infallible,
    hash::{BuildHasher, Hash},
};

/// The outcome of looking for a key.
pub(crate) enum Look<T> {
    Fresh(T),
    /// The value may be used, but somebody should renew it.
    Due {
        value: T,
        version: Version,
        /// Whether the value has not expired yet.
        fresh: bool,
    },
    /// There is no value, or one that is over.
    Absent {
        over: Option<Version>,
    },
}

/// Reading for any [`Query`].
impl<K: Clone, V, S: BuildHasher, C: Clock> ConcurrentCache<K, V, S, C> {
    /// Calls `f` with the value that `query` finds, and returns the result of `f`. If there is no
    /// value, or if it has expired, returns `None`.
    ///
    /// `f` runs under a lock, so it should only copy what it needs. It may read in this cache and in
    /// others, to any depth, if it finds values there that have not expired.
    ///
    /// # Errors
    ///
    /// Those of [`Query::compare`].
    ///
    /// # Panics
    ///
    /// If `f` changes the same part of the cache.
    ///
    /// # Deadlocks
    ///
    /// If `f` waits for another thread that changes the cache, or if `f` changes another part of the
    /// cache while the other thread does the reverse.
    #[inline]
    pub fn try_read<Q, R>(&self, query: &Q, f: impl FnOnce(&V) -> R) -> Result<Option<R>, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let mut f = Some(f);
        // Relaxed: see `time`.
        let mut timed = self.timed.load(Relaxed);
        if !timed {
            let found = self.table.try_read(query, |cell| {
                let cell = cell?;
                timed = cell.life.is_some();
                if timed {
                    return None;
                }
                self.marks.hit(cell.mark);
                f.take().map(|f| f(&cell.value))
            })?;
            if !timed {
                self.asked(found.is_some());
                return Ok(found);
            }
        }
        match f {
            Some(f) => self.read_timed(query, f),
            None => unreachable!("it is called only if the entry has no times"),
        }
    }

    /// Reads where entries expire.
    fn read_timed<Q, R>(&self, query: &Q, f: impl FnOnce(&V) -> R) -> Result<Option<R>, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let found = match self.look(query, f)? {
            Look::Fresh(result) => Some(result),
            Look::Due { value, fresh, .. } => fresh.then_some(value),
            Look::Absent { over } => {
                if let Some(version) = over {
                    self.bury(query, version)?;
                }
                None
            }
        };
        self.asked(found.is_some());
        Ok(found)
    }

    /// Returns whether there is a value that has not expired. It does not count as a hit or a miss.
    ///
    /// # Errors
    ///
    /// Those of [`Query::compare`].
    pub fn try_contains<Q>(&self, query: &Q) -> Result<bool, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        Ok(match self.look(query, |_| ())? {
            Look::Fresh(()) => true,
            Look::Due { fresh, .. } => fresh,
            Look::Absent { .. } => false,
        })
    }

    /// Looks for a key, and marks it if it is found.
    #[inline]
    pub(crate) fn look<Q, R>(&self, query: &Q, f: impl FnOnce(&V) -> R) -> Result<Look<R>, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        // The clock is read outside of the lock, unless this is the first entry with times.
        let now = self.time();
        self.table.try_read(query, |cell| {
            let Some(cell) = cell else {
                return Look::Absent { over: None };
            };
            match &cell.life {
                None => {
                    self.marks.hit(cell.mark);
                    Look::Fresh(f(&cell.value))
                }
                Some(life) => self.look_at(cell, life, now, f),
            }
        })
    }

    fn look_at<R>(
        &self,
        cell: &Cell<V>,
        life: &Life,
        now: Option<u64>,
        f: impl FnOnce(&V) -> R,
    ) -> Look<R> {
        let now = now.unwrap_or_else(|| self.now());
        let version = cell.version();
        if life.is_over(now) {
            return Look::Absent {
                over: Some(version),
            };
        }
        life.touch(now);
        self.marks.hit(cell.mark);
        let value = f(&cell.value);
        match life.is_due(now) {
            false => Look::Fresh(value),
            true => Look::Due {
                value,
                version,
                fresh: life.is_fresh(now),
            },
        }
    }

    /// Removes an entry that is over.
    fn bury<Q>(&self, query: &Q, version: Version) -> Result<(), Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let removed = self.table.try_entry(query, |entry| match entry {
            Entry::Occupied(entry) if entry.get().version() == version => {
                self.forget(entry.get().id());
                Some(entry.remove())
            }
            _ => None,
        })?;
        if let Some((key, cell)) = removed {
            self.tell(Some(&key), &cell.value, Cause::Expired);
        }
        Ok(())
    }
}

/// Reading for keys that are [`Eq`] and [`Hash`].
impl<K: Clone + Eq + Hash, V, S: BuildHasher, C: Clock> ConcurrentCache<K, V, S, C> {
    /// Returns a copy of the value, unless it has expired.
    #[inline]
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        Q: Query<K, Error = Infallible> + ?Sized,
        V: Clone,
    {
        let Ok(value) = self.try_read(key, V::clone);
        value
    }

    /// Returns whether there is a value that has not expired. It does not count as a hit or a miss.
    pub fn contains_key<Q>(&self, key: &Q) -> bool
    where
        Q: Query<K, Error = Infallible> + ?Sized,
    {
        let Ok(found) = self.try_contains(key);
        found
    }
}
