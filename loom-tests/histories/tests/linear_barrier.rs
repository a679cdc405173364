//! Histories of `Barrier`: parties pass in whole rounds, first come, first served, or all are told that it is broken.

use ft_barrier::{Barrier, BrokenBarrier, Enter, Entry};
use histories::linear::{Dice, Subject, check};
use histories::shared_specs::barrier::{Spec, Step};
use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

#[derive(Debug)]
enum Call {
    Wait,
    WaitTimeout,
    /// Comes and leaves.
    Leave,
    Abort,
    Reset,
    Waiting,
    IsBroken,
}

/// The type under test, and its broken relatives.
trait Gate: Send + Sync + 'static {
    fn new(parties: usize) -> Self;
    fn real(&self) -> &Barrier;
    fn wait(&self, deadline: Option<Instant>) -> Result<usize, BrokenBarrier> {
        self.real().wait_deadline(deadline)
    }
    fn leave(&self, enter: Enter<&Barrier>) {
        drop(enter);
    }
}

impl Gate for Barrier {
    fn new(parties: usize) -> Self {
        Barrier::new(parties)
    }
    fn real(&self) -> &Barrier {
        self
    }
}

struct Recorded<G>(G);

impl<G: Gate> Subject for Recorded<G> {
    type Model = Spec;
    type Call = Call;
    type Hand = ();

    fn new(dice: &mut Dice) -> (Self, Spec) {
        let parties = 1 + dice.below(3);
        (Self(G::new(parties)), Spec::new(parties))
    }

    fn script(&self, thread: usize, dice: &mut Dice) -> Vec<Call> {
        // A thread that waits for ever is told in the end that the barrier is broken. This one does not mend it.
        if thread == 1 {
            return vec![Call::Wait, Call::Waiting, Call::Wait, Call::IsBroken];
        }
        let mut calls = dice.times(5, |dice| match dice.below(9) {
            0..=2 => Call::WaitTimeout,
            3 | 4 => Call::Leave,
            5 => Call::Reset,
            6 => Call::Waiting,
            7 => Call::IsBroken,
            _ => Call::Abort,
        });
        calls.push(Call::Abort);
        calls
    }

    fn call(&self, thread: usize, _hand: &mut (), call: &Call) -> Vec<Step> {
        let barrier = self.0.real();
        match call {
            Call::Wait => {
                let index = self.0.wait(None).ok();
                vec![Step::Ask(thread), Step::Got(thread, index)]
            }
            Call::WaitTimeout => {
                let deadline = Instant::now() + Duration::from_micros(20);
                let ended = match self.0.wait(Some(deadline)) {
                    Ok(index) => Step::Got(thread, Some(index)),
                    Err(BrokenBarrier) => Step::GaveUp(thread),
                };
                vec![Step::Ask(thread), ended]
            }
            Call::Leave => {
                let mut enter = barrier.enter();
                let mut context = Context::from_waker(Waker::noop());
                let ended = match Pin::new(&mut enter).poll(&mut context) {
                    Poll::Pending => {
                        self.0.leave(enter);
                        Step::Left(thread)
                    }
                    Poll::Ready(entered) => Step::Got(thread, entered.and_then(Entry::open).ok()),
                };
                vec![Step::Ask(thread), ended]
            }
            Call::Abort => {
                barrier.abort();
                vec![Step::Abort]
            }
            Call::Reset => {
                barrier.reset();
                vec![Step::Reset]
            }
            Call::Waiting => vec![Step::Waiting(barrier.waiting())],
            Call::IsBroken => vec![Step::IsBroken(barrier.is_broken())],
        }
    }

    fn last(&self) -> Vec<Step> {
        vec![
            Step::Waiting(self.0.real().waiting()),
            Step::IsBroken(self.0.real().is_broken()),
        ]
    }
}

#[test]
fn everything() {
    check::<Recorded<Barrier>>();
}

/// Broken barriers, which must be found out.
#[cfg(ft_shuttle)]
mod broken {
    use super::*;
    use histories::linear::rejects;

    /// Gives the same index to all.
    struct SameIndex(Barrier);

    impl Gate for SameIndex {
        fn new(parties: usize) -> Self {
            Self(Barrier::new(parties))
        }
        fn real(&self) -> &Barrier {
            &self.0
        }
        fn wait(&self, deadline: Option<Instant>) -> Result<usize, BrokenBarrier> {
            self.0.wait_deadline(deadline).map(|_| 0)
        }
    }

    #[test]
    fn same_index() {
        rejects::<Recorded<SameIndex>>();
    }

    /// Counts a party that has left.
    struct CountsLeavers(Barrier);

    impl Gate for CountsLeavers {
        fn new(parties: usize) -> Self {
            Self(Barrier::new(parties))
        }
        fn real(&self) -> &Barrier {
            &self.0
        }
        fn leave(&self, enter: Enter<&Barrier>) {
            std::mem::forget(enter);
        }
    }

    #[test]
    fn counts_leavers() {
        rejects::<Recorded<CountsLeavers>>();
    }
}
