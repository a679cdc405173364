//! A gathering, and how it ends.

use std::{convert::Infallible, fmt, num::NonZeroU64};

use ft_sync::{Arc, atomic::Ordering::Relaxed};

use crate::{
    reader::Reader,
    segment::Segment,
    shared::{CLOSED, FAILED, OPEN, Shared, lock, try_lock},
};

/// How many slots a segment has. A segment of this size takes 2 kB if values are pointers, and its
/// making and its end, which are done under a lock, cost little for each value.
const SLOTS: usize = 128;
/// There are never more slots in a segment than this, however many are asked for.
const MAX_SLOTS: usize = 1 << 16;

/// Gathers values by key from many threads, for readers that get them in the order of the keys.
///
/// `E` is the reason that readers are given when gathering has [failed](Self::fail).
///
/// This is a handle. Its clones are handles for the same values. See the [crate docs](crate) for
/// how readers share the values.
///
/// ```
/// use ft_gathering_iter::{GatheringIter, InsertError, NextError, Refusal};
///
/// let gathering = GatheringIter::<_, String>::new();
/// gathering.insert(1, 'b')?;
/// let reader = gathering.drain(10);
/// assert_eq!(reader.try_next(), Err(NextError::Missing));
/// gathering.insert(0, 'a')?;
/// assert_eq!(reader.try_next(), Ok('a'));
/// assert_eq!(reader.try_next(), Ok('b'));
///
/// gathering.close();
/// assert_eq!(reader.try_next(), Err(NextError::Ended));
/// let (value, reason) = ('c', Refusal::Closed);
/// assert_eq!(gathering.insert(2, 'c'), Err(InsertError { value, reason }));
/// # Ok::<(), InsertError<char, String>>(())
/// ```
pub struct GatheringIter<V, E = Infallible>(pub(crate) Arc<Shared<V, E>>);

impl<V, E> GatheringIter<V, E> {
    /// Creates a gathering that takes any key at any time.
    pub fn new() -> Self {
        Self::with_segments(SLOTS, None)
    }

    /// Creates a gathering that takes a key only if it is less than `window` ahead of what draining
    /// readers have taken, so that at most `window` values lie ahead of these readers. (Values whose
    /// keys are behind them, because they were inserted once more, do not count.)
    ///
    /// The next key of a reader is always within the window. With no draining reader in progress
    /// the window begins at 0. Readers made by [`iter`](Self::iter) do not move it.
    ///
    /// ```
    /// use ft_gathering_iter::{GatheringIter, InsertError, Refusal};
    ///
    /// let gathering: GatheringIter<_> = GatheringIter::with_window(2.try_into().unwrap());
    /// let reader = gathering.drain(10);
    /// gathering.try_insert(1, 'b').unwrap();
    /// let (value, reason) = ('c', Refusal::Full);
    /// assert_eq!(gathering.try_insert(2, 'c'), Err(InsertError { value, reason }));
    ///
    /// gathering.try_insert(0, 'a').unwrap();
    /// assert_eq!(reader.try_next(), Ok('a'));
    /// assert_eq!(gathering.try_insert(2, 'c'), Ok(None));
    /// ```
    pub fn with_window(window: NonZeroU64) -> Self {
        Self::with_segments(SLOTS, Some(window))
    }

    /// As [`new`](Self::new) or [`with_window`](Self::with_window), with the number of keys whose
    /// values share a segment. The first value in a segment allocates memory for all of them.
    ///
    /// The number is rounded up to a power of two, and kept between 1 and 65,536.
    pub fn with_segments(slots: usize, window: Option<NonZeroU64>) -> Self {
        let slots = slots.clamp(1, MAX_SLOTS).next_power_of_two();
        Self(Arc::new(Shared::new(slots.trailing_zeros(), window)))
    }

    /// Returns the window, or `None` if there is none.
    pub fn window(&self) -> Option<NonZeroU64> {
        self.0.window()
    }

    /// Returns the number of values that are there, adding up one key after another. So it takes
    /// time in proportion to that number, and others may come or go meanwhile.
    pub fn len(&self) -> usize {
        lock(&self.0.slow).len()
    }

