//! What can keep an operation from succeeding. The item that was not taken comes back inside.

use std::{error::Error, fmt};

/// There is no room for the item that [`insert`](crate::ConcurrentDeque::insert) was given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Full<T>(pub T);

/// There is no item for [`set`](crate::ConcurrentDeque::set) to replace.
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

// Without the item, which need not be `Debug`.
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
