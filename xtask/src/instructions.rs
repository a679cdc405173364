//! How many instructions the hot paths take: a guard that needs no clock.
//!
//! `crates/bench/src/bin/hot_paths.rs` runs under callgrind, and what each of its functions has cost
//! is compared with what is recorded in `crates/bench/instructions.txt`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use xshell::cmd;

use crate::apt;
use crate::error::{Error, Result};
use crate::project::Project;
use crate::python::on_path;
use crate::run;

/// What passes: more by so much, or by so many.
const TOLERANCE: f64 = 0.05;
const FREE: f64 = 3.0;
/// As `TOLERANCE`, where another compiler made the program than the recorded one.
const OTHER_COMPILER: f64 = 0.30;

/// Paths of libc's that suit some processors only, by the names that its versions have for them. What
/// is left is the same on every x86-64.
const BASELINE: &str = "glibc.cpu.hwcaps=-AVX2,-AVX2_Usable,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM,\
                        -AVX512F,-AVX512VL,-AVX512VL_Usable";

/// The program and its profiler, ready to run.
struct Counter {
    valgrind: PathBuf,
    program: PathBuf,
}

/// Instructions per operation, by path.
type Counts = BTreeMap<String, f64>;

/// What is recorded.
struct Record {
    compiler: String,
    counts: Counts,
}

/// Why it cannot be done here, if it cannot. In CI it must be done: it gets there what it needs.
pub fn obstacle() -> Option<&'static str> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        Some("counted on Linux on x86-64 alone")
    } else if on_path("valgrind").is_empty() && std::env::var_os("CI").is_none() {
        Some("there is no valgrind; get it with: sudo apt-get install valgrind")
    } else {
        None
    }
}

/// Counts, prints a line for each path, and compares with the record.
///
/// # Errors
///
/// If a path takes more than is recorded, and tolerated, or is not recorded.
pub fn check(project: &Project) -> Result<()> {
    let counts = Counter::ready(project)?.count(project)?;
    let compiler = compiler(project)?;
    let path = record(project);
    let text = fs::read_to_string(&path)
        .map_err(|err| Error::new(format!("cannot read {}: {err}", path.display())))?;
    let record = parse_record(&text);
    let tolerance = if record.compiler == compiler {
        TOLERANCE
    } else {
        println!(
            "recorded with {}, this is {compiler}: {:.0} % are tolerated",
            record.compiler,
            100.0 * OTHER_COMPILER
        );
        OTHER_COMPILER
    };
    let (table, wrong) = compare(&record.counts, &counts, tolerance);
    print!("{table}");
    if wrong == 0 {
        return Ok(());
    }
    Err(Error::new(format!(
        "{wrong} paths differ from {}; if that is meant, record it with: cargo xtask instructions --record",
        path.display()
    )))
}

/// Counts, and records that.
pub fn renew(project: &Project) -> Result<()> {
    let counts = Counter::ready(project)?.count(project)?;
    let path = record(project);
    let mut text = "\
# Instructions that the hot paths of crates/bench/src/bin/hot_paths.rs take, per operation.
# Made by: cargo xtask instructions --record
"
    .to_owned();
    let _ = writeln!(text, "compiler {}", compiler(project)?);
    for (name, count) in &counts {
        let _ = writeln!(text, "{name} {count:.1}");
    }
    fs::write(&path, text).map_err(|err| run::cannot_write(&path, &err))?;
    println!("{} paths recorded in {}", counts.len(), path.display());
    Ok(())
}

fn record(project: &Project) -> PathBuf {
    project.root.join("crates/bench/instructions.txt")
}

/// `rustc 1.95`: patches rarely change what is compiled.
fn compiler(project: &Project) -> Result<String> {
    let sh = &project.sh;
    let version = cmd!(sh, "rustc --version").quiet().read()?;
    let number = version.split(' ').nth(1).unwrap_or_default();
    let minor = number.rsplit_once('.').map_or(number, |(minor, _)| minor);
    Ok(format!("rustc {minor}"))
}

