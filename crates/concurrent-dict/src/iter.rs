//! Iteration that is safe while other threads write.

use crate::{
    dict::ConcurrentDict,
    map::Map,
    part::{Shard, Slot},
    table::Walk,
};
use hashbrown::raw::RawIntoIter;
use std::{fmt, iter::FusedIterator, vec};

/// An iterator over copies of the keys and values of a [`ConcurrentDict`].
///
/// It copies one shard at a time, when it gets there, and holds no lock in between. It yields each
/// key that is present all the time exactly once, and no key twice. A key that is inserted or
/// removed meanwhile may or may not be yielded. Each shard is seen as it is at one moment; the
/// whole dictionary is not.
pub struct Iter<'a, K, V, S> {
    dict: &'a ConcurrentDict<K, V, S>,
    walk: Walk,
    ready: vec::IntoIter<(K, V)>,
}

impl<'a, K, V, S> Iter<'a, K, V, S> {
    fn new(dict: &'a ConcurrentDict<K, V, S>) -> Self {
        Self {
            dict,
            walk: Walk::default(),
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
            let copy = |key: &K, value: &V| (key.clone(), value.clone());
            self.ready = self.dict.collect_next(&mut self.walk, copy)?.into_iter();
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

/// An iterator over the keys and values of a [`ConcurrentDict`] that is given up.
pub struct IntoIter<K, V> {
    values: Map<K, V>,
    walk: Walk,
    part: RawIntoIter<Slot<K, V>>,
}

impl<K, V> Iterator for IntoIter<K, V> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        loop {
            if let Some(slot) = self.part.next() {
                return Some((slot.key, slot.value));
            }
            self.part = self.values.take_next(&mut self.walk)?.into_iter();
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.part.len() + self.values.table.len();
        (left, Some(left))
    }
}

impl<K, V> ExactSizeIterator for IntoIter<K, V> {}
impl<K, V> FusedIterator for IntoIter<K, V> {}

impl<K, V> fmt::Debug for IntoIter<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter").finish_non_exhaustive()
    }
}

impl<K, V, S> IntoIterator for ConcurrentDict<K, V, S> {
    type Item = (K, V);
    type IntoIter = IntoIter<K, V>;

    fn into_iter(self) -> IntoIter<K, V> {
        IntoIter {
            values: self.values,
            walk: Walk::default(),
            part: Shard::new().into_iter(),
        }
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
