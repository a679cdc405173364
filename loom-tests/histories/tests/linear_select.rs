//! Histories of `Select`: pops and pushes that choose between two queues, beside calls that do not choose.

use ft_concurrent_queue::{ConcurrentQueue, PopError, PushError};
use ft_sync::Select;
use histories::{
    linear::{Dice, Subject, check},
    shared_specs::{
        bounded,
        select::{Spec, Step},
    },
};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

#[derive(Debug)]
enum Call {
    TryPush(usize, u32),
    TryPop(usize),
    /// Waits for one of the queues.
    Push(usize, u32),
    Pop(usize),
    /// Waits for either, the second one first.
    SelectPush(u32),
    SelectPop,
    /// With a deadline.
    TimedPush(u32),
    TimedPop,
    Close,
}

type Pair = [ConcurrentQueue<u32>; 2];

fn did(queue: usize, step: bounded::Step<VecDeque<u32>>) -> Step {
    Step::Did(queue, step)
}

fn popped(queue: usize, item: Result<u32, PopError>) -> Step {
    did(
        queue,
        item.map_or(bounded::Step::PopClosed, bounded::Step::Popped),
    )
}

fn pushed(queue: usize, item: u32, done: Result<(), PushError<u32>>) -> Step {
    let step = done.map_or(bounded::Step::PushClosed, |()| bounded::Step::Pushed(item));
    did(queue, step)
}

fn soon() -> Option<Instant> {
    Some(Instant::now() + Duration::from_micros(20))
}

/// The type under test, and its broken relatives.
trait Chooser: Send + Sync + 'static {
    fn new(queues: Pair) -> Self;
    fn queues(&self) -> &Pair;
    /// Returns what it did, or nothing after the deadline.
    fn pop(&self, deadline: Option<Instant>) -> Vec<Step> {
        let [a, b] = self.queues();
        let mut select = Select::new()
            .case(b.popping().map(|item| popped(1, item)))
            .case(a.popping().map(|item| popped(0, item)));
        select.wait_deadline(deadline).into_iter().collect()
    }
    fn push(&self, item: u32, deadline: Option<Instant>) -> Vec<Step> {
        let [a, b] = self.queues();
        let (mut one, mut two) = (Some(item), Some(item));
        let mut select = Select::new()
            .case(b.pushing(&mut two).map(|done| pushed(1, item, done)))
            .case(a.pushing(&mut one).map(|done| pushed(0, item, done)));
        select.wait_deadline(deadline).into_iter().collect()
    }
}

struct Real(Pair);

impl Chooser for Real {
    fn new(queues: Pair) -> Self {
        Self(queues)
    }
    fn queues(&self) -> &Pair {
        &self.0
    }
}

struct Recorded<C>(C);

impl<C: Chooser> Subject for Recorded<C> {
    type Model = Spec;
    type Call = Call;
    type Hand = ();

    fn new(dice: &mut Dice) -> (Self, Spec) {
        let capacity = dice.pick(&[1, 2]);
        let queues = [(); 2].map(|()| ConcurrentQueue::bounded(capacity));
        (Self(C::new(queues)), Spec::new(capacity))
    }

    fn script(&self, thread: usize, dice: &mut Dice) -> Vec<Call> {
        let mut item = 100 * (thread as u32 + 1);
        // The first thread never waits for ever, and closes the queues in the end.
        let calls = if thread == 0 { 7 } else { 13 };
        let mut script = dice.times(5, |dice| {
            item += 1;
            let queue = dice.below(2);
            match dice.below(calls) {
                0 | 1 => Call::TryPush(queue, item),
                2 | 3 => Call::TryPop(queue),
                4 => Call::TimedPush(item),
                5 | 6 => Call::TimedPop,
                7 => Call::Push(queue, item),
                8 => Call::Pop(queue),
                9 => Call::SelectPush(item),
                _ => Call::SelectPop,
            }
        });
        if thread == 0 {
            script.push(Call::Close);
        }
        script
    }

    fn call(&self, _thread: usize, _hand: &mut (), call: &Call) -> Vec<Step> {
        let queues = self.0.queues();
        match *call {
            Call::TryPush(queue, item) => {
                let done = queues[queue].try_push(item);
                vec![did(queue, bounded::Step::pushed(item, done))]
            }
            Call::TryPop(queue) => {
                vec![did(queue, bounded::Step::popped(queues[queue].try_pop()))]
            }
            Call::Push(queue, item) => vec![pushed(queue, item, queues[queue].push(item))],
            Call::Pop(queue) => vec![popped(queue, queues[queue].pop())],
            Call::SelectPush(item) => self.0.push(item, None),
            Call::SelectPop => self.0.pop(None),
            Call::TimedPush(item) => self.0.push(item, soon()),
            Call::TimedPop => self.0.pop(soon()),
            Call::Close => [0, 1]
                .map(|queue| {
                    queues[queue].close();
                    did(queue, bounded::Step::Closed)
                })
                .into(),
        }
    }

    fn last(&self) -> Vec<Step> {
        let left = |queue: usize| {
            let left = self.0.queues()[queue].close_and_drain();
            did(queue, bounded::Step::ClosedAndDrained(left.into()))
        };
        [0, 1].map(left).into()
    }
}

#[test]
fn everything() {
    check::<Recorded<Real>>();
}

/// Broken relatives, which must be found out.
#[cfg(ft_shuttle)]
mod broken {
    use super::*;
    use histories::linear::rejects;

    /// Does the other case, too, if it is possible.
    struct LeavesATrace(Pair);

    impl Chooser for LeavesATrace {
        fn new(queues: Pair) -> Self {
            Self(queues)
        }
        fn queues(&self) -> &Pair {
            &self.0
        }
        fn pop(&self, deadline: Option<Instant>) -> Vec<Step> {
            let [a, b] = &self.0;
            let mut select = Select::new()
                .case(b.popping().map(|item| (1, item)))
                .case(a.popping().map(|item| (0, item)));
            let Some((queue, item)) = select.wait_deadline(deadline) else {
                return Vec::new();
            };
            let _ = self.0[1 - queue].try_pop();
            vec![popped(queue, item)]
        }
    }

    #[test]
    fn leaves_a_trace() {
        rejects::<Recorded<LeavesATrace>>();
    }

    /// Looks which item is first in one of the queues, and takes that queue's first item later.
    struct LooksThenTakes(Pair);

    impl Chooser for LooksThenTakes {
        fn new(queues: Pair) -> Self {
            Self(queues)
        }
        fn queues(&self) -> &Pair {
            &self.0
        }
        fn pop(&self, deadline: Option<Instant>) -> Vec<Step> {
            let [a, b] = &self.0;
            let seen = b.peek();
            let mut select = Select::new()
                .case(
                    b.popping()
                        .map(|item| popped(1, item.map(|it| seen.unwrap_or(it)))),
                )
                .case(a.popping().map(|item| popped(0, item)));
            select.wait_deadline(deadline).into_iter().collect()
        }
    }

    #[test]
    fn looks_then_takes() {
        rejects::<Recorded<LooksThenTakes>>();
    }
}
