//! Which Python: a minor version, and the kind of build.

use std::fmt;
use std::str::FromStr;

/// Written as `3.11` or `3.14t`.
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

    /// What follows the numbers: `t` if it is free-threaded.
    pub fn suffix(self) -> &'static str {
        if self.free_threaded { "t" } else { "" }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "3.{}{}", self.minor, self.suffix())
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Version, String> {
        let digits = text.strip_suffix('t');
        let minor = digits.unwrap_or(text).strip_prefix("3.");
        match minor.and_then(|minor| minor.parse().ok()) {
            Some(minor) => Ok(Version {
                minor,
                free_threaded: digits.is_some(),
            }),
            None => Err("write a version as 3.14t or 3.11".to_owned()),
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
