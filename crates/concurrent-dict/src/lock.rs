//! The lock of a shard: readers write nothing that they share.

use crate::readers::{self, Announced};
use ft_sync::atomic::{
    AtomicUsize,
    Ordering::{Relaxed, Release, SeqCst},
};

/// Somebody has the lock: a writer, or a reader that could not just announce itself.
const LOCKED: usize = 0b01;
/// It is a writer. Never without [`LOCKED`].
const WRITING: usize = 0b10;

/// A lock that one writer has, or any number of readers.
///
/// A reader says in its thread's slot that it is here, and looks whether a writer is. A writer sets
/// its bit, and waits for the readers whose slots say that they are here. A reader that sees
/// the bit takes its word back, and after a while takes the lock as a writer does, without the bit.
/// So a reader that announces itself meets at most one that has locked, and neither minds.
///
/// It is held for some instructions. Who has to wait looks again and again, with [`ft_sync::poll`],
/// so that giving it up is a plain store: that and the exchange that takes it would otherwise be
/// half of the cost of an overwrite.
#[derive(Default)]
pub(crate) struct Lock {
    state: AtomicUsize,
}

/// A reader's hold on a lock.
pub(crate) enum Reading<'a> {
    Announced { _announced: Announced },
    Locked { _locked: Locked<'a> },
}

/// A hold on a lock that nobody else can lock.
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
        // No test sees SeqCst -> Acquire: loom takes it for that, and has a fence in `before_looking`.
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
        ft_sync::spin(attempt).unwrap_or_else(|| Reading::Locked {
            _locked: self.lock(LOCKED),
        })
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
        // SeqCst: see `Announced::new`. It acquires, too, what whoever had the lock has released.
        // Relaxed: on failure nothing is read.
        // No test sees SeqCst -> AcqRel: loom takes it for that, and has a fence in `before_looking`.
        // No test sees SeqCst -> Acquire: the same; nothing is handed on by taking it.
        let before = (self.state).compare_exchange(0, bits, SeqCst, Relaxed);
        before.is_ok().then(|| Locked(self))
    }

    #[cold]
    fn lock_slow(&self, bits: usize) -> Locked<'_> {
        ft_sync::poll(|| self.try_lock(bits))
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
        // Release: pairs with the SeqCst, which acquires, of who locks or reads next.
        self.0.state.store(0, Release);
        ft_sync::polled();
    }
}
