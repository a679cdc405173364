//! All operations that store values.

use crate::{
    InsertError, Prospect, Refusal, Shared,
    shard::What::{Arrival, Departure},
};
use ft_sync::{
    Arc, Event,
    atomic::Ordering::{Acquire, Relaxed},
};
use std::time::Instant;

impl<V, E: Clone> Shared<V, E> {
    /// Checks whether the key is within the window, and returns the reason if it is not. If the key
    /// may come to be within the window, leaves a note for `waiter`.
    #[inline]
    pub(crate) fn admit(&self, key: u64, waiter: Option<&Arc<Event>>) -> Result<(), Refusal<E>> {
        match self.obstacle(key) {
            None => Ok(()),
            Some(obstacle) => self.admit_after(obstacle, waiter),
        }
    }

    /// Returns the key that must be taken before this key is within the window, if it is not yet.
    #[inline]
    fn obstacle(&self, key: u64) -> Option<u64> {
        let obstacle = key.checked_sub(self.window?.get())?;
        // Acquire: pairs with the Release in `Reader::try_next`. What the readers did before they
        // made room is visible to the thread that uses the room.
        //
        // The value may be stale. Either the returned key has been taken meanwhile; then
        // `admit_after` notices. Or a key is admitted that was within the window until the readers
        // started anew.
        (self.taken.load(Acquire) <= obstacle).then_some(obstacle)
    }

    #[cold]
    fn admit_after(&self, obstacle: u64, waiter: Option<&Arc<Event>>) -> Result<(), Refusal<E>> {
        let mut shard = self.shard(obstacle);
        // Relaxed: `taken` passes the key only under the lock that we hold. Either we see that it
        // has, or the reader that takes the key finds our note.
        if self.taken.load(Relaxed) > obstacle {
            return Ok(());
        }
        match self.prospect() {
            Prospect::Open => {
                if let Some(event) = waiter {
                    shard.ask(obstacle, Departure, event);
                }
                Err(Refusal::Full)
            }
            Prospect::Failed(reason) => Err(Refusal::Failed(reason)),
            Prospect::Closed => Err(Refusal::Closed),
        }
    }

    /// Stores a value and returns the previous one.
    #[inline]
    pub(crate) fn store(&self, key: u64, value: V) -> Result<Option<V>, InsertError<V, E>> {
        let mut shard = self.shard(key);
        if self.is_closed() {
            drop(shard);
            let reason = Refusal::Closed;
            return Err(InsertError { value, reason });
        }
        let replaced = shard.values.insert(key, value);
        let signals = shard.happened(key, Arrival);
        drop(shard);
        signals.give();
        Ok(replaced)
    }
}

/// An insertion that may have to wait, for callers that wait in their own way. Made by
/// [`GatheringIter::insertion`](crate::GatheringIter::insertion).
///
/// Listen to the [event](Self::event) first, then [attempt](Self::attempt), then wait. Dropping the
/// insertion gives up without a trace.
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
    /// `None` when the insertion is done.
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

    /// Stores the value. Returns `None` if it has to wait for room, or if the insertion was done
    /// before.
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

    /// Returns the event that is notified when an attempt may succeed.
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
        let window = self.shared.window;
        if let Some(obstacle) = window.and_then(|n| self.key.checked_sub(n.get())) {
            self.shared.shard(obstacle).withdraw(&self.event);
        }
    }
}
