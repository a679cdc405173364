//! The names that the linker sees for std's slow paths, which contain a hash.

use std::path::Path;

use fs_err as fs;

use crate::common::error::{Error, Result};

/// The names that `std_for_tsan.c` uses, a part of the mangled names, and the end of those.
const PATHS: [(&str, &str, &str); 5] = [
    (
        "lock_contended",
        "3sys4sync5mutex5futex",
        "5Mutex14lock_contended",
    ),
    ("wait", "3sys4sync7condvar5futex", "7Condvar4wait"),
    (
        "wait_timeout",
        "3sys4sync7condvar5futex",
        "7Condvar12wait_timeout",
    ),
    ("once", "3sys4sync4once5futex", "4Once4call"),
    (
        "scope",
        "6thread6scoped",
        "9ScopeData29decrement_num_running_threads",
    ),
];

/// Pairs of our name and std's, read from the library in this folder of the toolchain.
///
/// # Errors
///
/// If one is not there: std has changed, and `std_for_tsan.c` has to follow.
pub fn find(folder: &Path) -> Result<Vec<(&'static str, String)>> {
    let mut files = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let library = files.find(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    });
    let library =
        library.ok_or_else(|| Error::new(format!("no libstd in {}", folder.display())))?;
    let bytes = fs::read(&library)?;
    let names: Vec<&[u8]> = names(&bytes).collect();
    let find = |(ours, within, end): (&'static str, &str, &str)| {
        let theirs = symbol(&names, within, end).ok_or_else(|| {
            Error::new(format!(
                "std has no `{end}` any more; change loom-tests/sanitizers/src/std_for_tsan.c"
            ))
        })?;
        Ok((ours, theirs))
    };
    PATHS.into_iter().map(find).collect()
}

/// The mangled names at the ends of the strings in a table.
fn names(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    bytes.split(|byte| *byte == 0).filter_map(move |string| {
        let length = string.iter().rev().take_while(|byte| is_part(byte)).count();
        let name = &string[string.len() - length..];
        name.starts_with(b"_R").then_some(name)
    })
}

/// The name that contains one text and ends with the other.
fn symbol(names: &[&[u8]], within: &str, end: &str) -> Option<String> {
    let mut names = names.iter().filter(|name| name.ends_with(end.as_bytes()));
    names.find_map(|name| {
        let name = String::from_utf8_lossy(name);
        name.contains(within).then(|| name.into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols() {
        let table =
            b"\0.text._RNvC3std_4Once4call\0_RNvC3std3sys4once_4Once4call\0_RNvC4Once4callx\0";
        let names: Vec<&[u8]> = names(table).collect();
        let found = symbol(&names, "4once", "4Once4call");
        assert_eq!(found.as_deref(), Some("_RNvC3std3sys4once_4Once4call"));
        assert_eq!(symbol(&names, "4once", "4wait"), None);
    }
}
