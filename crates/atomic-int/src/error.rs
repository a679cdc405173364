//! The errors of arithmetic.

use std::{error::Error, fmt};

/// The error of an operation whose result is not a 64-bit integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArithmeticError {
    /// The result does not fit in an `i64`, and the policy is to report that.
    Overflow,
    /// Division or remainder by zero.
    DivisionByZero,
    /// A power with a negative exponent, which is not an integer.
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
