//! The lock of a shard: readers write nothing that they share.

use crate::readers::{self, Announced};
use ft_sync::{
    Event,
    atomic::{
        AtomicUsize,
        Ordering::{Relaxed, Release, SeqCst},
    },
};

/// Somebody has the lock: a writer, or a reader that could not just announce itself.
const LOCKED: usize = 0b001;
/// It is a writer. Never without [`LOCKED`].
const WRITING: usize = 0b010;
/// Somebody waits for the lock, or is about to. Never without [`LOCKED`].
const WAITED_FOR: usize = 0b100;

/// A lock that one writer has, or any number of readers.
///
/// A reader says in its thread's slot that it is here, and looks whether a writer is. A writer sets
/// its bit, and waits for the readers whose slots say that they are here. A reader that sees
/// the bit takes its word back, and after a while takes the lock as a writer does, without the bit.
/// So a reader that announces itself meets at most one that has locked, and neither minds.
#[derive(Default)]
pub(crate) struct Lock {
    state: AtomicUsize,
    /// Notified when who gives the lock up finds that it is waited for.
    unlocked: Event,
}

/// A reader's hold on a lock.
pub(crate) enum Reading<'a> {
    Announced { _announced: Announced },
    Locked { _locked: Locked<'a> },
}

/// A hold on a lock that others wait for.
pub(crate) struct Locked<'a>(&'a Lock);

impl Lock {
    /// Waits until no writer has the lock, and keeps others from getting it.
    #[inline]
    pub(crate) fn read(&self) -> Reading<'_> {
        match self.try_announce() {
            Some(reading) => reading,
            None => self.read_slow(),
        }
    }

    #[inline]
    fn try_announce(&self) -> Option<Reading<'_>> {
        let announced = Announced::new(self.number())?;
        // SeqCst: see `Announced::new`. It acquires, too, what the last writer has released.
        let state = self.state.load(SeqCst);
        (state & WRITING == 0).then(|| Reading::Announced {
            _announced: announced,
        })
    }

    #[cold]
    fn read_slow(&self) -> Reading<'_> {
        let attempt = || {
            // Relaxed: only whether it is worth trying. To announce oneself to a writer in vain would
            // only make it wait.
            let state = self.state.load(Relaxed);
            (state & WRITING == 0).then(|| self.try_announce())?
        };
        ft_sync::spin(attempt).unwrap_or_else(|| self.read_long())
    }

    /// As [`read`](Self::read), for what may take its time: a writer that waits for it sleeps.
    pub(crate) fn read_long(&self) -> Reading<'_> {
        Reading::Locked {
            _locked: self.lock(LOCKED),
        }
    }

    /// Waits until nobody has the lock, and keeps everybody from getting it.
    #[inline]
    pub(crate) fn write(&self) -> Locked<'_> {
        let locked = self.lock(LOCKED | WRITING);
        readers::wait_for_readers(self.number());
        locked
    }

    #[inline]
    fn lock(&self, bits: usize) -> Locked<'_> {
        match self.try_lock(bits) {
            Some(locked) => locked,
            None => self.lock_slow(bits),
        }
    }

    #[inline]
    fn try_lock(&self, bits: usize) -> Option<Locked<'_>> {
        // SeqCst: see `Announced::new`. It acquires, too, what the last writer has released.
        // Relaxed: on failure nothing is read.
        let before = (self.state).compare_exchange(0, bits, SeqCst, Relaxed);
        before.is_ok().then(|| Locked(self))
    }

    #[cold]
    fn lock_slow(&self, bits: usize) -> Locked<'_> {
        let attempt = || {
            // Relaxed: only whether it is worth trying.
            let is_free = self.state.load(Relaxed) == 0;
            is_free.then(|| self.try_lock(bits))?
        };
        if let Some(locked) = ft_sync::spin(attempt) {
            return locked;
        }
        let waited = self.unlocked.wait_until(None, || self.lock_or_ask(bits));
        // Without a deadline it returns nothing else.
        waited.expect("the wait has no end but success")
    }

    /// Takes the lock if it is free; if not, asks who has it to wake somebody.
    ///
    /// Who takes it here leaves that request to himself: others may be asleep.
    fn lock_or_ask(&self, bits: usize) -> Option<Locked<'_>> {
        // Relaxed, here and on failure: the exchanges are what counts.
        let mut state = self.state.load(Relaxed);
        loop {
            let is_free = state & LOCKED == 0;
            let wanted = match is_free {
                true => bits | WAITED_FOR,
                false => state | WAITED_FOR,
            };
            // SeqCst: as in `try_lock`, if it is free. If not, nothing hangs on it: see `drop`.
            match (self.state).compare_exchange(state, wanted, SeqCst, Relaxed) {
                Ok(_) => return is_free.then(|| Locked(self)),
                Err(now) => state = now,
            }
        }
    }

    /// What readers know it by; no other lock has it while this one lives, in which it cannot
    /// move: who reads or writes under it borrows it.
    #[inline]
    fn number(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

impl Drop for Locked<'_> {
    #[inline]
    fn drop(&mut self) {
        // Release: pairs with the SeqCst, which acquires, of who locks or reads next. A waiter
        // listens before it asks, and asks by a read-modify-write, so this one is before it, and
        // the waiter goes on, or after it, and sees it.
        let before = self.0.state.swap(0, Release);
        if before & WAITED_FOR != 0 {
            self.0.wake();
        }
    }
}

impl Lock {
    #[cold]
    fn wake(&self) {
        self.unlocked.notify(1);
    }
}
