//! Everything that stores values.

use crate::{
    error::{InsertError, Refusal},
    gathering::GatheringIter,
    notes::What::{Arrival, Departure},
    shared::{Prospect, Shared, lock},
};
use ft_sync::{
    Arc, Event,
    atomic::Ordering::{Acquire, Relaxed},
    deadline_after,
};
use std::time::{Duration, Instant};

/// Inserting.
impl<V, E: Clone> GatheringIter<V, E> {
    /// Stores a value, waiting while the key is beyond the window, and returns the unread value
    /// that it replaces, if there is one.
    ///
    /// # Errors
    ///
    /// [`Refusal::Closed`], and [`Refusal::Failed`] if it had to wait.
    pub fn insert(&self, key: u64, value: V) -> Result<Option<V>, InsertError<V, E>> {
        self.insert_wait(key, value, || None)
    }

    /// Stores a value, if the key is within the window, and returns the one that it replaces.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    #[inline]
    pub fn try_insert(&self, key: u64, value: V) -> Result<Option<V>, InsertError<V, E>> {
        match self.0.admit(key, None) {
            Ok(()) => self.0.store(key, value),
            Err(reason) => Err(InsertError { value, reason }),
        }
    }

    /// As [`insert`](Self::insert), waiting at most `timeout`. A timeout too large for the clock
    /// waits for ever.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub fn insert_timeout(
        &self,
        key: u64,
        value: V,
        timeout: Duration,
    ) -> Result<Option<V>, InsertError<V, E>> {
        self.insert_wait(key, value, || deadline_after(timeout))
    }

    /// As [`insert`](Self::insert), waiting until `deadline`.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub fn insert_deadline(
        &self,
        key: u64,
        value: V,
        deadline: Instant,
    ) -> Result<Option<V>, InsertError<V, E>> {
        self.insert_wait(key, value, || Some(deadline))
    }

    /// Returns an insertion for a caller that waits for room in its own way.
    pub fn insertion(&self, key: u64, value: V) -> Insertion<'_, V, E> {
        Insertion::new(&self.0, key, value)
    }

    #[inline]
    fn insert_wait(
        &self,
        key: u64,
        value: V,
        deadline: impl FnOnce() -> Option<Instant>,
    ) -> Result<Option<V>, InsertError<V, E>> {
        let InsertError { value, reason } = match self.try_insert(key, value) {
            Ok(replaced) => return Ok(replaced),
            Err(refused) => refused,
        };
        match reason {
            Refusal::Full => self.insertion(key, value).wait(deadline()),
            reason => Err(InsertError { value, reason }),
        }
    }
}

impl<V, E: Clone> Shared<V, E> {
    /// Checks whether the key is within the window. If it is not, but may be later, leaves a note
    /// for `waiter`.
    #[inline]
    pub(crate) fn admit(&self, key: u64, waiter: Option<&Arc<Event>>) -> Result<(), Refusal<E>> {
        match self.obstacle(key) {
            None => Ok(()),
            Some(obstacle) => self.admit_after(obstacle, waiter),
        }
    }

    /// Returns the key that has to be taken before this one is within the window.
    #[inline]
    fn obstacle(&self, key: u64) -> Option<u64> {
        let obstacle = key.checked_sub(self.window()?.get())?;
        // Acquire: pairs with the Release in `Reader::try_next`. What the readers did before they
        // made room is visible to the insertion that uses the room. A stale value may name a key
        // that was taken meanwhile, which `admit_after` sees, or may admit a key that was within
        // the window until the readers started anew.
        (self.taken.load(Acquire) <= obstacle).then_some(obstacle)
    }

    #[cold]
    fn admit_after(&self, obstacle: u64, waiter: Option<&Arc<Event>>) -> Result<(), Refusal<E>> {
        let mut guard = lock(&self.slow);
        let slow = &mut *guard;
        // `taken` goes beyond the key under the lock of its slot, or of `slow`. Either this thread
        // sees that it has, or the reader that takes the key finds the note: it may do that without
        // the lock of `slow` only if the slot is not marked.
        let mut slot = self.lock_slot(&slow.index, obstacle);
        // Acquire: as in `obstacle`.
        if self.taken.load(Acquire) > obstacle {
            return Ok(());
        }
        match self.prospect(&slow.failure) {
            Prospect::Open => {
                if let Some(event) = waiter {
                    slow.notes.ask(obstacle, Departure, event);
                    if let Some(slot) = &mut slot {
                        slot.watch(true);
                    }
                }
                Err(Refusal::Full)
            }
            Prospect::Failed(reason) => Err(Refusal::Failed(reason)),
            Prospect::Closed => Err(Refusal::Closed),
        }
    }

