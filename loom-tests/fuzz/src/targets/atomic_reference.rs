//! `AtomicReference`, beside a variable: which object is in it, and which threads keep which objects alive.

use crate::{
    Place, Target, Token,
    fuse::{self, Blown},
    target::{Kind, of, one},
};
use ft_atomic_reference::AtomicReference;
use proptest::{prelude::*, strategy::BoxedStrategy};
use std::{collections::BTreeSet, mem, sync::Arc};

/// Ways in which a relative is broken.
const COMPARES_NOTHING: u8 = 1;
const KEEPS_OLD_ONES: u8 = 2;

pub struct Reference<const BROKEN: u8 = 0>(AtomicReference<Arc<Token>>);

#[derive(Clone, Debug)]
pub enum Call {
    /// The thread keeps what it loads, until it loads something else.
    Load,
    /// Calls foreign code.
    With,
    Store,
    Exchange,
    /// Expects the object that the thread keeps, or the first object.
    CompareExchange,
    /// Calls foreign code, which fails now and then.
    Update {
        same: bool,
    },
    /// The thread drops the object that it keeps.
    LetGo,
}

/// The object that was in the slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Value(u32),
    Not(u32),
    Done,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Model {
    value: u32,
    /// The object that each thread keeps.
    kept: [Option<u32>; 4],
}

const FIRST: u32 = 9_999_999;

impl<const BROKEN: u8> Target for Reference<BROKEN> {
    const NAME: &'static str = match BROKEN {
        COMPARES_NOTHING => "atomic_reference that does not compare",
        KEEPS_OLD_ONES => "atomic_reference that keeps old ones",
        _ => "atomic_reference",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = ();
    type Call = Call;
    type Answer = Answer;
    type Hand = Option<Arc<Token>>;
    type Model = Model;

    fn setups() -> BoxedStrategy<()> {
        Just(()).boxed()
    }

    fn calls(_alone: bool) -> Vec<Kind<Call>> {
        vec![
            one(4, Call::Load),
            one(2, Call::With),
            one(3, Call::Store),
            one(3, Call::Exchange),
            one(5, Call::CompareExchange),
            of(3, any::<bool>().prop_map(|same| Call::Update { same })),
            one(1, Call::LetGo),
        ]
    }

    fn new(_setup: &()) -> Self {
        Self(AtomicReference::new(Arc::new(Token::new(FIRST))))
    }

    fn model(_setup: &()) -> Model {
        Model {
            value: FIRST,
            kept: [None; 4],
        }
    }

    fn call(
        &self,
        hand: &mut Option<Arc<Token>>,
        place: Place,
        call: &Call,
    ) -> Result<Vec<Answer>, Blown> {
        let slot = &self.0;
        let new = || Arc::new(Token::new(place.value()));
        Ok(vec![match *call {
            Call::Load => {
                let value = slot.load();
                let answer = Answer::Value(value.value());
                *hand = Some(value);
                answer
            }
            Call::With => Answer::Value(slot.with(|value| {
                fuse::burn()?;
                Ok(value.value())
            })?),
            Call::Store => {
                slot.store(new());
                Answer::Done
            }
            Call::Exchange => {
                let old = slot.exchange(new());
                let answer = Answer::Value(old.value());
                if BROKEN == KEEPS_OLD_ONES {
                    mem::forget(old);
                }
                answer
            }
            Call::CompareExchange => {
                // No other thread has this object.
                let other = new();
                let expected = match BROKEN {
                    COMPARES_NOTHING => slot.load(),
                    _ => hand.clone().unwrap_or(other),
                };
                match slot.compare_exchange(&expected, new()) {
                    Ok(old) => Answer::Value(old.value()),
                    Err(value) => Answer::Not(value.value()),
                }
            }
            Call::Update { same } => {
                let change = slot.try_update(|value| {
                    fuse::burn()?;
                    Ok(if same { Arc::clone(value) } else { new() })
                })?;
                Answer::Value(change.before.value())
            }
            Call::LetGo => {
                *hand = None;
                Answer::Done
            }
        }])
    }

    fn step(model: &mut Model, place: Place, call: &Call, answer: &Answer) -> bool {
        let new = place.value();
        let kept = &mut model.kept[place.thread];
        let expected = match *call {
            Call::Load => {
                *kept = Some(model.value);
                Answer::Value(model.value)
            }
            Call::With | Call::Update { same: true } => Answer::Value(model.value),
            Call::Store => {
                model.value = new;
                Answer::Done
            }
            Call::CompareExchange if *kept != Some(model.value) => Answer::Not(model.value),
            Call::Exchange | Call::CompareExchange | Call::Update { same: false } => {
                Answer::Value(mem::replace(&mut model.value, new))
            }
            Call::LetGo => {
                *kept = None;
                Answer::Done
            }
        };
        expected == *answer
    }

    fn last() -> Vec<Call> {
        vec![Call::Load, Call::LetGo]
    }

    fn tokens(model: &Model) -> Option<usize> {
        let kept = model.kept.iter().flatten().copied();
        let all: BTreeSet<_> = kept.chain([model.value]).collect();
        Some(all.len())
    }
}
