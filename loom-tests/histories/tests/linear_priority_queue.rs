//! Histories of `PriorityQueue`: the least item leaves first, also when items are compared outside of the lock.

use ft_concurrent_queue::{
    Natural, Order, PriorityPopError, PriorityPushError, PriorityQueue, TryPopError, TryPushError,
};
use histories::{
    linear::{Dice, Subject, check},
    shared_specs::bounded,
};
use std::{convert::Infallible, marker::PhantomData};

type Spec = bounded::Spec<bounded::Least>;
type Step = bounded::Step<bounded::Least>;

#[derive(Debug)]
enum Call {
    TryPush(u32),
    TryPop,
    /// Waits.
    Pop,
    Peek,
    Len,
    Close,
    Drain,
}

/// An order that is never quick, and lets other threads run during a comparison.
#[derive(Default)]
struct Slow;

impl Order<u32> for Slow {
    type Error = Infallible;

    fn quick(&self, _a: &u32, _b: &u32) -> Option<bool> {
        None
    }

    fn is_less(&self, a: &u32, b: &u32) -> Result<bool, Infallible> {
        ft_sync::thread::yield_now();
        Ok(a < b)
    }
}

struct Recorded<O>(PriorityQueue<u32>, PhantomData<O>);

impl<O> Recorded<O>
where
    O: Order<u32, Error = Infallible> + Default,
{
    fn drain(&self) -> Step {
        Step::ClosedAndDrained(self.0.close_and_drain().into_iter().collect())
    }

    /// Takes turns, as the documentation says.
    fn push(&self, item: u32) -> Result<(), TryPushError<u32>> {
        let queue = &self.0;
        // Once this thread needs the turn it keeps it until the end.
        let mut turn;
        loop {
            match queue.try_push(item, &O::default()) {
                Ok(()) => return Ok(()),
                Err(PriorityPushError::Full(item)) => return Err(TryPushError::Full(item)),
                Err(PriorityPushError::Closed(item)) => return Err(TryPushError::Closed(item)),
                Err(PriorityPushError::Busy(_)) => {
                    turn = queue.turn_over().wait_until(None, || queue.try_turn());
                    assert!(turn.is_some(), "there is no deadline");
                }
                Err(PriorityPushError::Order { error, .. }) => match error {},
            }
        }
    }

    fn pop(&self) -> Result<u32, TryPopError> {
        let queue = &self.0;
        // Once this thread needs the turn it keeps it until the end.
        let mut turn;
        loop {
            match queue.try_pop(&O::default()) {
                Ok(item) => return Ok(item),
                Err(PriorityPopError::Empty) => return Err(TryPopError::Empty),
                Err(PriorityPopError::Closed) => return Err(TryPopError::Closed),
                Err(PriorityPopError::Busy) => {
                    turn = queue.turn_over().wait_until(None, || queue.try_turn());
                    assert!(turn.is_some(), "there is no deadline");
                }
                Err(PriorityPopError::Order(error)) => match error {},
            }
        }
    }
}

impl<O> Subject for Recorded<O>
where
    O: Order<u32, Error = Infallible> + Default + Send + Sync + 'static,
{
    type Model = Spec;
    type Call = Call;
    type Hand = ();

    fn new(dice: &mut Dice) -> (Self, Spec) {
        let capacity = dice.pick(&[usize::MAX, usize::MAX, 2]);
        let queue = match capacity {
            usize::MAX => PriorityQueue::unbounded(),
            capacity => PriorityQueue::bounded(capacity),
        };
        (Self(queue, PhantomData), Spec::new(capacity))
    }

    fn script(&self, thread: usize, dice: &mut Dice) -> Vec<Call> {
        let mut number = 0;
        // The first thread never waits, and closes the queue in the end, so that no thread waits for ever.
        let calls = if thread == 0 { 9 } else { 11 };
        let mut script = dice.times(5, |dice| {
            number += 1;
            // All items are different, and come in any order.
            let item = (100 * dice.below(10) + 10 * thread + number) as u32;
            match dice.below(calls) {
                0..=3 => Call::TryPush(item),
                4..=6 => Call::TryPop,
                7 => Call::Peek,
                8 => Call::Len,
                _ => Call::Pop,
            }
        });
        if thread == 0 {
            script.push(if dice.one_in(2) {
                Call::Close
            } else {
                Call::Drain
            });
        }
        script
    }

    fn call(&self, _thread: usize, _hand: &mut (), call: &Call) -> Vec<Step> {
        let queue = &self.0;
        vec![match *call {
            Call::TryPush(item) => Step::pushed(item, self.push(item)),
            Call::TryPop => Step::popped(self.pop()),
            Call::Pop => {
                let pop = || match self.pop() {
                    Err(TryPopError::Empty) => None,
                    done => Some(done),
                };
                Step::popped(queue.not_empty().wait_until(None, pop).unwrap())
            }
            Call::Peek => Step::Peeked(queue.peek()),
            Call::Len => Step::Len(queue.len()),
            Call::Close => {
                queue.close();
                Step::Closed
            }
            Call::Drain => self.drain(),
        }]
    }

    fn last(&self) -> Vec<Step> {
        vec![self.drain()]
    }
}

#[test]
fn compared_at_once() {
    check::<Recorded<Natural>>();
}

#[test]
fn compared_outside_of_the_lock() {
    check::<Recorded<Slow>>();
}

/// Now and then takes the greater of two items for the less, which is no order.
#[cfg(ft_shuttle)]
#[derive(Default)]
struct Moody;

#[cfg(ft_shuttle)]
impl Order<u32> for Moody {
    type Error = Infallible;

    fn quick(&self, a: &u32, b: &u32) -> Option<bool> {
        Some(if (a + b) % 5 == 0 { a > b } else { a < b })
    }

    fn is_less(&self, a: &u32, b: &u32) -> Result<bool, Infallible> {
        Ok(a < b)
    }
}

#[cfg(ft_shuttle)]
#[test]
fn broken_order() {
    histories::linear::rejects::<Recorded<Moody>>();
}
