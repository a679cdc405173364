//! What all handles and readers share: the shards, how far readers have come, and how gathering ends.

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
    /// A power of two of them.
    pub(crate) shards: Box<[CachePadded<Mutex<Shard<V>>>]>,
    /// How far beyond `taken` keys may be; `None`: any.
    pub(crate) window: Option<NonZeroU64>,
    /// The draining readers in progress have taken every key below this, and nobody has taken this
    /// one. Goes up by one, under the lock of the key that it was; back to 0 when none is in
    /// progress.
    pub(crate) taken: CachePadded<AtomicU64>,
    /// How many draining readers are in progress.
    pub(crate) draining: Mutex<usize>,
    /// [`OPEN`], [`FAILED`] or [`CLOSED`]; changed under the lock of `failure`.
    pub(crate) state: AtomicU8,
    /// The reason, while failed.
    pub(crate) failure: Mutex<Option<E>>,
}

/// Values may come.
pub(crate) const OPEN: u8 = 0;
/// Values may come, but whoever waits for one is told that gathering has failed.
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
        // Neighbors lie in different shards. Truncation on 32 bits is fine: the mask is shorter.
        lock(&self.shards[key as usize & (self.shards.len() - 1)])
    }

    pub(crate) fn end(&self, state: u8, reason: Option<E>) -> bool {
        let mut failure = lock(&self.failure);
        // Relaxed: changed under this lock.
        if self.state.load(Relaxed) != OPEN {
            drop(failure);
            return false;
        }
        *failure = reason;
        // Release: pairs with the Acquire in `is_closed`, for who sees it before the locks below
        // publish it.
        self.state.store(state, Release);
        drop(failure);
        for shard in &self.shards {
            let signals = lock(shard).ended();
            signals.give();
        }
        true
    }

    /// Tells a thread that has not found what it looks for whether to wait for it.
    ///
    /// To be called under the lock of the shard in which it looked, and under which it then leaves
    /// its note. If `end` has not come to this shard yet, the note will be found. If it has, its
    /// unlocking of this shard happened before our locking, and we see its state.
    ///
    /// If we see the end, all that was inserted before it is visible, too: an insertion for which
    /// we are too early unlocks the shard after us, and the end after that would be too late for us
    /// to see.
    #[inline]
    pub(crate) fn prospect(&self) -> Prospect<E>
    where
        E: Clone,
    {
        // Relaxed: an end is looked at again, for what came before it. That we see it in time is due
        // to the lock, as said above.
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
            // A failure, which was taken back; if an end comes again, it will find our note.
            None => Prospect::Open,
        }
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        // Acquire: pairs with the Release in `end`.
        self.state.load(Acquire) == CLOSED
    }
}

/// Locks a mutex. One that is poisoned was held by a thread whose values panicked in `clone`, which
/// had not changed anything.
#[inline]
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As [`lock`]; `None` if another thread has it.
pub(crate) fn try_lock<T: ?Sized>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(err)) => Some(err.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}
