//! The operations that look for an item.

use crate::{ConcurrentDeque, Query, index::clamped, ring::Ring, search::search};

impl<T: Clone> ConcurrentDeque<T> {
    /// Returns the index of the first item that `query` matches, counted from the front, at the
    /// moment in which the search ends.
    ///
    /// Only the items from index `start` up to, but not including, `stop` are searched. Both are
    /// clamped to the length.
    ///
    /// # Errors
    ///
    /// The error of the first comparison that fails.
    pub fn try_position<Q: Query<T>>(
        &self,
        query: &Q,
        start: isize,
        stop: isize,
    ) -> Result<Option<usize>, Q::Error> {
        let range = |len| {
            let stop = clamped(stop, len);
            clamped(start, len).min(stop)..stop
        };
        search(self, query, range, |_, index| index)
    }

    /// Takes the first item that `query` matches.
    ///
    /// # Errors
    ///
    /// The error of the first comparison that fails. In that case nothing is removed.
    pub fn try_remove<Q: Query<T>>(&self, query: &Q) -> Result<Option<T>, Q::Error> {
        let removed = search(self, query, |len| 0..len, Ring::remove)?;
        Ok(removed.flatten())
    }

    /// Returns how many of the items that are there at one moment `query` matches.
    ///
    /// # Errors
    ///
    /// The error of the first comparison that fails.
    pub fn try_count<Q: Query<T>>(&self, query: &Q) -> Result<usize, Q::Error> {
        let mut count = 0;
        for item in &self.to_vec() {
            count += usize::from(query.matches(item)?);
        }
        Ok(count)
    }
}

impl<T: Clone + Eq> ConcurrentDeque<T> {
    /// Returns whether some item equals `item`.
    ///
    /// This method and the next three compare under the lock, too, so `==` must not use the deque.
    /// If it might, use [`try_position`](Self::try_position), [`try_remove`](Self::try_remove) or
    /// [`try_count`](Self::try_count).
    pub fn contains(&self, item: &T) -> bool {
        self.position(item).is_some()
    }

    /// Returns the index of the first item that equals `item`.
    pub fn position(&self, item: &T) -> Option<usize> {
        self.ring().iter().position(|other| other == item)
    }

    /// Returns the number of items that equal `item`.
    pub fn count(&self, item: &T) -> usize {
        self.ring().iter().filter(|&other| other == item).count()
    }

    /// Removes the first item that equals `item`, and returns whether there was one.
    pub fn remove(&self, item: &T) -> bool {
        let mut ring = self.ring();
        let index = ring.iter().position(|other| other == item);
        let removed = index.and_then(|index| ring.remove(index));
        drop(ring);
        removed.is_some()
    }
}
