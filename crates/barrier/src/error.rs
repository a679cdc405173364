//! The error of a barrier.

use std::{error::Error, fmt};

/// The barrier is broken, or broke or was reset during the wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenBarrier;

impl fmt::Display for BrokenBarrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the barrier is broken, or was reset")
    }
}

impl Error for BrokenBarrier {}
