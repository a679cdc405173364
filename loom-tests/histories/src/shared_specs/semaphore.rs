//! Of `Semaphore`.

use crate::linear::Model;
use std::collections::{BTreeSet, VecDeque};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spec {
    pub free: usize,
    pub limit: usize,
    /// The waiting threads, in the order of arrival. It is empty while a permit is free.
    pub line: VecDeque<usize>,
    /// The threads that were handed a permit. They do not know it yet, and may still give up.
    pub served: BTreeSet<usize>,
    /// The threads that found a permit free.
    pub got: BTreeSet<usize>,
}

#[derive(Clone, Debug)]
pub enum Step {
    Try(bool),
    /// The thread takes a permit, or a place in the line.
    Ask,
    /// The thread has a permit.
    Got,
    /// The thread leaves the line, or has a permit by now and passes it on.
    GaveUp,
    Released(bool),
    Available(usize),
    Waiting(usize),
}

impl Spec {
    fn take(&mut self) -> bool {
        let free = self.free > 0;
        self.free -= usize::from(free);
        free
    }

    fn release(&mut self) -> bool {
        if let Some(next) = self.line.pop_front() {
            self.served.insert(next);
            return true;
        }
        let fits = self.free < self.limit;
        self.free += usize::from(fits);
        fits
    }
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, thread: usize, step: &Step) -> bool {
        match *step {
            Step::Try(taken) => self.take() == taken,
            Step::Ask => {
                if self.take() {
                    self.got.insert(thread);
                } else {
                    self.line.push_back(thread);
                }
                true
            }
            Step::Got => self.got.remove(&thread) || self.served.remove(&thread),
            Step::GaveUp => {
                if self.served.remove(&thread) {
                    // This is not so if another thread has released it for this one: then all permits may be free.
                    self.release();
                    return true;
                }
                let before = self.line.len();
                self.line.retain(|&other| other != thread);
                self.line.len() < before
            }
            Step::Released(done) => self.release() == done,
            Step::Available(count) => self.free == count,
            Step::Waiting(count) => self.line.len() == count,
        }
    }
}
