//! Why an operation has no result.

use std::{error::Error, fmt};

/// An operation on integers that has no 64-bit integer for a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArithmeticError {
    /// The result lies outside of `i64`, and the policy is to say so.
    Overflow,
    /// Division or remainder by zero.
    DivisionByZero,
    /// A power with a negative exponent is no integer.
    NegativeExponent,
    /// A shift by a negative number of bits.
    NegativeShift,
}

impl fmt::Display for ArithmeticError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overflow => "the result does not fit in 64 bits; the value is unchanged",
            Self::DivisionByZero => "division by zero",
            Self::NegativeExponent => "negative exponent: the result is not an integer",
            Self::NegativeShift => "negative shift count",
        })
    }
}

impl Error for ArithmeticError {}
