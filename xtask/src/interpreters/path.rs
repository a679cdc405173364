//! Programs on PATH.

use std::collections::HashSet;
use std::path::PathBuf;

/// Every program of that name, not only the first: the first may be broken.
pub fn all(name: &str) -> Vec<PathBuf> {
    let mut seen = HashSet::new();
    let found = which::which_all(name).into_iter().flatten();
    // `/bin` is often a link to `/usr/bin`.
    found
        .filter(|path| seen.insert(path.canonicalize().ok()))
        .collect()
}

/// The first program of that name.
pub fn first(name: &str) -> Option<PathBuf> {
    which::which(name).ok()
}
