//! The errors of a latch.

use std::{error::Error, fmt};

/// The count is smaller than the number to count down by. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedTooFar {
    /// The count at that moment.
    pub count: u32,
}

impl fmt::Display for CountedTooFar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "counted down by more than the count, {}", self.count)
    }
}

impl Error for CountedTooFar {}

/// The count would exceed `u32::MAX`. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountTooLarge;

impl fmt::Display for CountTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the count of a latch must not exceed 4294967295")
    }
}

impl Error for CountTooLarge {}
