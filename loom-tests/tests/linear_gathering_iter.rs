//! Histories of `GatheringIter`: every value goes to one draining reader and to every copying one,
//! in the order of the keys; the window is kept.
#![cfg(not(loom))]

use ft_gathering_iter::{GatheringIter, NextError, Reader, Refusal};
use loom_tests::linear::{Dice, Model, Subject, check};
use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU64,
    time::Duration,
};

/// Keys are below it.
const END: u64 = 5;
const SHARDS: u64 = 2;
/// The reader that copies; those below it drain.
const COPIES: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    Open,
    Failed,
    Closed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Spec {
    items: BTreeMap<u64, u32>,
    window: u64,
    /// How far the draining readers in progress have come, together.
    taken: u64,
    /// The draining readers in progress.
    draining: BTreeSet<usize>,
    /// Where each reader is.
    positions: [u64; COPIES + 1],
    state: State,
    /// What each thread has counted, so far.
    counts: [usize; 4],
}

#[derive(Clone, Debug)]
enum Step {
    /// The key is within the window. What is admitted is also stored, though the readers may have
    /// started anew meanwhile.
    Admitted(u64),
    Inserted(u64, u32, Option<u32>),
    Refused(u64, Refusal<()>),
    /// A draining reader is in progress from its first call, before that comes to anything,
    Begins(usize),
    /// to the one with which it ends, after that has come to something.
    Leaves(usize),
    Next(usize, Result<u32, NextError<()>>),
    Ended(State, bool),
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
                // Another one has taken it.
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
            Step::Counting(shard) => {
                let in_shard = self.items.keys().filter(|&key| key % SHARDS == shard);
                self.counts[thread] += in_shard.count();
                true
            }
            Step::Len(len) => std::mem::take(&mut self.counts[thread]) == len,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum How {
    AtOnce,
    InTime,
    Waiting,
}

#[derive(Debug)]
enum Call {
    Insert(u64, u32, How),
    Next(usize, How),
    Close,
    Fail,
    Len,
}

struct Recorded<const BROKEN: bool> {
    gathering: GatheringIter<u32, ()>,
    readers: [Reader<u32, ()>; COPIES + 1],
    /// How many draining readers are used. If two are, no key is inserted twice: what is put where
    /// one of them has been is seen or not by the other, as it looks at one key after the other.
    drains: usize,
}

impl<const BROKEN: bool> Subject for Recorded<BROKEN> {
    type Model = Spec;
    type Call = Call;
    type Hand = ();

    fn new(dice: &mut Dice) -> (Self, Spec) {
        let window = dice.pick(&[None, None, NonZeroU64::new(1), NonZeroU64::new(2)]);
        let gathering = GatheringIter::with_shards(SHARDS as usize, window);
        let drain = || match BROKEN {
            false => gathering.drain(END),
            true => gathering.iter(END),
        };
        let subject = Self {
            readers: [drain(), drain(), gathering.iter(END)],
            gathering,
            drains: 1 + dice.below(COPIES),
        };
        let spec = Spec {
            items: BTreeMap::new(),
            window: window.map_or(u64::MAX, NonZeroU64::get),
            taken: 0,
            draining: BTreeSet::new(),
            positions: [0; COPIES + 1],
            state: State::Open,
            counts: [0; 4],
        };
        (subject, spec)
    }

    fn script(&self, thread: usize, dice: &mut Dice) -> Vec<Call> {
        use How::{AtOnce, InTime, Waiting};
        let mut number = 100 * (thread as u32 + 1);
        // This thread's own keys, if none may be inserted twice.
        let mut own = (thread as u64..END).step_by(Self::THREADS);
        // The first never waits, and ends it all: so nobody waits for ever.
        let hows: &[How] = if thread == 0 {
            &[AtOnce]
        } else {
            &[AtOnce, InTime, Waiting]
        };
        let mut calls = dice.times(5, |dice| {
            number += 1;
            let how = dice.pick(hows);
            let key = match self.drains {
                1 => Some(dice.below(END as usize) as u64),
                _ => own.next(),
            };
            match (dice.below(9), key) {
                (0..=3, Some(key)) => Call::Insert(key, number, how),
                (0..=6, _) => Call::Next(dice.below(self.drains), how),
                (7, _) => Call::Next(COPIES, how),
                _ => Call::Len,
            }
        });
        if thread == 0 {
            calls.push(if dice.one_in(3) {
                Call::Fail
            } else {
                Call::Close
            });
        }
        calls
    }

    fn call(&self, _thread: usize, _hand: &mut (), call: &Call) -> Vec<Step> {
        let gathering = &self.gathering;
        let timeout = Duration::from_micros(20);
        match *call {
            Call::Insert(key, value, how) => {
                let inserted = match how {
                    How::AtOnce => gathering.try_insert(key, value),
                    How::InTime => gathering.insert_timeout(key, value, timeout),
                    How::Waiting => gathering.insert(key, value),
                };
                match inserted {
                    Ok(old) => vec![Step::Admitted(key), Step::Inserted(key, value, old)],
                    Err(error) => vec![Step::Refused(key, error.reason)],
                }
            }
            Call::Next(at, how) => {
                let mut reader = &self.readers[at];
                let next = match how {
                    How::AtOnce => reader.try_next(),
                    How::InTime => reader.next_timeout(timeout),
                    How::Waiting => match reader.next() {
                        Some(Ok(value)) => Ok(value),
                        Some(Err(())) => Err(NextError::Failed(())),
                        None => Err(NextError::Ended),
                    },
                };
                vec![Step::Begins(at), Step::Next(at, next), Step::Leaves(at)]
            }
            Call::Close => vec![Step::Ended(State::Closed, gathering.close())],
            Call::Fail => vec![Step::Ended(State::Failed, gathering.fail(()))],
            Call::Len => {
                let len = gathering.len();
                let steps = (0..SHARDS).map(Step::Counting);
                steps.chain([Step::Len(len)]).collect()
            }
        }
    }

    fn last(&self) -> Vec<Step> {
        let next = |at: usize| Step::Next(at, self.readers[at].try_next());
        let next = |at| [Step::Begins(at), next(at), Step::Leaves(at)];
        (0..self.readers.len())
            .flat_map(|at| [next(at), next(at)].concat())
            .collect()
    }
}

#[test]
fn everything() {
    check::<Recorded<false>>();
}

/// Readers that should drain, and copy.
#[cfg(shuttle)]
#[test]
fn broken_two_copies() {
    loom_tests::linear::rejects::<Recorded<true>>();
}
