//! Where things are in the checkout.

use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use xshell::Shell;

use super::error::{Error, Result};
use super::lock::{self, Access};
use super::run;

/// The checkout that `cargo xtask` was called in.
pub struct Project {
    pub root: PathBuf,
    /// Its working directory is `root`.
    pub sh: Shell,
}

impl Project {
    pub fn find() -> Result<Project> {
        // Cargo sets it for the program that it runs.
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .ok_or_else(|| Error::new("call this program as: cargo xtask"))?;
        let root = Path::new(&manifest).parent().unwrap_or(Path::new("."));
        let sh = Shell::new()?;
        sh.change_dir(root);
        Ok(Project {
            root: root.to_owned(),
            sh,
        })
    }

    pub fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    pub fn bindings(&self) -> PathBuf {
        self.root.join("py-bindings")
    }

    /// The folder for our own stamps, locks and logs.
    pub fn scratch(&self) -> PathBuf {
        self.target().join("xtask")
    }

    /// As [`Project::captured`], where nobody needs the output.
    pub fn logged(&self, what: &str, cmd: impl Into<Command>) -> Result<()> {
        self.captured(what, cmd).map(|_| ())
    }

    /// Runs a program with its output in a log of its own, and returns the output.
    ///
    /// # Errors
    ///
    /// As [`run::logged`].
    pub fn captured(&self, what: &str, cmd: impl Into<Command>) -> Result<String> {
        let folder = self.scratch().join("logs");
        fs::create_dir_all(&folder)?;
        let name = what.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "-");
        let log = folder.join(format!("{name}.log"));
        fs::write(&log, "")?;
        run::logged(cmd, what, &log)
    }

    /// Keeps another run from changing the virtual environments while this one uses them.
    pub fn lock(&self, access: Access) -> Result<File> {
        fs::create_dir_all(self.scratch())?;
        lock::lock(&self.scratch().join("lock"), access)
    }
}
