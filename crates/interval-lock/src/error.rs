//! The errors of a lock.

use std::{error::Error, fmt};

/// The thread already has the lock, and would wait for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyOwner;

/// The thread does not have the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotOwner;

impl fmt::Display for AlreadyOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this thread would wait for itself: it has the lock")
    }
}

impl fmt::Display for NotOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this thread does not have the lock")
    }
}

impl Error for AlreadyOwner {}
impl Error for NotOwner {}
