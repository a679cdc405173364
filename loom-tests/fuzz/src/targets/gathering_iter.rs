//! `GatheringIter`, beside the specification that its histories have.

use crate::{
    Place, Target, Token,
    fuse::{self, Blown},
    target::{Kind, of, one},
};
use ft_gathering_iter::{GatheringIter, NextError, Reader, Refusal};
use histories::{
    linear::Model,
    shared_specs::gathering_iter::{COPIES, END, SLOTS, Spec, State, Step},
};
use proptest::{prelude::*, sample::select, strategy::BoxedStrategy};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU64,
};

/// Ways in which a relative is broken.
const SKIPS_KEYS: u8 = 1;
const TAKES_BY_COPYING: u8 = 2;

pub struct Gathering<const BROKEN: u8 = 0> {
    gathering: GatheringIter<Token, ()>,
    readers: [Reader<Token, ()>; COPIES + 1],
}

#[derive(Clone, Debug)]
pub enum Call {
    Insert(u64),
    Next(usize),
    Len,
    Fail,
    Close,
    ClearFailure,
    /// Takes out all values, shard by shard.
    Clear,
    Visit,
}

#[derive(Clone, Debug)]
pub enum Answer {
    Step(Step),
    Failure(bool),
    Items(BTreeSet<u32>),
}

impl<const BROKEN: u8> Target for Gathering<BROKEN> {
    const NAME: &'static str = match BROKEN {
        SKIPS_KEYS => "gathering_iter that loses a key",
        TAKES_BY_COPYING => "gathering_iter that hands out copies",
        _ => "gathering_iter",
    };
    const BROKEN: bool = BROKEN > 0;

    /// The window.
    type Setup = Option<u64>;
    type Call = Call;
    type Answer = Answer;
    type Hand = ();
    type Model = Spec;

    fn setups() -> BoxedStrategy<Option<u64>> {
        select(vec![None, None, Some(1), Some(2), Some(3)]).boxed()
    }

    fn calls(alone: bool) -> Vec<Kind<Call>> {
        // With two draining readers it depends on the moment whether one sees a value that is put in where the other
        // has been. So there is one such reader where other threads make calls, too.
        let reader = match alone {
            true => vec![0, 0, 1, COPIES],
            false => vec![0, 0, COPIES],
        };
        let only = u32::from(alone);
        vec![
            of(7, (0..=END).prop_map(Call::Insert)),
            of(6, select(reader).prop_map(Call::Next)),
            one(1, Call::Len),
            one(1, Call::Fail),
            one(1, Call::ClearFailure),
            one(1 - only, Call::Close),
            one(only, Call::Clear),
            one(only, Call::Visit),
        ]
    }

    fn new(window: &Option<u64>) -> Self {
        let window = window.and_then(NonZeroU64::new);
        let gathering = GatheringIter::with_segments(SLOTS, window);
        let drain = || match BROKEN {
            TAKES_BY_COPYING => gathering.iter(END),
            _ => gathering.drain(END),
        };
        Self {
            readers: [drain(), drain(), gathering.iter(END)],
            gathering,
        }
    }

    fn model(window: &Option<u64>) -> Spec {
        Spec {
            items: BTreeMap::new(),
            window: window.unwrap_or(u64::MAX),
            taken: 0,
            draining: BTreeSet::new(),
            positions: [0; COPIES + 1],
            state: State::Open,
            counts: [0; 4],
        }
    }

    fn call(&self, _hand: &mut (), place: Place, call: &Call) -> Result<Vec<Answer>, Blown> {
        let gathering = &self.gathering;
        let steps = |steps: Vec<Step>| Ok(steps.into_iter().map(Answer::Step).collect());
        match *call {
            Call::Insert(key) => {
                let value = Token::new(place.value());
                if BROKEN == SKIPS_KEYS && key == 3 {
                    return steps(vec![
                        Step::Admitted(key),
                        Step::Inserted(key, place.value(), None),
                    ]);
                }
                match gathering.try_insert(key, value) {
                    Ok(old) => {
                        let old = old.map(|old| old.value());
                        let inserted = Step::Inserted(key, place.value(), old);
                        steps(vec![Step::Admitted(key), inserted])
                    }
                    Err(error) => {
                        let refused: Refusal<()> = error.reason;
                        steps(vec![Step::Refused(key, refused)])
                    }
                }
            }
            Call::Next(at) => {
                let next = self.readers[at].try_next().map(|value| value.value());
                let next: Result<u32, NextError<()>> = next;
                steps(vec![
                    Step::Begins(at),
                    Step::Next(at, next),
                    Step::Leaves(at),
                ])
            }
            Call::Len => {
                // One key more than readers read.
                let counting = (0..=END).map(Step::Counting);
                let len = Step::Len(gathering.len());
                steps(counting.chain([len]).collect())
            }
            Call::Fail => steps(vec![Step::Ended(State::Failed, gathering.fail(()))]),
            Call::Close => steps(vec![Step::Ended(State::Closed, gathering.close())]),
            Call::ClearFailure => Ok(vec![Answer::Failure(gathering.clear_failure().is_some())]),
            Call::Clear => {
                let items = gathering.clear();
                Ok(vec![Answer::Items(
                    items.iter().map(Token::value).collect(),
                )])
            }
            Call::Visit => {
                let items = RefCell::new(BTreeSet::new());
                let value = |value: &Token| {
                    items.borrow_mut().insert(value.value());
                    fuse::burn()
                };
                gathering.visit(value, |()| fuse::burn())?;
                Ok(vec![Answer::Items(items.into_inner())])
            }
        }
    }

    fn step(model: &mut Spec, place: Place, call: &Call, answer: &Answer) -> bool {
        match answer {
            Answer::Step(step) => model.step(place.thread, step),
            Answer::Failure(was) => {
                let failed = model.state == State::Failed;
                if failed {
                    model.state = State::Open;
                }
                failed == *was
            }
            Answer::Items(items) => {
                let expected: BTreeSet<_> = model.items.values().copied().collect();
                if matches!(call, Call::Clear) {
                    model.items.clear();
                }
                expected == *items
            }
        }
    }

    fn last() -> Vec<Call> {
        vec![Call::Len, Call::Next(0), Call::Next(COPIES)]
    }

    fn tokens(model: &Spec) -> Option<usize> {
        Some(model.items.len())
    }
}
