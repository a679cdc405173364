//! `AtomicInt64`, beside a number and the arithmetic of [`Operation`], which has tests of its own.

use crate::{
    Place, Target,
    fuse::{self, Blown},
    target::{Kind, of, one},
};
use ft_atomic_int::{AtomicInt64, Operation, Overflow};
use proptest::{prelude::*, sample::select, strategy::BoxedStrategy};

/// Ways in which a relative is broken.
const WRAPS: u8 = 1;
const LOADS_THEN_STORES: u8 = 2;

pub struct Int<const BROKEN: u8 = 0>(AtomicInt64);

#[derive(Clone, Debug)]
pub enum Call {
    Load,
    Store(i64),
    Exchange(i64),
    CompareExchange(i64, i64),
    Apply(Operation, i64),
    /// Calls foreign code.
    Update(i64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Value(i64),
    /// The values before and after.
    Changed(i64, i64),
    Not(i64),
    Error,
}

/// The value, and the number of what to do when it overflows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Model(i64, usize);

const OVERFLOWS: [Overflow; 3] = [Overflow::Error, Overflow::Wrap, Overflow::Saturate];

const OPERATIONS: [Operation; 13] = [
    Operation::Add,
    Operation::Sub,
    Operation::Mul,
    Operation::FloorDiv,
    Operation::Rem,
    Operation::Pow,
    Operation::Shl,
    Operation::Shr,
    Operation::And,
    Operation::Or,
    Operation::Xor,
    Operation::Max,
    Operation::Min,
];

impl<const BROKEN: u8> Target for Int<BROKEN> {
    const NAME: &'static str = match BROKEN {
        WRAPS => "atomic_int that wraps",
        LOADS_THEN_STORES => "atomic_int that loads and stores",
        _ => "atomic_int",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = (i64, usize);
    type Call = Call;
    type Answer = Answer;
    type Hand = ();
    type Model = Model;

    fn setups() -> BoxedStrategy<(i64, usize)> {
        (select(vec![0, 1, i64::MAX - 1, i64::MIN]), 0..3_usize).boxed()
    }

    fn calls(_alone: bool) -> Vec<Kind<Call>> {
        let value = || prop_oneof![4 => -3..6_i64, 1 => select(vec![i64::MIN, i64::MAX, 1 << 40])];
        let operation = (select(OPERATIONS.to_vec()), value());
        vec![
            one(2, Call::Load),
            of(1, value().prop_map(Call::Store)),
            of(2, value().prop_map(Call::Exchange)),
            of(
                3,
                (value(), value()).prop_map(|(old, new)| Call::CompareExchange(old, new)),
            ),
            of(
                8,
                operation.prop_map(|(operation, value)| Call::Apply(operation, value)),
            ),
            of(2, value().prop_map(Call::Update)),
        ]
    }

    fn new(&(value, overflow): &(i64, usize)) -> Self {
        let overflow = match BROKEN {
            WRAPS => Overflow::Wrap,
            _ => OVERFLOWS[overflow],
        };
        Self(AtomicInt64::new(value, overflow))
    }

    fn model(&(value, overflow): &(i64, usize)) -> Model {
        Model(value, overflow)
    }

    fn call(&self, _hand: &mut (), _place: Place, call: &Call) -> Result<Vec<Answer>, Blown> {
        let int = &self.0;
        Ok(vec![match *call {
            Call::Load => Answer::Value(int.load()),
            Call::Store(value) => {
                int.store(value);
                Answer::Value(value)
            }
            Call::Exchange(value) => Answer::Value(int.exchange(value)),
            Call::CompareExchange(old, new) => match int.compare_exchange(old, new) {
                Ok(old) => Answer::Value(old),
                Err(value) => Answer::Not(value),
            },
            Call::Apply(operation, operand) if BROKEN == LOADS_THEN_STORES => {
                let before = int.load();
                match operation.apply(before, operand, int.overflow()) {
                    Ok(after) => {
                        int.store(after);
                        Answer::Changed(before, after)
                    }
                    Err(_) => Answer::Error,
                }
            }
            Call::Apply(operation, operand) => match int.apply(operation, operand) {
                Ok(change) => Answer::Changed(change.before, change.after),
                Err(_) => Answer::Error,
            },
            Call::Update(mask) => {
                let change = int.try_update(|value| fuse::burn().map(|()| value ^ mask))?;
                Answer::Changed(change.before, change.after)
            }
        }])
    }

    fn step(model: &mut Model, _place: Place, call: &Call, answer: &Answer) -> bool {
        let Model(value, overflow) = model;
        let before = *value;
        let expected = match *call {
            Call::Load => Answer::Value(before),
            Call::Store(new) => {
                *value = new;
                Answer::Value(new)
            }
            Call::Exchange(new) => {
                *value = new;
                Answer::Value(before)
            }
            Call::CompareExchange(old, new) if old == before => {
                *value = new;
                Answer::Value(before)
            }
            Call::CompareExchange(..) => Answer::Not(before),
            Call::Apply(operation, operand) => {
                match operation.apply(before, operand, OVERFLOWS[*overflow]) {
                    Ok(after) => {
                        *value = after;
                        Answer::Changed(before, after)
                    }
                    Err(_) => Answer::Error,
                }
            }
            Call::Update(mask) => {
                *value ^= mask;
                Answer::Changed(before, *value)
            }
        };
        expected == *answer
    }

    fn last() -> Vec<Call> {
        vec![Call::Load]
    }
}