impl Counter {
    fn ready(project: &Project) -> Result<Counter> {
        if let Some(why) = obstacle() {
            return Err(Error::new(why));
        }
        if on_path("valgrind").is_empty() {
            apt::ensure(&["valgrind"], &project.log("valgrind")?)?;
        }
        let valgrind = on_path("valgrind").into_iter().next();
        let valgrind = valgrind.ok_or_else(|| Error::new("there is no valgrind"))?;

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
        let program = target.join("release/hot_paths");
        Ok(Counter { valgrind, program })
    }

    fn count(&self, project: &Project) -> Result<Counts> {
        let profile = project.scratch().join("instructions.out");
        let mut cmd = Command::new(&self.valgrind);
        cmd.arg("--tool=callgrind")
            .arg(format!("--callgrind-out-file={}", profile.display()))
            .args(["--compress-strings=no", "--compress-pos=no"])
            .arg(&self.program)
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
}

fn missing(what: &str, profile: &Path) -> Error {
    Error::new(format!("no {what} in {}", profile.display()))
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

fn parse_record(text: &str) -> Record {
    let mut record = Record {
        compiler: String::new(),
        counts: Counts::new(),
    };
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.split_once(' ') {
            Some(("compiler", compiler)) => record.compiler = compiler.to_owned(),
            Some((name, count)) => {
                if let Ok(count) = count.parse() {
                    record.counts.insert(name.to_owned(), count);
                }
            }
            None => {}
        }
    }
    record
}

/// A table, and how many lines of it are wrong.
fn compare(recorded: &Counts, counts: &Counts, tolerance: f64) -> (String, usize) {
    let mut names: Vec<&String> = recorded.keys().chain(counts.keys()).collect();
    names.sort();
    names.dedup();
    let mut table = String::new();
    let mut wrong = 0;
    for name in names {
        let (before, now) = (recorded.get(name), counts.get(name));
        let (verdict, is_wrong) = match (before, now) {
            (Some(before), Some(now)) => {
                let room = FREE.max(before * tolerance);
                if *now > before + room {
                    ("MORE", true)
                } else if *now < before - room {
                    ("less: worth recording", false)
                } else {
                    ("", false)
                }
            }
            (None, _) => ("NOT RECORDED", true),
            (_, None) => ("GONE", true),
        };
        wrong += usize::from(is_wrong);
        let show =
            |count: Option<&f64>| count.map_or("-".to_owned(), |count| format!("{count:.1}"));
        let (before, now) = (show(before), show(now));
        let line = format!("  {name:32} {before:>8} {now:>8}  {verdict}");
        let _ = writeln!(table, "{}", line.trim_end());
    }
    (table, wrong)
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

    fn counts(counts: &[(&str, f64)]) -> Counts {
        let pairs = counts
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count));
        pairs.collect()
    }

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

    #[test]
    fn more_is_wrong() {
        let recorded = counts(&[("short", 10.0), ("long", 1000.0)]);
        let wrong = |short, long| {
            let now = counts(&[("short", short), ("long", long)]);
            compare(&recorded, &now, TOLERANCE).1
        };
        assert_eq!(wrong(13.0, 1050.0), 0);
        assert_eq!(wrong(13.1, 1050.1), 2);
        assert_eq!(wrong(1.0, 1.0), 0);
    }

    #[test]
    fn other_paths_are_wrong() {
        let (table, wrong) = compare(&counts(&[("old", 1.0)]), &counts(&[("new", 1.0)]), 0.0);
        assert_eq!(wrong, 2, "{table}");
    }

    #[test]
    fn records() {
        let record = parse_record("# made\ncompiler rustc 1.95\nint_load 4.0\n");
        assert_eq!(record.compiler, "rustc 1.95");
        assert_eq!(record.counts, counts(&[("int_load", 4.0)]));
    }
}
