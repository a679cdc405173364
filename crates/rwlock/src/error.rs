//! The errors of an [`OwnedRwLock`](crate::OwnedRwLock).

use std::{error::Error, fmt};

/// The thread or task would wait for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WouldDeadlock {
    /// It has the lock for reading.
    HasRead,
    /// It has the lock for writing.
    HasWrite,
}

/// The thread or task tried to release what it does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotHeld {
    /// It does not have the lock for reading.
    Read,
    /// It does not have the lock for writing.
    Write,
}

impl fmt::Display for WouldDeadlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HasRead => {
                "this thread or task would wait for itself: it has the lock for reading"
            }
            Self::HasWrite => {
                "this thread or task would wait for itself: it has the lock for writing"
            }
        })
    }
}

impl fmt::Display for NotHeld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "this thread or task does not have the lock for reading",
            Self::Write => "this thread or task does not have the lock for writing",
        })
    }
}

impl Error for WouldDeadlock {}
impl Error for NotHeld {}
