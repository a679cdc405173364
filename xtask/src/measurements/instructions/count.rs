//! How many instructions the hot paths take: a guard that needs no clock.
//!
//! The hot paths of the crates, and calls from Python, run under callgrind, and what each has cost is
//! compared with what is recorded.

mod calls;
mod paths;

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
use crate::venv::Venv;

/// What passes: more by so much, or by so many.
const TOLERANCE: f64 = 0.05;
const FREE: f64 = 3.0;
/// As `TOLERANCE`, where it is another compiler or interpreter than the recorded one.
const OTHERS: f64 = 0.30;

/// Instructions per operation, by path.
type Counts = BTreeMap<String, f64>;

/// What is recorded.
struct Record {
    /// The compiler, and the interpreter if there is one.
    with: String,
    counts: Counts,
}

/// What is counted in one go.
struct Count {
    /// What it is, in a word.
    what: &'static str,
    with: String,
    counts: Counts,
    /// Where it is recorded.
    record: PathBuf,
    /// What the record says of itself.
    head: &'static str,
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

/// Counts, prints a line for each path, and compares with the record. Calls from Python are counted on
/// a free-threaded interpreter alone.
///
/// # Errors
///
/// If a path takes more than is recorded, and tolerated, or is not recorded.
pub fn check(project: &Project, venv: &Venv) -> Result<()> {
    let mut wrong = Vec::new();
    for count in count(project, venv)? {
        let path = count.record.display();
        let text = fs::read_to_string(&count.record)
            .map_err(|err| Error::new(format!("cannot read {path}: {err}")))?;
        let record = parse_record(&text);
        let mut tolerance = TOLERANCE;
        println!("{}, with {}:", count.what, count.with);
        if record.with != count.with {
            tolerance = OTHERS;
            let percent = 100.0 * tolerance;
            println!(
                "recorded with {}: {percent:.0} % are tolerated",
                record.with
            );
        }
        let (table, bad) = compare(&record.counts, &count.counts, tolerance);
        print!("{table}");
        if bad > 0 {
            wrong.push(format!("{bad} in {path}"));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Error::new(format!(
        "counts differ: {}; if that is meant, record them with: cargo xtask instructions --record",
        wrong.join(", ")
    )))
}

/// Counts, and records that.
pub fn renew(project: &Project, venv: &Venv) -> Result<()> {
    for count in count(project, venv)? {
        let mut text = format!(
            "{}# Made by: cargo xtask instructions --record\nwith {}\n",
            count.head, count.with
        );
        for (name, count) in &count.counts {
            let _ = writeln!(text, "{count:.1} {name}");
        }
        fs::write(&count.record, text).map_err(|err| run::cannot_write(&count.record, &err))?;
        let path = count.record.display();
        println!("{} recorded in {path}", count.counts.len());
    }
    Ok(())
}

fn count(project: &Project, venv: &Venv) -> Result<Vec<Count>> {
    let valgrind = valgrind(project)?;
    let compiler = compiler(project)?;
    let mut all = vec![Count {
        what: "paths of the crates",
        with: compiler.clone(),
        counts: paths::count(project, &valgrind)?,
        record: project.root.join("crates/bench/instructions.txt"),
        head: "# Instructions that the hot paths of crates/bench/src/bin/hot_paths.rs take, per operation.\n",
    }];
    if venv.interp.version.free_threaded {
        all.push(Count {
            what: "calls from Python",
            with: format!("{compiler}, CPython {}", venv.name()),
            counts: calls::count(project, venv, &valgrind)?,
            record: project.bindings().join("benchmarks/instructions.txt"),
            head: "# Instructions of ours that calls from Python take, per operation of the benchmarks' cells.\n",
        });
    }
    Ok(all)
}

fn valgrind(project: &Project) -> Result<PathBuf> {
    if let Some(why) = obstacle() {
        return Err(Error::new(why));
    }
    if on_path("valgrind").is_empty() {
        apt::ensure(&["valgrind"], &project.log("valgrind")?)?;
    }
    let valgrind = on_path("valgrind").into_iter().next();
    valgrind.ok_or_else(|| Error::new("there is no valgrind"))
}

/// Callgrind, with a profile that is easy to read.
fn callgrind(valgrind: &Path, profile: &Path) -> Command {
    let mut cmd = Command::new(valgrind);
    cmd.arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .args(["--compress-strings=no", "--compress-pos=no"]);
    cmd
}

fn missing(what: &str, profile: &Path) -> Error {
    Error::new(format!("no {what} in {}", profile.display()))
}

/// `rustc 1.95`: patches rarely change what is compiled.
fn compiler(project: &Project) -> Result<String> {
    let sh = &project.sh;
    let version = cmd!(sh, "rustc --version").quiet().read()?;
    let number = version.split(' ').nth(1).unwrap_or_default();
    let minor = number.rsplit_once('.').map_or(number, |(minor, _)| minor);
    Ok(format!("rustc {minor}"))
}

fn parse_record(text: &str) -> Record {
    let mut record = Record {
        with: String::new(),
        counts: Counts::new(),
    };
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.split_once(' ') {
            Some(("with", with)) => record.with = with.to_owned(),
            Some((count, name)) => {
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
        let line = format!("  {name:40} {before:>8} {now:>8}  {verdict}");
        let _ = writeln!(table, "{}", line.trim_end());
    }
    (table, wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counts: &[(&str, f64)]) -> Counts {
        let pairs = counts
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count));
        pairs.collect()
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
        let record = parse_record("# made\nwith rustc 1.95\n4.0 int: x.get()\n");
        assert_eq!(record.with, "rustc 1.95");
        assert_eq!(record.counts, counts(&[("int: x.get()", 4.0)]));
    }
}
