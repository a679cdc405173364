//! A lock that knows who holds it.

use crate::{
    NotHeld, WouldDeadlock, holds,
    raw::{Kind, RawRwLock, RawWaiter},
};
use ft_sync::{
    ThreadToken,
    atomic::{AtomicU64, Ordering::Relaxed},
};
use std::time::Instant;

/// A readers-writer lock without a value, which knows the threads that hold it.
///
/// It is for callers who cannot have guards, such as programs in another language. A thread gives up
/// only what it has, and does not wait for itself: it is told. A thread that reads may read again,
/// even while writers wait.
///
/// ```
/// use ft_rwlock::{NotHeld, OwnedRwLock, WouldDeadlock};
///
/// let lock = OwnedRwLock::new();
/// lock.read()?;
/// lock.read()?;
/// assert_eq!(lock.readers(), 2);
/// assert_eq!(lock.write(), Err(WouldDeadlock::HasRead));
/// lock.unlock_read()?;
/// lock.unlock_read()?;
/// assert_eq!(lock.unlock_read(), Err(NotHeld::Read));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A thread that ends without giving up what it has leaves the lock as it is.
#[derive(Debug)]
pub struct OwnedRwLock {
    raw: RawRwLock,
    /// The name under which threads note their readings; no other lock ever has it.
    id: u64,
    /// The token of the thread that writes, or 0. Only that thread ever finds its own token here:
    /// it alone puts it in and takes it out.
    writer: AtomicU64,
}

impl Default for OwnedRwLock {
    fn default() -> Self {
        Self::new()
    }
}

impl OwnedRwLock {
    /// Creates an unlocked lock.
    pub fn new() -> Self {
        // A std atomic on purpose: it is no part of what models explore.
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
        Self {
            raw: RawRwLock::new(),
            // Relaxed: each call gets another number, and that is all.
            id: NEXT.fetch_add(1, Relaxed),
            writer: AtomicU64::new(0),
        }
    }

    /// Takes the lock for reading if that needs no waiting.
    #[inline]
    pub fn try_read(&self) -> bool {
        let taken = self.raw.try_read() || self.try_read_again();
        if taken {
            holds::add(self.id);
        }
        taken
    }

    #[cold]
    fn try_read_again(&self) -> bool {
        holds::contains(self.id) && self.raw.try_read_recursive()
    }

    /// Takes the lock for writing if that needs no waiting.
    #[inline]
    pub fn try_write(&self) -> bool {
        let taken = self.raw.try_write();
        if taken {
            self.note_writer();
        }
        taken
    }

    /// Takes the lock for reading, waiting for it.
    ///
    /// # Errors
    ///
    /// If the calling thread has it for writing.
    pub fn read(&self) -> Result<(), WouldDeadlock> {
        self.read_deadline(None).map(drop)
    }

    /// Takes the lock for writing, waiting for it.
    ///
    /// # Errors
    ///
    /// If the calling thread has it already, for reading or for writing.
    pub fn write(&self) -> Result<(), WouldDeadlock> {
        self.write_deadline(None).map(drop)
    }

    /// As [`read`](Self::read); false if `deadline` passes first.
    pub fn read_deadline(&self, deadline: Option<Instant>) -> Result<bool, WouldDeadlock> {
        Ok(self.try_read() || self.wait_to_read()?.wait_deadline(deadline))
    }

    /// As [`write`](Self::write); false if `deadline` passes first.
    pub fn write_deadline(&self, deadline: Option<Instant>) -> Result<bool, WouldDeadlock> {
        Ok(self.try_write() || self.wait_to_write()?.wait_deadline(deadline))
    }

