//! The results of the operations. Nothing here is atomic.

use crate::ArithmeticError;

/// What happens when a result does not fit in 64 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// Return [`ArithmeticError::Overflow`] and change nothing.
    #[default]
    Error,
    /// Keep the low 64 bits, as two's complement does.
    Wrap,
    /// Take the nearest value that fits: [`i64::MIN`] or [`i64::MAX`].
    Saturate,
}

/// An operation on two integers, with its meaning in mathematics (and in Python).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// The sum.
    Add,
    /// The difference.
    Sub,
    /// The product.
    Mul,
    /// The quotient, rounded down: -7 by 2 is -4.
    FloorDiv,
    /// The remainder of [`FloorDiv`](Self::FloorDiv), with the sign of the divisor.
    Rem,
    /// The power; the exponent must not be negative.
    Pow,
    /// The product with a power of two. The count must not be negative, and may be large.
    Shl,
    /// The quotient by a power of two, rounded down. The count must not be negative.
    Shr,
    /// Bitwise and.
    And,
    /// Bitwise or.
    Or,
    /// Bitwise exclusive or.
    Xor,
    /// The larger one.
    Max,
    /// The smaller one.
    Min,
}

impl Operation {
    /// Computes the operation for `left` and `right`.
    ///
    /// # Errors
    ///
    /// [`ArithmeticError::Overflow`] only with [`Overflow::Error`]; the other errors with every
    /// policy.
    ///
    /// ```
    /// use ft_atomic_int::{Operation, Overflow};
    ///
    /// assert_eq!(Operation::FloorDiv.apply(-7, 2, Overflow::Error), Ok(-4));
    /// assert_eq!(Operation::Mul.apply(i64::MAX, 2, Overflow::Wrap), Ok(-2));
    /// assert_eq!(Operation::Mul.apply(i64::MIN, 2, Overflow::Saturate), Ok(i64::MIN));
    /// ```
    #[inline]
    pub fn apply(self, left: i64, right: i64, overflow: Overflow) -> Result<i64, ArithmeticError> {
        use ArithmeticError::{DivisionByZero, NegativeExponent, NegativeShift};

        // The exact result if it fits; otherwise its low bits and its sign.
        let (exact, low, negative) = match self {
            Self::And => return Ok(left & right),
            Self::Or => return Ok(left | right),
            Self::Xor => return Ok(left ^ right),
            Self::Max => return Ok(left.max(right)),
            Self::Min => return Ok(left.min(right)),
            Self::FloorDiv | Self::Rem if right == 0 => return Err(DivisionByZero),
            Self::Pow if right < 0 => return Err(NegativeExponent),
            Self::Shl | Self::Shr if right < 0 => return Err(NegativeShift),
            Self::Rem => return Ok(floor_rem(left, right)),
            Self::Shr => return Ok(left >> right.min(63)),
            Self::Add => (
                left.checked_add(right),
                left.wrapping_add(right),
                left.is_negative(),
            ),
            Self::Sub => (
                left.checked_sub(right),
                left.wrapping_sub(right),
                left.is_negative(),
            ),
            Self::Mul => (
                left.checked_mul(right),
                left.wrapping_mul(right),
                differ_in_sign(left, right),
            ),
            // Only MIN by -1 overflows.
            Self::FloorDiv => (floor_div(left, right), i64::MIN, false),
            Self::Pow => (
                checked_pow(left, right),
                wrapping_pow(left, right),
                left.is_negative() && right % 2 == 1,
            ),
            Self::Shl => (
                checked_shl(left, right),
                wrapping_shl(left, right),
                left.is_negative(),
            ),
        };
        match (exact, overflow) {
            (Some(exact), _) => Ok(exact),
            (None, Overflow::Error) => Err(ArithmeticError::Overflow),
            (None, Overflow::Wrap) => Ok(low),
            (None, Overflow::Saturate) if negative => Ok(i64::MIN),
            (None, Overflow::Saturate) => Ok(i64::MAX),
        }
    }
}

fn differ_in_sign(one: i64, other: i64) -> bool {
    one.is_negative() != other.is_negative()
}

fn floor_div(left: i64, right: i64) -> Option<i64> {
    let truncated = left.checked_div(right)?;
    let exact = left.wrapping_rem(right) == 0;
    let down = !exact && differ_in_sign(left, right);
    Some(truncated - i64::from(down))
}

fn floor_rem(left: i64, right: i64) -> i64 {
    // Wrapping: MIN by -1 has the remainder 0, although the quotient does not fit.
    let truncated = left.wrapping_rem(right);
    if truncated != 0 && differ_in_sign(truncated, right) {
        truncated + right
    } else {
        truncated
    }
}

fn checked_pow(base: i64, exponent: i64) -> Option<i64> {
    match base {
        0 | 1 => Some(if exponent == 0 { 1 } else { base }),
        -1 => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        _ => base.checked_pow(u32::try_from(exponent).ok()?),
    }
}

/// Like [`i64::wrapping_pow`], for exponents of any size.
fn wrapping_pow(mut base: i64, mut exponent: i64) -> i64 {
    let mut power = 1_i64;
    while exponent > 0 {
        if exponent % 2 == 1 {
            power = power.wrapping_mul(base);
        }
        base = base.wrapping_mul(base);
        exponent /= 2;
    }
    power
}

fn checked_shl(value: i64, count: i64) -> Option<i64> {
    let shifted = wrapping_shl(value, count);
    // Shifting back restores the value unless bits, or the sign, were lost.
    (value == 0 || (count < 64 && shifted >> count == value)).then_some(shifted)
}

/// Like `<<`, but a count of 64 or more shifts all bits out.
fn wrapping_shl(value: i64, count: i64) -> i64 {
    if count < 64 { value << count } else { 0 }
}
