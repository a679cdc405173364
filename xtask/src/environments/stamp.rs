//! Whether anything has changed since something was made from it.
//!
//! Contents are compared: a checkout or a copy changes every date.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use fs_err as fs;
use walkdir::WalkDir;

use crate::common::error::Result;

/// A number that changes with the name or the content of any of these files, or of any file in
/// these folders. A path that does not exist is left out.
pub fn fingerprint(paths: &[PathBuf]) -> String {
    let mut hasher = DefaultHasher::new();
    for path in paths {
        let parent = path.parent().unwrap_or(path);
        let files = WalkDir::new(path).sort_by_file_name().into_iter();
        for file in files.filter_entry(|entry| entry.file_name() != "__pycache__") {
            // An editor's scratch file may be gone since it was listed.
            let Ok(file) = file else { continue };
            if let Ok(content) = fs::read(file.path()) {
                file.path().strip_prefix(parent).ok().hash(&mut hasher);
                content.hash(&mut hasher);
            }
        }
    }
    format!("{:016x}", hasher.finish())
}

/// Calls `make`, unless the file `stamp` says that it has been done with the same inputs, `want`.
pub fn unless_done(stamp: &Path, want: &str, make: impl FnOnce() -> Result<()>) -> Result<()> {
    if says(stamp, want) {
        return Ok(());
    }
    let _ = fs::remove_file(stamp);
    make()?;
    Ok(fs::write(stamp, want)?)
}

/// Whether the file `stamp` has this content.
pub fn says(stamp: &Path, want: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|found| found == want)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_and_names_count_dates_do_not() {
        let sh = xshell::Shell::new().unwrap();
        let temp = sh.create_temp_dir().unwrap();
        let folder = temp.path().join("a");
        let print = || fingerprint(std::slice::from_ref(&folder));
        let write = |file: &str, text: &str| sh.write_file(folder.join(file), text).unwrap();
        write("b/c.rs", "one");
        let first = print();
        write("b/c.rs", "one");
        write("__pycache__/c.pyc", "x");
        assert_eq!(print(), first);
        write("b/c.rs", "two");
        assert_ne!(print(), first);
        write("b/c.rs", "one");
        write("c.rs", "");
        assert_ne!(print(), first);
    }

    #[test]
    fn done_once_for_the_same_inputs() {
        let sh = xshell::Shell::new().unwrap();
        let temp = sh.create_temp_dir().unwrap();
        let stamp = temp.path().join("stamp");
        let is_done = |want: &str| {
            let mut done = false;
            unless_done(&stamp, want, || {
                done = true;
                Ok(())
            })
            .unwrap();
            done
        };
        assert_eq!(["a", "a", "b"].map(is_done), [true, false, true]);
    }
}
