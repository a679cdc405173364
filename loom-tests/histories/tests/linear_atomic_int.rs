//! Histories of `AtomicInt64`. Each operation is one step, with its result or its error.

use ft_atomic_int::{AtomicInt64, Operation, Overflow};
use histories::{
    linear::{Dice, Model, Subject, check},
    shared_specs::variable::compare_exchange,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Spec(i64);

#[derive(Clone, Debug)]
enum Step {
    Load(i64),
    Store(i64),
    Exchanged {
        new: i64,
        before: i64,
    },
    Compared {
        expected: i64,
        new: i64,
        result: Result<i64, i64>,
    },
    /// The values before and after, or `None` if there was an overflow.
    Applied {
        operation: Operation,
        operand: i64,
        change: Option<(i64, i64)>,
    },
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, _thread: usize, step: &Step) -> bool {
        match *step {
            Step::Load(value) => self.0 == value,
            Step::Store(value) => {
                self.0 = value;
                true
            }
            Step::Exchanged { new, before } => std::mem::replace(&mut self.0, new) == before,
            Step::Compared {
                expected,
                new,
                result,
            } => compare_exchange(&mut self.0, expected, new, result),
            Step::Applied {
                operation,
                operand,
                change,
            } => {
                let before = self.0;
                let after = apply(operation, before, operand);
                self.0 = after.unwrap_or(before);
                change == after.map(|after| (before, after))
            }
        }
    }
}

/// This is plain arithmetic, and not the crate's own.
fn apply(operation: Operation, before: i64, operand: i64) -> Option<i64> {
    match operation {
        Operation::Add => before.checked_add(operand),
        Operation::Sub => before.checked_sub(operand),
        Operation::Mul => before.checked_mul(operand),
        Operation::And => Some(before & operand),
        Operation::Or => Some(before | operand),
        Operation::Xor => Some(before ^ operand),
        Operation::Max => Some(before.max(operand)),
        Operation::Min => Some(before.min(operand)),
        _ => unreachable!("not among the calls"),
    }
}

#[derive(Debug)]
enum Call {
    Load,
    Store(i64),
    Exchange(i64),
    CompareExchange(i64, i64),
    Apply(Operation, i64),
    /// Adds with `try_update`.
    Update(i64),
}

/// The type under test, and its broken relatives.
trait Int: Send + Sync + 'static {
    fn new(value: i64) -> Self;
    fn real(&self) -> &AtomicInt64;
    fn add(&self, operand: i64) -> Option<(i64, i64)> {
        let change = self
            .real()
            .try_update(|it| it.checked_add(operand).ok_or(()));
        change.ok().map(|it| (it.before, it.after))
    }
}

impl Int for AtomicInt64 {
    fn new(value: i64) -> Self {
        AtomicInt64::new(value, Overflow::Error)
    }
    fn real(&self) -> &AtomicInt64 {
        self
    }
}

struct Recorded<I>(I);

impl<I: Int> Subject for Recorded<I> {
    type Model = Spec;
    type Call = Call;
    type Hand = ();

    fn new(dice: &mut Dice) -> (Self, Spec) {
        let value = dice.pick(&[0, 1, i64::MAX - 2]);
        (Self(I::new(value)), Spec(value))
    }

    fn script(&self, thread: usize, dice: &mut Dice) -> Vec<Call> {
        use Operation::{Add, And, Max, Min, Mul, Or, Sub, Xor};
        let own = 10 * (thread as i64 + 1);
        dice.times(5, |dice| match dice.below(10) {
            0 | 1 => Call::Load,
            2 => Call::Store(own),
            3 => Call::Exchange(own + 1),
            4 => Call::CompareExchange(dice.pick(&[0, 1, 10, 20]), own + 2),
            5 | 6 => Call::Update(1),
            _ => {
                let operation = dice.pick(&[Add, Sub, Mul, And, Or, Xor, Max, Min]);
                Call::Apply(operation, dice.pick(&[1, 2, 3, -1]))
            }
        })
    }

    fn call(&self, _thread: usize, _hand: &mut (), call: &Call) -> Vec<Step> {
        let int = self.0.real();
        vec![match *call {
            Call::Load => Step::Load(int.load()),
            Call::Store(value) => {
                int.store(value);
                Step::Store(value)
            }
            Call::Exchange(new) => {
                let before = int.exchange(new);
                Step::Exchanged { new, before }
            }
            Call::CompareExchange(expected, new) => Step::Compared {
                expected,
                new,
                result: int.compare_exchange(expected, new),
            },
            Call::Apply(operation, operand) => {
                let change = int.apply(operation, operand).ok();
                let change = change.map(|it| (it.before, it.after));
                Step::Applied {
                    operation,
                    operand,
                    change,
                }
            }
            Call::Update(operand) => Step::Applied {
                operation: Operation::Add,
                operand,
                change: self.0.add(operand),
            },
        }]
    }

    fn last(&self) -> Vec<Step> {
        vec![Step::Load(self.0.real().load())]
    }
}

#[test]
fn everything() {
    check::<Recorded<AtomicInt64>>();
}

/// Adds by reading and then writing, so another thread's addition in between is lost.
#[cfg(ft_shuttle)]
struct ReadThenWrite(AtomicInt64);

#[cfg(ft_shuttle)]
impl Int for ReadThenWrite {
    fn new(value: i64) -> Self {
        Self(Int::new(value))
    }
    fn real(&self) -> &AtomicInt64 {
        &self.0
    }
    fn add(&self, operand: i64) -> Option<(i64, i64)> {
        let before = self.0.load();
        let after = before.checked_add(operand)?;
        self.0.store(after);
        Some((before, after))
    }
}

#[cfg(ft_shuttle)]
#[test]
fn broken_read_then_write() {
    histories::linear::rejects::<Recorded<ReadThenWrite>>();
}
