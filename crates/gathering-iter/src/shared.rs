//! What all handles and readers share, and how gathering ends.

use std::{
    num::NonZeroU64,
    ptr,
    sync::{PoisonError, TryLockError},
};

use ft_sync::{
    Mutex, MutexGuard,
    atomic::{
        AtomicPtr, AtomicU8, AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
};

use crate::{
    segment::{Index, Segment, Table},
    slot::Held,
    slow::Slow,
};

/// What all handles and readers share.
#[repr(C)]
pub(crate) struct Shared<V, E> {
    fixed: Fixed<V>,
    pub(crate) slow: Mutex<Slow<V, E>>,
    /// The draining readers in progress have taken every key below this one, but not this one. It
    /// goes up by one, under the lock of the slot of the key that it was, and back to 0 when no
    /// reader is in progress.
    pub(crate) taken: AtomicU64,
}

/// What each insertion reads, and what seldom changes. It has a cache line of its own: readers write
/// to `taken` all the time, and to `slow` often.
#[repr(align(64))]
struct Fixed<V> {
    /// The table of the index in `slow`, or null.
    table: AtomicPtr<Table<V>>,
    /// How far beyond `taken` keys may be. `None`: as far as they like.
    window: Option<NonZeroU64>,
    /// A segment has 2 to the power of this many slots.
    bits: u32,
    /// [`OPEN`], [`FAILED`] or [`CLOSED`]. It is changed under the lock of `slow`.
    state: AtomicU8,
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
    pub(crate) fn new(bits: u32, window: Option<NonZeroU64>) -> Self {
        Self {
            fixed: Fixed {
                table: AtomicPtr::new(ptr::null_mut()),
                window,
                bits,
                state: AtomicU8::new(OPEN),
            },
            slow: Mutex::new(Slow::new()),
            taken: AtomicU64::new(0),
        }
    }

    pub(crate) fn window(&self) -> Option<NonZeroU64> {
        self.fixed.window
    }

    pub(crate) fn bits(&self) -> u32 {
        self.fixed.bits
    }

    pub(crate) fn state(&self) -> &AtomicU8 {
        &self.fixed.state
    }

    #[inline]
    pub(crate) fn number(&self, key: u64) -> u64 {
        key >> self.fixed.bits
    }

    /// Locks the slot of a key, if that is possible without the lock of `slow`, and the slot is
    /// empty.
    #[inline]
    pub(crate) fn lock_empty(&self, key: u64) -> Option<Held<'_, V>> {
        let number = self.number(key);
        // Acquire: pairs with the Release in `segment`, so the table is complete.
        let table = self.fixed.table.load(Acquire);
        // SAFETY: the pointer is null, or that of a table of the index, which lives as long as this.
        let segment = unsafe { table.as_ref() }?.find(number)?;
        let slot = segment.slot(key).lock_empty()?;
        // Since the slot was found, the segment may have been put aside, and used again. Then the
        // slot is that of another key.
        (segment.number() == number).then_some(slot)
    }

    /// Returns the segment of a key, which it makes if there is none.
    pub(crate) fn segment<'a>(&'a self, slow: &'a mut Slow<V, E>, key: u64) -> &'a Segment<V> {
        let number = self.number(key);
        let table = match slow.index.get(number) {
            // It may have lost its place in the table to another one.
            Some(_) => slow.index.enter(number),
            None => slow.add(number, self.fixed.bits),
        };
        if let Some(table) = table {
            // Release: pairs with the Acquire in `lock_empty`.
            self.fixed.table.store(table.as_ptr(), Release);
        }
        slow.index.get(number).expect("it is there or was made")
    }

    /// Locks the slot of a key, if it has a segment.
    pub(crate) fn lock_slot<'a>(&self, index: &'a Index<V>, key: u64) -> Option<Held<'a, V>> {
        let segment = index.get(self.number(key))?;
        Some(segment.slot(key).lock())
    }

    pub(crate) fn end(&self, state: u8, reason: Option<E>) -> bool {
        let mut slow = lock(&self.slow);
        // Relaxed: it is changed under this lock.
        if self.fixed.state.load(Relaxed) != OPEN {
            drop(slow);
            return false;
        }
        slow.failure = reason;
        // Release: pairs with the Acquire in `is_closed`, for a thread that has not locked `slow`.
        self.fixed.state.store(state, Release);
        let signals = slow.notes.ended();
        drop(slow);
        signals.give();
        true
    }

    /// Returns whether a thread that has not found what it looks for may wait for it. The thread has
    /// the lock of `slow`, in which `failure` is, and leaves a note before it unlocks that: so either
    /// the end finds the note, or this thread finds the end.
    pub(crate) fn prospect(&self, failure: &Option<E>) -> Prospect<E>
    where
        E: Clone,
    {
        match failure {
            Some(reason) => Prospect::Failed(reason.clone()),
            None if self.is_closed() => Prospect::Closed,
            None => Prospect::Open,
        }
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        // Acquire: pairs with the Release in `end`.
        self.fixed.state.load(Acquire) == CLOSED
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
