//! `ConcurrentStack`, beside the specification that its histories have.

use crate::{
    Place, Target, Token,
    fuse::{self, Blown},
    target::{Kind, one},
};
use ft_concurrent_queue::ConcurrentStack;
use histories::{linear::Model, shared_specs::bounded};
use proptest::{prelude::*, strategy::BoxedStrategy};

/// Ways in which a relative is broken.
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

type Spec = bounded::Spec<Vec<u32>>;
type Step = bounded::Step<Vec<u32>>;

fn values(items: Vec<Token>) -> Vec<u32> {
    items.iter().map(Token::value).collect()
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
    type Answer = Step;
    type Hand = ();
    type Model = Spec;

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

    fn model(capacity: &Option<usize>) -> Spec {
        Spec::new(capacity.unwrap_or(usize::MAX))
    }

    fn call(&self, _hand: &mut (), place: Place, call: &Call) -> Result<Vec<Step>, Blown> {
        let stack = &self.0;
        let number = place.value();
        let item = || Token::new(number);
        Ok(vec![match *call {
            Call::TryPush => Step::pushed(number, stack.try_push(item())),
            Call::PushWith => {
                Step::pushed(number, stack.try_push_with(item(), fuse::burn_or_panic))
            }
            Call::TryPop => {
                let top = (BROKEN == POPS_IN_TWO_STEPS)
                    .then(|| stack.peek())
                    .flatten();
                let popped = stack.try_pop().map(|item| top.unwrap_or(item).value());
                Step::popped(popped)
            }
            Call::Peek => Step::Peeked(stack.peek().map(|item| item.value())),
            Call::Len => Step::Len(stack.len()),
            Call::Visit => {
                let mut items = Vec::new();
                stack.try_for_each(|item| {
                    items.push(item.value());
                    fuse::burn()
                })?;
                Step::Visited(items)
            }
            Call::TryDrain(most) => match stack.try_drain(most) {
                // The last item comes first here, and last in the model.
                Some(mut items) => {
                    items.reverse();
                    Step::Drained(most, values(items))
                }
                None => Step::TooMany(most),
            },
            Call::Close => {
                stack.close();
                Step::Closed
            }
            Call::CloseAndDrain => Step::ClosedAndDrained(values(stack.close_and_drain())),
        }])
    }

    fn step(model: &mut Spec, place: Place, _call: &Call, step: &Step) -> bool {
        model.step(place.thread, step)
    }

    fn last() -> Vec<Call> {
        vec![Call::TryPush, Call::TryPop, Call::CloseAndDrain]
    }

    fn tokens(model: &Spec) -> Option<usize> {
        Some(model.items.len())
    }
}
