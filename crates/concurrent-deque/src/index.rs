//! The operations at an index.

use crate::{ConcurrentDeque, Full, OutOfRange};

impl<T> ConcurrentDeque<T> {
    /// Inserts an item before the one at `index`. An index beyond an end inserts at that end.
    ///
    /// # Errors
    ///
    /// Returns the item if there is no room for it.
    ///
    /// ```
    /// use ft_concurrent_deque::{ConcurrentDeque, Full};
    ///
    /// let deque = ConcurrentDeque::with_maxlen(3);
    /// deque.extend_back(vec!['a', 'c']);
    /// assert_eq!(deque.insert(-1, 'b'), Ok(()));
    /// assert_eq!(deque.insert(0, 'd'), Err(Full('d')));
    /// assert_eq!(deque.to_vec(), ['a', 'b', 'c']);
    /// ```
    pub fn insert(&self, index: isize, item: T) -> Result<(), Full<T>> {
        let mut ring = self.ring();
        if ring.len() >= self.maxlen {
            drop(ring);
            return Err(Full(item));
        }
        let index = clamped(index, ring.len());
        ring.insert(index, item);
        drop(ring);
        self.not_empty.notify(1);
        Ok(())
    }

    /// Takes the item at `index`, if there is one.
    pub fn remove_at(&self, index: isize) -> Option<T> {
        let mut ring = self.ring();
        let index = resolved(index, ring.len())?;
        ring.remove(index)
    }

    /// Replaces the item at `index`, and returns the old one.
    ///
    /// # Errors
    ///
    /// Hands the new item back if there is no old one.
    pub fn set(&self, index: isize, item: T) -> Result<T, OutOfRange<T>> {
        let mut ring = self.ring();
        match resolved(index, ring.len()) {
            Some(index) => Ok(ring.replace(index, item)),
            None => {
                drop(ring);
                Err(OutOfRange(item))
            }
        }
    }
}

impl<T: Clone> ConcurrentDeque<T> {
    /// Returns a clone of the item at `index`, if there is one.
    #[inline]
    pub fn get(&self, index: isize) -> Option<T> {
        let ring = self.ring();
        let index = resolved(index, ring.len())?;
        ring.get(index).cloned()
    }
}

/// Returns the place of an index that may count from either end, if there is such a place.
#[inline]
fn resolved(index: isize, len: usize) -> Option<usize> {
    let index = if index < 0 {
        len.checked_sub(index.unsigned_abs())?
    } else {
        index as usize
    };
    (index < len).then_some(index)
}

/// Returns the place that an index from either end means. An index beyond an end means that end.
pub(crate) fn clamped(index: isize, len: usize) -> usize {
    if index < 0 {
        len.saturating_sub(index.unsigned_abs())
    } else {
        len.min(index as usize)
    }
}
