//! `PriorityQueue`, beside the specification that its histories have. Comparisons are made under the lock,
//! outside of it, or both.

use crate::{
    Place, Target, Token,
    fuse::{self, Blown},
    target::{Kind, of, one},
};
use ft_concurrent_queue::{Order, PriorityPopError, PriorityPushError, PriorityQueue};
use histories::{
    linear::Model,
    shared_specs::bounded::{self, Items as _},
};
use proptest::{prelude::*, sample::select, strategy::BoxedStrategy};

/// Ways in which a relative is broken.
const LAST_IN_IS_LEAST: u8 = 1;
const SWALLOWS_ERRORS: u8 = 2;

pub struct Queue<const BROKEN: u8 = 0> {
    queue: PriorityQueue<Token>,
    order: By<BROKEN>,
}

/// Compares priorities. The comparison is quick if both are below this number.
struct By<const BROKEN: u8>(u32);

/// An item is its priority times this, and a number that tells it apart from others.
const PRIORITY: u32 = 1_000_000;

impl<const BROKEN: u8> Order<Token> for By<BROKEN> {
    type Error = Blown;

    fn quick(&self, a: &Token, b: &Token) -> Option<bool> {
        let (a, b) = (a.value() / PRIORITY, b.value() / PRIORITY);
        (a < self.0 && b < self.0).then_some(a < b)
    }

    fn is_less(&self, a: &Token, b: &Token) -> Result<bool, Blown> {
        match fuse::burn() {
            Err(Blown) if BROKEN == SWALLOWS_ERRORS => return Ok(false),
            burnt => burnt?,
        }
        Ok(a.value() / PRIORITY < b.value() / PRIORITY)
    }
}

#[derive(Clone, Debug)]
pub struct Setup {
    capacity: Option<usize>,
    /// Priorities below this are compared under the lock.
    quick: u32,
}

#[derive(Clone, Debug)]
pub enum Call {
    Push(u32),
    Pop,
    Peek,
    Len,
    Visit,
    /// Of no more items than this.
    TryDrain(usize),
    Close,
    CloseAndDrain,
}

/// Items of the same priority leave in any order.
type Items = bounded::Least<PRIORITY>;
type Spec = bounded::Spec<Items>;
type Step = bounded::Step<Items>;

fn values(items: Vec<Token>) -> Items {
    items.iter().map(Token::value).collect()
}

impl<const BROKEN: u8> Queue<BROKEN> {
    /// Waits for the turn, which it gets once no other thread compares.
    fn wait(&self) -> impl Drop {
        let turn = || self.queue.try_turn();
        self.queue
            .turn_over()
            .wait_until(None, turn)
            .expect("there is no deadline")
    }

    fn push(&self, priority: u32, number: u32) -> Result<Step, Blown> {
        let value = priority * PRIORITY + number;
        let mut item = Token::new(match BROKEN {
            LAST_IN_IS_LEAST => number,
            _ => value,
        });
        loop {
            match self.queue.try_push(item, &self.order) {
                Ok(()) => return Ok(Step::Pushed(value)),
                Err(PriorityPushError::Full(_)) => return Ok(Step::Full),
                Err(PriorityPushError::Closed(_)) => return Ok(Step::PushClosed),
                Err(PriorityPushError::Order { error, .. }) => return Err(error),
                Err(PriorityPushError::Busy(refused)) => item = refused,
            }
            drop(self.wait());
        }
    }

    fn pop(&self) -> Result<Step, Blown> {
        loop {
            match self.queue.try_pop(&self.order) {
                Ok(item) => return Ok(Step::Popped(item.value())),
                Err(PriorityPopError::Empty) => return Ok(Step::Empty),
                Err(PriorityPopError::Closed) => return Ok(Step::PopClosed),
                Err(PriorityPopError::Order(error)) => return Err(error),
                Err(PriorityPopError::Busy) => drop(self.wait()),
            }
        }
    }
}

impl<const BROKEN: u8> Target for Queue<BROKEN> {
    const NAME: &'static str = match BROKEN {
        LAST_IN_IS_LEAST => "priority_queue with one priority",
        SWALLOWS_ERRORS => "priority_queue that swallows errors",
        _ => "priority_queue",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = Setup;
    type Call = Call;
    type Answer = Step;
    type Hand = ();
    type Model = Spec;

    fn setups() -> BoxedStrategy<Setup> {
        let capacity = proptest::option::of(select(vec![1, 2, 3, 20]));
        (capacity, select(vec![0, 5, 100]))
            .prop_map(|(capacity, quick)| Setup { capacity, quick })
            .boxed()
    }

    fn calls(alone: bool) -> Vec<Kind<Call>> {
        let seldom = u32::from(!alone);
        vec![
            of(6, (0..10_u32).prop_map(Call::Push)),
            one(5, Call::Pop),
            one(1, Call::Peek),
            one(1, Call::Len),
            one(1, Call::Visit),
            one(seldom, Call::Close),
            one(seldom, Call::CloseAndDrain),
            one(1, Call::TryDrain(1)),
            one(1, Call::TryDrain(9)),
        ]
    }

    fn new(setup: &Setup) -> Self {
        let queue = match setup.capacity {
            Some(capacity) => PriorityQueue::bounded(capacity),
            None => PriorityQueue::unbounded(),
        };
        Self {
            queue,
            order: By(setup.quick),
        }
    }

    fn model(setup: &Setup) -> Spec {
        Spec::new(setup.capacity.unwrap_or(usize::MAX))
    }

    fn call(&self, _hand: &mut (), place: Place, call: &Call) -> Result<Vec<Step>, Blown> {
        let queue = &self.queue;
        Ok(vec![match *call {
            Call::Push(priority) => self.push(priority, place.value())?,
            Call::Pop => self.pop()?,
            Call::Peek => Step::Peeked(queue.peek().map(|item| item.value())),
            Call::Len => Step::Len(queue.len()),
            Call::Visit => {
                let mut items = Vec::new();
                queue.try_for_each(|item| {
                    items.push(item.value());
                    fuse::burn()
                })?;
                Step::Visited(items.into_iter().collect())
            }
            Call::TryDrain(most) => match queue.try_drain(most) {
                Some(items) => Step::Drained(most, values(items)),
                None => Step::TooMany(most),
            },
            Call::Close => {
                queue.close();
                Step::Closed
            }
            Call::CloseAndDrain => Step::ClosedAndDrained(values(queue.close_and_drain())),
        }])
    }

    fn step(model: &mut Spec, place: Place, _call: &Call, step: &Step) -> bool {
        model.step(place.thread, step)
    }

    fn last() -> Vec<Call> {
        vec![Call::Len, Call::Pop, Call::Pop, Call::CloseAndDrain]
    }

    fn tokens(model: &Spec) -> Option<usize> {
        Some(model.items.count())
    }
}
