//! Histories of `ConcurrentStack`: last in, first out, with a bound, closed and drained.

use ft_concurrent_queue::{ConcurrentStack, TryPopError, TryPushError};
use histories::{
    linear::{Dice, Subject, check},
    shared_specs::bounded,
};

type Spec = bounded::Spec<Vec<u32>>;
type Step = bounded::Step<Vec<u32>>;

#[derive(Debug)]
enum Call {
    TryPush(u32),
    /// Waits.
    Push(u32),
    TryPop,
    /// Waits.
    Pop,
    Peek,
    Len,
    IsClosed,
    Close,
    Drain,
}

/// The type under test, and its broken relatives.
trait Stack: Send + Sync + 'static {
    fn new(capacity: usize) -> Self;
    fn real(&self) -> &ConcurrentStack<u32>;
    fn try_pop(&self) -> Result<u32, TryPopError> {
        self.real().try_pop()
    }
}

impl Stack for ConcurrentStack<u32> {
    fn new(capacity: usize) -> Self {
        match capacity {
            usize::MAX => ConcurrentStack::unbounded(),
            capacity => ConcurrentStack::bounded(capacity),
        }
    }
    fn real(&self) -> &ConcurrentStack<u32> {
        self
    }
}

struct Recorded<S>(S);

impl<S: Stack> Subject for Recorded<S> {
    type Model = Spec;
    type Call = Call;
    type Hand = ();

    fn new(dice: &mut Dice) -> (Self, Spec) {
        let capacity = dice.pick(&[usize::MAX, 1, 2]);
        (Self(S::new(capacity)), Spec::new(capacity))
    }

    fn script(&self, thread: usize, dice: &mut Dice) -> Vec<Call> {
        let mut item = 100 * (thread as u32 + 1);
        // The first thread never waits, and closes the stack in the end, so that no thread waits for ever.
        let calls = if thread == 0 { 8 } else { 11 };
        let mut script = dice.times(5, |dice| {
            item += 1;
            match dice.below(calls) {
                0..=2 => Call::TryPush(item),
                3 | 4 => Call::TryPop,
                5 => Call::Peek,
                6 => Call::Len,
                7 => Call::IsClosed,
                8 => Call::Push(item),
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
        let stack = self.0.real();
        vec![match *call {
            Call::TryPush(item) => Step::pushed(item, stack.try_push(item)),
            Call::Push(item) => {
                let push = || match stack.try_push(item) {
                    Err(TryPushError::Full(_)) => None,
                    done => Some(done),
                };
                let done = stack.not_full().wait_until(None, push);
                Step::pushed(item, done.unwrap())
            }
            Call::TryPop => Step::popped(self.0.try_pop()),
            Call::Pop => {
                let pop = || match self.0.try_pop() {
                    Err(TryPopError::Empty) => None,
                    done => Some(done),
                };
                Step::popped(stack.not_empty().wait_until(None, pop).unwrap())
            }
            Call::Peek => Step::Peeked(stack.peek()),
            Call::Len => Step::Len(stack.len()),
            Call::IsClosed => Step::IsClosed(stack.is_closed()),
            Call::Close => {
                stack.close();
                Step::Closed
            }
            Call::Drain => Step::ClosedAndDrained(stack.close_and_drain()),
        }]
    }

    fn last(&self) -> Vec<Step> {
        vec![Step::ClosedAndDrained(self.0.real().close_and_drain())]
    }
}

#[test]
fn everything() {
    check::<Recorded<ConcurrentStack<u32>>>();
}

/// Looks at the top item and then takes it off: by then it may be another one.
#[cfg(ft_shuttle)]
struct PeekThenPop(ConcurrentStack<u32>);

#[cfg(ft_shuttle)]
impl Stack for PeekThenPop {
    fn new(capacity: usize) -> Self {
        Self(Stack::new(capacity))
    }
    fn real(&self) -> &ConcurrentStack<u32> {
        &self.0
    }
    fn try_pop(&self) -> Result<u32, TryPopError> {
        let top = self.0.peek();
        self.0.try_pop().map(|item| top.unwrap_or(item))
    }
}

#[cfg(ft_shuttle)]
#[test]
fn broken_peek_then_pop() {
    histories::linear::rejects::<Recorded<PeekThenPop>>();
}
