//! Of `Select`: two queues with a bound, of which a call uses one.

use super::bounded::{self, Items};
use crate::linear::Model;
use std::collections::VecDeque;

/// The first item leaves first.
impl Items for VecDeque<u32> {
    fn count(&self) -> usize {
        self.len()
    }

    fn put(&mut self, item: u32) {
        self.push_back(item);
    }

    fn is_next(&self, item: u32) -> bool {
        self.front() == Some(&item)
    }

    fn remove(&mut self, _item: u32) {
        self.pop_front();
    }
}

type Queue = bounded::Spec<VecDeque<u32>>;

/// What one thread would see.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spec(pub [Queue; 2]);

impl Spec {
    /// Returns two empty and open queues.
    pub fn new(capacity: usize) -> Self {
        Self([(); 2].map(|()| Queue::new(capacity)))
    }
}

#[derive(Clone, Debug)]
pub enum Step {
    /// What was done with one of the queues, and which.
    Did(usize, bounded::Step<VecDeque<u32>>),
    /// Nothing was possible: to pop, or to push.
    NoPop,
    NoPush,
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, thread: usize, step: &Step) -> bool {
        match step {
            Step::Did(queue, step) => self.0[*queue].step(thread, step),
            Step::NoPop => (self.0.iter()).all(|it| it.items.is_empty() && !it.closed),
            Step::NoPush => (self.0.iter()).all(|it| it.items.len() == it.capacity && !it.closed),
        }
    }
}
