//! Readers, which count themselves in the word or announce themselves elsewhere.

use super::{
    lock::RawRwLock,
    word::{BEYOND, BIASED, Kind, ONE_READER, QUEUED, WRITER, is_counted, with_reader},
};
use ft_sync::{
    atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
    readers::{self, Released},
};

impl RawRwLock {
    /// Takes the lock for reading if no writer has it or waits for it. Returns whether it did.
    #[inline]
    pub fn try_read(&self) -> bool {
        self.try_read_at_once() || self.try_read_slow()
    }

    /// Like [`try_read`](Self::try_read) of a thread that has just met another one: if a reader has
    /// the lock, readers announce themselves from now on. For tests.
    #[doc(hidden)]
    pub fn try_read_among_others(&self) -> bool {
        // Relaxed: the exchange there decides.
        self.try_count(self.state.load(Relaxed))
    }

    /// Takes the lock for reading, unless a writer has it or waits for it, or tries to get it at this
    /// moment. Returns whether it did.
    #[inline]
    pub(super) fn try_read_at_once(&self) -> bool {
        // Acquire: the number is set before `BIASED`.
        let state = self.state.load(Acquire);
        if state & (WRITER | QUEUED | BIASED | BEYOND) != 0 {
            return self.try_read_otherwise(state);
        }
        // Acquire: pairs with the Releases of those who had the lock before.
        // Relaxed: on failure we look again.
        match (self.state).compare_exchange_weak(state, state + ONE_READER, Acquire, Relaxed) {
            Ok(_) => true,
            Err(now) => self.try_count(now),
        }
    }

    /// The rest of `try_read_at_once`, out of line: a caller need not save registers for it.
    #[inline(never)]
    fn try_read_otherwise(&self, state: usize) -> bool {
        state & (WRITER | QUEUED) == 0
            && (state & BIASED != 0 && self.try_announce() || self.try_count(state))
    }

    #[cold]
    fn try_read_slow(&self) -> bool {
        // QUEUED may be gone already, if it was set only while a writer looked.
        // Relaxed: what matters is looked at again with the line locked.
        self.state.load(Relaxed) & WRITER == 0 && self.try_take_slow(Kind::Read)
    }

    /// Takes the lock for reading, by an announcement that only writers look at, if the state still
    /// allows that. Returns whether it did.
    #[inline]
    fn try_announce(&self) -> bool {
        // Relaxed: set before `BIASED`, and never changed after it.
        let number = self.number.load(Relaxed);
        if !readers::hold(number) {
            return false;
        }
        // SeqCst: see `readers::hold`. The load also acquires what the last writer released.
        let state = self.state.load(SeqCst);
        // If a writer has seen the announcement, then it has not got the lock because of it, and
        // this thread has come before that writer.
        state & (WRITER | QUEUED | BIASED) == BIASED || !readers::withdraw(number)
    }

