//! Has anything changed? By content: a checkout or a copy changes every date.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::error::Result;

/// A number that changes with the name or the content of any of these files, or of any file in
/// these folders. What does not exist counts as absent.
pub fn of(paths: &[PathBuf]) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for path in paths {
        add(path, &mut hasher)?;
    }
    Ok(hasher.finish())
}

fn add(path: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    let name = path.file_name().unwrap_or_default();
    if path.is_dir() {
        let mut entries: Vec<PathBuf> = fs::read_dir(path)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|entry| !entry.ends_with("__pycache__"))
            .collect();
        entries.sort();
        // Where a folder ends matters: a file that moves up by one is a change.
        name.hash(hasher);
        entries.len().hash(hasher);
        return entries.iter().try_for_each(|entry| add(entry, hasher));
    }
    // Absent, or gone since it was listed (an editor's scratch file).
    if let Ok(content) = fs::read(path) {
        name.hash(hasher);
        content.hash(hasher);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_and_names_count_dates_do_not() {
        let sh = xshell::Shell::new().unwrap();
        let temp = sh.create_temp_dir().unwrap();
        let folder = temp.path().join("a");
        let print = || of(std::slice::from_ref(&folder)).unwrap();
        sh.write_file(folder.join("b/c.rs"), "one").unwrap();
        let first = print();
        sh.write_file(folder.join("b/c.rs"), "one").unwrap();
        sh.write_file(folder.join("__pycache__/c.pyc"), "x")
            .unwrap();
        assert_eq!(print(), first);
        sh.write_file(folder.join("b/c.rs"), "two").unwrap();
        assert_ne!(print(), first);
        sh.write_file(folder.join("b/c.rs"), "one").unwrap();
        sh.write_file(folder.join("c.rs"), "").unwrap();
        assert_ne!(print(), first);
    }
}
