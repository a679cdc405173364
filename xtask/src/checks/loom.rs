//! Runs the models: each on its own, so that each has its own line and its own time limit.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use xshell::cmd;

use crate::error::{Error, Result};
use crate::project::Project;
use crate::run;

/// How far to explore.
pub struct Bounds {
    /// Forced switches per execution.
    pub preemptions: u64,
    /// Per model.
    pub seconds: u64,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            preemptions: 2,
            seconds: 120,
        }
    }
}

/// One `#[test]` of `loom-tests`.
pub struct Test {
    pub program: PathBuf,
    pub file: String,
    pub name: String,
}

/// Both switches: ours, and the one that crossbeam looks at.
pub fn flags() -> String {
    let users = std::env::var("RUSTFLAGS").unwrap_or_default();
    format!("{users} --cfg ft_loom --cfg crossbeam_loom")
        .trim()
        .to_owned()
}

/// Its own target folder: the flags would otherwise rebuild the whole workspace.
pub fn target(project: &Project) -> PathBuf {
    project.target().join("loom")
}

/// Explores every model in these files of `loom-tests/tests`, and prints a line for each.
///
/// # Errors
///
/// If a model fails, after all have run.
pub fn explore(project: &Project, files: &[String], bounds: &Bounds) -> Result<()> {
    if files.is_empty() {
        // To cargo, no file would mean every file.
        return Err(Error::new("there are no models of that name"));
    }
    let mut queue = VecDeque::new();
    for (file, program) in build(project, files)? {
        for name in list(&program)? {
            let (program, file) = (program.clone(), file.clone());
            queue.push_back(Test {
                program,
                file,
                name,
            });
        }
    }
    let all = queue.len();
    let wide = queue.iter().map(|model| model.title().len()).max();
    let wide = wide.ok_or_else(|| Error::new("no models in these files"))?;
    println!("{all} models, up to {} preemptions", bounds.preemptions);

    let start = Instant::now();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let queue = Mutex::new(queue);
    let next = || queue.lock().ok()?.pop_front();
    let failed: usize = thread::scope(|scope| {
        let work = || {
            let mut failed = 0;
            while let Some(model) = next() {
                failed += usize::from(!explore_one(&model, wide, bounds));
            }
            failed
        };
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        // A worker that panicked has lost its count; one is enough to fail.
        let counts = workers.into_iter().map(|worker| worker.join().unwrap_or(1));
        counts.sum()
    });
    let passed = all.saturating_sub(failed);
    let seconds = start.elapsed().as_secs_f64();
    println!("models: {passed} passed, {failed} failed in {seconds:.1} s");
    if failed > 0 {
        return Err(Error::new(format!("{failed} of {all} models failed")));
    }
    Ok(())
}

impl Test {
    pub fn title(&self) -> String {
        format!("{}::{}", self.file, self.name)
    }
}

/// Prints the model's line in one piece, as others print theirs at the same time.
fn explore_one(model: &Test, wide: usize, bounds: &Bounds) -> bool {
    let mut cmd = Command::new(&model.program);
    cmd.args(["--exact", &model.name, "--nocapture"])
        .env("LOOM_MAX_PREEMPTIONS", bounds.preemptions.to_string())
        .env("LOOM_MAX_DURATION", bounds.seconds.to_string());
    // Loom ends by itself between two executions; one that never ends has to be killed.
    let limit = Duration::from_secs(bounds.seconds + 60);
    let start = Instant::now();
    let output = run::limited(cmd, limit);
    let seconds = start.elapsed().as_secs_f64();
    let title = model.title();
    let (verdict, text) = match output {
        Ok(Some(output)) => {
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8_lossy(&text).into_owned();
            if output.status.success() {
                let (executions, early) = explored(&text);
                let executions = executions.map_or("?".to_owned(), |n| n.to_string());
                println!("  {title:wide$}  {executions:>9} executions  {seconds:6.1} s{early}");
                return true;
            }
            ("FAILED", text)
        }
        Ok(None) => ("FAILED: an execution without end", String::new()),
        Err(err) => ("FAILED: does not start", err.to_string()),
    };
    println!(
        "  {title:wide$}  {verdict}  {seconds:6.1} s\n{}",
        run::tail(&text, 60)
    );
    false
}

