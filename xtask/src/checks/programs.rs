//! Test programs: how they are compiled, which tests are in them, and running many of them.

use std::collections::VecDeque;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::error::{Error, Result, bail};
use crate::common::project::Project;
use crate::common::run;

/// A way to compile the crates. Each has its own target folder: its flags would otherwise rebuild the
/// whole workspace.
pub struct Way {
    pub name: &'static str,
    profile: &'static str,
    flags: &'static str,
    folder: &'static str,
    /// The package with the tests that are compiled in this way.
    package: &'static str,
}

/// With both switches for loom: this project's, and crossbeam's.
pub const LOOM: Way = Way {
    name: "loom",
    profile: "loom",
    flags: "--cfg ft_loom --cfg crossbeam_loom",
    folder: "loom",
    package: "loom-tests",
};

/// As users get them, for real threads.
pub const THREADS: Way = Way {
    name: "threads",
    profile: "linear",
    flags: "",
    folder: "linear-threads",
    package: "histories",
};

/// For shuttle, which decides what its threads do next.
pub const SHUTTLE: Way = Way {
    name: "shuttle",
    profile: "linear",
    flags: "--cfg ft_shuttle",
    folder: "linear-shuttle",
    package: "histories",
};

impl Way {
    pub fn target(&self, project: &Project) -> PathBuf {
        project.target().join(self.folder)
    }

    /// A call of cargo with these words, to be continued.
    pub fn cargo(&self, project: &Project, words: &[&str]) -> Command {
        let users = env::var("RUSTFLAGS").unwrap_or_default();
        let flags = format!("{users} {}", self.flags);
        let mut cargo = Command::new("cargo");
        cargo
            .current_dir(&project.root)
            .args(words)
            .args(["--profile", self.profile])
            .env("RUSTFLAGS", flags.trim())
            .env("CARGO_TARGET_DIR", self.target(project))
            .env("CARGO_TERM_COLOR", "never");
        cargo
    }

    /// Compiles these test targets of the package, and returns their tests.
    pub fn tests(&self, project: &Project, files: &[String]) -> Result<Vec<Test>> {
        let words = ["test", "--package", self.package, "--no-run"];
        let mut build = self.cargo(project, &words);
        build.args(files.iter().flat_map(|file| ["--test", file]));
        let log = project.captured(&format!("compile the tests for {}", self.name), build)?;
        let mut tests = Vec::new();
        for (file, program) in executables(&log) {
            let program = project.root.join(program);
            for name in list(&program)? {
                tests.push(Test {
                    program: program.clone(),
                    file: file.clone(),
                    name,
                });
            }
        }
        Ok(tests)
    }
}

/// One `#[test]`.
pub struct Test {
    pub program: PathBuf,
    pub file: String,
    pub name: String,
}

impl Test {
    pub fn title(&self) -> String {
        format!("{}::{}", self.file, self.name)
    }

    /// A call of this test alone.
    pub fn call(&self) -> Command {
        let mut cmd = Command::new(&self.program);
        cmd.args(["--exact", &self.name, "--nocapture"]);
        cmd
    }
}

/// From cargo's lines `Executable tests/queue.rs (target/loom/loom/deps/queue-0123)`, or
/// `tests/queue/main.rs`.
pub fn executables(log: &str) -> Vec<(String, PathBuf)> {
    log.lines()
        .filter_map(|line| {
            let rest = line.trim_start().strip_prefix("Executable ")?;
            let (source, program) = rest.strip_suffix(')')?.split_once(" (")?;
            let source = Path::new(source);
            let target = match source.file_stem()?.to_str()? {
                "main" => source.parent()?.file_name()?.to_str()?,
                stem => stem,
            };
            Some((target.to_owned(), PathBuf::from(program)))
        })
        .collect()
}

/// The names of the tests in a program.
pub fn list(program: &Path) -> Result<Vec<String>> {
    match run::ask(Command::new(program), &["--list"]) {
        Some(answer) => Ok(listed(&answer)),
        None => bail!("{} does not list its tests", program.display()),
    }
}

fn listed(answer: &str) -> Vec<String> {
    let names = answer
        .lines()
        .filter_map(|line| line.strip_suffix(": test"));
    names.map(str::to_owned).collect()
}

/// How a program failed: a word or two, and what it printed.
pub struct Failed(pub String, pub String);

