//! `RateLimiter`, beside the specification that its histories have.

use crate::{
    Place, Target,
    fuse::Blown,
    target::{Kind, of, one},
};
use ft_rate_limiter::{ManualClock, RateLimiter, Wait};
use histories::{
    linear::Model,
    shared_specs::rate_limiter::{INTERVAL, Spec, Step},
};
use proptest::{prelude::*, strategy::BoxedStrategy};
use std::time::{Duration, Instant};

/// Ways in which a relative is broken.
const ONE_MORE: u8 = 1;
const LOOKS_THEN_TAKES: u8 = 2;

/// The limiter is never freed, so that a thread can hold its place from one call to the next.
pub struct Limiter<const BROKEN: u8 = 0>(&'static RateLimiter, ManualClock);

#[derive(Clone, Debug)]
pub enum Call {
    Advance(u64),
    Try(u32),
    /// Joins the line, if the thread does not wait.
    Join(u32),
    /// Looks whether it is the thread's turn, and whether its permits are there.
    Look,
    Leave,
    Reserve(u32),
    Available,
}

impl<const BROKEN: u8> Target for Limiter<BROKEN> {
    const NAME: &'static str = match BROKEN {
        ONE_MORE => "rate_limiter with one permit too many",
        LOOKS_THEN_TAKES => "rate_limiter that looks and then takes",
        _ => "rate_limiter",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = u32;
    type Call = Call;
    type Answer = Step;
    /// The wait of the thread, and for how many permits.
    type Hand = Option<(Wait<'static>, u32)>;
    type Model = Spec;

    fn setups() -> BoxedStrategy<u32> {
        (2..5_u32).boxed()
    }

    fn calls(_alone: bool) -> Vec<Kind<Call>> {
        vec![
            of(4, (0..4 * INTERVAL).prop_map(Call::Advance)),
            of(5, (0..3_u32).prop_map(Call::Try)),
            of(2, (0..3_u32).prop_map(Call::Join)),
            one(3, Call::Look),
            one(1, Call::Leave),
            of(1, (0..3_u32).prop_map(Call::Reserve)),
            one(2, Call::Available),
        ]
    }

    fn new(&burst: &u32) -> Self {
        let clock = ManualClock::new();
        let burst = burst + u32::from(BROKEN == ONE_MORE);
        let limiter = RateLimiter::with_clock(1e9 / INTERVAL as f64, burst, &clock);
        let limiter = limiter.expect("the arguments are fine");
        Self(Box::leak(Box::new(limiter)), clock)
    }

    fn model(&burst: &u32) -> Spec {
        Spec::new(burst)
    }

    fn call(&self, hand: &mut Self::Hand, _place: Place, call: &Call) -> Result<Vec<Step>, Blown> {
        let limiter = self.0;
        let small = "it is less than the burst";
        let look = |hand: &mut Self::Hand, steps: &mut Vec<Step>| {
            let Some((mut wait, n)) = hand.take() else {
                return;
            };
            if wait.wait_deadline(Some(Instant::now())) {
                drop(wait);
                let n = u64::from(n);
                steps.extend([Step::Looks, Step::TookInTurn(n), Step::Leaves]);
            } else {
                *hand = Some((wait, n));
            }
        };
        let take = |n: u32| match BROKEN {
            LOOKS_THEN_TAKES => {
                let there = limiter.waiting() == 0 && limiter.available() >= n;
                if there {
                    limiter.reserve(n).expect(small);
                }
                there
            }
            _ => limiter.try_acquire(n).expect(small),
        };
        let mut steps = Vec::new();
        match *call {
            Call::Advance(by) => {
                self.1.advance(Duration::from_nanos(by));
                steps.push(Step::Advance(by));
            }
            Call::Try(n) => {
                let count = u64::from(n);
                if take(n) {
                    steps.extend([Step::FindsNoLine, Step::Looks, Step::Took(count)]);
                } else {
                    steps.extend([Step::Looks, Step::Refused(count)]);
                }
            }
            Call::Join(n) if hand.is_none() => {
                *hand = Some((limiter.wait_for(n).expect(small), n));
                steps.push(Step::Joins);
                look(hand, &mut steps);
            }
            Call::Join(_) => {}
            Call::Look => look(hand, &mut steps),
            Call::Leave => {
                if hand.take().is_some() {
                    steps.push(Step::Leaves);
                }
            }
            Call::Reserve(n) => {
                let wait = limiter.reserve(n).expect(small).as_nanos() as u64;
                steps.extend([Step::Looks, Step::Reserved(u64::from(n), wait)]);
            }
            Call::Available => {
                let count = u64::from(limiter.available());
                steps.extend([Step::Looks, Step::Available(count)]);
            }
        }
        Ok(steps)
    }

    fn step(model: &mut Spec, place: Place, _call: &Call, step: &Step) -> bool {
        model.step(place.thread, step)
    }

    fn ending(_place: Place, hand: &Self::Hand) -> Option<Call> {
        hand.is_some().then_some(Call::Leave)
    }

    fn last() -> Vec<Call> {
        vec![Call::Available, Call::Try(0)]
    }
}
