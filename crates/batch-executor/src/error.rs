//! Why there is no value.

use std::{error::Error, fmt};

/// Why [`load`](crate::BatchExecutor::load) has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadError<E> {
    /// The source failed. What it had produced in this batch before is there for other loads.
    Source(E),
    /// The source called for a value itself: that would wait for its own end.
    Reentrant,
}

/// Why [`try_load`](crate::BatchExecutor::try_load) has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryLoadError<E> {
    /// As [`LoadError::Source`].
    Source(E),
    /// As [`LoadError::Reentrant`].
    Reentrant,
    /// Another thread is running the source, or has not yet said that it is done with it.
    Busy,
}

/// Why [`load_timeout`](crate::BatchExecutor::load_timeout) has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadTimeoutError<E> {
    /// As [`LoadError::Source`].
    Source(E),
    /// As [`LoadError::Reentrant`].
    Reentrant,
    /// Another thread was running the source until the deadline.
    Timeout,
}

const SOURCE: &str = "the source of a batch failed";
const REENTRANT: &str = "the source of a batch asked for a value of it";

impl<E> fmt::Display for LoadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source(_) => SOURCE,
            Self::Reentrant => REENTRANT,
        })
    }
}

impl<E> fmt::Display for TryLoadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source(_) => SOURCE,
            Self::Reentrant => REENTRANT,
            Self::Busy => "another thread is filling the batch",
        })
    }
}

impl<E> fmt::Display for LoadTimeoutError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source(_) => SOURCE,
            Self::Reentrant => REENTRANT,
            Self::Timeout => "timed out waiting for another thread to fill the batch",
        })
    }
}

impl<E: Error + 'static> Error for LoadError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Source(err) => Some(err),
            Self::Reentrant => None,
        }
    }
}

impl<E: Error + 'static> Error for TryLoadError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Source(err) => Some(err),
            _ => None,
        }
    }
}

impl<E: Error + 'static> Error for LoadTimeoutError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Source(err) => Some(err),
            _ => None,
        }
    }
}