    /// Returns whether each key had no value at the moment at which it was looked at.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes out and returns all values, one after another, in no particular order. Readers in
    /// progress wait for the values to be inserted again.
    pub fn clear(&self) -> Vec<V> {
        lock(&self.0.slow).clear(self.0.bits())
    }

    /// Returns a reader that takes out the values of keys below `end`, in order.
    pub fn drain(&self, end: u64) -> Reader<V, E> {
        Reader::new(&self.0, end, None)
    }

    /// Returns a reader that clones the values of keys below `end`, in order.
    ///
    /// # Deadlocks
    ///
    /// A value is cloned under the lock of its key, and sometimes under the one that all keys share.
    /// So a `clone` that uses this object may wait for itself.
    pub fn iter(&self, end: u64) -> Reader<V, E>
    where
        V: Clone,
    {
        Reader::new(&self.0, end, Some(V::clone))
    }

    /// Ends gathering: no more values come. Returns false if gathering was closed or had failed
    /// before, and then changes nothing.
    ///
    /// Readers get what is there, up to the first key that is missing, and then end. Insertions are
    /// refused, including those that wait for room.
    pub fn close(&self) -> bool {
        self.0.end(CLOSED, None)
    }

    /// Makes gathering fail: some value will not come, for this reason. Returns false if gathering
    /// was closed or had failed before, and then changes nothing.
    ///
    /// Readers get what is there, up to the first key that is missing, and then the reason.
    /// Insertions go on, except those that would have to wait for room.
    pub fn fail(&self, reason: E) -> bool {
        self.0.end(FAILED, Some(reason))
    }

    /// Takes back a [`fail`](Self::fail), and returns its reason. Readers wait again, except those
    /// that have ended with the failure.
    pub fn clear_failure(&self) -> Option<E> {
        let mut slow = lock(&self.0.slow);
        let reason = slow.failure.take();
        if reason.is_some() {
            // Relaxed: it publishes nothing.
            self.0.state().store(OPEN, Relaxed);
        }
        reason
    }

    /// Returns the reason for the failure, if gathering has failed.
    pub fn failure(&self) -> Option<E>
    where
        E: Clone,
    {
        lock(&self.0.slow).failure.clone()
    }

    /// Returns whether gathering was closed.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Calls `value` with every value and `failure` with the reason of a failure, until one of them
    /// returns an error. It waits for no lock, and leaves out what another thread has locked.
    ///
    /// It is made for garbage collectors, which run while all other threads are stopped. The
    /// functions must not use this object.
    ///
    /// # Errors
    ///
    /// The first error of one of the functions.
    pub fn visit<X>(
        &self,
        value: impl Fn(&V) -> Result<(), X>,
        failure: impl Fn(&E) -> Result<(), X>,
    ) -> Result<(), X> {
        let Some(slow) = try_lock(&self.0.slow) else {
            return Ok(());
        };
        for slot in slow.index.iter().flat_map(Segment::slots) {
            if let Some(slot) = slot.try_lock() {
                slot.with(&value).transpose()?;
            }
        }
        slow.strays.values().try_for_each(value)?;
        slow.failure.iter().try_for_each(failure)
    }
}

impl<V, E> Clone for GatheringIter<V, E> {
    /// Returns another handle for the same values.
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V, E> Default for GatheringIter<V, E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V, E> fmt::Debug for GatheringIter<V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Relaxed: it is shown to people, and decides nothing.
        let state = match self.0.state().load(Relaxed) {
            OPEN => "open",
            FAILED => "failed",
            _ => "closed",
        };
        f.debug_struct("GatheringIter")
            .field("len", &self.len())
            .field("window", &self.0.window())
            .field("state", &format_args!("{state}"))
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod tests {
    use super::*;

    /// Readers that pass over each other's keys leave no segment behind.
    #[test]
    fn shared_segments_are_used_again() {
        let gathering: GatheringIter<u64> = GatheringIter::with_segments(4, None);
        let readers = [(); 3].map(|()| gathering.drain(1_000));
        for key in 0..1_000 {
            gathering.insert(key, key).unwrap();
            // In turn, so that each reader finds keys that the others have taken.
            assert_eq!(readers[key as usize % 3].try_next(), Ok(key));
            let segments = lock(&gathering.0.slow).index.iter().count();
            assert!(segments <= 3, "{segments} segments at key {key}");
        }
    }
}
