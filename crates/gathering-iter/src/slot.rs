//! The place of one key: room for a value, behind a lock that is part of the same word.

use std::{
    mem::MaybeUninit,
    panic::{RefUnwindSafe, UnwindSafe},
};

use ft_sync::{
    UnsafeCell,
    atomic::{
        AtomicU8,
        Ordering::{Acquire, Relaxed, Release},
    },
    poll, polled,
};

/// No value, and no notes about the key.
const EMPTY: u8 = 0b0000;
/// There is a value.
const VALUE: u8 = 0b0001;
/// There may be notes about the key, so whoever changes the slot has to look for them. Set and
/// cleared under the lock of [`Slow`](crate::slow::Slow).
const WATCHED: u8 = 0b0010;
/// No value, because it was taken out; otherwise alone. Only a thread with the lock of
/// [`Slow`](crate::slow::Slow) changes a slot in this state.
const PASSED: u8 = 0b0100;
/// A thread is using the value, for a few instructions; otherwise alone.
const LOCKED: u8 = 0b1000;

pub(crate) struct Slot<V> {
    state: AtomicU8,
    /// Initialized if the state has `VALUE`; in a locked slot, if it had. Used by the thread that
    /// has locked the slot.
    value: UnsafeCell<MaybeUninit<V>>,
}

// SAFETY: only the thread that has locked the slot uses the value, as with a mutex.
unsafe impl<V: Send> Sync for Slot<V> {}

// A `clone` that panics has not changed the value, and the slot is unlocked.
impl<V> UnwindSafe for Slot<V> {}
impl<V> RefUnwindSafe for Slot<V> {}

impl<V> Slot<V> {
    pub(crate) fn new() -> Self {
        Self {
            state: AtomicU8::new(PASSED),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// Locks the slot if it has no value and was not passed, and if there are no notes about it.
    #[inline]
    pub(crate) fn lock_empty(&self) -> Option<Held<'_, V>> {
        self.lock_from(EMPTY)
    }

    /// Locks the slot if it has a value, and if there are no notes about it.
    #[inline]
    pub(crate) fn lock_value(&self) -> Option<Held<'_, V>> {
        self.lock_from(VALUE)
    }

    #[inline]
    fn lock_from(&self, state: u8) -> Option<Held<'_, V>> {
        // Acquire: pairs with the Release in `Held::drop` and in `renew`: the value, and all that a
        // thread did before it unlocked or renewed the slot, is visible.
        // Relaxed: after a failure nothing is read.
        let locked = (self.state).compare_exchange(state, LOCKED, Acquire, Relaxed);
        // Not `then_some`: a `Held` that is dropped unlocks.
        locked.is_ok().then(|| Held { slot: self, state })
    }

    /// Locks the slot, unless another thread has locked it.
    pub(crate) fn try_lock(&self) -> Option<Held<'_, V>> {
        // Relaxed: the exchange decides.
        match self.state.load(Relaxed) {
            LOCKED => None,
            state => self.lock_from(state),
        }
    }

    /// Locks the slot, waiting for a thread that has locked it. That thread needs a few
    /// instructions, or a call of `clone`, and no lock.
    pub(crate) fn lock(&self) -> Held<'_, V> {
        self.try_lock().unwrap_or_else(|| poll(|| self.try_lock()))
    }

    /// Returns whether there was a value at some moment during this call. It waits for a thread that
    /// has locked the slot.
    pub(crate) fn has_value(&self) -> bool {
        // Acquire: what comes after this call is not visible before the value.
        let look = || match self.state.load(Acquire) {
            LOCKED => None,
            state => Some(state & VALUE != 0),
        };
        look().unwrap_or_else(|| poll(look))
    }

    /// Returns whether there seems to be a value that can be had without a lock.
    #[inline]
    pub(crate) fn is_ready(&self) -> bool {
        // Relaxed: it decides nothing.
        self.state.load(Relaxed) == VALUE
    }

    /// Returns whether the slot has been used since it was renewed.
    pub(crate) fn is_used(&self) -> bool {
        // Relaxed: it decides nothing that matters to the result.
        !matches!(self.state.load(Relaxed), EMPTY | WATCHED)
    }

    /// Returns whether the value was taken out, and no other came. The caller has the lock of
    /// [`Slow`](crate::slow::Slow), so a passed slot stays so.
    pub(crate) fn is_passed(&self) -> bool {
        // Acquire: pairs with the Release in `Held::drop`: the reader is done with the slot.
        self.state.load(Acquire) == PASSED
    }

    /// Prepares a passed slot for use.
    ///
    /// # Safety
    ///
    /// The slot is passed, and the caller has the lock of [`Slow`](crate::slow::Slow).
    pub(crate) unsafe fn renew(&self, value: Option<V>, is_watched: bool) {
        let mut state = if is_watched { WATCHED } else { EMPTY };
        if let Some(value) = value {
            state |= VALUE;
            // SAFETY: the slot is passed. No thread locks it before the store below: without the
            // caller's lock a slot is only locked from `EMPTY` and `VALUE`. The last one that had
            // locked it is done: the caller, who knows that it is passed, has acquired that.
            self.value
                .with_mut(|place| unsafe { (*place).write(value) });
        }
        // Release: pairs with the Acquire in `lock_from`.
        self.state.store(state, Release);
        polled();
    }
}

