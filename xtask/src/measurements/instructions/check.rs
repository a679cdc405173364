//! How many instructions the hot paths take: a guard that needs no clock.
//!
//! The hot paths of the crates, and calls from Python, run under callgrind, and the cost of each is
//! compared with the record.

use std::path::PathBuf;

use fs_err as fs;
use xshell::cmd;

use super::record::{Record, TOLERANCE, compare};
use super::{callgrind, calls, paths};
use crate::common::error::{Result, bail};
use crate::common::project::Project;
use crate::environments::venv::Venv;

/// As [`TOLERANCE`], with another compiler or interpreter than the recorded one.
const OTHERS: f64 = 0.30;

/// What is counted in one go.
struct Count {
    what: &'static str,
    now: Record,
    /// The file with the record.
    file: PathBuf,
    /// The record's first line.
    about: &'static str,
}

/// Counts, prints a line for each path, and compares with the record. Calls from Python are only
/// counted on a free-threaded interpreter.
///
/// # Errors
///
/// If a path takes more than is recorded and tolerated, or is not recorded.
pub fn check(project: &Project, venv: &Venv) -> Result<()> {
    let mut wrong = Vec::new();
    for Count {
        what, now, file, ..
    } in count(project, venv)?
    {
        let recorded = Record::parse(&fs::read_to_string(&file)?);
        println!("{what}, with {}:", now.with);
        let mut tolerance = TOLERANCE;
        if recorded.with != now.with {
            tolerance = OTHERS;
            let (with, percent) = (&recorded.with, 100.0 * tolerance);
            println!("recorded with {with}: {percent:.0} % are tolerated");
        }
        let (table, bad) = compare(&recorded.counts, &now.counts, tolerance);
        print!("{table}");
        if bad > 0 {
            wrong.push(format!("{bad} in {}", file.display()));
        }
    }
    if !wrong.is_empty() {
        bail!(
            "counts differ: {}; if this is intended, record them with: cargo xtask instructions --record",
            wrong.join(", ")
        );
    }
    Ok(())
}

/// Counts, and records the counts.
pub fn renew(project: &Project, venv: &Venv) -> Result<()> {
    for Count {
        now, file, about, ..
    } in count(project, venv)?
    {
        fs::write(&file, now.render(about))?;
        println!("{} recorded in {}", now.counts.len(), file.display());
    }
    Ok(())
}

fn count(project: &Project, venv: &Venv) -> Result<Vec<Count>> {
    callgrind::ensure(project)?;
    let compiler = compiler(project)?;
    let mut all = vec![Count {
        what: "paths of the crates",
        now: Record {
            with: compiler.clone(),
            counts: paths::count(project)?,
        },
        file: project.root.join("crates/bench/instructions.txt"),
        about: "Instructions that the hot paths of crates/bench/src/bin/hot_paths.rs take, per operation.",
    }];
    if venv.interp.version.free_threaded {
        all.push(Count {
            what: "calls from Python",
            now: Record {
                with: format!("{compiler}, CPython {}", venv.name()),
                counts: calls::count(project, venv)?,
            },
            file: project.bindings().join("benchmarks/instructions.txt"),
            about: "Instructions of ours that calls from Python take, per operation of the benchmarks' cells.",
        });
    }
    Ok(all)
}

/// `rustc 1.95`: patches rarely change what is compiled.
fn compiler(project: &Project) -> Result<String> {
    let sh = &project.sh;
    let version = cmd!(sh, "rustc --version").quiet().read()?;
    let number = version.split(' ').nth(1).unwrap_or_default();
    let minor = number.rsplit_once('.').map_or(number, |(minor, _)| minor);
    Ok(format!("rustc {minor}"))
}
