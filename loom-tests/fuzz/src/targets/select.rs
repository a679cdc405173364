//! `Select` between two queues, beside the specification that its histories have.

use crate::{
    Place, Target, Token,
    fuse::Blown,
    target::{Kind, of},
};
use ft_concurrent_queue::{ConcurrentQueue, PopError};
use ft_sync::Select;
use histories::{
    linear::Model,
    shared_specs::{
        bounded,
        select::{Spec, Step},
    },
};
use proptest::{prelude::*, strategy::BoxedStrategy};
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Instant,
};

/// Ways in which a relative is broken.
const LEAVES_A_TRACE: u8 = 1;
const FORGETS_A_CASE: u8 = 2;

pub struct Pair<const BROKEN: u8 = 0>([ConcurrentQueue<Token>; 2]);

#[derive(Clone, Copy, Debug)]
pub enum Way {
    Now,
    /// With a deadline that has passed.
    Wait,
    /// As a task that is polled once and dropped.
    Poll,
}

#[derive(Clone, Debug)]
pub enum Call {
    TryPush(usize),
    TryPop(usize),
    Close(usize),
    /// The answer is that nothing was possible, or what was done.
    Pop(Way),
    Push(Way),
    /// The same beside other threads: that nothing was possible is true of one queue after the other, and is no
    /// answer.
    PopBeside(Way),
    PushBeside(Way),
}

fn ways() -> impl Strategy<Value = Way> {
    prop_oneof![Just(Way::Now), Just(Way::Wait), Just(Way::Poll)]
}

fn chosen<T>(select: &mut Select<'_, T>, way: Way) -> Option<T> {
    match way {
        Way::Now => select.try_now(),
        Way::Wait => select.wait_deadline(Some(Instant::now())),
        Way::Poll => {
            let polled = pin!(select.wait_async()).poll(&mut Context::from_waker(Waker::noop()));
            match polled {
                Poll::Ready(done) => Some(done),
                Poll::Pending => None,
            }
        }
    }
}

impl<const BROKEN: u8> Pair<BROKEN> {
    fn pop(&self, way: Way) -> Option<Step> {
        let [a, b] = &self.0;
        let mut select = Select::new().case(a.popping().map(|item| (0, item)));
        if BROKEN != FORGETS_A_CASE {
            select = select.case(b.popping().map(|item| (1, item)));
        }
        let (queue, item) = chosen(&mut select, way)?;
        if BROKEN == LEAVES_A_TRACE {
            let _ = self.0[1 - queue].try_pop();
        }
        Some(Step::Did(
            queue,
            match item {
                Ok(item) => bounded::Step::Popped(item.value()),
                Err(PopError) => bounded::Step::PopClosed,
            },
        ))
    }

    fn push(&self, number: u32, way: Way) -> Option<Step> {
        let [a, b] = &self.0;
        let mut items = [0, 0].map(|_| Some(Token::new(number)));
        let [one, two] = &mut items;
        let mut select = Select::new()
            .case(a.pushing(one).map(|done| (0, done)))
            .case(b.pushing(two).map(|done| (1, done)));
        let chosen = chosen(&mut select, way);
        drop(select);
        // The item of the case that took effect is gone, and no other.
        assert_eq!(
            items.iter().flatten().count(),
            2 - usize::from(chosen.is_some())
        );
        let (queue, done) = chosen?;
        Some(Step::Did(
            queue,
            match done {
                Ok(()) => bounded::Step::Pushed(number),
                Err(_) => bounded::Step::PushClosed,
            },
        ))
    }
}

impl<const BROKEN: u8> Target for Pair<BROKEN> {
    const NAME: &'static str = match BROKEN {
        LEAVES_A_TRACE => "select that does the other case, too",
        FORGETS_A_CASE => "select that forgets a case",
        _ => "select",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = usize;
    type Call = Call;
    type Answer = Step;
    type Hand = ();
    type Model = Spec;

    fn setups() -> BoxedStrategy<usize> {
        (1..4_usize).boxed()
    }

    fn calls(alone: bool) -> Vec<Kind<Call>> {
        let (alone, beside) = (u32::from(alone), u32::from(!alone));
        vec![
            of(3, (0..2_usize).prop_map(Call::TryPush)),
            of(2, (0..2_usize).prop_map(Call::TryPop)),
            of(1, (0..2_usize).prop_map(Call::Close)),
            of(5 * alone, ways().prop_map(Call::Pop)),
            of(5 * alone, ways().prop_map(Call::Push)),
            of(5 * beside, ways().prop_map(Call::PopBeside)),
            of(5 * beside, ways().prop_map(Call::PushBeside)),
        ]
    }

    fn new(&capacity: &usize) -> Self {
        Self([(); 2].map(|()| ConcurrentQueue::bounded(capacity)))
    }

    fn model(&capacity: &usize) -> Spec {
        Spec::new(capacity)
    }

    fn call(&self, _hand: &mut (), place: Place, call: &Call) -> Result<Vec<Step>, Blown> {
        let number = place.value();
        Ok(match *call {
            Call::TryPush(queue) => {
                let pushed = self.0[queue].try_push(Token::new(number));
                vec![Step::Did(queue, bounded::Step::pushed(number, pushed))]
            }
            Call::TryPop(queue) => {
                let popped = self.0[queue].try_pop().map(|item| item.value());
                vec![Step::Did(queue, bounded::Step::popped(popped))]
            }
            Call::Close(queue) => {
                self.0[queue].close();
                vec![Step::Did(queue, bounded::Step::Closed)]
            }
            Call::Pop(way) => vec![self.pop(way).unwrap_or(Step::NoPop)],
            Call::Push(way) => vec![self.push(number, way).unwrap_or(Step::NoPush)],
            Call::PopBeside(way) => self.pop(way).into_iter().collect(),
            Call::PushBeside(way) => self.push(number, way).into_iter().collect(),
        })
    }

    fn step(model: &mut Spec, place: Place, _call: &Call, step: &Step) -> bool {
        model.step(place.thread, step)
    }

    fn last() -> Vec<Call> {
        // Each queue is emptied, and what is left shows.
        let pops = [(); 8].map(|()| Call::TryPop(0));
        let more = [(); 8].map(|()| Call::TryPop(1));
        pops.into_iter().chain(more).collect()
    }

    fn tokens(model: &Spec) -> Option<usize> {
        Some(model.0.iter().map(|queue| queue.items.len()).sum())
    }
}