/// Calls `run` for each job, on so many threads, and prints a line for each: its title, its time, and
/// what `run` returns. `what` names the jobs.
///
/// # Errors
///
/// If one fails, after all have run.
pub fn run_all<T: Send>(
    what: &str,
    jobs: Vec<(String, T)>,
    workers: usize,
    run: impl Fn(T) -> Result<String, Failed> + Sync,
) -> Result<()> {
    let all = jobs.len();
    let width = jobs.iter().map(|(title, _)| title.len()).max();
    let width = width.ok_or_else(|| Error::new(format!("there are no {what} of that name")))?;
    let start = Instant::now();
    let queue = Mutex::new(VecDeque::from(jobs));
    let next = || queue.lock().ok()?.pop_front();
    let work = || {
        let mut failed = 0;
        while let Some((title, job)) = next() {
            let start = Instant::now();
            let result = run(job);
            let seconds = start.elapsed().as_secs_f64();
            // In one piece: others print theirs at the same time.
            match result {
                Ok(said) => println!("  {title:width$}  {seconds:6.1} s  {said}"),
                Err(Failed(how, text)) => {
                    let text = run::tail(&text, 100);
                    println!("  {title:width$}  {seconds:6.1} s  {how}\n{text}");
                    failed += 1;
                }
            }
        }
        failed
    };
    let failed: usize = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        // A worker that panicked has lost its count; one is enough to fail.
        let counts = workers.into_iter().map(|worker| worker.join().unwrap_or(1));
        counts.sum()
    });
    let (passed, seconds) = (all.saturating_sub(failed), start.elapsed().as_secs_f64());
    println!("{what}: {passed} passed, {failed} failed in {seconds:.1} s");
    if failed > 0 {
        bail!("{failed} of {all} {what} failed");
    }
    Ok(())
}

/// Runs a program, and returns what it prints if it ends well within `limit`.
pub fn output_of(cmd: Command, limit: Duration) -> Result<String, Failed> {
    match run::limited(cmd, limit) {
        Ok(Some(output)) => {
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8_lossy(&text).into_owned();
            if output.status.success() {
                return Ok(text);
            }
            let how = format!("FAILED: {}", output.status);
            Err(Failed(how, text))
        }
        Ok(None) => Err(Failed("FAILED: does not end".to_owned(), String::new())),
        Err(err) => {
            let how = "FAILED: does not start".to_owned();
            Err(Failed(how, err.to_string()))
        }
    }
}

/// The line that contains a word, from there on: the harness starts its own line without ending it.
pub fn said(text: &str, word: &str) -> Option<String> {
    let from = |line: &str| Some(line[line.find(word)?..].to_owned());
    text.lines().find_map(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_programs() {
        let text = "running 1 test\ntest a ... checked 41 histories in 0.1 s\nok\n";
        let line = said(text, "checked ");
        assert_eq!(line.as_deref(), Some("checked 41 histories in 0.1 s"));
        assert_eq!(said("test result: ok", "checked "), None);
    }

    #[test]
    fn programs_and_tests() {
        let log = "   Compiling loom-tests v0.1.0 (/x)\n    Finished `loom` profile\n  \
                   Executable tests/queue.rs (target/loom/loom/deps/queue-01ab)\n  \
                   Executable tests/dict/main.rs (target/loom/loom/deps/dict-01ab)\n";
        let program = |name: &str| PathBuf::from(format!("target/loom/loom/deps/{name}-01ab"));
        assert_eq!(
            executables(log),
            ["queue", "dict"].map(|name| (name.to_owned(), program(name)))
        );
        assert_eq!(
            listed("a: test\nb: benchmark\nc::d: test\n\n2 tests"),
            ["a", "c::d"]
        );
    }

    #[test]
    fn one_that_fails_does_not_stop_the_others() {
        let done = Mutex::new(Vec::new());
        let jobs = [1, 2, 3].map(|job| (job.to_string(), job));
        let result = run_all("jobs", jobs.to_vec(), 2, |job| {
            done.lock().unwrap().push(job);
            match job {
                2 => Err(Failed("FAILED".to_owned(), String::new())),
                _ => Ok(String::new()),
            }
        });
        assert_eq!(result.unwrap_err().to_string(), "1 of 3 jobs failed");
        assert_eq!(done.into_inner().unwrap().len(), 3);
        let nothing = run_all("jobs", Vec::new(), 2, |()| unreachable!());
        assert!(nothing.unwrap_err().to_string().contains("no jobs"));
    }
}
