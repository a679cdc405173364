//! The lock: its parts, and what can be seen of it from outside.

use super::{
    line::{Line, locked},
    word::{BIASED, NO_NUMBER, ONE_READER, QUEUED, WRITER},
};
use ft_sync::{
    Mutex, MutexGuard, PerProcess,
    atomic::{
        AtomicUsize,
        Ordering::{Acquire, Relaxed},
    },
    readers,
};

/// A phase-fair readers-writer lock without a value, which does not know the threads that hold it.
///
/// The [crate docs](crate) say who goes first.
#[derive(Debug)]
pub struct RawRwLock {
    /// Consists of the bits above. There are never readers together with a writer, neither counted
    /// nor announced. While the line is not empty, readers may leave, and may read again; every
    /// other change requires locking the line. While readers are announced, `BIASED` is set.
    pub(super) state: AtomicUsize,
    /// The number that readers announce, or `NO_NUMBER`. It never changes once `BIASED` was set.
    pub(super) number: AtomicUsize,
    pub(super) line: PerProcess<Mutex<Line>>,
}

impl Default for RawRwLock {
    fn default() -> Self {
        Self {
            state: AtomicUsize::new(0),
            number: AtomicUsize::new(NO_NUMBER),
            line: PerProcess::new(),
        }
    }
}

impl RawRwLock {
    /// For statics. Loom has no constant constructor.
    #[cfg(not(any(ft_loom, ft_shuttle)))]
    pub(crate) const fn unlocked() -> Self {
        Self {
            state: AtomicUsize::new(0),
            number: AtomicUsize::new(NO_NUMBER),
            line: PerProcess::new(),
        }
    }

    /// Creates an unlocked lock.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an unlocked lock whose readers announce themselves from the start. For tests: a lock
    /// finds out by itself when that is better.
    #[doc(hidden)]
    pub fn biased() -> Self {
        let lock = Self::default();
        if lock.has_number() {
            // Relaxed: no other thread has the lock yet.
            lock.state.store(BIASED, Relaxed);
        }
        lock
    }

    /// Returns the number of readings.
    pub fn readers(&self) -> usize {
        // Acquire: the number is set before `BIASED`. Otherwise this is a snapshot that decides
        // nothing.
        let state = self.state.load(Acquire);
        let announced = match state & BIASED {
            0 => 0,
            // Relaxed: as above.
            _ => readers::count_holds(self.number.load(Relaxed)),
        };
        // The count may be below zero for a moment.
        (state as isize / ONE_READER as isize + announced as isize).max(0) as usize
    }

    /// Returns the number of threads that wait for reading.
    pub fn readers_waiting(&self) -> usize {
        if self.has_line() {
            self.line().readers.len()
        } else {
            0
        }
    }

    /// Returns the number of threads that wait for writing.
    pub fn writers_waiting(&self) -> usize {
        if self.has_line() {
            self.line().writers.len()
        } else {
            0
        }
    }

    pub(super) fn has_line(&self) -> bool {
        // Relaxed: as in `readers`.
        self.state.load(Relaxed) & QUEUED != 0
    }

    /// Returns whether a thread has the lock for writing.
    pub fn is_write_locked(&self) -> bool {
        // Relaxed: as in `readers`.
        self.state.load(Relaxed) & WRITER != 0
    }

    /// Gives the lock a number, if it has none. Returns false if there are no more numbers.
    pub(super) fn has_number(&self) -> bool {
        // Relaxed, here and below: who sets `BIASED` publishes the number.
        if self.number.load(Relaxed) != NO_NUMBER {
            return true;
        }
        readers::lock_number().is_some_and(|number| {
            // On failure it has a number, too.
            let _ = (self.number).compare_exchange(NO_NUMBER, number, Relaxed, Relaxed);
            true
        })
    }

    /// Returns whether any reader has announced itself. Each of these then calls the line when it
    /// leaves. The caller has locked the line, and found this state.
    pub(super) fn see_announced(&self, state: usize) -> bool {
        // Relaxed: set before `BIASED`.
        state & BIASED != 0 && readers::see_holds(self.number.load(Relaxed))
    }

    pub(super) fn line(&self) -> MutexGuard<'_, Line> {
        locked(self.line.get())
    }
}

impl Drop for RawRwLock {
    fn drop(&mut self) {
        // Relaxed, twice: no other thread has the lock any more.
        if self.state.load(Relaxed) & BIASED != 0 {
            // Readings that were never released, and never will be.
            readers::forget_holds(self.number.load(Relaxed));
        }
    }
}
