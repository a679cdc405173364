//! Of `ConcurrentQueue`.

use crate::linear::Model;
use std::collections::VecDeque;

/// What one thread would see.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spec {
    pub items: VecDeque<u32>,
    /// `usize::MAX`: there is no bound.
    pub capacity: usize,
    pub closed: bool,
}

#[derive(Clone, Debug)]
pub enum Step {
    Pushed(u32),
    Full,
    PushClosed,
    Popped(u32),
    Empty,
    PopClosed,
    /// The queue is empty, whether closed or not.
    Nothing,
    Peeked(u32),
    Len(usize),
    IsEmpty(bool),
    IsFull(bool),
    IsClosed(bool),
    Closed {
        here: bool,
    },
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, _thread: usize, step: &Step) -> bool {
        let len = self.items.len();
        let is_full = len >= self.capacity;
        match *step {
            Step::Pushed(item) => {
                self.items.push_back(item);
                !self.closed && !is_full
            }
            Step::Full => !self.closed && is_full,
            Step::PushClosed => self.closed,
            Step::Popped(item) => self.items.pop_front() == Some(item),
            Step::Empty => self.items.is_empty() && !self.closed,
            Step::PopClosed => self.items.is_empty() && self.closed,
            Step::Nothing => self.items.is_empty(),
            Step::Peeked(item) => self.items.front() == Some(&item),
            Step::Len(n) => n == len,
            Step::IsEmpty(empty) => empty == (len == 0),
            Step::IsFull(full) => full == is_full,
            Step::IsClosed(closed) => self.closed == closed,
            Step::Closed { here } => std::mem::replace(&mut self.closed, true) != here,
        }
    }
}
