//! The one error type: a sentence for a person.

use std::fmt;

/// What went wrong and, where that is known, what to do about it.
pub struct Error(String);

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Returns from the function with an error; takes what `format!` takes.
macro_rules! bail {
    ($($text:tt)*) => {
        return Err($crate::common::error::Error::new(format!($($text)*)))
    };
}
pub(crate) use bail;

impl Error {
    pub fn new(text: impl Into<String>) -> Error {
        Error(text.into())
    }

    /// Ends the program with a failure whose message has been printed already.
    pub fn already_told() -> Error {
        Error(String::new())
    }

    pub fn is_told(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// Failing tests show it.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<xshell::Error> for Error {
    fn from(err: xshell::Error) -> Error {
        Error(err.to_string())
    }
}

impl From<std::io::Error> for Error {
    fn from(err: std::io::Error) -> Error {
        let hint = match err.kind() {
            std::io::ErrorKind::StorageFull => "; make room on the disk and try again",
            _ => "",
        };
        Error(format!("{err}{hint}"))
    }
}
