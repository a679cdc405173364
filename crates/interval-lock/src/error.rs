//! The errors of a lock.

use std::{error::Error, fmt};

/// The thread or task already has the lock, and would wait for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyOwner;

/// The thread or task does not have the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotOwner;

impl fmt::Display for AlreadyOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this thread or task would wait for itself: it has the lock")
    }
}

impl fmt::Display for NotOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this thread or task does not have the lock")
    }
}

impl Error for AlreadyOwner {}
impl Error for NotOwner {}
