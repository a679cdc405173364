//! Behavior of `AtomicInt64` seen from outside.

use ft_atomic_int::{
    ArithmeticError, AtomicInt64, Change,
    Operation::{self, *},
    Overflow,
};
use ft_test_support::start_together;
use proptest::prelude::*;

const OPERATIONS: [Operation; 13] = [
    Add, Sub, Mul, FloorDiv, Rem, Pow, Shl, Shr, And, Or, Xor, Max, Min,
];

/// The exact result, with more bits than any operand that the tests draw needs.
fn exact(operation: Operation, left: i64, right: i64) -> Result<i128, ArithmeticError> {
    let (a, b) = (i128::from(left), i128::from(right));
    Ok(match operation {
        Add => a + b,
        Sub => a - b,
        Mul => a * b,
        FloorDiv | Rem if b == 0 => return Err(ArithmeticError::DivisionByZero),
        FloorDiv => (a - a.rem_euclid(b.abs())) / b - i128::from(b < 0 && a.rem_euclid(-b) != 0),
        Rem => a - b * exact(FloorDiv, left, right)?,
        Pow if b < 0 => return Err(ArithmeticError::NegativeExponent),
        // The tests draw exponents whose power fits.
        Pow => a.pow(right as u32),
        Shl | Shr if b < 0 => return Err(ArithmeticError::NegativeShift),
        Shl => a << right.min(63),
        Shr => a >> right.min(127),
        And => a & b,
        Or => a | b,
        Xor => a ^ b,
        Max => a.max(b),
        Min => a.min(b),
        other => panic!("no model for {other:?}"),
    })
}

fn expected(exact: i128, overflow: Overflow) -> Result<i64, ArithmeticError> {
    match (i64::try_from(exact), overflow) {
        (Ok(fits), _) => Ok(fits),
        (Err(_), Overflow::Error) => Err(ArithmeticError::Overflow),
        (Err(_), Overflow::Wrap) => Ok(exact as i64),
        (Err(_), Overflow::Saturate) => Ok(if exact < 0 { i64::MIN } else { i64::MAX }),
    }
}

const EDGES: [i64; 10] = [i64::MIN, i64::MIN + 1, -2, -1, 0, 1, 2, 62, 63, i64::MAX];

fn operand() -> impl Strategy<Value = i64> {
    prop_oneof![
        any::<i64>(),
        -70..70_i64,
        proptest::sample::select(EDGES.to_vec())
    ]
}

const POLICIES: [Overflow; 3] = [Overflow::Error, Overflow::Wrap, Overflow::Saturate];

/// Checks that an operation is mathematically right, with operands so small that 128 bits hold the result.
fn check(
    operation: Operation,
    left: i64,
    right: i64,
    overflow: Overflow,
) -> Result<(), TestCaseError> {
    // 128 bits hold the square of any x, and the 20th power of a small one.
    let right = match operation {
        Pow if left.unsigned_abs() < 70 => right.min(20),
        Pow => right.min(2),
        Shl => right.min(63),
        _ => right,
    };
    let atomic = AtomicInt64::new(left, overflow);
    let wanted = exact(operation, left, right).and_then(|exact| expected(exact, overflow));
    let got = atomic.apply(operation, right);
    let wanted_change = wanted.map(|after| Change {
        before: left,
        after,
    });
    prop_assert_eq!(
        got,
        wanted_change,
        "{:?} of {} and {}",
        operation,
        left,
        right
    );
    prop_assert_eq!(atomic.load(), wanted.unwrap_or(left));
    prop_assert_eq!(atomic.overflow(), overflow);
    Ok(())
}

proptest! {
    #[test]
    fn every_operation_is_exact(
        operation in proptest::sample::select(OPERATIONS.to_vec()),
        left in operand(),
        right in operand(),
        overflow in proptest::sample::select(POLICIES.to_vec()),
    ) {
        check(operation, left, right, overflow)?;
    }
}

