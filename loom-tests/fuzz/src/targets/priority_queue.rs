//! `PriorityQueue`, beside a set: with comparisons under the lock, without, and some of each.

use crate::{
    Place, Target, Token,
    fuse::{self, Blown},
    target::{Kind, of, one},
};
use ft_concurrent_queue::{Order, PriorityPopError, PriorityPushError, PriorityQueue};
use proptest::{prelude::*, sample::select, strategy::BoxedStrategy};
use std::collections::BTreeSet;

/// What is broken about it.
const LAST_IN_IS_LEAST: u8 = 1;
const SWALLOWS_ERRORS: u8 = 2;

pub struct Queue<const BROKEN: u8 = 0> {
    queue: PriorityQueue<Token>,
    order: By<BROKEN>,
}

/// Compares priorities, at once where both are below this.
struct By<const BROKEN: u8>(u32);

/// An item is its priority, and what tells it apart from others.
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

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Pushed,
    Full,
    Closed,
    Item(Option<u32>),
    Items(BTreeSet<u32>),
    TooMany,
    Len(usize),
    Done,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Model {
    items: BTreeSet<u32>,
    capacity: Option<usize>,
    closed: bool,
}

impl<const BROKEN: u8> Queue<BROKEN> {
    /// Waits until no other thread compares.
    fn wait(&self) -> impl Drop {
        let turn = || self.queue.try_turn();
        self.queue
            .turn_over()
            .wait_until(None, turn)
            .expect("there is no deadline")
    }

    fn push(&self, value: u32) -> Result<Answer, Blown> {
        let mut item = Token::new(value);
        loop {
            match self.queue.try_push(item, &self.order) {
                Ok(()) => return Ok(Answer::Pushed),
                Err(PriorityPushError::Full(_)) => return Ok(Answer::Full),
                Err(PriorityPushError::Closed(_)) => return Ok(Answer::Closed),
                Err(PriorityPushError::Order { error, .. }) => return Err(error),
                Err(PriorityPushError::Busy(refused)) => item = refused,
            }
            drop(self.wait());
        }
    }

    fn pop(&self) -> Result<Answer, Blown> {
        loop {
            match self.queue.try_pop(&self.order) {
                Ok(item) => return Ok(Answer::Item(Some(item.value()))),
                Err(PriorityPopError::Empty) => return Ok(Answer::Item(None)),
                Err(PriorityPopError::Closed) => return Ok(Answer::Closed),
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
    type Answer = Answer;
    type Hand = ();
    type Model = Model;

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

    fn model(setup: &Setup) -> Model {
        Model {
            items: BTreeSet::new(),
            capacity: setup.capacity,
            closed: false,
        }
    }

    fn call(&self, _hand: &mut (), place: Place, call: &Call) -> Result<Vec<Answer>, Blown> {
        let queue = &self.queue;
        Ok(vec![match *call {
            Call::Push(_) if BROKEN == LAST_IN_IS_LEAST => self.push(place.value())?,
            Call::Push(priority) => self.push(priority * PRIORITY + place.value())?,
            Call::Pop => self.pop()?,
            Call::Peek => Answer::Item(queue.peek().map(|item| item.value())),
            Call::Len => Answer::Len(queue.len()),
            Call::Visit => {
                let mut items = BTreeSet::new();
                queue.try_for_each(|item| {
                    items.insert(item.value());
                    fuse::burn()
                })?;
                Answer::Items(items)
            }
            Call::TryDrain(most) => match queue.try_drain(most) {
                Some(items) => Answer::Items(items.iter().map(Token::value).collect()),
                None => Answer::TooMany,
            },
            Call::Close => {
                queue.close();
                Answer::Done
            }
            Call::CloseAndDrain => {
                let items = queue.close_and_drain();
                Answer::Items(items.iter().map(Token::value).collect())
            }
        }])
    }

    fn step(model: &mut Model, place: Place, call: &Call, answer: &Answer) -> bool {
        let least = model.items.first().map(|item| item / PRIORITY);
        let is_least = |item: u32| Some(item / PRIORITY) == least;
        let expected = match *call {
            Call::Push(_) if model.closed => Answer::Closed,
            Call::Push(_) if model.capacity == Some(model.items.len()) => Answer::Full,
            Call::Push(priority) => {
                model.items.insert(priority * PRIORITY + place.value());
                Answer::Pushed
            }
            // Equal ones leave in no particular order.
            Call::Pop => match *answer {
                Answer::Item(Some(item)) => return is_least(item) && model.items.remove(&item),
                _ if !model.items.is_empty() => return false,
                _ if model.closed => Answer::Closed,
                _ => Answer::Item(None),
            },
            Call::Peek => match *answer {
                Answer::Item(Some(item)) => return is_least(item) && model.items.contains(&item),
                _ => return model.items.is_empty(),
            },
            Call::Len => Answer::Len(model.items.len()),
            Call::Visit => Answer::Items(model.items.clone()),
            Call::TryDrain(most) if model.items.len() > most => Answer::TooMany,
            Call::TryDrain(_) => Answer::Items(std::mem::take(&mut model.items)),
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
        vec![Call::Len, Call::Pop, Call::Pop, Call::CloseAndDrain]
    }

    fn tokens(model: &Model) -> Option<usize> {
        Some(model.items.len())
    }
}
