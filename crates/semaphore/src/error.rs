//! The error of a semaphore.

use std::{error::Error, fmt};

/// All permits are free, so [`release`](crate::Semaphore::release) has none to give back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseError;

impl fmt::Display for ReleaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("semaphore released more often than acquired")
    }
}

impl Error for ReleaseError {}
