//! Of `GatheringIter`.

use crate::linear::Model;
use ft_gathering_iter::{NextError, Refusal};
use std::collections::{BTreeMap, BTreeSet};

/// All keys that readers read are below this.
pub const END: u64 = 5;
/// Slots of a segment.
pub const SLOTS: usize = 2;
/// The reader that copies. The readers below it drain.
pub const COPIES: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Open,
    Failed,
    Closed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spec {
    pub items: BTreeMap<u64, u32>,
    pub window: u64,
    /// How far the draining readers in progress have come, together.
    pub taken: u64,
    /// The draining readers in progress.
    pub draining: BTreeSet<usize>,
    /// Where each reader is.
    pub positions: [u64; COPIES + 1],
    pub state: State,
    /// What each thread has counted so far.
    pub counts: [usize; 4],
}

#[derive(Clone, Debug)]
pub enum Step {
    /// The key is within the window. An admitted value is also stored, though the readers may have started anew
    /// meanwhile.
    Admitted(u64),
    Inserted(u64, u32, Option<u32>),
    Refused(u64, Refusal<()>),
    /// A draining reader is in progress from its first call, before that comes to anything,
    Begins(usize),
    /// to the one with which it ends, after that has come to something.
    Leaves(usize),
    Next(usize, Result<u32, NextError<()>>),
    Ended(State, bool),
    /// Whether there is a value of this key.
    Counting(u64),
    Len(usize),
}

impl Spec {
    fn is_beyond(&self, key: u64) -> bool {
        key >= self.taken.saturating_add(self.window)
    }

    fn next(&mut self, reader: usize) -> Result<u32, NextError<()>> {
        let drains = reader < COPIES;
        while self.positions[reader] < END {
            let key = self.positions[reader];
            let value = match drains {
                true => self.items.remove(&key),
                false => self.items.get(&key).copied(),
            };
            if let Some(value) = value {
                if drains {
                    self.taken = self.taken.max(key + 1);
                }
                self.positions[reader] += 1;
                return Ok(value);
            }
            if drains && self.taken > key {
                // Another reader has taken it.
                self.positions[reader] += 1;
                continue;
            }
            let why = match self.state {
                State::Open => return Err(NextError::Missing),
                State::Failed => NextError::Failed(()),
                State::Closed => NextError::Ended,
            };
            self.positions[reader] = END;
            return Err(why);
        }
        Err(NextError::Ended)
    }
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, thread: usize, step: &Step) -> bool {
        match *step {
            Step::Admitted(key) => !self.is_beyond(key),
            Step::Inserted(key, value, replaced) => {
                self.state != State::Closed && self.items.insert(key, value) == replaced
            }
            Step::Refused(key, reason) => match reason {
                Refusal::Full => self.is_beyond(key) && self.state == State::Open,
                Refusal::Closed => self.state == State::Closed,
                Refusal::Failed(()) => self.is_beyond(key) && self.state == State::Failed,
            },
            Step::Begins(reader) => {
                if reader < COPIES && self.positions[reader] < END {
                    self.draining.insert(reader);
                }
                true
            }
            Step::Leaves(reader) => {
                let left = self.positions[reader] == END && self.draining.remove(&reader);
                if left && self.draining.is_empty() {
                    self.taken = 0;
                }
                true
            }
            Step::Next(reader, result) => self.next(reader) == result,
            Step::Ended(state, here) => {
                let open = self.state == State::Open;
                if open {
                    self.state = state;
                }
                open == here
            }
            Step::Counting(key) => {
                self.counts[thread] += usize::from(self.items.contains_key(&key));
                true
            }
            Step::Len(len) => std::mem::take(&mut self.counts[thread]) == len,
        }
    }
}
