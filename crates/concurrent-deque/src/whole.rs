//! The operations on all items.

use std::{
    collections::{TryReserveError, VecDeque},
    sync::TryLockError,
};

use crate::ConcurrentDeque;

impl<T> ConcurrentDeque<T> {
    /// Takes out all items.
    ///
    /// ```
    /// use ft_concurrent_deque::ConcurrentDeque;
    ///
    /// let deque: ConcurrentDeque<_> = [1, 2].into_iter().collect();
    /// assert_eq!(deque.take(), [1, 2]);
    /// assert!(deque.is_empty());
    /// ```
    pub fn take(&self) -> VecDeque<T> {
        self.ring().take()
    }

    /// Moves the last `steps` items to the front. If `steps` is negative, moves the first items to
    /// the back instead.
    ///
    /// Steps count modulo the number of items.
    pub fn rotate(&self, steps: isize) {
        self.ring().rotate(steps);
    }

    /// Reverses the order of the items.
    pub fn reverse(&self) {
        self.ring().reverse();
    }

    /// Calls `visit` with every item, in order, until it returns an error. Does nothing if another
    /// thread has locked the deque.
    ///
    /// It waits for no thread and allocates nothing, because it is made for garbage collectors that
    /// look for references while all threads are stopped. `visit` must not use the deque.
    ///
    /// # Errors
    ///
    /// The error that `visit` returns.
    ///
    /// ```
    /// use ft_concurrent_deque::ConcurrentDeque;
    ///
    /// let deque: ConcurrentDeque<_> = (1..=5).collect();
    /// let mut seen = vec![];
    /// let result = deque.for_each_quiescent(|&n: &u32| {
    ///     seen.push(n);
    ///     if n < 3 { Ok(()) } else { Err("enough") }
    /// });
    /// assert_eq!(result, Err("enough"));
    /// assert_eq!(seen, [1, 2, 3]);
    /// ```
    pub fn for_each_quiescent<E>(&self, visit: impl FnMut(&T) -> Result<(), E>) -> Result<(), E> {
        let ring = match self.ring.try_lock() {
            Ok(ring) => ring,
            // As in `ring`: it is still intact.
            Err(TryLockError::Poisoned(err)) => err.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(()),
        };
        ring.iter().try_for_each(visit)
    }
}

impl<T: Clone> ConcurrentDeque<T> {
    /// Returns clones of all items, as they are at one moment.
    pub fn to_vec(&self) -> Vec<T> {
        let mut items = Vec::new();
        loop {
            let ring = self.ring();
            if ring.len() <= items.capacity() {
                items.extend(ring.iter().cloned());
                return items;
            }
            let len = ring.len();
            drop(ring);
            // Memory is allocated without the lock.
            items.reserve(len);
        }
    }

    /// Appends clones of all items until each is there `times` times. With 0 or less it takes out
    /// everything. Returns the items that were pushed out. Clones that would not stay are not made.
    ///
    /// # Errors
    ///
    /// If the items do not fit into memory. Nothing has changed then.
    ///
    /// ```
    /// use ft_concurrent_deque::ConcurrentDeque;
    ///
    /// let deque: ConcurrentDeque<_> = [1, 2].into_iter().collect();
    /// deque.repeat(3)?;
    /// assert_eq!(deque.to_vec(), [1, 2, 1, 2, 1, 2]);
    /// assert!(deque.repeat(isize::MAX).is_err());
    /// assert_eq!(deque.len(), 6);
    /// # Ok::<(), std::collections::TryReserveError>(())
    /// ```
    pub fn repeat(&self, times: isize) -> Result<VecDeque<T>, TryReserveError> {
        let Some(more) = usize::try_from(times)
            .ok()
            .and_then(|times| times.checked_sub(1))
        else {
            return Ok(self.take());
        };
        // If a clone panics, the clones made before it are dropped without the lock.
        let mut clones = Vec::new();
        let mut ring = self.ring();
        let before = ring.len();
        if before == 0 {
            return Ok(VecDeque::new());
        }
        // More copies would not change the last `maxlen` items.
        let copies = more.min(self.maxlen.div_ceil(before));
        ring.append_copies(copies, &mut clones)?;
        let excess = ring.len().saturating_sub(self.maxlen);
        let pushed_out = ring.drain_front(excess).collect();
        let added = before.saturating_mul(copies);
        drop(ring);
        self.not_empty.notify(added);
        Ok(pushed_out)
    }
}