impl<V> Drop for Slot<V> {
    fn drop(&mut self) {
        // Relaxed: whoever drops the slot has it for itself.
        if self.state.load(Relaxed) & VALUE != 0 {
            // SAFETY: there is a value, and no other thread has the slot.
            self.value
                .with_mut(|place| unsafe { (*place).assume_init_drop() });
        }
    }
}

/// A locked slot. It is unlocked when this is dropped.
pub(crate) struct Held<'a, V> {
    slot: &'a Slot<V>,
    /// The state to unlock to.
    state: u8,
}

impl<V> Held<'_, V> {
    #[inline]
    pub(crate) fn has_value(&self) -> bool {
        self.state & VALUE != 0
    }

    /// Stores a value, and returns the one before.
    #[inline]
    pub(crate) fn put(&mut self, value: V) -> Option<V> {
        let before = self.take();
        // SAFETY: this thread has locked the slot.
        self.slot
            .value
            .with_mut(|place| unsafe { (*place).write(value) });
        // A passed slot is no longer passed.
        self.state = self.state & WATCHED | VALUE;
        before
    }

    /// Takes the value out, and leaves the slot without one. A slot that has none stays as it is: one
    /// that was passed stays passed, so that its segment can be put aside.
    #[inline]
    pub(crate) fn take(&mut self) -> Option<V> {
        let has_value = self.has_value();
        self.state &= !VALUE;
        // SAFETY: this thread has locked the slot, and there is a value. It is used once, because
        // the state says that there is none any more.
        let read = |place: *mut MaybeUninit<V>| unsafe { (*place).assume_init_read() };
        has_value.then(|| self.slot.value.with_mut(read))
    }

    /// Calls a function with the value.
    #[inline]
    pub(crate) fn with<R>(&self, function: impl FnOnce(&V) -> R) -> Option<R> {
        // SAFETY: this thread has locked the slot, and there is a value.
        let read = |place: *const MaybeUninit<V>| function(unsafe { (*place).assume_init_ref() });
        self.has_value().then(|| self.slot.value.with(read))
    }

    /// Says whether there are notes about the key. The caller has the lock of
    /// [`Slow`](crate::slow::Slow).
    pub(crate) fn watch(&mut self, is_watched: bool) {
        self.state &= VALUE;
        self.state |= if is_watched { WATCHED } else { 0 };
    }

    /// Marks the slot as passed, if it has neither a value nor notes.
    #[inline]
    pub(crate) fn pass(&mut self) {
        if self.state == EMPTY {
            self.state = PASSED;
        }
    }
}

impl<V> Drop for Held<'_, V> {
    #[inline]
    fn drop(&mut self) {
        // Release: pairs with the Acquire of the next thread that locks the slot.
        self.slot.state.store(self.state, Release);
        polled();
    }
}