    /// Stores a value, and returns the one before.
    #[inline]
    pub(crate) fn store(&self, key: u64, value: V) -> Result<Option<V>, InsertError<V, E>> {
        let Some(mut slot) = self.lock_empty(key) else {
            return self.store_slow(key, value);
        };
        // A reader that ends because gathering is closed has seen that while it had the slot of the
        // missing key locked. If this thread locks the slot later, it sees the end, too; and if it
        // locks the slot earlier, the reader finds the value.
        if self.is_closed() {
            let reason = Refusal::Closed;
            return Err(InsertError { value, reason });
        }
        slot.put(value);
        Ok(None)
    }

    #[cold]
    fn store_slow(&self, key: u64, value: V) -> Result<Option<V>, InsertError<V, E>> {
        let mut guard = lock(&self.slow);
        let slow = &mut *guard;
        if self.is_closed() {
            drop(guard);
            let reason = Refusal::Closed;
            return Err(InsertError { value, reason });
        }
        let has_segment = slow.index.get(self.number(key)).is_some();
        // Relaxed: it is a guess at what readers will do.
        let (replaced, signals) =
            if has_segment || slow.is_dense(key, self.bits(), self.taken.load(Relaxed)) {
                self.segment(slow, key);
                let mut slot = self.lock_slot(&slow.index, key).expect("it has a segment");
                let replaced = slot.put(value);
                let signals = slow.notes.happened(key, Arrival);
                slot.watch(slow.notes.has(key));
                (replaced, signals)
            } else {
                let replaced = slow.strays.insert(key, value);
                (replaced, slow.notes.happened(key, Arrival))
            };
        drop(guard);
        signals.give();
        Ok(replaced)
    }
}

/// An insertion that may have to wait.
/// [`GatheringIter::insertion`](crate::GatheringIter::insertion) makes it for callers that wait in
/// their own way.
///
/// Listen to the [event](Self::event) first, then [attempt](Self::attempt), then wait. To give up,
/// drop it: that leaves no trace.
///
/// ```
/// use ft_gathering_iter::{GatheringIter, InsertError};
///
/// fn insert_with(gathering: &GatheringIter<u8>, key: u64, value: u8, idle: impl Fn()) {
///     let mut insertion = gathering.insertion(key, value);
///     let event = insertion.event().clone();
///     loop {
///         let listener = event.listen();
///         if let Some(done) = insertion.attempt() {
///             done.unwrap();
///             return;
///         }
///         idle();
///         listener.wait();
///     }
/// }
///
/// let gathering = GatheringIter::new();
/// insert_with(&gathering, 0, 7, || println!("waiting"));
/// assert_eq!(gathering.drain(1).try_next(), Ok(7));
/// ```
pub struct Insertion<'a, V, E> {
    shared: &'a Shared<V, E>,
    key: u64,
    /// `None` once the insertion is done.
    value: Option<V>,
    /// Notified when an attempt may succeed.
    event: Arc<Event>,
}

impl<'a, V, E: Clone> Insertion<'a, V, E> {
    pub(crate) fn new(shared: &'a Shared<V, E>, key: u64, value: V) -> Self {
        Self {
            shared,
            key,
            value: Some(value),
            event: Arc::new(Event::new()),
        }
    }

    /// Stores the value. Returns `None` if the insertion has to wait for room, or was done before.
    ///
    /// # Errors
    ///
    /// [`Refusal::Closed`] and [`Refusal::Failed`], which are final.
    pub fn attempt(&mut self) -> Option<Result<Option<V>, InsertError<V, E>>> {
        let admitted = match self.shared.admit(self.key, Some(&self.event)) {
            Err(Refusal::Full) => return None,
            admitted => admitted,
        };
        let value = self.value.take()?;
        Some(match admitted {
            Ok(()) => self.shared.store(self.key, value),
            Err(reason) => Err(InsertError { value, reason }),
        })
    }

    /// The event that is notified when an attempt may succeed.
    pub fn event(&self) -> &Arc<Event> {
        &self.event
    }

    pub(crate) fn wait(
        mut self,
        deadline: Option<Instant>,
    ) -> Result<Option<V>, InsertError<V, E>> {
        let event = Arc::clone(&self.event);
        let done = event.wait_until(deadline, || self.attempt());
        done.unwrap_or_else(|| {
            let value = self.value.take().expect("no attempt has succeeded");
            let reason = Refusal::Full;
            Err(InsertError { value, reason })
        })
    }
}

impl<V, E> Drop for Insertion<'_, V, E> {
    fn drop(&mut self) {
        let window = self.shared.window();
        if let Some(obstacle) = window.and_then(|n| self.key.checked_sub(n.get())) {
            let mut slow = lock(&self.shared.slow);
            slow.notes.withdraw(obstacle, &self.event);
        }
    }
}
