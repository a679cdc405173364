//! The line of waiting threads.

use super::word::{BIASED, Kind, QUEUED, WRITER};
use ft_sync::{Arc, Mutex, MutexGuard, Signal};
use std::{collections::VecDeque, sync::PoisonError};

#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) readers: Vec<Arc<Signal>>,
    pub(super) writers: VecDeque<Arc<Signal>>,
}

#[derive(Debug)]
pub(super) struct Place<'a> {
    /// The line of the process in which the place was taken.
    pub(super) line: &'a Mutex<Line>,
    pub(super) signal: Arc<Signal>,
}

impl Line {
    pub(super) fn is_empty(&self) -> bool {
        self.readers.is_empty() && self.writers.is_empty()
    }

    /// Returns whether a new thread may go ahead of those in the line.
    pub(super) fn admits(&self, kind: Kind, state: usize) -> bool {
        match kind {
            Kind::Read => state & WRITER == 0 && self.writers.is_empty(),
            Kind::Write => state & !(QUEUED | BIASED) == 0 && self.is_empty(),
        }
    }

    pub(super) fn push(&mut self, kind: Kind) -> Arc<Signal> {
        let signal = Arc::new(Signal::new());
        let theirs = Arc::clone(&signal);
        match kind {
            Kind::Read => self.readers.push(theirs),
            Kind::Write => self.writers.push_back(theirs),
        }
        signal
    }

    /// Gives up a place. Returns false if its turn has come already.
    pub(super) fn remove(&mut self, kind: Kind, signal: &Arc<Signal>) -> bool {
        let is_it = |other: &Arc<Signal>| Arc::ptr_eq(other, signal);
        match kind {
            Kind::Read => {
                let place = self.readers.iter().position(is_it);
                place.map(|place| self.readers.remove(place)).is_some()
            }
            Kind::Write => {
                let place = self.writers.iter().position(is_it);
                place.and_then(|place| self.writers.remove(place)).is_some()
            }
        }
    }
}

pub(super) fn locked(line: &Mutex<Line>) -> MutexGuard<'_, Line> {
    // A panic leaves the line as it was: it can only come from allocating or counting.
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Threads that were given the lock, and that must be told.
#[derive(Default)]
#[must_use]
pub(super) struct Called {
    pub(super) readers: Vec<Arc<Signal>>,
    pub(super) writer: Option<Arc<Signal>>,
}

impl Called {
    /// Raises their signals, after unlocking the line, which they may want to lock.
    pub(super) fn raise(self, line: MutexGuard<'_, Line>) {
        drop(line);
        self.writer.iter().for_each(|signal| signal.raise());
        self.readers.iter().for_each(|signal| signal.raise());
    }
}
