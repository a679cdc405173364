//! The errors of insertions and of readers.

use std::{error::Error, fmt};

/// The error of an insertion: the value was not stored, and is returned inside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InsertError<V, E> {
    /// The value that was not stored.
    pub value: V,
    /// The reason.
    pub reason: Refusal<E>,
}

/// The reason why a value was not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal<E> {
    /// The key is beyond the window, and stayed beyond it for as long as the call was willing to
    /// wait.
    Full,
    /// Gathering is closed: no more values are accepted.
    Closed,
    /// The key is beyond the window, and the window may never move, because gathering has failed,
    /// for the reason inside.
    Failed(E),
}

/// The reason why a reader has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextError<E> {
    /// The next value is missing, and did not come for as long as the call was willing to wait.
    Missing,
    /// The reader has reached its end, or the next value will never be inserted.
    Ended,
    /// The next value is missing, and gathering has failed, for the reason inside. This has ended
    /// the reader.
    Failed(E),
}

impl<E> fmt::Display for Refusal<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "key is beyond the window",
            Self::Closed => "gathering is closed",
            Self::Failed(_) => "key is beyond the window, and gathering has failed",
        })
    }
}

impl<E> fmt::Display for NextError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "next value is missing",
            Self::Ended => "there are no more values",
            Self::Failed(_) => "next value is missing, and gathering has failed",
        })
    }
}

impl<V, E> fmt::Display for InsertError<V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

// This is written out, because the value need not be `Debug`.
impl<V, E: fmt::Debug> fmt::Debug for InsertError<V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InsertError")
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

impl<V, E: Error + 'static> Error for InsertError<V, E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.reason {
            Refusal::Failed(err) => Some(err),
            _ => None,
        }
    }
}

impl<E: Error + 'static> Error for NextError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(err) => Some(err),
            _ => None,
        }
    }
}
