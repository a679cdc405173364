//! Locks between runs of ours. The kernel releases them when their holder dies.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::error::Result;
use super::run::cannot_write;

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
    let file = File::create(path).map_err(|err| cannot_write(path, &err))?;
    let now = match access {
        Access::Shared => file.try_lock_shared(),
        Access::Alone => file.try_lock(),
    };
    match now {
        Ok(()) => return Ok(file),
        Err(TryLockError::Error(err)) => return Err(cannot_write(path, &err)),
        Err(TryLockError::WouldBlock) => eprintln!("  waiting for another run to end"),
    }
    match access {
        Access::Shared => file.lock_shared()?,
        Access::Alone => file.lock()?,
    }
    Ok(file)
}
