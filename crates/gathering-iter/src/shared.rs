//! What all handles and readers share: the shards, how far readers have come, and how gathering
//! ends.

use std::{
    num::NonZeroU64,
    sync::{PoisonError, TryLockError},
};

use crossbeam_utils::CachePadded;
use ft_sync::{
    Mutex, MutexGuard,
    atomic::{
        AtomicU8, AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
};

use crate::shard::Shard;

/// What all handles and readers share.
pub(crate) struct Shared<V, E> {
    /// Their number is a power of two.
    pub(crate) shards: Box<[CachePadded<Mutex<Shard<V>>>]>,
    /// How far beyond `taken` keys may be. `None`: as far as they like.
    pub(crate) window: Option<NonZeroU64>,
    /// The draining readers in progress have taken every key below this one, but not this one. It
    /// goes up by one, under the lock of the key that it was, and back to 0 when no reader is in
    /// progress.
    pub(crate) taken: CachePadded<AtomicU64>,
    /// How many draining readers are in progress.
    pub(crate) draining: Mutex<usize>,
    /// [`OPEN`], [`FAILED`] or [`CLOSED`]. It is changed under the lock of `failure`.
    pub(crate) state: AtomicU8,
    /// The reason, while gathering has failed.
    pub(crate) failure: Mutex<Option<E>>,
}

/// Values may come.
pub(crate) const OPEN: u8 = 0;
/// Values may come, but a reader that waits for one is told that gathering has failed.
pub(crate) const FAILED: u8 = 1;
/// No more values come.
pub(crate) const CLOSED: u8 = 2;

/// Whether a thread may wait for something to happen.
pub(crate) enum Prospect<E> {
    Open,
    Failed(E),
    Closed,
}

impl<V, E> Shared<V, E> {
    /// Locks the shard of a key.
    #[inline]
    pub(crate) fn shard(&self, key: u64) -> MutexGuard<'_, Shard<V>> {
        // Neighboring keys are in different shards. On 32 bits the key is truncated, but the mask
        // is shorter still.
        lock(&self.shards[key as usize & (self.shards.len() - 1)])
    }

    pub(crate) fn end(&self, state: u8, reason: Option<E>) -> bool {
        let mut failure = lock(&self.failure);
        // Relaxed: it is changed under this lock.
        if self.state.load(Relaxed) != OPEN {
            drop(failure);
            return false;
        }
        *failure = reason;
        // Release: pairs with the Acquire in `is_closed`, for a thread that sees it before the
        // locks below publish it.
        self.state.store(state, Release);
        drop(failure);
        for shard in &self.shards {
            let signals = lock(shard).ended();
            signals.give();
        }
        true
    }

    /// Returns whether a thread that has not found what it looks for may wait for it.
    ///
    /// It is called under the lock of the shard in which the thread looked, and under which it then
    /// leaves its note. If `end` has not come to this shard yet, it will find the note. If it has,
    /// it unlocked the shard before this thread locked it, so this thread sees the new state.
    ///
    /// A thread that sees the end also sees all that was inserted before it: if an insertion locks
    /// the shard after this thread, then the end, which comes after the insertion, comes too late
    /// for this thread to see.
    #[inline]
    pub(crate) fn prospect(&self) -> Prospect<E>
    where
        E: Clone,
    {
        // Relaxed: if this shows the end, `ended` reads it again, and acquires what came before it.
        // The lock makes this thread see it in time, as said above.
        if self.state.load(Relaxed) == OPEN {
            Prospect::Open
        } else {
            self.ended()
        }
    }

    #[cold]
    fn ended(&self) -> Prospect<E>
    where
        E: Clone,
    {
        match &*lock(&self.failure) {
            Some(reason) => Prospect::Failed(reason.clone()),
            None if self.is_closed() => Prospect::Closed,
            // This was a failure that has been taken back. If another end comes, it will find the
            // note.
            None => Prospect::Open,
        }
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        // Acquire: pairs with the Release in `end`.
        self.state.load(Acquire) == CLOSED
    }
}

/// Locks a mutex. If it is poisoned, a `clone` panicked under it, which had not changed anything.
#[inline]
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As [`lock`], but returns `None` if another thread has the lock.
pub(crate) fn try_lock<T: ?Sized>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(err)) => Some(err.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}
