//! Histories of `GatheringIter`. Every value goes to one draining reader and to every copying one, in the order of
//! the keys, and no key is beyond the window.

use ft_gathering_iter::{GatheringIter, NextError, Reader};
use histories::linear::{Dice, Subject, check};
use histories::shared_specs::gathering_iter::{COPIES, END, SLOTS, Spec, State, Step};
use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU64,
    time::Duration,
};

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
    /// How many draining readers are used. With two of them no key is inserted twice: it would depend on the moment
    /// whether one reader sees a value that is put where the other has been.
    drains: usize,
}

impl<const BROKEN: bool> Subject for Recorded<BROKEN> {
    type Model = Spec;
    type Call = Call;
    type Hand = ();

    fn new(dice: &mut Dice) -> (Self, Spec) {
        let window = dice.pick(&[None, None, NonZeroU64::new(1), NonZeroU64::new(2)]);
        let gathering = GatheringIter::with_segments(SLOTS, window);
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
        // These are keys of this thread alone, if no key may be inserted twice.
        let mut own = (thread as u64..END).step_by(Self::THREADS);
        // The first thread never waits, and ends gathering, so that no thread waits for ever.
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
                let steps = (0..END).map(Step::Counting);
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

/// Readers that copy where they should drain.
#[cfg(ft_shuttle)]
#[test]
fn broken_two_copies() {
    histories::linear::rejects::<Recorded<true>>();
}
