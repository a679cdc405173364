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
    /// How many items each thread is in the middle of pushing. The documentation says that a push in progress counts as
    /// an item, for `len` and for a push that finds the queue full. The push may fail in the end, and may have to begin
    /// again when a pop was faster, so it may count at one moment and not at the next.
    pub pushing: [usize; 4],
}

#[derive(Clone, Debug)]
pub enum Step {
    /// The thread begins to push that many items.
    Pushing(usize),
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

    fn step(&mut self, thread: usize, step: &Step) -> bool {
        let own = self.pushing[thread];
        let others = self.pushing.iter().sum::<usize>() - own;
        let len = self.items.len();
        let may_be_full = len + others >= self.capacity;
        match *step {
            Step::Pushing(count) => {
                self.pushing[thread] = count;
                true
            }
            Step::Pushed(item) => {
                self.items.push_back(item);
                self.pushing[thread] = own - 1;
                !self.closed && len < self.capacity
            }
            Step::Full => {
                self.pushing[thread] = 0;
                !self.closed && may_be_full
            }
            Step::PushClosed => {
                self.pushing[thread] = 0;
                self.closed
            }
            Step::Popped(item) => self.items.pop_front() == Some(item),
            Step::Empty => self.items.is_empty() && !self.closed,
            Step::PopClosed => self.items.is_empty() && self.closed,
            Step::Nothing => self.items.is_empty(),
            Step::Peeked(item) => self.items.front() == Some(&item),
            Step::Len(n) => (len..=len + others).contains(&n) && n <= self.capacity,
            Step::IsEmpty(true) => len == 0,
            Step::IsEmpty(false) => len + others > 0,
            Step::IsFull(true) => may_be_full,
            Step::IsFull(false) => len < self.capacity,
            Step::IsClosed(closed) => self.closed == closed,
            Step::Closed { here } => std::mem::replace(&mut self.closed, true) != here,
        }
    }
}
