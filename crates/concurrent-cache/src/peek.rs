//! Looking without using, and looking without missing.

use crate::{cache::ConcurrentCache, clock::Clock, read::Look};
use ft_concurrent_dict::Query;
use std::hash::BuildHasher;

impl<K: Clone, V, S: BuildHasher, C: Clock> ConcurrentCache<K, V, S, C> {
    /// Like [`try_read`](Self::try_read), but it neither counts as a hit or a miss nor keeps the
    /// entry from eviction or expiry.
    ///
    /// # Errors
    ///
    /// Those of [`Query::compare`].
    pub fn try_peek<Q, R>(&self, query: &Q, f: impl FnOnce(&V) -> R) -> Result<Option<R>, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let now = self.time();
        self.table.try_read(query, |cell| {
            let fresh = cell.filter(|cell| cell.is_fresh(now));
            fresh.map(|cell| f(&cell.value))
        })
    }

    /// Like [`try_read`](Self::try_read), but it counts nothing if it returns `None`, and returns
    /// `None` also for a value that should be renewed, or that `f` declines by returning `None`. It
    /// is for callers that go on with [`try_claim`](Self::try_claim) then, which counts.
    ///
    /// # Errors
    ///
    /// Those of [`Query::compare`].
    #[inline]
    pub fn try_hit<Q, R>(
        &self,
        query: &Q,
        f: impl FnOnce(&V) -> Option<R>,
    ) -> Result<Option<R>, Q::Error>
    where
        Q: Query<K> + ?Sized,
    {
        let Look::Fresh(Some(result)) = self.look(query, f)? else {
            return Ok(None);
        };
        self.asked(true);
        Ok(Some(result))
    }
}