#[test]
fn every_operation_is_exact_at_the_edges() {
    let operands = || EDGES.into_iter().chain(-3..4).chain([-69, -19, 19, 69]);
    for (operation, overflow) in OPERATIONS
        .into_iter()
        .flat_map(|operation| POLICIES.map(|overflow| (operation, overflow)))
    {
        for (left, right) in operands().flat_map(|left| operands().map(move |right| (left, right)))
        {
            check(operation, left, right, overflow).unwrap();
        }
    }
}

#[test]
fn counts_beyond_the_word() {
    assert_eq!(Shl.apply(1, 64, Overflow::Wrap), Ok(0));
    assert_eq!(Shl.apply(-1, 64, Overflow::Saturate), Ok(i64::MIN));
    assert_eq!(Shl.apply(0, i64::MAX, Overflow::Error), Ok(0));
    assert_eq!(Shl.apply(-1, 63, Overflow::Error), Ok(i64::MIN));
    assert_eq!(Shr.apply(-1, i64::MAX, Overflow::Error), Ok(-1));
    assert_eq!(Pow.apply(-1, i64::MAX, Overflow::Error), Ok(-1));
    assert_eq!(Pow.apply(0, i64::MAX, Overflow::Error), Ok(0));
    assert_eq!(Pow.apply(1, i64::MAX, Overflow::Error), Ok(1));
    assert_eq!(Pow.apply(2, i64::MAX, Overflow::Wrap), Ok(0));
    assert_eq!(
        Pow.apply(3, 1 << 40, Overflow::Wrap),
        Ok(3_i64.wrapping_pow(1 << 20).wrapping_pow(1 << 20))
    );
    assert_eq!(Pow.apply(-3, i64::MAX, Overflow::Saturate), Ok(i64::MIN));
}

#[test]
fn exchange_and_compare() {
    let atomic = AtomicInt64::default();
    assert_eq!(atomic.exchange(5), 0);
    assert_eq!(atomic.compare_exchange(4, 9), Err(5));
    assert_eq!(atomic.compare_exchange(5, 9), Ok(5));
    assert_eq!(atomic.fetch_max(20), Ok(9));
    assert_eq!(atomic.fetch_min(3), Ok(20));
    assert_eq!(atomic.load(), 3);
    atomic.store(7);
    assert_eq!(atomic.load(), 7);
}

#[test]
fn errors_tell_why() {
    let message = |operation: Operation, left, right| {
        let error = operation.apply(left, right, Overflow::Error).unwrap_err();
        error.to_string()
    };
    assert_eq!(
        message(Add, i64::MAX, 1),
        "the result does not fit in 64 bits; the value is unchanged"
    );
    assert_eq!(message(Rem, 1, 0), "division by zero");
    assert_eq!(message(Shr, 1, -1), "negative shift count");
    assert_eq!(
        message(Pow, 2, -1),
        "negative exponent: the result is not an integer"
    );
}

#[test]
fn takes_two_words() {
    assert_eq!(size_of::<AtomicInt64>(), 16);
}

/// No change is lost, whether it is made by one instruction or by a loop.
#[test]
fn threads_lose_nothing() {
    const THREADS: usize = 4;
    const ROUNDS: i64 = 20_000;
    for overflow in [Overflow::Error, Overflow::Wrap, Overflow::Saturate] {
        let atomic = AtomicInt64::new(0, overflow);
        start_together(THREADS, |_| {
            for round in 0..ROUNDS {
                atomic.fetch_add(3).unwrap();
                atomic.fetch_sub(1).unwrap();
                atomic.fetch_xor(1 << 40).unwrap();
                atomic
                    .try_update(|value| Ok::<_, ()>(value + round))
                    .unwrap();
            }
        });
        let rounds = ROUNDS * (ROUNDS - 1) / 2;
        assert_eq!(atomic.load(), THREADS as i64 * (2 * ROUNDS + rounds));
    }
}
