//! Whose turn it is: the lock goes to a thread in the line, or to one that need not enter it.

use super::{
    line::{Called, Line},
    lock::RawRwLock,
    word::{BIASED, Kind, ONE_READER, QUEUED, WRITER, with_reader},
};
use ft_sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};
use std::mem;

impl RawRwLock {
    /// Hands the lock to the threads in the line whose turn it is, if any. `first` says whether
    /// readers or writers go first if both could.
    pub(super) fn call_next(&self, line: &mut Line, first: Kind) -> Called {
        // Acquire: pairs with the Releases of those who had the lock. The signals pass it on.
        let state = self.state.load(Acquire);
        let mut called = Called::default();
        let mut change = 0;
        if state & WRITER == 0 {
            if first == Kind::Read || line.writers.is_empty() {
                called.readers = mem::take(&mut line.readers);
                change = called.readers.len() * ONE_READER;
            }
            if called.readers.is_empty() && self.is_free(line, state) {
                called.writer = line.writers.pop_front();
                if called.writer.is_some() {
                    change = WRITER.wrapping_sub(state & BIASED);
                }
            }
        }
        if state & QUEUED != 0 && line.is_empty() {
            change = change.wrapping_sub(QUEUED);
        }
        // Relaxed: the called threads are synchronized by their signals. Threads that take the lock
        // without waiting find the release sequences of those who left in this word.
        self.state.fetch_add(change, Relaxed);
        called
    }

    /// Returns whether no reader has the lock, so that a writer in the line can get it. The state
    /// was `state` a moment ago, and no writer has the lock.
    fn is_free(&self, line: &Line, state: usize) -> bool {
        // An announced reader may read again, which counts, and then release what was announced. But
        // with QUEUED the first reader is counted only with the line locked: see `try_read_beside`.
        state < ONE_READER && !line.writers.is_empty() && !self.see_announced(state)
    }

    /// Takes the lock if the threads in the line do not come first, and returns whether it did. If
    /// not, changes the state to `otherwise` of it.
    pub(super) fn take_or(
        &self,
        line: &Line,
        kind: Kind,
        otherwise: impl Fn(usize) -> usize,
    ) -> bool {
        // Relaxed: the exchange below decides.
        let mut state = self.state.load(Relaxed);
        let mut announced = None;
        loop {
            let mut admitted = line.admits(kind, state);
            if admitted && kind == Kind::Write && state & BIASED != 0 {
                let announced = *announced.get_or_insert_with(|| {
                    // From here on no reader announces itself. SeqCst: see `readers::hold`.
                    self.state.fetch_or(QUEUED, SeqCst);
                    state |= QUEUED;
                    self.see_announced(state)
                });
                admitted = !announced;
            }
            let next = if admitted {
                // After a fork, QUEUED may be set although the line is empty.
                let queued = if line.is_empty() { 0 } else { QUEUED };
                match kind {
                    Kind::Read => with_reader(state & !QUEUED) | queued,
                    Kind::Write => WRITER | queued,
                }
            } else {
                otherwise(state)
            };
            // Acquire, Relaxed: as in `try_write`. SeqCst: `next` may have QUEUED, as above.
            match (self.state).compare_exchange_weak(state, next, SeqCst, Relaxed) {
                Ok(_) => return admitted,
                Err(now) => state = now,
            }
        }
    }

    /// Called when no reader is counted and no writer has the lock, but the line was not empty or
    /// readers may have announced themselves. If there was a line, the last holder may be about to
    /// call the threads in it, or they may exist only in the parent of a fork.
    #[cold]
    pub(super) fn try_take_slow(&self, kind: Kind) -> bool {
        let line = self.line();
        let queued = if line.is_empty() { 0 } else { QUEUED };
        self.take_or(&line, kind, |state| state & !QUEUED | queued)
    }

    #[cold]
    pub(super) fn end_reading(&self) {
        let mut line = self.line();
        // Another thread may have done this already, and the lock may have other holders by now.
        self.call_next(&mut line, Kind::Write).raise(line);
    }
}
