//! `ConcurrentStack`, beside a `Vec`.

use crate::{
    Place, Target, Token,
    fuse::{self, Blown},
    target::{Kind, one},
};
use ft_concurrent_queue::{ConcurrentStack, TryPopError, TryPushError};
use proptest::{prelude::*, strategy::BoxedStrategy};

/// What is broken about it.
const HAS_NO_BOUND: u8 = 1;
const POPS_IN_TWO_STEPS: u8 = 2;

pub struct Stack<const BROKEN: u8 = 0>(ConcurrentStack<Token>);

#[derive(Clone, Debug)]
pub enum Call {
    TryPush,
    /// Calls foreign code when it is certain.
    PushWith,
    TryPop,
    Peek,
    Len,
    Visit,
    /// Of no more items than this.
    TryDrain(usize),
    Close,
    CloseAndDrain,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Pushed,
    Full,
    Closed,
    Item(Option<u32>),
    Items(Vec<u32>),
    TooMany,
    Len(usize),
    Done,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Model {
    items: Vec<u32>,
    capacity: Option<usize>,
    closed: bool,
}

fn push(push: impl FnOnce() -> Result<(), TryPushError<Token>>) -> Answer {
    match push() {
        Ok(()) => Answer::Pushed,
        Err(TryPushError::Full(_)) => Answer::Full,
        Err(TryPushError::Closed(_)) => Answer::Closed,
    }
}

impl<const BROKEN: u8> Target for Stack<BROKEN> {
    const NAME: &'static str = match BROKEN {
        HAS_NO_BOUND => "concurrent_stack without a bound",
        POPS_IN_TWO_STEPS => "concurrent_stack that pops in two steps",
        _ => "concurrent_stack",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = Option<usize>;
    type Call = Call;
    type Answer = Answer;
    type Hand = ();
    type Model = Model;

    fn setups() -> BoxedStrategy<Option<usize>> {
        proptest::option::of(1..5_usize).boxed()
    }

    fn calls(alone: bool) -> Vec<Kind<Call>> {
        let seldom = u32::from(!alone);
        vec![
            one(5, Call::TryPush),
            one(2, Call::PushWith),
            one(5, Call::TryPop),
            one(2, Call::Peek),
            one(1, Call::Len),
            one(1, Call::Visit),
            one(1, Call::TryDrain(1)),
            one(1, Call::TryDrain(9)),
            one(seldom, Call::Close),
            one(seldom, Call::CloseAndDrain),
        ]
    }

    fn new(capacity: &Option<usize>) -> Self {
        match capacity {
            Some(capacity) if BROKEN != HAS_NO_BOUND => Self(ConcurrentStack::bounded(*capacity)),
            _ => Self(ConcurrentStack::unbounded()),
        }
    }

    fn model(capacity: &Option<usize>) -> Model {
        Model {
            items: Vec::new(),
            capacity: *capacity,
            closed: false,
        }
    }

    fn call(&self, _hand: &mut (), place: Place, call: &Call) -> Result<Vec<Answer>, Blown> {
        let stack = &self.0;
        let item = || Token::new(place.value());
        Ok(vec![match call {
            Call::TryPush => push(|| stack.try_push(item())),
            Call::PushWith => push(|| stack.try_push_with(item(), fuse::burn_or_panic)),
            Call::TryPop if BROKEN == POPS_IN_TWO_STEPS => {
                let top = stack.peek().map(|item| item.value());
                match stack.try_pop() {
                    Ok(item) => Answer::Item(top.or(Some(item.value()))),
                    Err(_) => Answer::Item(None),
                }
            }
            Call::TryPop => match stack.try_pop() {
                Ok(item) => Answer::Item(Some(item.value())),
                Err(TryPopError::Empty) => Answer::Item(None),
                Err(TryPopError::Closed) => Answer::Closed,
            },
            Call::Peek => Answer::Item(stack.peek().map(|item| item.value())),
            Call::Len => Answer::Len(stack.len()),
            Call::Visit => {
                let mut items = Vec::new();
                stack.try_for_each(|item| {
                    items.push(item.value());
                    fuse::burn()
                })?;
                Answer::Items(items)
            }
            Call::TryDrain(most) => match stack.try_drain(*most) {
                Some(items) => Answer::Items(items.iter().map(Token::value).collect()),
                None => Answer::TooMany,
            },
            Call::Close => {
                stack.close();
                Answer::Done
            }
            Call::CloseAndDrain => {
                let items = stack.close_and_drain();
                Answer::Items(items.iter().map(Token::value).collect())
            }
        }])
    }

    fn step(model: &mut Model, place: Place, call: &Call, answer: &Answer) -> bool {
        let expected = match call {
            Call::TryPush | Call::PushWith => {
                if model.closed {
                    Answer::Closed
                } else if model.capacity == Some(model.items.len()) {
                    Answer::Full
                } else {
                    model.items.push(place.value());
                    Answer::Pushed
                }
            }
            Call::TryPop => match model.items.pop() {
                None if model.closed => Answer::Closed,
                item => Answer::Item(item),
            },
            Call::Peek => Answer::Item(model.items.last().copied()),
            Call::Len => Answer::Len(model.items.len()),
            Call::Visit => Answer::Items(model.items.clone()),
            Call::TryDrain(most) if model.items.len() > *most => Answer::TooMany,
            Call::TryDrain(_) => Answer::Items(model.items.drain(..).rev().collect()),
            Call::Close => {
                model.closed = true;
                Answer::Done
            }
            Call::CloseAndDrain => {
                model.closed = true;
                Answer::Items(std::mem::take(&mut model.items))
            }
        };
        expected == *answer
    }

    fn last() -> Vec<Call> {
        vec![Call::TryPush, Call::TryPop, Call::CloseAndDrain]
    }

    fn tokens(model: &Model) -> Option<usize> {
        Some(model.items.len())
    }
}
