//! The user's cache directory, which every checkout shares: its place, its lock, its room.

use std::env;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::run;

/// The folder of this project in the user's cache directory; it may not exist yet.
pub fn folder() -> Result<PathBuf> {
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    absolute("XDG_CACHE_HOME")
        .or_else(|| Some(absolute("HOME")?.join(".cache")))
        .map(|base| base.join("ft-utils-rs"))
        .ok_or_else(|| Error::new("no cache directory; name one with: XDG_CACHE_HOME=/some/folder"))
}

/// Whether others may hold the same lock at the same time.
#[derive(Clone, Copy)]
pub enum Access {
    /// To use what is there, beside others who do.
    Shared,
    /// To change it.
    Alone,
}

/// Held until dropped, or until the process dies.
pub fn lock(path: &Path, access: Access) -> Result<File> {
    let file = File::create(path).map_err(|err| run::cannot_write(path, &err))?;
    let now = match access {
        Access::Shared => file.try_lock_shared(),
        Access::Alone => file.try_lock(),
    };
    let later = match now {
        Ok(()) => return Ok(file),
        Err(TryLockError::Error(err)) => Err(err),
        Err(TryLockError::WouldBlock) => {
            eprintln!("  another run is at it; waiting for it to end");
            match access {
                Access::Shared => file.lock_shared(),
                Access::Alone => file.lock(),
            }
        }
    };
    later.map_err(|err| run::cannot_write(path, &err))?;
    Ok(file)
}

/// Removes what runs that were stopped have left; call it with the lock held.
pub fn sweep(cache: &Path) {
    let Ok(entries) = fs::read_dir(cache) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with("work-") {
            // What cannot be removed does no harm: no run looks into another's folder.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Says so at once if there is too little room, and not after minutes.
pub fn demand_space(folder: &Path, megabytes: u64) -> Result<()> {
    let mut df = Command::new("df");
    df.arg("-Pk").arg(folder);
    let answer = run::limited(df, Duration::from_secs(20))?.map(|output| output.stdout);
    let Some(free) = free_mb(&String::from_utf8_lossy(&answer.unwrap_or_default())) else {
        // An odd `df` is no reason to stop: a full disk ends the build with its own clear line.
        return Ok(());
    };
    if free < megabytes {
        return Err(Error::new(format!(
            "needs {megabytes} MB in {}, where {free} are free; make room, or name another place \
             with: XDG_CACHE_HOME=/some/folder",
            folder.display()
        )));
    }
    Ok(())
}

/// The column "Available" of `df -Pk`, in MB.
fn free_mb(answer: &str) -> Option<u64> {
    let available = answer.lines().nth(1)?.split_whitespace().nth(3)?;
    Some(available.parse::<u64>().ok()? / 1024)
}

/// As [`run::cannot_write`], with the way out.
pub fn not_writable(path: &Path, err: &std::io::Error) -> Error {
    let text = run::cannot_write(path, err);
    Error::new(format!(
        "{text}; name another place with: XDG_CACHE_HOME=/some/folder"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space() {
        let answer = "Filesystem 1024-blocks Used Available Capacity Mounted on\n\
                      /dev/vda 263174212 13045036 82000000 14% /\n";
        assert_eq!(free_mb(answer), Some(80_078));
        assert_eq!(free_mb("df: no such file"), None);
    }
}
