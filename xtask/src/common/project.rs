//! Where things are in the checkout.

use std::env;
use std::fs::File;
use std::path::PathBuf;

use xshell::Shell;

use crate::cache::{self, Access};
use crate::error::{Error, Result};
use crate::run;

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
            .ok_or_else(|| Error::new("call it as: cargo xtask"))?;
        let root = PathBuf::from(manifest)
            .parent()
            .map(PathBuf::from)
            .ok_or_else(|| Error::new("the checkout has no root"))?;
        let sh = Shell::new()?;
        sh.change_dir(&root);
        Ok(Project { root, sh })
    }

    pub fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    pub fn bindings(&self) -> PathBuf {
        self.root.join("py-bindings")
    }

    /// For our own stamps, locks and logs.
    pub fn scratch(&self) -> PathBuf {
        self.target().join("xtask")
    }

    /// A new, empty log.
    pub fn log(&self, name: &str) -> Result<PathBuf> {
        let folder = self.scratch().join("logs");
        std::fs::create_dir_all(&folder).map_err(|err| run::cannot_write(&folder, &err))?;
        let log = folder.join(format!("{name}.log"));
        File::create(&log).map_err(|err| run::cannot_write(&log, &err))?;
        Ok(log)
    }

    /// Keeps a run from changing the virtual environments that another is using.
    pub fn lock(&self, access: Access) -> Result<File> {
        let folder = self.scratch();
        std::fs::create_dir_all(&folder).map_err(|err| run::cannot_write(&folder, &err))?;
        cache::lock(&folder.join("lock"), access)
    }
}
