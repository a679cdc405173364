//! Everything that reads values.

use crate::{
    NextError,
    shard::What::{Arrival, Departure},
    shared::{Prospect, Shared, lock},
};
use ft_sync::{
    Arc, Event, Mutex,
    atomic::Ordering::{Relaxed, Release},
    deadline_after,
};
use std::{
    fmt,
    iter::FusedIterator,
    time::{Duration, Instant},
};

/// Hands out values in the order of their keys, from key 0 to its end. It is made by
/// [`drain`](crate::GatheringIter::drain) and [`iter`](crate::GatheringIter::iter).
///
/// As an iterator it waits for each value, and if gathering fails its last item is the reason.
/// Other methods wait for a limited time. All of them take `&self`: threads that share a reader get
/// each value once.
pub struct Reader<V, E> {
    shared: Arc<Shared<V, E>>,
    end: u64,
    /// Clones a value, to leave it where it is. `None`: the reader takes values out.
    copy: Option<fn(&V) -> V>,
    /// It is locked before a shard is.
    cursor: Mutex<Cursor>,
    /// Notified when the next value may be there, or will never be.
    event: Arc<Event>,
}

struct Cursor {
    /// The next key. It goes up one by one, and to `end` when there is nothing more to do.
    position: u64,
    /// Whether `Shared::draining` counts this reader.
    is_draining: bool,
    /// The key whose value was missing when the reader ended because gathering had failed.
    failed_at: Option<u64>,
}

impl<V, E> Reader<V, E> {
    pub(crate) fn new(shared: &Arc<Shared<V, E>>, end: u64, copy: Option<fn(&V) -> V>) -> Self {
        Self {
            shared: Arc::clone(shared),
            end,
            copy,
            cursor: Mutex::new(Cursor {
                position: 0,
                is_draining: false,
                failed_at: None,
            }),
            event: Arc::new(Event::new()),
        }
    }

    /// Returns the key of the next value, or `None` at the end.
    pub fn position(&self) -> Option<u64> {
        let position = lock(&self.cursor).position;
        (position < self.end).then_some(position)
    }

    /// Returns the key whose value was missing when the reader ended with [`NextError::Failed`], or
    /// `None` if it has not ended so.
    pub fn failed_at(&self) -> Option<u64> {
        lock(&self.cursor).failed_at
    }

    /// Ends the reader here, and wakes the threads that wait for its values.
    pub fn close(&self) {
        self.finish(&mut lock(&self.cursor));
        self.event.notify_all();
    }

    /// The event that is notified when the result of [`try_next`](Self::try_next) may have changed,
    /// for callers that wait in their own way. Listen first, then try, then wait.
    pub fn event(&self) -> &Arc<Event> {
        &self.event
    }

    /// Moves the reader to its end, so that it is no longer in progress.
    fn finish(&self, cursor: &mut Cursor) {
        if cursor.position < self.end {
            // This reader may have left a note there.
            self.shared.shard(cursor.position).withdraw(&self.event);
            cursor.position = self.end;
        }
        if std::mem::take(&mut cursor.is_draining) {
            let mut draining = lock(&self.shared.draining);
            *draining -= 1;
            if *draining == 0 {
                // Relaxed: no reader is in progress that could see it, and the next one begins
                // under this lock. Insertions may see it late: see `Shared::obstacle`.
                self.shared.taken.store(0, Relaxed);
            }
        }
    }
}

impl<V, E: Clone> Reader<V, E> {
    /// Returns the next value, if it is there.
    ///
    /// # Errors
    ///
    /// [`NextError`].
    pub fn try_next(&self) -> Result<V, NextError<E>> {
        let mut cursor = lock(&self.cursor);
        while cursor.position < self.end {
            if self.copy.is_none() && !cursor.is_draining {
                *lock(&self.shared.draining) += 1;
                cursor.is_draining = true;
            }
            let key = cursor.position;
            let mut shard = self.shared.shard(key);
            let value = match self.copy {
                Some(copy) => shard.values.get(&key).map(copy),
                None => shard.values.remove(&key),
            };
            if let Some(value) = value {
                if self.copy.is_none() {
                    // Release: pairs with the Acquire in `Shared::obstacle`. Other threads see it
                    // under the lock of the shard. It was at least `key`, because this reader has
                    // passed all keys below.
                    self.shared.taken.fetch_max(key + 1, Release);
                    let signals = shard.happened(key, Departure);
                    drop(shard);
                    signals.give();
                } else {
                    drop(shard);
                }
                cursor.position += 1;
                if cursor.position == self.end {
                    self.finish(&mut cursor);
                }
                return Ok(value);
            }
            // Relaxed: `taken` goes beyond the key under the lock that this thread has.
            if self.copy.is_none() && self.shared.taken.load(Relaxed) > key {
                cursor.position += 1;
                continue;
            }
            let why = match self.shared.prospect() {
                Prospect::Open => {
                    shard.ask(key, Arrival, &self.event);
                    return Err(NextError::Missing);
                }
                Prospect::Failed(reason) => {
                    cursor.failed_at = Some(key);
                    NextError::Failed(reason)
                }
                Prospect::Closed => NextError::Ended,
            };
            drop(shard);
            self.finish(&mut cursor);
            drop(cursor);
            // Other threads may wait with this reader, and the note by which they would have been
            // found has been withdrawn.
            self.event.notify_all();
            return Err(why);
        }
        self.finish(&mut cursor);
        Err(NextError::Ended)
    }

    /// Returns the next value, waiting for it for at most `timeout`. A call that times out leaves
    /// the reader where it is.
    ///
    /// A timeout too large for the clock waits for ever.
    ///
    /// # Errors
    ///
    /// [`NextError`].
    pub fn next_timeout(&self, timeout: Duration) -> Result<V, NextError<E>> {
        // This saves a look at the clock when there is no need to wait.
        match self.try_next() {
            Err(NextError::Missing) => self.next_wait(deadline_after(timeout)),
            done => done,
        }
    }

    /// Returns the next value, waiting until `deadline` for it. A call that times out leaves the
    /// reader where it is.
    ///
    /// # Errors
    ///
    /// [`NextError`].
    pub fn next_deadline(&self, deadline: Instant) -> Result<V, NextError<E>> {
        self.next_wait(Some(deadline))
    }

    fn next_wait(&self, deadline: Option<Instant>) -> Result<V, NextError<E>> {
        let attempt = || match self.try_next() {
            Err(NextError::Missing) => None,
            done => Some(done),
        };
        let done = self.event.wait_until(deadline, attempt);
        done.unwrap_or(Err(NextError::Missing))
    }
}

impl<V, E: Clone> Iterator for &Reader<V, E> {
    type Item = Result<V, E>;

    fn next(&mut self) -> Option<Result<V, E>> {
        match self.next_wait(None) {
            Ok(value) => Some(Ok(value)),
            Err(NextError::Failed(reason)) => Some(Err(reason)),
            Err(_) => None,
        }
    }
}

impl<V, E: Clone> Iterator for Reader<V, E> {
    type Item = Result<V, E>;

    fn next(&mut self) -> Option<Result<V, E>> {
        (&*self).next()
    }
}

// The end is final.
impl<V, E: Clone> FusedIterator for &Reader<V, E> {}
impl<V, E: Clone> FusedIterator for Reader<V, E> {}

impl<V, E> Drop for Reader<V, E> {
    fn drop(&mut self) {
        self.finish(&mut lock(&self.cursor));
    }
}

impl<V, E> fmt::Debug for Reader<V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("position", &self.position())
            .field("end", &self.end)
            .field("drains", &self.copy.is_none())
            .finish_non_exhaustive()
    }
}
