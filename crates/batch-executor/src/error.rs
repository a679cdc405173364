//! The errors of loading a value.

use std::{error::Error, fmt};

/// The error of [`load`](crate::BatchExecutor::load).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadError<E> {
    /// The source failed. Other calls get the values that it had already produced in this batch.
    Source(E),
    /// The source itself called for a value. The call would have to wait for its own end.
    Reentrant,
}

/// The error of [`try_load`](crate::BatchExecutor::try_load).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryLoadError<E> {
    /// See [`LoadError::Source`].
    Source(E),
    /// See [`LoadError::Reentrant`].
    Reentrant,
    /// Another thread is running the source, or has not yet reported that it is done with it.
    Busy,
}

/// The error of [`load_timeout`](crate::BatchExecutor::load_timeout).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadTimeoutError<E> {
    /// See [`LoadError::Source`].
    Source(E),
    /// See [`LoadError::Reentrant`].
    Reentrant,
    /// Another thread was running the source until the deadline.
    Timeout,
}

const SOURCE: &str = "the source of a batch failed";
const REENTRANT: &str = "the source asked for a value of the batch that it is producing";

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
