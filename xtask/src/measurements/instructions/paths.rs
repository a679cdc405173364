//! The hot paths of the crates: `crates/bench/src/bin/hot_paths.rs`, where each is a function.

use std::collections::BTreeMap;

use fs_err as fs;
use xshell::cmd;

use super::callgrind::{self, cost, missing};
use super::record::Counts;
use crate::common::error::Result;
use crate::common::project::Project;

/// Turns off those paths of libc's that only suit some processors, by the names that its versions have
/// for them. The rest is the same on every x86-64.
const BASELINE: &str = "glibc.cpu.hwcaps=-AVX2,-AVX2_Usable,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM,\
                        -AVX512F,-AVX512VL,-AVX512VL_Usable";

/// Instructions per operation of each path.
pub fn count(project: &Project) -> Result<Counts> {
    // Without the user's flags, which would change the counts; so with a folder of its own.
    let target = project.target().join("instructions");
    let sh = &project.sh;
    let build = cmd!(
        sh,
        "cargo build --release --package ft-bench --no-default-features --bin hot_paths"
    )
    .env("RUSTFLAGS", "")
    .env("CARGO_TARGET_DIR", &target);
    project.logged("compile the hot paths", build)?;

    let profile = project.scratch().join("instructions.out");
    let mut cmd = callgrind::call(&profile);
    cmd.arg(target.join("release/hot_paths"))
        .env("GLIBC_TUNABLES", BASELINE);
    let printed = project.captured("count instructions", cmd)?;
    let profile_text = fs::read_to_string(&profile)?;
    let costs = costs(&profile_text);
    let mut counts = Counts::new();
    for (name, times) in printed.lines().filter_map(times) {
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

/// The cost of calls of the functions in the module `path`, with all that they called in turn.
///
/// In a profile a call is `cfn=NAME`, `calls=...`, and a line with the cost.
fn costs(profile: &str) -> BTreeMap<&str, u64> {
    let mut costs = BTreeMap::new();
    let mut lines = profile.lines();
    let mut called = None;
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("cfn=") {
            called = name.strip_prefix("hot_paths::path::");
        } else if line.starts_with("calls=")
            && let (Some(name), Some(line)) = (called, lines.next())
        {
            *costs.entry(name).or_default() += cost(line);
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
