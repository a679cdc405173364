//! Histories of `RateLimiter`: permits are there when the rate allows them, and go to the first in line.

use ft_rate_limiter::{ManualClock, RateLimiter, Wait};
use histories::linear::{Dice, Subject, check};
use histories::shared_specs::rate_limiter::{INTERVAL, Spec, Step};
use std::{
    any::Any,
    sync::Mutex,
    time::{Duration, Instant},
};

#[derive(Debug)]
enum Call {
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

/// The type under test, and its broken relatives.
trait Limits: Send + Sync + 'static {
    fn new(limiter: RateLimiter) -> Self;
    fn real(&self) -> &RateLimiter;
    fn try_acquire(&self, n: u32) -> bool {
        self.real().try_acquire(n).unwrap()
    }
    fn leave(wait: Wait<'static>) {
        drop(wait);
    }
}

impl Limits for RateLimiter {
    fn new(limiter: RateLimiter) -> Self {
        limiter
    }
    fn real(&self) -> &RateLimiter {
        self
    }
}

/// The limiter is never freed, so that a thread can hold its place from one call to the next.
struct Recorded<L: 'static>(&'static L, ManualClock);

/// All limiters, so that the checks for leaks find them in use.
static KEPT: Mutex<Vec<&(dyn Any + Sync)>> = Mutex::new(Vec::new());

impl<L: Limits> Subject for Recorded<L> {
    type Model = Spec;
    type Call = Call;
    /// The wait of the thread, and for how many permits.
    type Hand = Option<(Wait<'static>, u32)>;

    fn new(dice: &mut Dice) -> (Self, Spec) {
        let burst = 2 + dice.below(2) as u32;
        let clock = ManualClock::new();
        let limiter = RateLimiter::with_clock(1e9 / INTERVAL as f64, burst, &clock).unwrap();
        let limiter: &L = Box::leak(Box::new(L::new(limiter)));
        KEPT.lock().unwrap().push(limiter);
        (Self(limiter, clock), Spec::new(burst))
    }

    fn script(&self, _thread: usize, dice: &mut Dice) -> Vec<Call> {
        let mut calls = dice.times(6, |dice| {
            let n = dice.below(3) as u32;
            match dice.below(14) {
                0..=2 => Call::Advance(5 * (1 + dice.below(4) as u64)),
                3..=6 => Call::Try(n),
                7 | 8 => Call::Join(n),
                9 | 10 => Call::Look,
                11 => Call::Leave,
                12 => Call::Reserve(n),
                _ => Call::Available,
            }
        });
        calls.push(Call::Leave);
        calls
    }

    fn call(&self, _thread: usize, hand: &mut Self::Hand, call: &Call) -> Vec<Step> {
        let limiter = self.0.real();
        let look = |hand: &mut Self::Hand, steps: &mut Vec<Step>| {
            let Some((mut wait, n)) = hand.take() else {
                return;
            };
            if wait.wait_deadline(Some(Instant::now())) {
                L::leave(wait);
                let n = u64::from(n);
                steps.extend([Step::Looks, Step::TookInTurn(n), Step::Leaves]);
            } else {
                *hand = Some((wait, n));
            }
        };
        let mut steps = Vec::new();
        match *call {
            Call::Advance(by) => {
                self.1.advance(Duration::from_nanos(by));
                steps.push(Step::Advance(by));
            }
            Call::Try(n) => {
                let count = u64::from(n);
                if self.0.try_acquire(n) {
                    steps.extend([Step::FindsNoLine, Step::Looks, Step::Took(count)]);
                } else {
                    steps.extend([Step::Looks, Step::Refused(count)]);
                }
            }
            Call::Join(n) if hand.is_none() => {
                *hand = Some((limiter.wait_for(n).unwrap(), n));
                steps.push(Step::Joins);
                look(hand, &mut steps);
            }
            Call::Join(_) => {}
            Call::Look => look(hand, &mut steps),
            Call::Leave => {
                if let Some((wait, _)) = hand.take() {
                    L::leave(wait);
                    steps.push(Step::Leaves);
                }
            }
            Call::Reserve(n) => {
                let wait = limiter.reserve(n).unwrap().as_nanos() as u64;
                steps.extend([Step::Looks, Step::Reserved(u64::from(n), wait)]);
            }
            Call::Available => {
                let count = u64::from(limiter.available());
                steps.extend([Step::Looks, Step::Available(count)]);
            }
        }
        steps
    }

    fn last(&self) -> Vec<Step> {
        let count = u64::from(self.0.real().available());
        let mut steps = vec![Step::Looks, Step::Available(count)];
        // Nobody waits any more.
        let got = self.0.real().try_acquire(0).unwrap();
        steps.push(if got {
            Step::FindsNoLine
        } else {
            Step::Refused(0)
        });
        steps
    }
}

#[test]
fn everything() {
    check::<Recorded<RateLimiter>>();
}

/// Broken limiters, which must be found out.
#[cfg(ft_shuttle)]
mod broken {
    use super::*;
    use histories::linear::rejects;

    /// Looks whether the permits are there, and then takes them.
    struct LookThenTake(RateLimiter);

    impl Limits for LookThenTake {
        fn new(limiter: RateLimiter) -> Self {
            Self(limiter)
        }
        fn real(&self) -> &RateLimiter {
            &self.0
        }
        fn try_acquire(&self, n: u32) -> bool {
            let there = self.0.waiting() == 0 && self.0.available() >= n;
            if there {
                self.0.reserve(n).unwrap();
            }
            there
        }
    }

    #[test]
    fn look_then_take() {
        rejects::<Recorded<LookThenTake>>();
    }

    /// Keeps the turn of a waiter that has left.
    struct KeepsTurns(RateLimiter);

    impl Limits for KeepsTurns {
        fn new(limiter: RateLimiter) -> Self {
            Self(limiter)
        }
        fn real(&self) -> &RateLimiter {
            &self.0
        }
        fn leave(wait: Wait<'static>) {
            std::mem::forget(wait);
        }
    }

    #[test]
    fn keeps_turns() {
        rejects::<Recorded<KeepsTurns>>();
    }
}
