//! The errors of the operations. An error contains the item that was not stored.

use std::{error::Error, fmt};

/// The error of [`insert`](crate::ConcurrentDeque::insert): there is no room for the item.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Full<T>(pub T);

/// The error of [`set`](crate::ConcurrentDeque::set): there is no item to replace.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OutOfRange<T>(pub T);

impl<T> fmt::Display for Full<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deque already at its maximum size")
    }
}

impl<T> fmt::Display for OutOfRange<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deque index out of range")
    }
}

// The item is left out, because it need not be `Debug`.
impl<T> fmt::Debug for Full<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Full(..)")
    }
}

impl<T> fmt::Debug for OutOfRange<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OutOfRange(..)")
    }
}

impl<T> Error for Full<T> {}
impl<T> Error for OutOfRange<T> {}