    /// Takes the lock for reading, by counting, if nobody keeps new readers out. Returns whether it
    /// did. `state` was seen a moment ago.
    ///
    /// Threads get here that have met others. If these are readers, they announce themselves from
    /// now on.
    #[cold]
    pub(super) fn try_count(&self, mut state: usize) -> bool {
        while state & (WRITER | QUEUED) == 0 {
            let mut next = with_reader(state);
            if state >= ONE_READER && self.has_number() {
                next |= BIASED;
            }
            // Acquire: as in `try_write`. Release: publishes the number.
            // Relaxed: on failure we look again.
            match (self.state).compare_exchange_weak(state, next, AcqRel, Relaxed) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// Takes the lock for reading if a reader has it, even if writers wait, or if nobody has it or
    /// waits for it. Returns whether it did.
    ///
    /// This is for threads that already have the lock for reading: for them it succeeds.
    pub fn try_read_recursive(&self) -> bool {
        // Relaxed: the exchange below decides.
        let mut state = self.state.load(Relaxed);
        while state & WRITER == 0 && state >= ONE_READER {
            let taken = with_reader(state);
            // Acquire, Relaxed: as in `try_write`.
            match (self.state).compare_exchange_weak(state, taken, Acquire, Relaxed) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        self.try_read() || self.try_read_beside()
    }

    /// Takes the lock for reading if a reader has announced itself, even if writers wait.
    #[cold]
    fn try_read_beside(&self) -> bool {
        // Relaxed: as in `try_read_recursive`.
        if self.state.load(Relaxed) & BIASED == 0 {
            return false;
        }
        // While the line is locked, no writer in it gets the lock.
        let _line = self.line();
        // Relaxed: as above.
        let mut state = self.state.load(Relaxed);
        while state & WRITER == 0 && (state >= ONE_READER || self.see_announced(state)) {
            let taken = with_reader(state);
            // Acquire, Relaxed: as in `try_write`.
            match (self.state).compare_exchange_weak(state, taken, Acquire, Relaxed) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    /// Releases one reading.
    ///
    /// # Safety
    ///
    /// There must be a reading that nobody else releases.
    #[inline]
    pub unsafe fn unlock_read(&self) {
        // Relaxed: this thread has seen the bit if it has announced itself since then, and the bit
        // is not cleared while a reader is announced.
        let state = self.state.load(Relaxed);
        if state & BIASED != 0 {
            return self.unlock_announced(state);
        }
        // Release, here and below: pairs with the Acquire of the next writer, or with that of
        // `call_next`, which hands the lock to it. Other readers also leave by read-modify-writes,
        // which form one release sequence with this one.
        let left = (self.state.fetch_sub(ONE_READER, Release)).wrapping_sub(ONE_READER);
        if left & (QUEUED | BEYOND) != 0 {
            self.unlocked_counted(left);
        }
    }

    /// Called after the count was lowered. `left` has QUEUED, or its count is below zero.
    #[cold]
    fn unlocked_counted(&self, left: usize) {
        if left & !BIASED == QUEUED {
            self.end_reading();
        } else if left & BEYOND != 0 {
            // Since the load in `unlock_read`, the lock was biased, and a reader that did not find
            // what it had announced has released what we had counted. So the count is below zero
            // now, while what was announced keeps writers out.
            // Relaxed: nothing has happened since then.
            self.state.fetch_add(ONE_READER, Relaxed);
            self.end_announced();
        }
    }

    /// The rest of `unlock_read`, for a biased lock, out of line, as `try_read_otherwise`.
    #[inline(never)]
    fn unlock_announced(&self, mut state: usize) {
        // Relaxed: set before `BIASED`.
        match readers::release(self.number.load(Relaxed)) {
            Released::Unseen => return,
            Released::Seen => return self.end_reading(),
            Released::NotHere => {}
        }
        while is_counted(state) {
            let left = state - ONE_READER;
            // Relaxed: on failure we look again.
            match (self.state).compare_exchange_weak(state, left, Release, Relaxed) {
                Ok(_) => {
                    if left & !BIASED == QUEUED {
                        self.end_reading();
                    }
                    return;
                }
                Err(now) => state = now,
            }
        }
        self.end_announced();
    }

    /// Releases a reading that another thread has announced.
    #[cold]
    pub(super) fn end_announced(&self) {
        let mut line = self.line();
        loop {
            // Relaxed: as in `unlock_read`. If a writer has the lock, this thread knows of it: it was
            // handed to the writer with the line locked, or before this thread repaired the count.
            let state = self.state.load(Relaxed);
            // A writer has the lock only if other threads have released all that was announced, and
            // left us a count that was below zero. So what is announced now is about to be withdrawn,
            // and has to be found there.
            // Relaxed: set before `BIASED`.
            if state & WRITER == 0 && readers::remove_hold(self.number.load(Relaxed)) {
                break;
            }
            // Another thread has released the one that was announced, and left us the one that it
            // had counted.
            // Release, Relaxed: as in `unlock_read`.
            let leave = |left| self.state.compare_exchange(state, left, Release, Relaxed);
            if is_counted(state) && leave(state - ONE_READER).is_ok() {
                break;
            }
        }
        self.call_next(&mut line, Kind::Write).raise(line);
    }
}
