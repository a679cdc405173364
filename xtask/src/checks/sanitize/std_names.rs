//! What std calls its slow paths: the names that the linker sees, which hold a hash.

use std::fs;
use std::path::Path;

use crate::error::{Error, Result};

/// How `std_for_tsan.c` calls them, what their mangled names contain, and how those end.
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
    let entries = fs::read_dir(folder)?;
    let library = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("libstd-") && name.ends_with(".rlib")
        })
        .ok_or_else(|| Error::new(format!("no libstd in {}", folder.display())))?;
    let bytes = fs::read(&library)?;
    let find = |(ours, within, end): (&'static str, &str, &str)| {
        symbol(&bytes, within, end)
            .map(|theirs| (ours, theirs))
            .ok_or_else(|| {
                Error::new(format!(
                    "std has no `{end}` any more; loom-tests/sanitizers/src/std_for_tsan.c has to follow it"
                ))
            })
    };
    PATHS.into_iter().map(find).collect()
}

/// The symbol in a table of such strings that contains one text and ends with the other.
fn symbol(bytes: &[u8], within: &str, end: &str) -> Option<String> {
    let mut last = end.as_bytes().to_vec();
    last.push(0);
    let mut from = 0;
    while let Some(at) = position(&bytes[from..], &last) {
        let stop = from + at + end.len();
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let length = bytes[..stop]
            .iter()
            .rev()
            .take_while(|b| is_part(b))
            .count();
        let name = String::from_utf8_lossy(&bytes[stop - length..stop]);
        if name.starts_with("_R") && name.contains(within) {
            return Some(name.into_owned());
        }
        from = stop;
    }
    None
}

fn position(bytes: &[u8], text: &[u8]) -> Option<usize> {
    // By the first byte: fast enough for ten megabytes in a debug build.
    let mut from = 0;
    loop {
        let at = from + bytes[from..].iter().position(|byte| *byte == text[0])?;
        if bytes[at..].starts_with(text) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols() {
        let table =
            b"\0.text._RNvC3std_4Once4call\0_RNvC3std3sys4once_4Once4call\0_RNvC4Once4callx\0";
        let found = symbol(table, "4once", "4Once4call");
        assert_eq!(found.as_deref(), Some("_RNvC3std3sys4once_4Once4call"));
        assert_eq!(symbol(table, "4once", "4wait"), None);
    }
}
