//! A query that is hashed once for several lookups.

use ft_concurrent_dict::Query;
use std::hash::BuildHasher;

/// A query with its hash.
pub(crate) struct Hashed<'a, Q: ?Sized> {
    pub(crate) query: &'a Q,
    pub(crate) hash: u64,
}

impl<K, Q: Query<K> + ?Sized> Query<K> for Hashed<'_, Q> {
    type Error = Q::Error;

    #[inline]
    fn hash<S: BuildHasher>(&self, _: &S) -> u64 {
        self.hash
    }

    #[inline]
    fn glance(&self, stored: &K) -> bool {
        self.query.glance(stored)
    }

    #[inline]
    fn peek(&self, stored: &K) -> Option<bool> {
        self.query.peek(stored)
    }

    fn compare(&self, stored: &K) -> Result<bool, Q::Error> {
        self.query.compare(stored)
    }

    fn keep(stored: &K) -> K {
        Q::keep(stored)
    }

    fn is_same(one: &K, other: &K) -> bool {
        Q::is_same(one, other)
    }
}