    /// Begins to wait for reading, after [`try_read`](Self::try_read) has failed.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub fn wait_to_read(&self) -> Result<Waiter<'_>, WouldDeadlock> {
        if self.is_writer() {
            return Err(WouldDeadlock::HasWrite);
        }
        Ok(self.waiter(Kind::Read))
    }

    /// Begins to wait for writing, after [`try_write`](Self::try_write) has failed.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    pub fn wait_to_write(&self) -> Result<Waiter<'_>, WouldDeadlock> {
        if self.is_writer() {
            return Err(WouldDeadlock::HasWrite);
        }
        if holds::contains(self.id) {
            return Err(WouldDeadlock::HasRead);
        }
        Ok(self.waiter(Kind::Write))
    }

    /// Gives up one reading of the calling thread.
    ///
    /// # Errors
    ///
    /// If it has none. Nothing has happened then.
    #[inline]
    pub fn unlock_read(&self) -> Result<(), NotHeld> {
        if !holds::remove(self.id) {
            return Err(NotHeld::Read);
        }
        // SAFETY: we have just crossed it off the list of those that this thread has.
        unsafe { self.raw.unlock_read() };
        Ok(())
    }

    /// Gives up the writing of the calling thread.
    ///
    /// # Errors
    ///
    /// If it has none. Nothing has happened then.
    #[inline]
    pub fn unlock_write(&self) -> Result<(), NotHeld> {
        self.forget_writer()?;
        // SAFETY: this thread was the writer, and is not any more.
        unsafe { self.raw.unlock_write() };
        Ok(())
    }

    /// Turns the writing of the calling thread into a reading: no writer comes in between.
    ///
    /// # Errors
    ///
    /// If it has none. Nothing has happened then.
    pub fn downgrade(&self) -> Result<(), NotHeld> {
        self.forget_writer()?;
        holds::add(self.id);
        // SAFETY: as in `unlock_write`.
        unsafe { self.raw.downgrade() };
        Ok(())
    }

    /// Tells whether the calling thread has the lock for reading.
    pub fn is_reader(&self) -> bool {
        holds::contains(self.id)
    }

    /// Tells whether the calling thread has the lock for writing.
    pub fn is_writer(&self) -> bool {
        // Relaxed: see the field.
        self.writer.load(Relaxed) == ThreadToken::current().get()
    }

    /// Returns how many have the lock for reading.
    pub fn readers(&self) -> usize {
        self.raw.readers()
    }

    /// Returns how many wait for reading.
    pub fn readers_waiting(&self) -> usize {
        self.raw.readers_waiting()
    }

    /// Returns how many wait for writing.
    pub fn writers_waiting(&self) -> usize {
        self.raw.writers_waiting()
    }

    /// Tells whether somebody has the lock for writing.
    pub fn is_write_locked(&self) -> bool {
        self.raw.is_write_locked()
    }

    fn waiter(&self, kind: Kind) -> Waiter<'_> {
        Waiter {
            lock: self,
            kind,
            raw: self.raw.waiter(kind),
        }
    }

    #[inline]
    fn note_writer(&self) {
        // Relaxed: see the field.
        (self.writer).store(ThreadToken::current().get(), Relaxed);
    }

    #[inline]
    fn forget_writer(&self) -> Result<(), NotHeld> {
        if !self.is_writer() {
            return Err(NotHeld::Write);
        }
        // Relaxed: see the field.
        self.writer.store(0, Relaxed);
        Ok(())
    }
}

impl Drop for OwnedRwLock {
    fn drop(&mut self) {
        // What other threads have noted stays there, and does no harm: no other lock has our name.
        if self.raw.readers() > 0 {
            holds::forget(self.id);
        }
    }
}

/// A thread that waits for an [`OwnedRwLock`], in line from the first wait on.
///
/// Waiting can be done in several steps. Dropping the waiter gives up the place; if its turn has come
/// meanwhile, the lock goes to the next.
#[derive(Debug)]
pub struct Waiter<'a> {
    lock: &'a OwnedRwLock,
    kind: Kind,
    raw: RawWaiter<'a>,
}

impl Waiter<'_> {
    /// Waits until the calling thread has the lock, and returns true; false if `deadline` passes
    /// first.
    ///
    /// Once it has returned true the waiter is of no more use.
    pub fn wait_deadline(&mut self, deadline: Option<Instant>) -> bool {
        let again = self.kind == Kind::Read && self.lock.try_read_again();
        let come = again || self.raw.wait_deadline(deadline);
        if come {
            match self.kind {
                Kind::Read => holds::add(self.lock.id),
                Kind::Write => self.lock.note_writer(),
            }
        }
        come
    }
}
