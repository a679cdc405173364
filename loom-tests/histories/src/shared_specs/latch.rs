//! Of `Latch`.

use crate::linear::Model;
use std::{collections::BTreeSet, mem};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Spec {
    pub count: u32,
    /// The threads that wait.
    pub waiting: BTreeSet<usize>,
    /// The threads that the latch was open for. They do not know it yet.
    pub passed: BTreeSet<usize>,
}

#[derive(Clone, Debug)]
pub enum Step {
    Add(u32),
    /// The number, and whether it was not too large.
    Down(u32, bool),
    Count(u32),
    /// The thread begins to wait.
    Ask,
    /// Its wait ends, because the latch was open or because a deadline has passed.
    Waited(bool),
}

impl Spec {
    pub fn new(count: u32) -> Self {
        Self {
            count,
            ..Self::default()
        }
    }
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, thread: usize, step: &Step) -> bool {
        match *step {
            Step::Add(n) => {
                self.count += n;
                true
            }
            Step::Down(n, done) => {
                let left = self.count.checked_sub(n);
                if left == Some(0) {
                    self.passed.append(&mut mem::take(&mut self.waiting));
                }
                self.count = left.unwrap_or(self.count);
                done == left.is_some()
            }
            Step::Count(count) => self.count == count,
            Step::Ask if self.count == 0 => self.passed.insert(thread),
            Step::Ask => self.waiting.insert(thread),
            Step::Waited(true) => self.passed.remove(&thread),
            Step::Waited(false) => self.waiting.remove(&thread),
        }
    }
}
