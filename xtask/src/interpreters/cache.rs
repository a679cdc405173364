//! The interpreters that we have made, in the user's cache directory, which all checkouts share.
//!
//! Each is in a folder named after its version and the recipe it was made by. It is made in a folder
//! beside that, and the last step is a rename: a folder with the right name is whole, however an
//! earlier run ended. A lock keeps two runs from doing the same work.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use fs_err as fs;
use xshell::Shell;

use super::interp::{Interp, probe_within};
use super::version::Version;
use crate::common::error::{Error, Result};
use crate::common::lock::{self, Access};
use crate::common::run;

/// The folder of this project in the user's cache directory; it may not exist yet.
fn folder() -> Result<PathBuf> {
    let absolute = |name: &str| {
        let path = env::var_os(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    absolute("XDG_CACHE_HOME")
        .or_else(|| Some(absolute("HOME")?.join(".cache")))
        .map(|base| base.join("ft-utils-rs"))
        .ok_or_else(|| Error::new("no cache directory; name one with: XDG_CACHE_HOME=/some/folder"))
}

/// The interpreters of this version that earlier runs have made by this recipe, the latest first.
pub fn made(version: Version, recipe: &str) -> Vec<PathBuf> {
    let Ok(entries) = folder().and_then(|cache| Ok(fs::read_dir(cache)?)) else {
        return Vec::new();
    };
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            let patch = patch_of(folder.file_name()?.to_str()?, version, recipe)?;
            Some((patch, folder.join("bin").join(version.program())))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, path)| path).collect()
}

/// `python-3.14.9t-registry2`.
fn folder_of(version: Version, patch: u32, recipe: &str) -> String {
    let (minor, t) = (version.minor, version.suffix());
    format!("python-3.{minor}.{patch}{t}-{recipe}")
}

/// The last number of the version, if a folder of this recipe has this name.
fn patch_of(folder: &str, version: Version, recipe: &str) -> Option<u32> {
    let rest = folder.strip_prefix(&format!("python-3.{}.", version.minor))?;
    let digits = rest.find(|c: char| !c.is_ascii_digit())?;
    let patch = rest[..digits].parse().ok()?;
    (folder == folder_of(version, patch, recipe)).then_some(patch)
}

/// Where an interpreter is made.
pub struct Work {
    cache: PathBuf,
    /// A folder for this run alone.
    pub folder: PathBuf,
    /// Its working directory is `folder`.
    pub sh: Shell,
    log: PathBuf,
}

impl Work {
    /// The folder that the interpreter will be in.
    pub fn prefix(&self, version: Version, patch: u32, recipe: &str) -> PathBuf {
        self.cache.join(folder_of(version, patch, recipe))
    }

    /// As [`run::logged`].
    pub fn logged(&self, what: &str, cmd: impl Into<Command>) -> Result<()> {
        run::logged(cmd, what, &self.log).map(|_| ())
    }
}

/// Makes an interpreter, or waits for the run that is making it. `build` makes it, and returns the
/// folder that it is in and the folder that it belongs in. A sound one answers within `limit`.
pub fn make(
    version: Version,
    recipe: &str,
    limit: Duration,
    build: impl FnOnce(&Work) -> Result<(PathBuf, PathBuf)>,
) -> Result<Interp> {
    let cache = folder()?;
    let other_place = |err| format!("{err}; name another place with: XDG_CACHE_HOME=/some/folder");
    fs::create_dir_all(&cache).map_err(|err| Error::new(other_place(err)))?;
    let _lock = lock::lock(&cache.join("python.lock"), Access::Alone)?;
    let works = |path: &PathBuf| probe_within(path, limit).ok();
    // Another run may have made it while this one waited.
    if let Some(found) = made(version, recipe).iter().find_map(works) {
        return Ok(found);
    }
    sweep(&cache);
    eprintln!("making Python {version} in {}, once", cache.display());
    let work = Work {
        folder: cache.join(format!("work-{}", std::process::id())),
        sh: Shell::new()?,
        log: cache.join(format!("python-{version}.log")),
        cache,
    };
    fs::create_dir_all(&work.folder)?;
    work.sh.change_dir(&work.folder);
    fs::write(&work.log, "")?;
    let made = build(&work).and_then(|(new, prefix)| install(version, limit, &new, &prefix));
    sweep(&work.cache);
    made
}

/// Moves an interpreter to its place, if it works.
fn install(version: Version, limit: Duration, new: &Path, prefix: &Path) -> Result<Interp> {
    let probe = |folder: &Path| {
        let found = probe_within(&folder.join("bin").join(version.program()), limit);
        found.map_err(|why| Error::new(format!("the interpreter that was made {why}")))
    };
    // It finds its library from where it is, so it can be tried before it is in its place.
    probe(new)?;
    // The data before the name, should the power fail. Best effort.
    let _ = Command::new("sync").arg("--file-system").arg(new).status();
    if prefix.exists() {
        // It was there when we took the lock, and did not work.
        fs::remove_dir_all(prefix)?;
    }
    fs::rename(new, prefix)?;
    probe(prefix)
}

/// Removes what stopped runs have left; call it with the lock held.
fn sweep(cache: &Path) {
    for entry in fs::read_dir(cache).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("work-") {
            // A folder that cannot be removed does no harm: no run looks into another's.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders() {
        let (free, gil) = (Version::free_threaded(14), Version::with_gil(14));
        let folder = folder_of(free, 9, "registry2");
        assert_eq!(folder, "python-3.14.9t-registry2");
        assert_eq!(patch_of(&folder, free, "registry2"), Some(9));
        assert_eq!(patch_of(&folder, gil, "registry2"), None);
        assert_eq!(patch_of(&folder, free, "registry1"), None);
        let folder = folder_of(gil, 10, "registry2");
        assert_eq!(patch_of(&folder, gil, "registry2"), Some(10));
        assert_eq!(patch_of("work-123", free, "registry2"), None);
    }
}
