//! Calls from Python: the benchmarks' cells, of which what is ours is counted, not the interpreter's.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Counts, callgrind, missing};
use crate::error::Result;
use crate::project::Project;
use crate::run;
use crate::venv::Venv;

/// What `benchmarks.calls` calls when the loop of a cell begins, and when it ends: then a part of the
/// profile is written.
const MARK: &str = "getpgrp";

/// Instructions per operation of each cell.
pub(super) fn count(project: &Project, venv: &Venv, valgrind: &Path) -> Result<Counts> {
    let folder = project.scratch().join("calls");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|err| run::cannot_write(&folder, &err))?;
    let profile = folder.join("out");
    let mut cmd = callgrind(valgrind, &profile);
    cmd.arg(format!("--dump-before={MARK}"))
        .arg(venv.python())
        .args(["-m", "benchmarks.calls"])
        .current_dir(project.bindings())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // Else strings hash differently each time.
        .env("PYTHONHASHSEED", "0");
    let log = project.log("calls")?;
    let before = fs::read_to_string(&log).unwrap_or_default().len();
    run::logged(cmd, "count instructions of calls", &log)?;
    let told = fs::read_to_string(&log)?;
    let mut counts = Counts::new();
    let cells = told[before..].lines().filter_map(times);
    for (index, (times, name)) in cells.enumerate() {
        // A part ends where a loop begins, and one where it ends.
        let part = PathBuf::from(format!("{}.{}", profile.display(), 2 * index + 2));
        let text = fs::read_to_string(&part).map_err(|_| missing(name, &part))?;
        counts.insert(name.to_owned(), ours(&text) as f64 / times as f64);
    }
    if counts.is_empty() {
        return Err(missing("calls", &profile));
    }
    Ok(counts)
}

/// `count: name`, as `benchmarks.calls` prints it, between the lines of valgrind.
fn times(line: &str) -> Option<(u64, &str)> {
    let (count, name) = line.split_once(": ")?;
    Some((count.parse().ok()?, name))
}

/// What our functions have cost, without what they called elsewhere.
///
/// `ob=FILE` says whose the next lines are. A line of which the second number is a cost follows on
/// each source line, and after `calls=...` one of what was called, which counts there.
fn ours(profile: &str) -> u64 {
    let mut sum = 0;
    let mut is_ours = false;
    let mut lines = profile.lines();
    while let Some(line) = lines.next() {
        if let Some(object) = line.strip_prefix("ob=") {
            is_ours = object
                .rsplit('/')
                .next()
                .is_some_and(|name| name.starts_with("_native."));
        } else if line.starts_with("calls=") {
            lines.next();
        } else if is_ours && line.starts_with(|first: char| first.is_ascii_digit()) {
            let cost = line.split(' ').nth(1).and_then(|cost| cost.parse().ok());
            sum += cost.unwrap_or(0);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: &str = "\
ob=/usr/bin/python3.13t
fn=call
7 100
ob=/site/ft_utils/_native.cpython-313t-x86_64-linux-gnu.so
fn=fast
0 30
cob=/usr/bin/python3.13t
cfn=PyLong_FromLong
calls=10 0
0 500
0 5
fn=load
0 7
ob=/usr/bin/python3.13t
fn=dealloc
3 9
";

    #[test]
    fn counts_what_is_ours() {
        assert_eq!(ours(PART), 42);
    }

    #[test]
    fn names_of_cells() {
        assert_eq!(times("1000: int: x.get()"), Some((1000, "int: x.get()")));
        assert_eq!(times("==7== Collected : 233896088"), None);
    }
}
