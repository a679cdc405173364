//! A lock that knows which threads and tasks hold it.

use crate::{
    NotHeld, WouldDeadlock, holds,
    raw::{Kind, RawRwLock, RawWaiter},
    task_holds::TaskHolds,
};
use ft_sync::{
    ThreadToken,
    atomic::{AtomicU64, Ordering::Relaxed},
    uninterruptible,
};
use std::time::Instant;

/// A readers-writer lock without a value, which knows the threads and tasks that hold it.
///
/// It is for callers that cannot have guards, such as programs in another language. A thread can
/// only release what it holds, and gets an error instead of waiting for itself. A thread that reads
/// may read again, even while writers wait.
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
/// What a task has taken belongs to the task, not to the thread that runs it at the moment.
///
/// If a thread or task ends without releasing the lock, the lock stays as it is.
#[derive(Debug)]
pub struct OwnedRwLock {
    pub(crate) raw: RawRwLock,
    /// The number under which threads record their readings. No other lock ever has it.
    id: u64,
    /// The token of the writing thread or task, or 0. A thread finds its own token here only if it is
    /// the writer, because it alone stores and removes its token. The same is true of a task.
    pub(crate) writer: AtomicU64,
    /// The readings of tasks.
    pub(crate) tasks: TaskHolds,
}

impl Default for OwnedRwLock {
    fn default() -> Self {
        Self::new()
    }
}

impl OwnedRwLock {
    /// Creates an unlocked lock.
    pub fn new() -> Self {
        Self::of(RawRwLock::new())
    }

    /// Creates an unlocked lock whose readers announce themselves from the start. For tests.
    #[doc(hidden)]
    pub fn biased() -> Self {
        Self::of(RawRwLock::biased())
    }

    fn of(raw: RawRwLock) -> Self {
        // This is std's atomic on purpose: models need not explore it.
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
        Self {
            raw,
            // Relaxed: it only matters that each call gets another number.
            id: NEXT.fetch_add(1, Relaxed),
            writer: AtomicU64::new(0),
            tasks: TaskHolds::default(),
        }
    }

    /// Takes the lock for reading if that is possible without waiting. Returns whether it did.
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

    /// Takes the lock for writing if that is possible without waiting. Returns whether it did.
    #[inline]
    pub fn try_write(&self) -> bool {
        let taken = self.raw.try_write();
        if taken {
            self.note_writer();
        }
        taken
    }

    /// Takes the lock for reading, and waits for it if necessary.
    ///
    /// # Errors
    ///
    /// If the calling thread has it for writing.
    pub fn read(&self) -> Result<(), WouldDeadlock> {
        if !self.try_read() {
            let mut waiter = self.wait_to_read()?;
            uninterruptible(|| waiter.wait_deadline(None));
        }
        Ok(())
    }

    /// Takes the lock for writing, and waits for it if necessary.
    ///
    /// # Errors
    ///
    /// If the calling thread already has it, for reading or for writing.
    pub fn write(&self) -> Result<(), WouldDeadlock> {
        if !self.try_write() {
            let mut waiter = self.wait_to_write()?;
            uninterruptible(|| waiter.wait_deadline(None));
        }
        Ok(())
    }

    /// Like [`read`](Self::read), but returns false if `deadline` passes first.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub fn read_deadline(&self, deadline: Option<Instant>) -> Result<bool, WouldDeadlock> {
        Ok(self.try_read() || self.wait_to_read()?.wait_deadline(deadline))
    }

    /// Like [`write`](Self::write), but returns false if `deadline` passes first.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    pub fn write_deadline(&self, deadline: Option<Instant>) -> Result<bool, WouldDeadlock> {
        Ok(self.try_write() || self.wait_to_write()?.wait_deadline(deadline))
    }

    /// Returns a waiter for reading, for use after [`try_read`](Self::try_read) has failed.
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

    /// Returns a waiter for writing, for use after [`try_write`](Self::try_write) has failed.
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

    /// Releases one reading of the calling thread.
    ///
    /// # Errors
    ///
    /// If the thread has none. In that case nothing happens.
    #[inline]
    pub fn unlock_read(&self) -> Result<(), NotHeld> {
        if !holds::remove(self.id) {
            return Err(NotHeld::Read);
        }
        // SAFETY: the reading has just been removed from those that this thread has.
        unsafe { self.raw.unlock_read() };
        Ok(())
    }

    /// Releases the writing of the calling thread.
    ///
    /// # Errors
    ///
    /// If the thread has none. In that case nothing happens.
    #[inline]
    pub fn unlock_write(&self) -> Result<(), NotHeld> {
        self.forget_writer()?;
        // SAFETY: this thread was the writer, and no longer counts as such.
        unsafe { self.raw.unlock_write() };
        Ok(())
    }

    /// Turns the writing of the calling thread into a reading. No other writer gets in between.
    ///
    /// # Errors
    ///
    /// If the thread has none. In that case nothing happens.
    pub fn downgrade(&self) -> Result<(), NotHeld> {
        self.forget_writer()?;
        holds::add(self.id);
        // SAFETY: as in `unlock_write`.
        unsafe { self.raw.downgrade() };
        Ok(())
    }

    /// Returns whether the calling thread has the lock for reading.
    pub fn is_reader(&self) -> bool {
        holds::contains(self.id)
    }

    /// Returns whether the calling thread has the lock for writing.
    pub fn is_writer(&self) -> bool {
        // Relaxed: see the field.
        self.writer.load(Relaxed) == ThreadToken::current().get()
    }

    /// Returns the number of readings.
    pub fn readers(&self) -> usize {
        self.raw.readers()
    }

    /// Returns the number of threads that wait for reading.
    pub fn readers_waiting(&self) -> usize {
        self.raw.readers_waiting()
    }

    /// Returns the number of threads that wait for writing.
    pub fn writers_waiting(&self) -> usize {
        self.raw.writers_waiting()
    }

    /// Returns whether a thread has the lock for writing.
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
        // Readings that other threads have recorded stay recorded. That does no harm, because no
        // other lock has the same number.
        if self.raw.readers() > 0 {
            holds::forget(self.id);
        }
    }
}

/// A thread that waits for an [`OwnedRwLock`]. It has a place in the line from the first wait on.
///
/// A wait can be done in several steps. Dropping the waiter gives up the place. If the lock has
/// been handed to it meanwhile, the lock goes to the next waiter.
#[derive(Debug)]
pub struct Waiter<'a> {
    lock: &'a OwnedRwLock,
    kind: Kind,
    raw: RawWaiter<'a>,
}

impl Waiter<'_> {
    /// Waits until the calling thread has the lock, and returns true; returns false if `deadline`
    /// passes first.
    ///
    /// A waiter that has returned true must not be used again.
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
