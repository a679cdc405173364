//! Fuzzing: runs the targets of `fuzz/`, alone beside their models, and together under shuttle.

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use xshell::cmd;

use crate::error::{Error, Result};
use crate::linear::Schedule;
use crate::project::Project;
use crate::run;

/// How much to run, and what.
pub struct Limits {
    /// Programs for each target that has to hold, if there is no time.
    pub programs: u64,
    /// For so long, each.
    pub seconds: Option<u64>,
    /// The first of the seeds.
    pub seed: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            programs: 1_000,
            seconds: None,
            seed: 1,
        }
    }
}

/// Under shuttle each program is run some twenty times, and costs as much more.
const DEARER: u64 = 5;

/// How long a target may take beyond the time that it was given: to be compiled badly, to shrink what
/// fails, to find out what is broken.
const GRACE: Duration = Duration::from_secs(120);

/// A target, and in which way it is run.
struct Target {
    program: PathBuf,
    name: String,
    schedule: Schedule,
}

/// Runs the targets of these files of `loom-tests/fuzz/src/targets`, and prints a line for each.
///
/// # Errors
///
/// If one fails, or if one that is broken is not found out; after all have run.
pub fn all(project: &Project, files: &[String], limits: &Limits) -> Result<()> {
    if files.is_empty() {
        return Err(Error::new("no target goes by that name"));
    }
    let mut queue = VecDeque::new();
    for schedule in [Schedule::Real, Schedule::Shuttle] {
        let program = build(project, schedule)?;
        for target in list(&program)? {
            if files.iter().any(|file| file == file_of(&target)) {
                queue.push_back(Target {
                    program: program.clone(),
                    name: target,
                    schedule,
                });
            }
        }
    }
    let all = queue.len();
    let wide = queue.iter().map(|target| target.name.len()).max();
    let wide = wide.ok_or_else(|| Error::new("no targets in these files"))?;
    println!("{all} targets, from seed {}", limits.seed);

    let start = Instant::now();
    let scratch = project.scratch();
    let queue = Mutex::new(queue);
    let next = || queue.lock().ok()?.pop_front();
    let work = |worker: usize| {
        let last = scratch.join(format!("fuzz-{worker}.seed"));
        let mut failed = 0;
        while let Some(target) = next() {
            failed += usize::from(!run_one(&target, wide, limits, &last));
        }
        failed
    };
    let failed: usize = thread::scope(|scope| {
        let workers = [scope.spawn(|| work(0)), scope.spawn(|| work(1))];
        // A worker that panicked has lost its count; one is enough to fail.
        let counts = workers.map(|worker| worker.join().unwrap_or(1));
        counts.into_iter().sum()
    });
    let passed = all.saturating_sub(failed);
    let seconds = start.elapsed().as_secs_f64();
    println!("fuzzing: {passed} passed, {failed} failed in {seconds:.1} s");
    if failed > 0 {
        return Err(Error::new(format!("{failed} of {all} targets failed")));
    }
    Ok(())
}

/// Prints the line of one target in one piece, as another prints its own at the same time. The
/// target leaves the seed that it is at in the file `last`.
fn run_one(target: &Target, wide: usize, limits: &Limits, last: &PathBuf) -> bool {
    let (name, way) = (&target.name, way(target.schedule));
    let programs = match target.schedule {
        Schedule::Real => limits.programs,
        Schedule::Shuttle => limits.programs / DEARER,
    };
    let mut cmd = Command::new(&target.program);
    cmd.arg(name)
        .env("FT_FUZZ_PROGRAMS", programs.to_string())
        .env("FT_FUZZ_SEED", limits.seed.to_string())
        .env("FT_FUZZ_LAST", last);
    if let Some(seconds) = limits.seconds {
        cmd.env("FT_FUZZ_SECONDS", seconds.to_string());
    }
    let _ = fs::remove_file(last);
    let limit = GRACE + Duration::from_secs(limits.seconds.unwrap_or(0));
    let output = run::limited(cmd, limit);
    let (verdict, text) = match output {
        Ok(Some(output)) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let line = text.lines().next().and_then(counted);
            match line {
                Some(line) if output.status.success() => {
                    println!("  {name:wide$}  {way}  {line}");
                    return true;
                }
                Some(_) => ("FAILED".to_owned(), text),
                // It has not even come to its last words.
                None => {
                    let errors = String::from_utf8_lossy(&output.stderr);
                    (format!("FAILED: {}", output.status), errors.into_owned())
                }
            }
        }
        Ok(None) => ("FAILED: does not end".to_owned(), String::new()),
        Err(err) => ("FAILED: does not start".to_owned(), err.to_string()),
    };
    let seed = fs::read_to_string(last).unwrap_or_default();
    let seed = match seed.trim() {
        "" => limits.seed.to_string(),
        seed => seed.to_owned(),
    };
    let own = file_of(name);
    println!(
        "  {name:wide$}  {way}  {verdict}\n{}\nto do this again: cargo xtask fuzz {own} --seed {seed}",
        run::tail(&text, 100)
    );
    false
}

/// Its name begins with that of the file, then comes what is broken about it.
fn file_of(target: &str) -> &str {
    target.split_once(' ').map_or(target, |(file, _)| file)
}

fn way(schedule: Schedule) -> &'static str {
    match schedule {
        Schedule::Real => "alone   ",
        Schedule::Shuttle => "together",
    }
}

/// What the line `ran N programs, M calls in S s (remark)` says.
fn counted(line: &str) -> Option<String> {
    let rest = line.strip_prefix("ran ")?;
    let (programs, rest) = rest.split_once(" programs, ")?;
    let (calls, rest) = rest.split_once(" calls in ")?;
    Some(format!("{programs:>7} programs {calls:>9} calls  {rest}"))
}

fn build(project: &Project, schedule: Schedule) -> Result<PathBuf> {
    let sh = &project.sh;
    let way = way(schedule).trim();
    let target = schedule.target(project);
    // As the histories are built, and in the same place: they share most of it.
    let build = cmd!(sh, "cargo build --profile linear --package fuzz")
        .env("RUSTFLAGS", schedule.flags())
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_TERM_COLOR", "never");
    let log = project.log(&format!("fuzz-{way}-build"))?;
    run::logged(build, &format!("compile the fuzzing, {way}"), &log)?;
    Ok(target
        .join("linear")
        .join(format!("fuzz{}", std::env::consts::EXE_SUFFIX)))
}

fn list(program: &PathBuf) -> Result<Vec<String>> {
    let output = Command::new(program).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let line = counted("ran 41 programs, 500 calls in 0.1 s (found, in 2 calls)").unwrap();
        assert_eq!(
            line,
            "     41 programs       500 calls  0.1 s (found, in 2 calls)"
        );
        assert_eq!(counted("the program of seed 1"), None);
    }
}
