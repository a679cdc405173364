//! `Latch`, beside the specification that its histories have.

use crate::{
    Place, Target,
    fuse::Blown,
    target::{Kind, of, one},
};
use ft_latch::Latch;
use histories::{
    linear::Model,
    shared_specs::latch::{Spec, Step},
};
use proptest::{prelude::*, strategy::BoxedStrategy};
use std::{
    pin::pin,
    task::{Context, Waker},
    time::Instant,
};

/// Ways in which a relative is broken.
const GOES_BELOW: u8 = 1;
const FORGETS_OPENINGS: u8 = 2;

pub struct Gate<const BROKEN: u8 = 0>(Latch);

#[derive(Clone, Debug)]
pub enum Call {
    Add(u32),
    Down(u32),
    Count,
    /// The call has a deadline that has passed.
    Wait,
    /// As a task that is polled once and dropped.
    Poll,
    /// As a task that is polled, and polled again after a thread, this one perhaps, has opened and closed the latch.
    Open,
}

impl<const BROKEN: u8> Target for Gate<BROKEN> {
    const NAME: &'static str = match BROKEN {
        GOES_BELOW => "latch that counts down too far",
        FORGETS_OPENINGS => "latch that forgets that it was open",
        _ => "latch",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = u32;
    type Call = Call;
    type Answer = Step;
    type Hand = ();
    type Model = Spec;

    fn setups() -> BoxedStrategy<u32> {
        (0..4_u32).boxed()
    }

    fn calls(alone: bool) -> Vec<Kind<Call>> {
        vec![
            of(3, (0..3_u32).prop_map(Call::Add)),
            of(5, (0..4_u32).prop_map(Call::Down)),
            one(2, Call::Count),
            one(2, Call::Wait),
            one(2, Call::Poll),
            one(2 * u32::from(alone), Call::Open),
        ]
    }

    fn new(&count: &u32) -> Self {
        Self(Latch::new(count))
    }

    fn model(&count: &u32) -> Spec {
        Spec::new(count)
    }

    fn call(&self, _hand: &mut (), _place: Place, call: &Call) -> Result<Vec<Step>, Blown> {
        let latch = &self.0;
        let mut context = Context::from_waker(Waker::noop());
        Ok(match *call {
            Call::Add(n) => {
                latch.add(n).expect("it is far from the largest count");
                vec![Step::Add(n)]
            }
            Call::Down(n) if BROKEN == GOES_BELOW => {
                let _ = latch.count_down(n.min(latch.count()));
                vec![Step::Down(n, true)]
            }
            Call::Down(n) => vec![Step::Down(n, latch.count_down(n).is_ok())],
            Call::Count => vec![Step::Count(latch.count())],
            Call::Wait => {
                let waited = latch.wait_deadline(Some(Instant::now()));
                vec![Step::Ask, Step::Waited(waited)]
            }
            Call::Poll => {
                let waited = pin!(latch.wait_async()).poll(&mut context).is_ready();
                vec![Step::Ask, Step::Waited(waited)]
            }
            Call::Open => {
                let mut task = pin!(latch.wait_async());
                let at_once = task.as_mut().poll(&mut context).is_ready();
                let left = latch.count();
                let mut steps = vec![Step::Ask];
                latch.count_down(left).expect("no other thread changes it");
                steps.push(Step::Down(left, true));
                latch.add(1).expect("the count is zero");
                steps.push(Step::Add(1));
                let waited = match BROKEN {
                    FORGETS_OPENINGS => latch.is_open(),
                    _ => at_once || task.as_mut().poll(&mut context).is_ready(),
                };
                steps.push(Step::Waited(waited));
                steps
            }
        })
    }

    fn step(model: &mut Spec, place: Place, _call: &Call, step: &Step) -> bool {
        model.step(place.thread, step)
    }

    fn last() -> Vec<Call> {
        vec![Call::Count, Call::Wait]
    }
}