/// The sum over the lines `explored N executions in S s (why it stopped early)`.
fn explored(text: &str) -> (Option<u64>, String) {
    let mut sum = None;
    let mut early = String::new();
    for line in text.lines() {
        // The harness starts its own line without ending it.
        let Some((_, rest)) = line.split_once("explored ") else {
            continue;
        };
        let Some((count, rest)) = rest.split_once(" executions in ") else {
            continue;
        };
        if let Ok(count) = count.parse::<u64>() {
            sum = Some(sum.unwrap_or(0) + count);
        }
        if let Some(at) = rest.find('(') {
            early = format!("  {}", &rest[at..]);
        }
    }
    (sum, early)
}

/// The test programs by file.
pub fn build(project: &Project, files: &[String]) -> Result<Vec<(String, PathBuf)>> {
    let sh = &project.sh;
    let log = project.log("loom-build")?;
    let tests = files.iter().flat_map(|file| ["--test", file]);
    let build = cmd!(
        sh,
        "cargo test --profile loom --package loom-tests --no-run {tests...}"
    )
    .env("RUSTFLAGS", flags())
    .env("CARGO_TARGET_DIR", target(project))
    .env("CARGO_TERM_COLOR", "never");
    run::logged(build, "compile the models", &log)?;
    let programs = executables(&fs::read_to_string(&log)?);
    Ok(programs
        .into_iter()
        .map(|(file, program)| (file, project.root.join(program)))
        .collect())
}

/// From cargo's lines `Executable tests/queue.rs (target/loom/loom/deps/queue-0123)`.
pub fn executables(log: &str) -> Vec<(String, PathBuf)> {
    log.lines()
        .filter_map(|line| {
            let rest = line.trim_start().strip_prefix("Executable ")?;
            let (source, program) = rest.strip_suffix(')')?.split_once(" (")?;
            let file = Path::new(source).file_stem()?.to_str()?;
            Some((file.to_owned(), PathBuf::from(program)))
        })
        .collect()
}

pub fn list(program: &Path) -> Result<Vec<String>> {
    let mut cmd = Command::new(program);
    cmd.arg("--list");
    let output = run::limited(cmd, Duration::from_secs(60))?;
    let output = output.ok_or_else(|| Error::new("a test program does not list its tests"))?;
    Ok(listed(&String::from_utf8_lossy(&output.stdout)))
}

fn listed(answer: &str) -> Vec<String> {
    let names = answer
        .lines()
        .filter_map(|line| line.strip_suffix(": test"));
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executions() {
        let line = |rest: &str| format!("\nrunning 1 test\ntest a ... explored {rest}\nok\n");
        assert_eq!(
            explored(&line("41 executions in 0.1 s")),
            (Some(41), String::new())
        );
        let two =
            line("40 executions in 2.0 s (stopped early: time)") + &line("2 executions in 0.1 s");
        assert_eq!(
            explored(&two),
            (Some(42), "  (stopped early: time)".to_owned())
        );
        assert_eq!(explored("test result: ok"), (None, String::new()));
    }

    #[test]
    fn programs_and_models() {
        let log = "   Compiling loom-tests v0.1.0 (/x)\n    Finished `loom` profile\n  \
                   Executable tests/queue.rs (target/loom/loom/deps/queue-01ab)\n";
        let program = PathBuf::from("target/loom/loom/deps/queue-01ab");
        assert_eq!(executables(log), [("queue".to_owned(), program)]);
        assert_eq!(
            listed("a: test\nb: benchmark\nc::d: test\n\n2 tests"),
            ["a", "c::d"]
        );
    }
}
