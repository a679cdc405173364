use std::{error::Error, fmt};

/// The error of registering a destructor. The destructor is not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterError {
    /// There is not enough memory.
    NoMemory,
    /// The operating system has no thread-specific key left. The whole process needs one.
    NoHook,
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoMemory => "no memory to register a destructor for the end of the thread",
            Self::NoHook => {
                "the system has no thread-specific key left, so the end of a thread goes unnoticed"
            }
        })
    }
}

impl Error for RegisterError {}

/// The error of an operation with a [`Key`](crate::Key).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// There are [`Key::MAX`](crate::Key::MAX) keys already.
    Exhausted,
    /// The key was deleted, or never existed.
    NoKey,
    /// The value could not be stored.
    Register(RegisterError),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exhausted => f.write_str("there are too many keys; delete some"),
            Self::NoKey => f.write_str("the key was deleted, or never made"),
            Self::Register(err) => err.fmt(f),
        }
    }
}

impl Error for KeyError {}

impl From<RegisterError> for KeyError {
    fn from(err: RegisterError) -> Self {
        Self::Register(err)
    }
}
