//! What can go wrong when a job is added.

use std::{error::Error, fmt};

/// Why a thread could not be started: what [`Hooks::start`](crate::Hooks::start) says.
pub type StartError = Box<dyn Error + Send + Sync>;

/// A job was not added, and was dropped.
#[derive(Debug)]
pub enum SpawnError {
    /// The pool has been shut down.
    ShutDown,
    /// The pool has no worker, and could not start one.
    NoThread(StartError),
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ShutDown => f.write_str("the pool has been shut down"),
            Self::NoThread(_) => f.write_str("no worker could be started"),
        }
    }
}

impl Error for SpawnError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::ShutDown => None,
            Self::NoThread(err) => Some(&**err),
        }
    }
}
