//! Of `OwnedRwLock`.

use crate::linear::Model;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A phase-fair lock: which threads have it, and which wait for it, in the order of arrival.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Spec {
    /// How many times each thread has the lock for reading.
    pub readers: BTreeMap<usize, usize>,
    pub writer: Option<usize>,
    pub waiting_readers: BTreeSet<usize>,
    pub waiting_writers: VecDeque<usize>,
    /// The threads that were let in from the line. They do not know it yet, and may still give up.
    pub called: BTreeSet<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Read,
    Write,
}
use Kind::{Read, Write};

#[derive(Clone, Debug)]
pub enum Step {
    Try(Kind, bool),
    /// The thread takes the lock, or a place in the line.
    Ask(Kind),
    /// The thread has the lock.
    Got(Kind),
    /// The thread leaves the line, or has the lock by now and passes it on.
    GaveUp(Kind),
    Unlocked(Kind),
    Downgraded,
}

impl Spec {
    /// Returns whether one more thread may come in without waiting.
    fn admits(&self, thread: usize, kind: Kind) -> bool {
        match kind {
            // A waiting writer keeps new readers out, but present readers may nest.
            Read => {
                self.writer.is_none()
                    && (self.waiting_writers.is_empty() || self.readers.contains_key(&thread))
            }
            Write => {
                self.is_free() && self.waiting_writers.is_empty() && self.waiting_readers.is_empty()
            }
        }
    }

    fn is_free(&self) -> bool {
        self.writer.is_none() && self.readers.is_empty()
    }

    fn take(&mut self, thread: usize, kind: Kind) {
        match kind {
            Read => *self.readers.entry(thread).or_default() += 1,
            Write => self.writer = Some(thread),
        }
    }

    fn has(&self, thread: usize, kind: Kind) -> bool {
        match kind {
            Read => self.readers.contains_key(&thread),
            Write => self.writer == Some(thread),
        }
    }

    fn unlock(&mut self, thread: usize, kind: Kind) {
        match kind {
            Read => {
                let count = self.readers.get_mut(&thread).expect("looked at before");
                *count -= 1;
                if *count == 0 {
                    self.readers.remove(&thread);
                }
            }
            Write => self.writer = None,
        }
        self.call_next(if kind == Read { Write } else { Read });
    }

    /// Lets in the threads whose turn it is. If both kinds could come, `first` says which does.
    fn call_next(&mut self, first: Kind) {
        if self.writer.is_some() {
            return;
        }
        if first == Read || self.waiting_writers.is_empty() {
            for reader in std::mem::take(&mut self.waiting_readers) {
                self.take(reader, Read);
                self.called.insert(reader);
            }
        }
        if self.is_free() {
            if let Some(writer) = self.waiting_writers.pop_front() {
                self.take(writer, Write);
                self.called.insert(writer);
            }
        }
    }
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, thread: usize, step: &Step) -> bool {
        match *step {
            Step::Try(kind, taken) => {
                let admitted = self.admits(thread, kind);
                if admitted {
                    self.take(thread, kind);
                }
                taken == admitted
            }
            Step::Ask(kind) => {
                if self.admits(thread, kind) {
                    self.take(thread, kind);
                } else if kind == Read {
                    self.waiting_readers.insert(thread);
                } else {
                    self.waiting_writers.push_back(thread);
                }
                true
            }
            Step::Got(kind) => {
                let waits = self.waiting_readers.contains(&thread);
                self.called.remove(&thread);
                !waits && self.has(thread, kind)
            }
            Step::GaveUp(kind) => {
                if self.called.remove(&thread) {
                    self.unlock(thread, kind);
                    return true;
                }
                let waiting = self.waiting_readers.len() + self.waiting_writers.len();
                self.waiting_readers.remove(&thread);
                self.waiting_writers.retain(|&other| other != thread);
                // The threads that waited only because of it go ahead.
                self.call_next(Write);
                self.waiting_readers.len() + self.waiting_writers.len() < waiting
            }
            Step::Unlocked(kind) => {
                let had = self.has(thread, kind);
                if had {
                    self.unlock(thread, kind);
                }
                had
            }
            Step::Downgraded => {
                let had = self.has(thread, Write);
                self.take(thread, Read);
                self.writer = None;
                self.call_next(Read);
                had
            }
        }
    }
}
