//! What can keep an operation from succeeding.

use std::{error::Error, fmt};

/// Nobody holds a permit that [`release`](crate::Semaphore::release) could give back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseError;

impl fmt::Display for ReleaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("semaphore released more often than acquired")
    }
}

impl Error for ReleaseError {}
