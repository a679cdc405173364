//! A 64-bit atomic integer with a choice of what happens on overflow.
//!
//! [`AtomicInt64`] is like [`std::sync::atomic::AtomicI64`], but offers all of integer arithmetic
//! as single atomic steps. Its [`Overflow`] policy decides what happens if a result does not fit:
//! return an error and leave the value alone, wrap around, or stop at the limit.
//!
//! ```
//! use ft_atomic_int::{AtomicInt64, Overflow};
//!
//! let counter = AtomicInt64::new(40, Overflow::Error);
//! std::thread::scope(|scope| {
//!     for _ in 0..2 {
//!         scope.spawn(|| counter.fetch_add(1));
//!     }
//! });
//! assert_eq!(counter.load(), 42);
//!
//! counter.store(i64::MAX);
//! assert!(counter.fetch_add(1).is_err());
//! assert_eq!(counter.load(), i64::MAX);
//! ```
//!
//! [`AtomicFlag`] is a `bool` of the same kind; threads can also wait for it.
//!
//! # Orderings
//!
//! Every operation is sequentially consistent: a load or a store is one such access, and a
//! read-modify-write is one such exchange. If an attempt of an exchange loop fails, it reads the
//! value again with `SeqCst`, so that an operation that ends in an error has still read the latest
//! value.
//!
//! # Costs and progress
//!
//! Every operation takes constant time, allocates nothing and waits for no other thread. Loads,
//! stores, exchanges, the bitwise operations and, with [`Overflow::Wrap`], additions and
//! subtractions are single instructions where the machine has them. The other operations are
//! compare-exchange loops, which are lock-free but not wait-free. Setting an [`AtomicFlag`] takes
//! the lock of its [`Event`](ft_sync::Event) only while somebody waits for it, and then time in
//! proportion to the number of waiters.
//!
//! [`Event`](ft_sync::Event) and [`Case`](ft_sync::Case), by which one waits for a flag in other
//! ways, are types of `ft-sync`: a new major version of that is one of this crate.

#![forbid(unsafe_code)]

mod arithmetic;
mod error;
mod flag;

use ft_sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::fmt;

pub use arithmetic::{Operation, Overflow};
pub use error::ArithmeticError;
pub use flag::{AtomicFlag, Watch};

/// An `i64` that threads share and change in atomic steps.
///
/// Like `AtomicI64`, it has no cache line of its own. If different threads write to neighboring
/// values, wrap each in `crossbeam_utils::CachePadded`.
pub struct AtomicInt64 {
    value: AtomicI64,
    /// Set at construction.
    overflow: Overflow,
}

/// The values before and after an atomic change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The value that was replaced.
    pub before: i64,
    /// The value that was stored.
    pub after: i64,
}

impl AtomicInt64 {
    /// Creates an atomic with this value and policy.
    pub fn new(value: i64, overflow: Overflow) -> Self {
        Self {
            value: AtomicI64::new(value),
            overflow,
        }
    }

    /// Returns the overflow policy.
    pub fn overflow(&self) -> Overflow {
        self.overflow
    }

    /// Reads the value.
    #[inline]
    pub fn load(&self) -> i64 {
        self.value.load(SeqCst)
    }

    /// Writes the value.
    #[inline]
    pub fn store(&self, value: i64) {
        self.value.store(value, SeqCst);
    }

    /// Writes the value and returns the previous one.
    #[inline]
    pub fn exchange(&self, value: i64) -> i64 {
        self.value.swap(value, SeqCst)
    }

    /// Stores `new` if the value is `expected`, and returns the previous value.
    ///
    /// # Errors
    ///
    /// The present value, if it is another one. In that case nothing has changed.
    #[inline]
    pub fn compare_exchange(&self, expected: i64, new: i64) -> Result<i64, i64> {
        self.value.compare_exchange(expected, new, SeqCst, SeqCst)
    }

    /// Replaces the value by the result of `operation` on the value and `operand`, in this order.
    ///
    /// # Errors
    ///
    /// Those of [`Operation::apply`]. In that case the value is unchanged.
    #[inline]
    pub fn apply(&self, operation: Operation, operand: i64) -> Result<Change, ArithmeticError> {
        let value = &self.value;
        let overflow = self.overflow;
        // One instruction instead of a loop, where the machine has it.
        let before = match operation {
            Operation::Add if overflow == Overflow::Wrap => value.fetch_add(operand, SeqCst),
            Operation::Sub if overflow == Overflow::Wrap => value.fetch_sub(operand, SeqCst),
            Operation::And => value.fetch_and(operand, SeqCst),
            Operation::Or => value.fetch_or(operand, SeqCst),
            Operation::Xor => value.fetch_xor(operand, SeqCst),
            _ => return self.try_update(|before| operation.apply(before, operand, overflow)),
        };
        let after = operation.apply(before, operand, overflow)?;
        Ok(Change { before, after })
    }

    /// Replaces the value by `f` of it, and calls `f` again whenever another thread was faster.
    ///
    /// `f` may read the value. If `f` itself changes the value on each call, this never ends.
    ///
    /// # Errors
    ///
    /// The first error of `f`. In that case the value is unchanged.
    ///
    /// ```
    /// # use ft_atomic_int::*;
    /// let even = AtomicInt64::new(6, Overflow::Error);
    /// let change = even.try_update(|value| value.checked_mul(7).ok_or("too large"))?;
    /// assert_eq!(change, Change { before: 6, after: 42 });
    /// # Ok::<(), &str>(())
    /// ```
    #[inline]
    pub fn try_update<E>(&self, mut f: impl FnMut(i64) -> Result<i64, E>) -> Result<Change, E> {
        let mut before = self.load();
        loop {
            let after = f(before)?;
            let exchanged = (self.value).compare_exchange_weak(before, after, SeqCst, SeqCst);
            match exchanged {
                Ok(_) => return Ok(Change { before, after }),
                Err(other) => before = other,
            }
        }
    }
}

macro_rules! fetch {
    ($($name:ident $operation:ident $what:literal,)*) => {
        impl AtomicInt64 {
            $(
                #[doc = concat!("Replaces the value by ", $what, ", and returns the one before.")]
                ///
                /// # Errors
                ///
                /// See [`apply`](Self::apply).
                #[inline]
                pub fn $name(&self, operand: i64) -> Result<i64, ArithmeticError> {
                    Ok(self.apply(Operation::$operation, operand)?.before)
                }
            )*
        }
    };
}

fetch! {
    fetch_add Add "its sum with `operand`",
    fetch_sub Sub "its difference from `operand`",
    fetch_mul Mul "its product with `operand`",
    fetch_and And "its bitwise and with `operand`",
    fetch_or Or "its bitwise or with `operand`",
    fetch_xor Xor "its bitwise exclusive or with `operand`",
    fetch_max Max "the larger of it and `operand`",
    fetch_min Min "the smaller of it and `operand`",
}

impl Default for AtomicInt64 {
    /// Returns zero, with [`Overflow::Error`].
    fn default() -> Self {
        Self::new(0, Overflow::Error)
    }
}

impl fmt::Debug for AtomicInt64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AtomicInt64")
            .field("value", &self.load())
            .field("overflow", &self.overflow())
            .finish()
    }
}

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
