//! Calls from Python: the benchmarks' cells. Only our instructions are counted, not the interpreter's.

use std::path::PathBuf;

use fs_err as fs;

use super::callgrind::{self, cost, missing};
use super::record::Counts;
use crate::common::error::Result;
use crate::common::project::Project;
use crate::environments::venv::Venv;

/// The function that `benchmarks.calls` calls when the loop of a cell begins, and when it ends: at each
/// call, callgrind writes a part of the profile.
const MARK: &str = "getpgrp";

/// Instructions per operation of each cell.
pub fn count(project: &Project, venv: &Venv) -> Result<Counts> {
    let folder = project.scratch().join("calls");
    project.sh.remove_path(&folder)?;
    fs::create_dir_all(&folder)?;
    let profile = folder.join("out");
    let mut cmd = callgrind::call(&profile);
    cmd.arg(format!("--dump-before={MARK}"))
        .arg(venv.python())
        .args(["-m", "benchmarks.calls"])
        .current_dir(project.bindings())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        // Else strings hash differently each time.
        .env("PYTHONHASHSEED", "0");
    let printed = project.captured("count instructions of calls", cmd)?;
    let mut counts = Counts::new();
    for (index, (times, name)) in printed.lines().filter_map(times).enumerate() {
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

/// The cost of our functions, without what they called elsewhere.
///
/// `ob=FILE` names the object of the lines that follow. There is a line with a cost for each source
/// line; after `calls=...` comes one with the cost of the called function, which is counted where that
/// function is.
fn ours(profile: &str) -> u64 {
    let mut sum = 0;
    let mut is_ours = false;
    let mut lines = profile.lines();
    while let Some(line) = lines.next() {
        if let Some(object) = line.strip_prefix("ob=") {
            let name = object.rsplit('/').next();
            is_ours = name.is_some_and(|name| name.starts_with("_native."));
        } else if line.starts_with("calls=") {
            lines.next();
        } else if is_ours && line.starts_with(|first: char| first.is_ascii_digit()) {
            sum += cost(line);
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
