//! Iteration that is safe while other threads write.

use crate::dict::ConcurrentDict;
use std::{fmt, iter::FusedIterator, vec};

/// An iterator over copies of the keys and values of a [`ConcurrentDict`].
///
/// It copies one shard at a time, when it gets there, and holds no lock in between. It yields each
/// key that is present all the time exactly once, and no key twice. A key that is inserted or
/// removed meanwhile may or may not be yielded. Each shard is seen as it is at one moment; the
/// whole dictionary is not.
pub struct Iter<'a, K, V, S> {
    dict: &'a ConcurrentDict<K, V, S>,
    next_shard: usize,
    ready: vec::IntoIter<(K, V)>,
}

impl<'a, K, V, S> Iter<'a, K, V, S> {
    fn new(dict: &'a ConcurrentDict<K, V, S>) -> Self {
        Self {
            dict,
            next_shard: 0,
            ready: Vec::new().into_iter(),
        }
    }
}

impl<K: Clone, V: Clone, S> Iterator for Iter<'_, K, V, S> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        loop {
            if let Some(item) = self.ready.next() {
                return Some(item);
            }
            if self.next_shard == self.dict.shards() {
                return None;
            }
            self.ready = self.dict.copy_shard(self.next_shard).into_iter();
            self.next_shard += 1;
        }
    }
}

impl<K: Clone, V: Clone, S> FusedIterator for Iter<'_, K, V, S> {}

impl<K, V, S> fmt::Debug for Iter<'_, K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}

impl<K: Clone, V, S> ConcurrentDict<K, V, S> {
    /// Iterates over copies of the keys and values. [`Iter`] describes the effect of concurrent
    /// writes.
    pub fn iter(&self) -> Iter<'_, K, V, S>
    where
        V: Clone,
    {
        Iter::new(self)
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
