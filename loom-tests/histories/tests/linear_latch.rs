//! Histories of `Latch`: a wait ends if and only if the latch has been open since it began.

use ft_latch::{Latch, Since};
use histories::linear::{Dice, Subject, check};
use histories::shared_specs::latch::{Spec, Step};
use std::time::{Duration, Instant};

#[derive(Debug)]
enum Call {
    Add(u32),
    Down(u32),
    Count,
    WaitTimeout,
    Wait,
    /// Begins a wait, in the thread's own way.
    Watch,
    /// Ends that wait, if it has begun.
    Look,
    /// Counts down by whatever is left.
    Open,
}

/// The type under test, and its broken relatives.
trait Gate: Send + Sync + 'static {
    fn new(count: u32) -> Self;
    fn real(&self) -> &Latch;
    fn count_down(&self, n: u32) -> bool {
        self.real().count_down(n).is_ok()
    }
    fn was_open(&self, since: Since) -> bool {
        self.real().was_open(since)
    }
}

impl Gate for Latch {
    fn new(count: u32) -> Self {
        Latch::new(count)
    }
    fn real(&self) -> &Latch {
        self
    }
}

struct Recorded<G>(G);

impl<G: Gate> Subject for Recorded<G> {
    type Model = Spec;
    type Call = Call;
    type Hand = Option<Since>;

    fn new(dice: &mut Dice) -> (Self, Spec) {
        let count = dice.below(3) as u32;
        (Self(G::new(count)), Spec::new(count))
    }

    fn script(&self, thread: usize, dice: &mut Dice) -> Vec<Call> {
        if thread == 1 {
            // Only this thread waits for ever: the others open the latch in the end.
            return vec![Call::Down(1), Call::Count, Call::Wait, Call::WaitTimeout];
        }
        let mut calls = dice.times(6, |dice| match dice.below(12) {
            0 | 1 => Call::Add(1 + dice.below(2) as u32),
            2..=4 => Call::Down(1 + dice.below(2) as u32),
            5 => Call::Count,
            6 | 7 => Call::WaitTimeout,
            8 | 9 => Call::Watch,
            _ => Call::Look,
        });
        calls.push(Call::Open);
        calls
    }

    fn call(&self, _thread: usize, since: &mut Option<Since>, call: &Call) -> Vec<Step> {
        let latch = self.0.real();
        match *call {
            Call::Add(n) => {
                latch.add(n).unwrap();
                vec![Step::Add(n)]
            }
            Call::Down(n) => vec![Step::Down(n, self.0.count_down(n))],
            Call::Count => vec![Step::Count(latch.count())],
            // A thread does one wait at a time.
            Call::WaitTimeout | Call::Wait | Call::Watch if since.is_some() => Vec::new(),
            Call::WaitTimeout => {
                let deadline = Instant::now() + Duration::from_micros(20);
                vec![Step::Ask, Step::Waited(latch.wait_deadline(Some(deadline)))]
            }
            Call::Wait => {
                latch.wait();
                vec![Step::Ask, Step::Waited(true)]
            }
            Call::Watch => {
                *since = Some(latch.now());
                vec![Step::Ask]
            }
            Call::Look => match since.take() {
                None => Vec::new(),
                Some(since) => vec![Step::Waited(self.0.was_open(since))],
            },
            Call::Open => loop {
                let left = latch.count();
                if left == 0 {
                    break vec![Step::Count(0)];
                }
                if latch.count_down(left).is_ok() {
                    break vec![Step::Down(left, true)];
                }
            },
        }
    }

    fn last(&self) -> Vec<Step> {
        vec![Step::Count(self.0.real().count())]
    }
}

#[test]
fn everything() {
    check::<Recorded<Latch>>();
}

/// Broken latches, which must be found out.
#[cfg(ft_shuttle)]
mod broken {
    use super::*;
    use histories::linear::rejects;

    /// Looks whether the count is large enough, and then counts down.
    struct LookThenCount(Latch);

    impl Gate for LookThenCount {
        fn new(count: u32) -> Self {
            Self(Latch::new(count))
        }
        fn real(&self) -> &Latch {
            &self.0
        }
        fn count_down(&self, n: u32) -> bool {
            let enough = self.0.count() >= n;
            let _ = self.0.count_down(n);
            enough
        }
    }

    #[test]
    fn look_then_count() {
        rejects::<Recorded<LookThenCount>>();
    }

    /// Misses that the latch was open, if it is closed again.
    struct Forgetful(Latch);

    impl Gate for Forgetful {
        fn new(count: u32) -> Self {
            Self(Latch::new(count))
        }
        fn real(&self) -> &Latch {
            &self.0
        }
        fn was_open(&self, _since: Since) -> bool {
            self.0.is_open()
        }
    }

    #[test]
    fn forgetful() {
        rejects::<Recorded<Forgetful>>();
    }
}
