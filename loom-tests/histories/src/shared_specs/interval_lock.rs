//! Of `RawIntervalLock`.

use crate::linear::Model;
use std::collections::VecDeque;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Spec {
    pub owner: Option<usize>,
    /// In the order of arrival.
    pub line: VecDeque<usize>,
    /// The owner was let in from the line. It does not know it yet, and may still give up.
    pub called: bool,
}

#[derive(Clone, Debug)]
pub enum Step {
    Try(bool),
    /// The thread takes the lock, or a place in the line.
    Ask,
    /// The thread has the lock.
    Got,
    /// The thread leaves the line, or has the lock by now and passes it on.
    GaveUp,
    Unlocked,
    /// The thread hands the lock over, and takes the last place in the line.
    Ceded,
    /// No thread waited.
    Kept,
    IsLocked(bool),
}

impl Spec {
    fn call_next(&mut self) {
        self.owner = self.line.pop_front();
        self.called = self.owner.is_some();
    }
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, thread: usize, step: &Step) -> bool {
        let is_owner = self.owner == Some(thread);
        match *step {
            Step::Try(taken) => {
                let free = self.owner.is_none();
                if free {
                    self.owner = Some(thread);
                    self.called = false;
                }
                taken == free
            }
            Step::Ask => {
                if self.owner.is_none() {
                    self.owner = Some(thread);
                    self.called = false;
                } else {
                    self.line.push_back(thread);
                }
                true
            }
            Step::Got => {
                self.called = false;
                is_owner
            }
            Step::GaveUp if is_owner => {
                let called = self.called;
                self.call_next();
                called
            }
            Step::GaveUp => {
                let before = self.line.len();
                self.line.retain(|&other| other != thread);
                self.line.len() < before
            }
            Step::Unlocked => {
                self.call_next();
                is_owner
            }
            Step::Ceded => {
                let waits = !self.line.is_empty();
                self.line.push_back(thread);
                self.call_next();
                is_owner && waits
            }
            Step::Kept => is_owner && self.line.is_empty(),
            Step::IsLocked(locked) => self.owner.is_some() == locked,
        }
    }
}
