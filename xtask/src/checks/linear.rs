//! Checks recorded histories for linearizability: those of real threads, and those of shuttle's.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};
use std::{collections::VecDeque, env, fs};

use xshell::cmd;

use crate::error::{Error, Result};
use crate::loom::{Test, executables, list};
use crate::project::Project;
use crate::run;

/// How long to record, and what.
pub struct Limits {
    /// Per test.
    pub seconds: f64,
    /// The first of the seeds.
    pub seed: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            seconds: 1.5,
            seed: 1,
        }
    }
}

/// Whose threads they are.
#[derive(Clone, Copy)]
pub enum Schedule {
    Real,
    Shuttle,
}

impl Schedule {
    fn name(self) -> &'static str {
        match self {
            Schedule::Real => "threads",
            Schedule::Shuttle => "shuttle",
        }
    }

    pub fn flags(self) -> String {
        let users = env::var("RUSTFLAGS").unwrap_or_default();
        match self {
            Schedule::Real => users,
            Schedule::Shuttle => format!("{users} --cfg ft_shuttle").trim().to_owned(),
        }
    }

    /// Each has its own target folder: the flags would otherwise rebuild the whole workspace.
    pub fn target(self, project: &Project) -> PathBuf {
        project.target().join(format!("linear-{}", self.name()))
    }
}

/// Runs the tests in these files of `loom-tests/tests`, and prints a line for each.
///
/// # Errors
///
/// If one fails, after all have run.
pub fn check(project: &Project, files: &[String], limits: &Limits) -> Result<()> {
    if files.is_empty() {
        return Err(Error::new("there are no histories of that name"));
    }
    let mut queue = VecDeque::new();
    for schedule in [Schedule::Real, Schedule::Shuttle] {
        for test in build(project, files, schedule)? {
            queue.push_back((schedule, test));
        }
    }
    let all = queue.len();
    let wide = queue.iter().map(|(_, test)| test.title().len()).max();
    let wide = wide.ok_or_else(|| Error::new("no histories in these files"))?;
    println!(
        "{all} tests, {} s each, from seed {}",
        limits.seconds, limits.seed
    );

    let start = Instant::now();
    // Two at a time: more would only take the processors from one another's threads.
    let queue = Mutex::new(queue);
    let next = || queue.lock().ok()?.pop_front();
    let failed: usize = thread::scope(|scope| {
        let work = || {
            let mut failed = 0;
            while let Some((schedule, test)) = next() {
                failed += usize::from(!check_one(&test, schedule, wide, limits));
            }
            failed
        };
        let workers = [scope.spawn(work), scope.spawn(work)];
        // A worker that panicked has lost its count; one is enough to fail.
        let counts = workers.map(|worker| worker.join().unwrap_or(1));
        counts.into_iter().sum()
    });
    let passed = all.saturating_sub(failed);
    let seconds = start.elapsed().as_secs_f64();
    println!("histories: {passed} passed, {failed} failed in {seconds:.1} s");
    if failed > 0 {
        return Err(Error::new(format!("{failed} of {all} tests failed")));
    }
    Ok(())
}

/// Prints the line of one test in one piece, as another prints its own at the same time.
fn check_one(test: &Test, schedule: Schedule, wide: usize, limits: &Limits) -> bool {
    let mut cmd = Command::new(&test.program);
    cmd.args(["--exact", &test.name, "--nocapture"])
        .env("FT_LINEAR_SECONDS", limits.seconds.to_string())
        .env("FT_LINEAR_SEED", limits.seed.to_string());
    // A batch that is under way is finished; a thread that waits for ever has to be killed.
    let limit = Duration::from_secs_f64(limits.seconds + 60.0);
    let start = Instant::now();
    let output = run::limited(cmd, limit);
    let seconds = start.elapsed().as_secs_f64();
    let (title, name) = (test.title(), schedule.name());
    let (verdict, text) = match output {
        Ok(Some(output)) => {
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8_lossy(&text).into_owned();
            match recorded(&text) {
                Some(recorded) if output.status.success() => {
                    println!("  {title:wide$}  {name}  {recorded}  {seconds:5.1} s");
                    return true;
                }
                _ => ("FAILED", text),
            }
        }
        Ok(None) => ("FAILED: a thread waits for ever", String::new()),
        Err(err) => ("FAILED: does not start", err.to_string()),
    };
    let seed = limits.seed;
    println!(
        "  {title:wide$}  {name}  {verdict}  {seconds:.1} s, from seed {seed}\n{}",
        run::tail(&text, 100)
    );
    false
}

/// What the line `checked N histories, M operations in S s (remark)` says.
fn recorded(text: &str) -> Option<String> {
    // The harness starts its own line without ending it.
    let (_, rest) = text.split_once("checked ")?;
    let (histories, rest) = rest.split_once(" histories, ")?;
    let (operations, rest) = rest.split_once(" operations in ")?;
    let remark = rest.lines().next()?.split_once('(');
    let remark = remark.map_or(String::new(), |(_, remark)| format!(" ({remark}"));
    Some(format!(
        "{histories:>8} histories {operations:>9} operations{remark}"
    ))
}

/// The tests, with their programs.
pub fn build(project: &Project, files: &[String], schedule: Schedule) -> Result<Vec<Test>> {
    let sh = &project.sh;
    let name = schedule.name();
    let log = project.log(&format!("linear-{name}-build"))?;
    let tests = files.iter().flat_map(|file| ["--test", file]);
    let build = cmd!(
        sh,
        "cargo test --profile linear --package loom-tests --no-run {tests...}"
    )
    .env("RUSTFLAGS", schedule.flags())
    .env("CARGO_TARGET_DIR", schedule.target(project))
    .env("CARGO_TERM_COLOR", "never");
    run::logged(build, &format!("compile the histories, {name}"), &log)?;
    let mut all = Vec::new();
    for (file, program) in executables(&fs::read_to_string(&log)?) {
        let program = project.root.join(program);
        for name in list(&program)? {
            all.push(Test {
                program: program.clone(),
                file: file.clone(),
                name,
            });
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let text =
            "\nrunning 1 test\ntest a ... checked 41 histories, 500 operations in 0.1 s\nok\n";
        let line = recorded(text).unwrap();
        assert_eq!(line, "      41 histories       500 operations");
        let text = "test a ... checked 4 histories, 50 operations in 0.1 s (found)\nwhat\n";
        assert!(recorded(text).unwrap().ends_with("operations (found)"));
        assert_eq!(recorded("test result: ok"), None);
    }
}
