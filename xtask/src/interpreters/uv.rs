//! An interpreter that uv installs, where the user has uv.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::path;
use super::version::Version;
use crate::common::run;

/// uv itself.
pub fn program() -> Option<PathBuf> {
    path::first("uv")
}

/// Has uv install this version, and asks it where that is.
pub fn install(version: Version) -> Result<PathBuf, String> {
    let uv = program().ok_or("not installed")?;
    eprintln!("  asking uv for Python {version}");
    call(&uv, "install", version)?;
    call(&uv, "find", version).map(PathBuf::from)
}

fn call(uv: &Path, task: &str, version: Version) -> Result<String, String> {
    let mut cmd = Command::new(uv);
    cmd.args(["python", task, &version.to_string()]);
    // Enough for a download over a slow line.
    let output = run::limited(cmd, Duration::from_secs(120));
    let output = output.map_err(|err| format!("does not start: {err}"))?;
    let output = output.ok_or("took too long")?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(run::tail(&stderr, 1).trim().to_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
