//! The errors of an [`OwnedRwLock`](crate::OwnedRwLock).

use std::{error::Error, fmt};

/// The thread would wait for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WouldDeadlock {
    /// The thread has the lock for reading.
    HasRead,
    /// The thread has the lock for writing.
    HasWrite,
}

/// The thread tried to release what it does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotHeld {
    /// The thread does not have the lock for reading.
    Read,
    /// The thread does not have the lock for writing.
    Write,
}

impl fmt::Display for WouldDeadlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HasRead => "this thread would wait for itself: it has the lock for reading",
            Self::HasWrite => "this thread would wait for itself: it has the lock for writing",
        })
    }
}

impl fmt::Display for NotHeld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "this thread does not have the lock for reading",
            Self::Write => "this thread does not have the lock for writing",
        })
    }
}

impl Error for WouldDeadlock {}
impl Error for NotHeld {}
