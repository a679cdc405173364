//! `ConcurrentQueue`, beside a `VecDeque`.

use crate::{
    Place, Target, Token,
    fuse::Blown,
    target::{Kind, of, one},
};
use ft_concurrent_queue::{
    ConcurrentQueue, PopTimeoutError, PushTimeoutError, TryPopError, TryPushError, TryPushManyError,
};
use histories::{
    linear::Model as _,
    shared_specs::concurrent_queue::{Spec, Step as Answer},
};
use proptest::{prelude::*, sample::select, strategy::BoxedStrategy};
use std::{collections::VecDeque, time::Instant};

/// Ways in which a relative is broken.
const LOSES_AT_BLOCK_END: u8 = 1;
const FORGETS_TO_DROP: u8 = 2;
const PEEKS_THEN_POPS: u8 = 3;

pub struct Queue<const BROKEN: u8 = 0>(ConcurrentQueue<Token>);

#[derive(Clone, Debug)]
pub struct Setup {
    capacity: Option<usize>,
    /// How many items have come and gone, so that the first item is at the end of a block, say.
    gone: usize,
}

#[derive(Clone, Debug)]
pub enum Call {
    TryPush,
    /// The call has a deadline that has passed.
    Push,
    PushMany(usize),
    TryPop,
    Pop,
    PopMany(usize),
    Peek,
    Len,
    IsEmpty,
    IsFull,
    Close,
    CloseAndDrain,
    /// Pops until the queue is empty.
    Drain,
}

impl<const BROKEN: u8> Queue<BROKEN> {
    fn pop(&self) -> Result<Token, TryPopError> {
        if BROKEN == PEEKS_THEN_POPS {
            let first = self.0.peek();
            return self.0.try_pop().map(|item| first.unwrap_or(item));
        }
        let item = self.0.try_pop()?;
        if BROKEN == FORGETS_TO_DROP {
            std::mem::forget(item.clone());
        }
        Ok(item)
    }

    fn push(&self, item: Token) -> Result<(), TryPushError<Token>> {
        if BROKEN == LOSES_AT_BLOCK_END && self.0.len() == 31 {
            return Ok(());
        }
        self.0.try_push(item)
    }
}

fn pushed(place: Place, error: Option<Answer>) -> Result<Vec<Answer>, Blown> {
    let end = error.unwrap_or(Answer::Pushed(place.value()));
    Ok(vec![end])
}

fn popped(item: Result<Token, TryPopError>) -> Answer {
    match item {
        Ok(item) => Answer::Popped(item.value()),
        Err(TryPopError::Empty) => Answer::Empty,
        Err(TryPopError::Closed) => Answer::PopClosed,
    }
}

fn drained(items: Vec<Token>) -> impl Iterator<Item = Answer> {
    let popped = |item: Token| Answer::Popped(item.value());
    items.into_iter().map(popped).chain([Answer::Nothing])
}

impl<const BROKEN: u8> Target for Queue<BROKEN> {
    const NAME: &'static str = match BROKEN {
        LOSES_AT_BLOCK_END => "concurrent_queue that loses an item",
        FORGETS_TO_DROP => "concurrent_queue that drops too few",
        PEEKS_THEN_POPS => "concurrent_queue that pops in two steps",
        _ => "concurrent_queue",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = Setup;
    type Call = Call;
    type Answer = Answer;
    type Hand = ();
    type Model = Spec;

    fn setups() -> BoxedStrategy<Setup> {
        let capacity = select(vec![
            None,
            None,
            Some(1),
            Some(2),
            Some(3),
            Some(32),
            Some(33),
            // Too much for a ring.
            Some(1 << 20),
        ]);
        let gone = select(vec![0, 0, 1, 29, 30, 31, 32, 63]);
        (capacity, gone)
            .prop_map(|(capacity, gone)| Setup { capacity, gone })
            .boxed()
    }

    fn calls(alone: bool) -> Vec<Kind<Call>> {
        let many: usize = if alone { 90 } else { 4 };
        vec![
            one(6, Call::TryPush),
            one(2, Call::Push),
            of(2, (0..many).prop_map(Call::PushMany)),
            one(6, Call::TryPop),
            one(2, Call::Pop),
            of(2, (0..many).prop_map(Call::PopMany)),
            one(2, Call::Peek),
            one(2, Call::Len),
            one(1, Call::IsEmpty),
            one(1, Call::IsFull),
            // There are few of these if there are many calls, because not much happens afterwards.
            one(if alone { 0 } else { 1 }, Call::Close),
            one(if alone { 0 } else { 1 }, Call::CloseAndDrain),
            one(1, Call::Drain),
        ]
    }

