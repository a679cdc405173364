//! Calling valgrind's callgrind.

use std::path::Path;
use std::process::Command;

use crate::common::error::{Error, Result, bail};
use crate::common::project::Project;
use crate::interpreters::{apt, path};

/// Why nothing can be counted here, if so. CI has to count: it installs valgrind.
pub fn obstacle() -> Option<&'static str> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        Some("only counted on Linux on x86-64")
    } else if path::first("valgrind").is_none() && std::env::var_os("CI").is_none() {
        Some("there is no valgrind; get it with: sudo apt-get install valgrind")
    } else {
        None
    }
}

/// Makes sure that [`call`] works.
pub fn ensure(project: &Project) -> Result<()> {
    match obstacle() {
        Some(why) => bail!("{why}"),
        None if path::first("valgrind").is_some() => Ok(()),
        None => apt::ensure(&["valgrind"], |what, cmd| project.logged(what, cmd)),
    }
}

/// A call of callgrind, to be continued; the profile is easy to read.
pub fn call(profile: &Path) -> Command {
    let mut cmd = Command::new("valgrind");
    cmd.arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .args(["--compress-strings=no", "--compress-pos=no"]);
    cmd
}

/// The second number of a line of a profile: a cost.
pub fn cost(line: &str) -> u64 {
    let cost = line.split(' ').nth(1).and_then(|cost| cost.parse().ok());
    cost.unwrap_or(0)
}

pub fn missing(what: &str, profile: &Path) -> Error {
    Error::new(format!("no {what} in {}", profile.display()))
}
