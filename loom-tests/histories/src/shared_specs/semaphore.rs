//! Of `Semaphore`.

use crate::linear::Model;
use std::collections::{BTreeMap, VecDeque};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Spec {
    /// Those that nobody waits for.
    pub free: usize,
    pub limit: usize,
    /// The waiting threads, in the order of arrival, and how many permits each wants.
    pub line: VecDeque<(usize, usize)>,
    /// Permits that are set aside for the first in line.
    pub saved: usize,
    /// How many more permits are out than the limit allows.
    pub owed: usize,
    /// What threads were handed from the line. They do not know it yet, and may still give up.
    pub served: BTreeMap<usize, usize>,
    /// The threads that found permits free.
    pub got: BTreeMap<usize, usize>,
}

#[derive(Clone, Debug)]
pub enum Step {
    Try(usize, bool),
    /// The thread takes permits, or a place in the line.
    Ask(usize),
    /// The thread has the permits.
    Got,
    /// The thread leaves the line, or has the permits by now and passes them on.
    GaveUp,
    Released(usize, bool),
    Limit(usize),
    Available(usize),
    Waiting(usize),
}

impl Spec {
    pub fn new(limit: usize) -> Self {
        Self {
            free: limit,
            limit,
            ..Self::default()
        }
    }

    fn take(&mut self, n: usize) -> bool {
        // No permits can be had at any time.
        let enough = n == 0 || self.free >= n && self.line.is_empty();
        self.free -= if enough { n } else { 0 };
        enough
    }

    fn release(&mut self, n: usize) -> bool {
        let out = self.limit + self.owed - self.free - self.saved;
        if n <= out {
            self.add(n);
        }
        n <= out
    }

    fn add(&mut self, n: usize) {
        let paid = n.min(self.owed);
        self.owed -= paid;
        self.saved += self.free + n - paid;
        self.free = 0;
        self.serve();
    }

    fn serve(&mut self) {
        while let Some(&(first, wanted)) = self.line.front() {
            if wanted > self.saved {
                return;
            }
            self.saved -= wanted;
            self.line.pop_front();
            self.served.insert(first, wanted);
        }
        self.free += std::mem::take(&mut self.saved);
    }

    fn change_limit(&mut self, limit: usize) {
        let before = std::mem::replace(&mut self.limit, limit);
        if limit >= before {
            return self.add(limit - before);
        }
        let gone = before - limit;
        let free = self.free.min(gone);
        let saved = self.saved.min(gone - free);
        self.free -= free;
        self.saved -= saved;
        self.owed += gone - free - saved;
    }
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, thread: usize, step: &Step) -> bool {
        match *step {
            Step::Try(n, taken) => self.take(n) == taken,
            Step::Ask(n) => {
                if self.take(n) {
                    self.got.insert(thread, n);
                } else {
                    self.line.push_back((thread, n));
                    self.saved += std::mem::take(&mut self.free);
                }
                true
            }
            Step::Got => {
                self.got.remove(&thread).is_some() || self.served.remove(&thread).is_some()
            }
            Step::GaveUp => {
                if let Some(n) = self.served.remove(&thread) {
                    // This fails if another thread has released them for this one: then all permits may be free.
                    self.release(n);
                    return true;
                }
                let before = self.line.len();
                self.line.retain(|&(other, _)| other != thread);
                let left = self.line.len() < before;
                self.serve();
                left
            }
            Step::Released(n, done) => self.release(n) == done,
            Step::Limit(limit) => {
                self.change_limit(limit);
                true
            }
            Step::Available(count) => self.free == count,
            Step::Waiting(count) => self.line.len() == count,
        }
    }
}
