//! An interpreter that uv installs, where that is.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::{Version, on_path};
use crate::run;

/// For a download over a slow line.
const INSTALL_LIMIT: Duration = Duration::from_secs(120);

/// uv itself.
pub fn program() -> Option<PathBuf> {
    on_path("uv").into_iter().next()
}

/// Has uv install this version, and asks it where that is.
pub fn install(version: Version) -> Result<PathBuf, String> {
    let uv = program().ok_or("not installed")?;
    eprintln!("  asking uv for Python {version}");
    let version = version.to_string();
    let call = |words: &[&str], limit: Duration| {
        let mut cmd = Command::new(&uv);
        cmd.args(words);
        match run::limited(cmd, limit) {
            Err(err) => Err(format!("does not start: {err}")),
            Ok(None) => Err(format!("gave up after {} s", limit.as_secs())),
            Ok(Some(output)) if output.status.success() => {
                Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
            }
            Ok(Some(output)) => {
                let stderr = String::from_utf8_lossy(&output.stderr);
                let line = stderr.trim_end().lines().last().unwrap_or("no message");
                Err(line.trim().to_owned())
            }
        }
    };
    call(&["python", "install", &version], INSTALL_LIMIT)?;
    call(&["python", "find", &version], Duration::from_secs(20)).map(PathBuf::from)
}