    fn new(setup: &Setup) -> Self {
        let queue = match setup.capacity {
            Some(capacity) => ConcurrentQueue::bounded(capacity),
            None => ConcurrentQueue::unbounded(),
        };
        for _ in 0..setup.gone {
            queue.try_push(Token::new(0)).unwrap();
            queue.try_pop().unwrap();
        }
        Self(queue)
    }

    fn model(setup: &Setup) -> Spec {
        Spec {
            items: VecDeque::new(),
            capacity: setup.capacity.unwrap_or(usize::MAX),
            closed: false,
        }
    }

    fn call(&self, _hand: &mut (), place: Place, call: &Call) -> Result<Vec<Answer>, Blown> {
        let queue = &self.0;
        let now = Instant::now();
        Ok(vec![match *call {
            Call::TryPush => {
                let error = match self.push(Token::new(place.value())) {
                    Ok(()) => None,
                    Err(TryPushError::Full(_)) => Some(Answer::Full),
                    Err(TryPushError::Closed(_)) => Some(Answer::PushClosed),
                };
                return pushed(place, error);
            }
            Call::Push => {
                let error = match queue.push_deadline(Token::new(place.value()), now) {
                    Ok(()) => None,
                    Err(PushTimeoutError::Timeout(_)) => Some(Answer::Full),
                    Err(PushTimeoutError::Closed(_)) => Some(Answer::PushClosed),
                };
                return pushed(place, error);
            }
            Call::PushMany(count) => {
                let values = (0..count as u32).map(|n| place.value() + n);
                let mut items = values.clone().map(Token::new).collect();
                let (done, end) = match queue.try_push_many(&mut items) {
                    Ok(done) => (done, None),
                    Err(TryPushManyError::Full { pushed }) => (pushed, Some(Answer::Full)),
                    Err(TryPushManyError::Closed { pushed }) => (pushed, Some(Answer::PushClosed)),
                };
                assert_eq!(done + items.len(), count, "items are lost");
                let pushed = values.take(done).map(Answer::Pushed);
                return Ok(pushed.chain(end).collect());
            }
            Call::TryPop => popped(self.pop()),
            Call::Pop => match queue.pop_deadline(now) {
                Ok(item) => Answer::Popped(item.value()),
                Err(PopTimeoutError::Timeout) => Answer::Empty,
                Err(PopTimeoutError::Closed) => Answer::PopClosed,
            },
            Call::PopMany(max) => {
                let mut items = Vec::new();
                return Ok(match queue.try_pop_many(max, &mut items) {
                    Ok(count) if count == max => {
                        items.iter().map(|it| Answer::Popped(it.value())).collect()
                    }
                    // It ends early only when the queue is empty.
                    Ok(_) => drained(items).collect(),
                    Err(error) => vec![popped(Err(error))],
                });
            }
            Call::Peek => match queue.peek() {
                Some(item) => Answer::Peeked(item.value()),
                None => Answer::Nothing,
            },
            Call::Len => Answer::Len(queue.len()),
            Call::IsEmpty => Answer::IsEmpty(queue.is_empty()),
            Call::IsFull => Answer::IsFull(queue.is_full()),
            Call::Close => Answer::Closed {
                here: queue.close(),
            },
            Call::CloseAndDrain => {
                // The call does not say whether the queue was closed before.
                let items = queue.close_and_drain();
                let closed = Answer::IsClosed(true);
                return Ok([closed].into_iter().chain(drained(items)).collect());
            }
            Call::Drain => return Ok(drained(queue.try_iter().collect()).collect()),
        }])
    }

    fn step(model: &mut Spec, place: Place, call: &Call, answer: &Answer) -> bool {
        if let (Call::CloseAndDrain, Answer::IsClosed(true)) = (call, answer) {
            model.closed = true;
        }
        model.step(place.thread, answer)
    }

    fn last() -> Vec<Call> {
        vec![Call::Len, Call::CloseAndDrain, Call::TryPush, Call::TryPop]
    }

    fn tokens(model: &Spec) -> Option<usize> {
        Some(model.items.len())
    }
}
