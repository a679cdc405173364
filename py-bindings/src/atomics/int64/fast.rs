//! Entries that bypass PyO3: the methods and operators again, for exact ints.

use super::class::PyAtomicInt64;
use crate::runtime::fast_calls::{self, Done, exact_i64};
use ft_atomic_int::{Operation, Overflow};
use pyo3::prelude::*;

fast_calls::fast! { PyAtomicInt64:
    noargs c"get" = |this, py| Some(Done::int(py, this.0.load()));
    single c"set" = |this, py, value| {
        this.store(exact_i64(value)?);
        Some(Done::none(py))
    };
    noargs c"incr" = |this, py| {
        let change = this.apply(Operation::Add, 1).ok()?;
        Some(Done::int(py, change.after))
    };
    noargs c"decr" = |this, py| {
        let change = this.apply(Operation::Sub, 1).ok()?;
        Some(Done::int(py, change.after))
    };
    single c"exchange" = |this, py, value| Some(Done::int(py, this.swap(exact_i64(value)?)));
    two c"compare_exchange" = |this, py, expected, new| {
        let (expected, new) = (exact_i64(expected)?, exact_i64(new)?);
        Some(Done::bool(py, this.exchange_if(expected, new).is_ok()))
    };
    single c"fetch_add" = |this, py, right| fetch(this, py, Operation::Add, right);
    single c"fetch_sub" = |this, py, right| fetch(this, py, Operation::Sub, right);
    single c"fetch_and" = |this, py, right| fetch(this, py, Operation::And, right);
    single c"fetch_or" = |this, py, right| fetch(this, py, Operation::Or, right);
    single c"fetch_xor" = |this, py, right| fetch(this, py, Operation::Xor, right);
    single c"fetch_max" = |this, py, right| fetch(this, py, Operation::Max, right);
    single c"fetch_min" = |this, py, right| fetch(this, py, Operation::Min, right);
    binary nb_add = |left, right, py| binary(left, right, py, Operation::Add);
    binary nb_subtract = |left, right, py| binary(left, right, py, Operation::Sub);
    binary nb_multiply = |left, right, py| binary(left, right, py, Operation::Mul);
    binary nb_floor_divide = |left, right, py| binary(left, right, py, Operation::FloorDiv);
    binary nb_remainder = |left, right, py| binary(left, right, py, Operation::Rem);
    binary nb_lshift = |left, right, py| binary(left, right, py, Operation::Shl);
    binary nb_rshift = |left, right, py| binary(left, right, py, Operation::Shr);
    binary nb_and = |left, right, py| binary(left, right, py, Operation::And);
    binary nb_or = |left, right, py| binary(left, right, py, Operation::Or);
    binary nb_xor = |left, right, py| binary(left, right, py, Operation::Xor);
    in_place nb_inplace_add = |this, right| in_place(this, Operation::Add, right);
    in_place nb_inplace_subtract = |this, right| in_place(this, Operation::Sub, right);
    in_place nb_inplace_multiply = |this, right| in_place(this, Operation::Mul, right);
    in_place nb_inplace_floor_divide = |this, right| in_place(this, Operation::FloorDiv, right);
    in_place nb_inplace_remainder = |this, right| in_place(this, Operation::Rem, right);
    in_place nb_inplace_lshift = |this, right| in_place(this, Operation::Shl, right);
    in_place nb_inplace_rshift = |this, right| in_place(this, Operation::Shr, right);
    in_place nb_inplace_and = |this, right| in_place(this, Operation::And, right);
    in_place nb_inplace_or = |this, right| in_place(this, Operation::Or, right);
    in_place nb_inplace_xor = |this, right| in_place(this, Operation::Xor, right);
    unary nb_positive = |this, py| Some(Done::int(py, this.0.load()));
    unary nb_negative = |this, py| Some(Done::int(py, this.0.load().checked_neg()?));
    unary nb_absolute = |this, py| Some(Done::int(py, this.0.load().checked_abs()?));
    unary nb_invert = |this, py| Some(Done::int(py, !this.0.load()));
    unary nb_int = |this, py| Some(Done::int(py, this.0.load()));
    unary nb_index = |this, py| Some(Done::int(py, this.0.load()));
    truth nb_bool = |this| this.0.load() != 0;
    compare tp_richcompare = |this, other, operator| {
        let order = this.0.load().cmp(&value_of(other)?);
        Some(operator.matches(order))
    };
}

/// Returns the value of an exact int or `AtomicInt64`.
#[inline]
fn value_of(object: Borrowed<'_, '_, PyAny>) -> Option<i64> {
    exact_i64(object).or_else(|| Some(object.cast_exact::<PyAtomicInt64>().ok()?.get().0.load()))
}

#[inline(always)]
fn fetch(
    this: &PyAtomicInt64,
    py: Python<'_>,
    operation: Operation,
    operand: Borrowed<'_, '_, PyAny>,
) -> Option<Done> {
    let change = this.apply(operation, exact_i64(operand)?).ok()?;
    Some(Done::int(py, change.before))
}

#[inline(always)]
fn binary(
    left: Borrowed<'_, '_, PyAny>,
    right: Borrowed<'_, '_, PyAny>,
    py: Python<'_>,
    operation: Operation,
) -> Option<Done> {
    let (left, right) = (value_of(left)?, value_of(right)?);
    Some(Done::int(
        py,
        operation.apply(left, right, Overflow::Error).ok()?,
    ))
}

#[inline(always)]
fn in_place(
    this: &PyAtomicInt64,
    operation: Operation,
    operand: Borrowed<'_, '_, PyAny>,
) -> Option<()> {
    this.apply(operation, exact_i64(operand)?).ok().map(drop)
}
