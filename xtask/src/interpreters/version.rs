//! Which Python: a minor version, and the kind of build.

use std::fmt;
use std::str::FromStr;

/// What people and folders call `3.11`, `3.14t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// Of Python 3.
    pub minor: u32,
    /// Built without the GIL.
    pub free_threaded: bool,
}

impl Version {
    pub const fn with_gil(minor: u32) -> Version {
        Version {
            minor,
            free_threaded: false,
        }
    }

    pub const fn free_threaded(minor: u32) -> Version {
        Version {
            minor,
            free_threaded: true,
        }
    }

    /// The name of its program.
    pub fn program(self) -> String {
        format!("python{self}")
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = if self.free_threaded { "t" } else { "" };
        write!(f, "3.{}{t}", self.minor)
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Version, String> {
        let (digits, free_threaded) = match text.strip_suffix('t') {
            Some(digits) => (digits, true),
            None => (text, false),
        };
        let minor = digits
            .strip_prefix("3.")
            .and_then(|minor| minor.parse().ok());
        match minor {
            Some(minor) => Ok(Version {
                minor,
                free_threaded,
            }),
            None => Err(format!(
                "`{text}` is no version of Python; write it as 3.14t or 3.11"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["3.14t", "3.11", "3.15t"] {
            assert_eq!(text.parse::<Version>().unwrap().to_string(), text);
        }
        assert_eq!("3.14t".parse(), Ok(Version::free_threaded(14)));
        assert_eq!(Version::free_threaded(15).program(), "python3.15t");
    }

    #[test]
    fn refuses_others() {
        for text in ["", "3", "3.", "t", "2.7", "3.14.1", "314t", "3.14tt"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }
}
