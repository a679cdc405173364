//! Everything that reads values.

use crate::{
    NextError,
    notes::What::{Arrival, Departure},
    segment::Segment,
    shared::{Prospect, Shared, lock},
    slot::Held,
    slow::Slow,
};
use ft_sync::{
    Arc, Event,
    atomic::{
        AtomicBool, AtomicPtr, AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
    deadline_after, hint, spin,
};
use std::{
    fmt,
    iter::FusedIterator,
    ptr,
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
    /// The next key. It goes up one by one, and to `end` when there is nothing more to do. It is
    /// changed under the lock of the slot of the key that it was, or under that of [`Slow`] if that
    /// key has no segment.
    position: AtomicU64,
    /// The segment of a key at which this reader was, or null. A draining reader sets it only while
    /// it is in progress.
    segment: AtomicPtr<Segment<V>>,
    /// Whether `Slow::draining` counts this reader. Changed under that lock.
    is_draining: AtomicBool,
    /// The key whose value was missing when the reader ended because gathering had failed, or
    /// `u64::MAX`, which no reader comes to. Changed under the lock of [`Slow`].
    failed_at: AtomicU64,
    /// Notified when the next value may be there, or will never be.
    event: Arc<Event>,
}

impl<V, E> Reader<V, E> {
    pub(crate) fn new(shared: &Arc<Shared<V, E>>, end: u64, copy: Option<fn(&V) -> V>) -> Self {
        Self {
            shared: Arc::clone(shared),
            end,
            copy,
            position: AtomicU64::new(0),
            segment: AtomicPtr::new(ptr::null_mut()),
            is_draining: AtomicBool::new(false),
            failed_at: AtomicU64::new(u64::MAX),
            event: Arc::new(Event::new()),
        }
    }

    /// Returns the key of the next value, or `None` at the end.
    pub fn position(&self) -> Option<u64> {
        let position = self.at();
        (position < self.end).then_some(position)
    }

    /// Returns the key whose value was missing when the reader ended with [`NextError::Failed`], or
    /// `None` if it has not ended so.
    pub fn failed_at(&self) -> Option<u64> {
        // Relaxed: nothing else is read on the strength of it.
        let key = self.failed_at.load(Relaxed);
        (key != u64::MAX).then_some(key)
    }

    /// Ends the reader here, and wakes the threads that wait for its values.
    pub fn close(&self) {
        self.finish(&mut lock(&self.shared.slow));
        self.event.notify_all();
    }

    /// The event that is notified when the result of [`try_next`](Self::try_next) may have changed,
    /// for callers that wait in their own way. Listen first, then try, then wait.
    pub fn event(&self) -> &Arc<Event> {
        &self.event
    }

    #[inline]
    fn at(&self) -> u64 {
        // Acquire: pairs with the Release in `move_to`. A thread that goes on from here also sees
        // how far `taken` had come.
        self.position.load(Acquire)
    }

    #[inline]
    fn move_to(&self, key: u64) {
        // Release: pairs with the Acquire in `at`.
        self.position.store(key, Release);
    }

    #[inline]
    fn cached(&self) -> Option<&Segment<V>> {
        // Acquire: pairs with the Release in `next_slow`, so the segment is complete.
        let segment = self.segment.load(Acquire);
        // SAFETY: the pointer is null, or that of a segment of `shared`, which lives as long as
        // this.
        unsafe { segment.as_ref() }
    }

    /// Locks the slot of the next key, and returns the key, if that is possible without the lock of
    /// [`Slow`], and there is a value.
    #[inline]
    fn lock_value(&self) -> Option<(u64, Held<'_, V>)> {
        let key = self.at();
        let segment = self.cached()?;
        let slot = segment.slot(key).lock_value()?;
        // The segment may be that of another key, or have become so. And another thread may have
        // moved or ended this reader; from now on, none does.
        // Relaxed: it is changed under the lock of the slot.
        let is_here = self.position.load(Relaxed) == key;
        let is_right = is_here && segment.number() == self.shared.number(key) && key < self.end;
        is_right.then_some((key, slot))
    }

    /// Gets the value from a slot that has one, and moves on.
    #[inline]
    fn read(&self, key: u64, slot: &mut Held<'_, V>) -> Option<V> {
        let value = match self.copy {
            Some(copy) => slot.with(copy),
            None => slot.take(),
        }?;
        if self.copy.is_none() {
            // It was at least `key`, because this reader has passed all keys below. If it is that,
            // nobody else changes it: that takes the lock of the slot, and no reader is in progress
            // when it goes back to 0.
            // Acquire: what the readers before this one did is then visible to whoever sees the
            // value stored here.
            if self.shared.taken.load(Acquire) == key {
                // Release: pairs with the Acquire in `Shared::obstacle`, and with the above.
                self.shared.taken.store(key + 1, Release);
            }
        }
        self.move_to(key + 1);
        Some(value)
    }

    /// Moves the reader to its end, so that it is no longer in progress.
    fn finish(&self, slow: &mut Slow<V, E>) {
        loop {
            let key = self.at();
            if key >= self.end {
                break;
            }
            let slot = self.shared.lock_slot(&slow.index, key);
            // Relaxed: it is changed under the lock of the slot, or the one that the caller has.
            if self.position.load(Relaxed) == key {
                self.move_to(self.end);
                drop(slot);
                // This reader may have left a note there.
                slow.notes.withdraw(key, &self.event);
            }
        }
        if let Some(segment) = self.cached() {
            slow.index.retire(segment.number());
        }
        // Relaxed, below: changed under the lock that the caller has.
        if self.is_draining.load(Relaxed) {
            self.is_draining.store(false, Relaxed);
            slow.draining -= 1;
            if slow.draining == 0 {
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
    #[inline]
    pub fn try_next(&self) -> Result<V, NextError<E>> {
        match self.next_fast() {
            Some(value) => Ok(value),
            None => self.next_slow(true),
        }
    }

    /// As [`try_next`](Self::try_next), but gives the next value a moment to come: a few microseconds
    /// at most. It is for callers that would otherwise go to sleep, which takes longer.
    ///
    /// # Errors
    ///
    /// [`NextError`].
    #[inline]
    pub fn try_next_soon(&self) -> Result<V, NextError<E>> {
        match self.next_fast() {
            Some(value) => Ok(value),
            None => self.next_soon(),
        }
    }

    #[inline]
    fn next_fast(&self) -> Option<V> {
        let (key, mut slot) = self.lock_value()?;
        let value = self.read(key, &mut slot)?;
        if self.copy.is_none() {
            slot.pass();
        }
        drop(slot);
        if key + 1 == self.end {
            self.finish_cold();
        }
        Some(value)
    }

    #[cold]
    fn finish_cold(&self) {
        self.finish(&mut lock(&self.shared.slow));
    }

    #[cold]
    fn next_soon(&self) -> Result<V, NextError<E>> {
        /// Spin hints before each look, of which there are a few. Each look takes the memory with the
        /// next slots away from the thread that is about to use them.
        const HINTS: u32 = 64;

        let slot = |key| {
            let number = self.shared.number(key);
            let here = self.cached().filter(|segment| segment.number() == number);
            here.map(|segment| segment.slot(key))
        };
        if slot(self.at()).is_none() {
            match self.next_slow(false) {
                Err(NextError::Missing) => {}
                done => return done,
            }
        }
        let look = || {
            (0..HINTS).for_each(|_| hint::spin_loop());
            slot(self.at())?.is_ready().then_some(())
        };
        match spin(look).and_then(|()| self.next_fast()) {
            Some(value) => Ok(value),
            None => self.next_slow(true),
        }
    }

    /// `waits` says whether the caller is to be notified if the value is missing.
    #[cold]
    fn next_slow(&self, waits: bool) -> Result<V, NextError<E>> {
        let mut guard = lock(&self.shared.slow);
        let slow = &mut *guard;
        loop {
            let key = self.at();
            if key >= self.end {
                self.finish(slow);
                return Err(NextError::Ended);
            }
            // Relaxed, twice: changed under this lock.
            if self.copy.is_none() && !self.is_draining.load(Relaxed) {
                slow.draining += 1;
                self.is_draining.store(true, Relaxed);
            }
            if self.skip(slow, key) {
                continue;
            }
            self.enter(slow, key);
            let slot = self.shared.lock_slot(&slow.index, key);
            let mut slot = slot.expect("the segment was made");
            // Relaxed: it is changed under the lock of the slot.
            if self.position.load(Relaxed) != key {
                continue;
            }
            if let Some(value) = self.read(key, &mut slot) {
                let signals = match self.copy {
                    Some(_) => None,
                    None => Some(slow.notes.happened(key, Departure)),
                };
                slot.watch(slow.notes.has(key));
                if self.copy.is_none() {
                    slot.pass();
                }
                drop(slot);
                if key + 1 == self.end {
                    self.finish(slow);
                }
                drop(guard);
                if let Some(signals) = signals {
                    signals.give();
                }
                return Ok(value);
            }
            // Acquire: as in `read`.
            if self.copy.is_none() && self.shared.taken.load(Acquire) > key {
                self.move_to(key + 1);
                continue;
            }
            let why = match self.shared.prospect(&slow.failure) {
                Prospect::Open => {
                    if waits {
                        slow.notes.ask(key, Arrival, &self.event);
                        slot.watch(true);
                    }
                    return Err(NextError::Missing);
                }
                Prospect::Failed(reason) => {
                    // Relaxed: see `failed_at`.
                    self.failed_at.store(key, Relaxed);
                    NextError::Failed(reason)
                }
                Prospect::Closed => NextError::Ended,
            };
            drop(slot);
            self.finish(slow);
            drop(guard);
            // Other threads may wait with this reader, and the note by which they would have been
            // found has been withdrawn.
            self.event.notify_all();
            return Err(why);
        }
    }

    /// Moves on to the first key of the next segment, if other readers have taken all values up to
    /// there, and their segment is gone.
    fn skip(&self, slow: &Slow<V, E>, key: u64) -> bool {
        let number = self.shared.number(key);
        // Acquire: as in `read`.
        let taken = self.shared.taken.load(Acquire).min(self.end);
        let last = key | ((1 << self.shared.bits()) - 1);
        let is_passed = self.copy.is_none()
            && last < taken
            && slow.index.get(number).is_none()
            && slow.strays.range(key..=last).next().is_none();
        if is_passed {
            // Nobody else moves this reader: the key has no segment.
            self.move_to(last + 1);
        }
        is_passed
    }

    /// Goes to the segment of the next key. If the one where the reader was has been passed, puts it
    /// aside.
    fn enter(&self, slow: &mut Slow<V, E>, key: u64) {
        if let Some(before) = self.cached() {
            if before.number() != self.shared.number(key) {
                slow.index.retire(before.number());
            }
        }
        let segment = ptr::from_ref(self.shared.segment(slow, key)).cast_mut();
        // Release: pairs with the Acquire in `cached`.
        self.segment.store(segment, Release);
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

    /// Returns the next value, waiting for it as a task. The future can be dropped at any time: the value
    /// then stays where it is.
    ///
    /// ```
    /// use ft_gathering_iter::{GatheringIter, NextError};
    ///
    /// async fn sum(numbers: &GatheringIter<u64, String>) -> Result<u64, String> {
    ///     let (reader, mut sum) = (numbers.drain(100), 0);
    ///     loop {
    ///         match reader.next_async().await {
    ///             Ok(number) => sum += number,
    ///             Err(NextError::Failed(why)) => return Err(why),
    ///             Err(_) => return Ok(sum),
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`NextError`], except [`NextError::Missing`].
    pub async fn next_async(&self) -> Result<V, NextError<E>> {
        let attempt = || match self.try_next() {
            Err(NextError::Missing) => None,
            done => Some(done),
        };
        self.event.wait_until_async(attempt).await
    }

    fn next_wait(&self, deadline: Option<Instant>) -> Result<V, NextError<E>> {
        let mut next = self.try_next_soon();
        loop {
            if !matches!(next, Err(NextError::Missing)) {
                return next;
            }
            let listener = self.event.listen();
            next = self.try_next();
            if matches!(next, Err(NextError::Missing)) && !listener.wait_deadline(deadline) {
                return self.try_next();
            }
        }
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
        self.finish(&mut lock(&self.shared.slow));
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
