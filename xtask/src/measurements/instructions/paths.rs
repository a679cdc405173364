//! The hot paths of the crates: `crates/bench/src/bin/hot_paths.rs`, where each is a function.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use xshell::cmd;

use super::{Counts, callgrind, missing};
use crate::error::Result;
use crate::project::Project;
use crate::run;

/// Paths of libc's that suit some processors only, by the names that its versions have for them. What
/// is left is the same on every x86-64.
const BASELINE: &str = "glibc.cpu.hwcaps=-AVX2,-AVX2_Usable,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM,\
                        -AVX512F,-AVX512VL,-AVX512VL_Usable";

/// Instructions per operation of each path.
pub(super) fn count(project: &Project, valgrind: &Path) -> Result<Counts> {
    // A folder of its own: flags of the user's would count, and not theirs would rebuild all.
    let target = project.target().join("instructions");
    let sh = &project.sh;
    let build = cmd!(
        sh,
        "cargo build --release --package ft-bench --no-default-features --bin hot_paths"
    )
    .env("RUSTFLAGS", "")
    .env("CARGO_TARGET_DIR", &target);
    run::logged(build, "compile the hot paths", &project.log("hot-paths")?)?;

    let profile = project.scratch().join("instructions.out");
    let mut cmd = callgrind(valgrind, &profile);
    cmd.arg(target.join("release/hot_paths"))
        .env("GLIBC_TUNABLES", BASELINE);
    let log = project.log("callgrind")?;
    run::logged(cmd, "count instructions", &log)?;
    let told = fs::read_to_string(&log)?;
    let profile_text = fs::read_to_string(&profile)?;
    let costs = costs(&profile_text);
    let mut counts = Counts::new();
    for (name, times) in told.lines().filter_map(times) {
        let cost = costs.get(name).ok_or_else(|| missing(name, &profile))?;
        counts.insert(name.to_owned(), *cost as f64 / times as f64);
    }
    if counts.is_empty() {
        return Err(missing("paths", &profile));
    }
    Ok(counts)
}

/// `name count`, as `hot_paths` prints it, between the lines of valgrind.
fn times(line: &str) -> Option<(&str, u64)> {
    let (name, count) = line.split_once(' ')?;
    Some((name, count.parse().ok()?))
}

/// What calls of the functions in the module `path` have cost, with all that they called in turn.
///
/// In a profile a call is `cfn=NAME`, `calls=...`, and a line of which the second number is the cost.
fn costs(profile: &str) -> BTreeMap<&str, u64> {
    let mut costs = BTreeMap::new();
    let mut lines = profile.lines();
    let mut called = None;
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("cfn=") {
            called = name.strip_prefix("hot_paths::path::");
        } else if line.starts_with("calls=") {
            let cost = lines.next().and_then(|line| line.split(' ').nth(1));
            let cost: Option<u64> = cost.and_then(|cost| cost.parse().ok());
            if let (Some(name), Some(cost)) = (called, cost) {
                *costs.entry(name).or_default() += cost;
            }
        }
    }
    costs
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "\
fn=hot_paths::main
5 1
cfn=hot_paths::path::queue_push
calls=1 12
30 6400
cfn=other
calls=2 12
30 7
fn=hot_paths::path::queue_push
12 400
cfn=ft_concurrent_queue::push
calls=640 3
13 6000
cfn=hot_paths::path::queue_push
calls=1 12
44 640
";

    #[test]
    fn costs_of_calls() {
        let costs = costs(PROFILE);
        assert_eq!(
            costs.into_iter().collect::<Vec<_>>(),
            [("queue_push", 7040)]
        );
        assert_eq!(times("queue_push 640"), Some(("queue_push", 640)));
        assert_eq!(times("==7== Callgrind, a call-graph generating"), None);
    }
}
