//! Why a value was not stored, and why there is none to read.

use std::{error::Error, fmt};

/// Why a value was not stored, with the value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InsertError<V, E> {
    /// The value that was not stored.
    pub value: V,
    /// Why it was not stored.
    pub reason: Refusal<E>,
}

/// Why a value is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal<E> {
    /// The key is beyond the window, and stayed so for as long as the call was willing to wait.
    Full,
    /// No more values are taken.
    Closed,
    /// The key is beyond the window, and the window may not move any more, because gathering has
    /// failed, for the reason inside.
    Failed(E),
}

/// Why there is no value to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextError<E> {
    /// The next value has not been inserted, and was not for as long as the call was willing to
    /// wait.
    Missing,
    /// The reader is at its end, or the next value will not be inserted any more.
    Ended,
    /// The next value is missing, and gathering has failed, for the reason inside. The reader has
    /// ended with that.
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

// This is written out, because the value inside need not be `Debug`.
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
