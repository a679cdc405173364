//! Trying mutants: building the tests, timing them, running them with one ordering weakened.

use std::collections::VecDeque;
use std::fs;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use super::copy;
use super::list::{Fate, List};
use super::mutant::Mutant;
use crate::checks::programs::{LOOM, THREADS, Test};
use crate::common::error::{Error, Result};
use crate::common::project::Project;
use crate::common::run;

/// For one run of a test. Loom ends a model by itself after two minutes, but not an execution in it.
const LIMIT: Duration = Duration::from_secs(180);

/// A test that may notice, and what it took when nothing was wrong.
pub struct Timed {
    test: Test,
    seconds: f64,
    /// The crates that its file names.
    crates: Vec<String>,
}

/// The test files that name one of these crates, each with all that it names.
fn files(
    project: &Project,
    crates: &[&str],
    histories: bool,
) -> Result<Vec<(String, Vec<String>)>> {
    let mut files = Vec::new();
    let folder = project.root.join(match histories {
        true => "loom-tests/histories/tests",
        false => "loom-tests/tests",
    });
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else {
            continue;
        };
        let source = match path.is_dir() {
            true => path.join("main.rs"),
            false => path.clone(),
        };
        let text = fs::read_to_string(source)?;
        let named: Vec<String> = (crates.iter())
            .filter(|folder| text.contains(&format!("ft_{}", folder.replace('-', "_"))))
            .map(|folder| folder.to_string())
            .collect();
        if !named.is_empty() {
            files.push((stem.to_owned(), named));
        }
    }
    files.sort();
    Ok(files)
}

/// The models of these crates, and how long each takes when nothing is wrong.
pub fn models(project: &Project, crates: &[&str], preemptions: u64) -> Result<Vec<Timed>> {
    let files = files(project, crates, false)?;
    let names: Vec<String> = files.iter().map(|(file, _)| file.clone()).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let tests = LOOM.tests(&copy::project(project)?, &names)?;
    time(tests, &files, |test| model(test, preemptions))
}

/// The histories of these crates, with real threads.
pub fn histories(project: &Project, crates: &[&str]) -> Result<Vec<Timed>> {
    let files = files(project, crates, true)?;
    let names: Vec<String> = files.iter().map(|(file, _)| file.clone()).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let tests = THREADS.tests(&copy::project(project)?, &names)?;
    time(tests, &files, history)
}

/// Runs them all as they are, two at a time, and puts the quick ones first.
fn time(
    tests: Vec<Test>,
    files: &[(String, Vec<String>)],
    command: impl Fn(&Test) -> Command + Sync,
) -> Result<Vec<Timed>> {
    let one = |test: Test| {
        let start = Instant::now();
        let output = run::limited(command(&test), LIMIT)?;
        if !output.is_some_and(|output| output.status.success()) {
            let title = test.title();
            return Err(Error::new(format!("{title} fails with nothing weakened")));
        }
        let of_file = files.iter().find(|(file, _)| *file == test.file);
        Ok(Timed {
            seconds: start.elapsed().as_secs_f64(),
            crates: of_file
                .map(|(_, crates)| crates.clone())
                .unwrap_or_default(),
            test,
        })
    };
    let all = two_at_a_time(tests, one);
    let mut all = all.into_iter().collect::<Result<Vec<Timed>>>()?;
    all.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    Ok(all)
}

pub fn model(test: &Test, preemptions: u64) -> Command {
    let mut cmd = Command::new(&test.program);
    cmd.args(["--exact", &test.name])
        .env("LOOM_MAX_PREEMPTIONS", preemptions.to_string())
        .env("LOOM_MAX_DURATION", "120");
    cmd
}

pub fn history(test: &Test) -> Command {
    let mut cmd = Command::new(&test.program);
    cmd.args(["--exact", &test.name])
        .env("FT_LINEAR_SECONDS", "1.5");
    cmd
}

/// Runs each mutant against the tests of its crate, the likeliest first, and prints a line. Returns
/// it with the name of the test that has seen it.
pub fn kill(
    mutants: Vec<Mutant>,
    tests: &[Timed],
    list: &List,
    command: &(impl Fn(&Test) -> Command + Sync),
) -> Result<Vec<(Mutant, Option<String>)>> {
    let one = |mutant: Mutant| {
        let start = Instant::now();
        let killer = match list.fates.get(&mutant.name) {
            Some(Fate::Seen(test)) => test,
            _ => "",
        };
        let mut seen = None;
        for timed in likeliest(tests, &mutant.folder, killer) {
            if fails(command(&timed.test), &mutant)? {
                seen = Some(timed.test.title());
                break;
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        let by = seen.as_deref().unwrap_or("not seen");
        println!("  {seconds:6.1} s  {}: {by}", mutant.name);
        Ok((mutant, seen))
    };
    two_at_a_time(mutants, one).into_iter().collect()
}

/// Two, as histories have threads of their own and models none.
fn two_at_a_time<T: Send, R: Send>(
    all: Vec<T>,
    one: impl Fn(T) -> Result<R> + Sync,
) -> Vec<Result<R>> {
    let queue = Mutex::new(VecDeque::from(all));
    let next = || queue.lock().ok()?.pop_front();
    let work = || {
        let mut done = Vec::new();
        while let Some(next) = next() {
            done.push(one(next));
        }
        done
    };
    thread::scope(|scope| {
        let workers = [scope.spawn(work), scope.spawn(work)];
        let panicked = || vec![Err(Error::new("a worker panicked"))];
        let done = workers.map(|worker| worker.join().unwrap_or_else(|_| panicked()));
        done.into_iter().flatten().collect()
    })
}

/// The tests of a crate: first the one that has noticed before, then the quickest.
fn likeliest<'a>(tests: &'a [Timed], folder: &str, killer: &str) -> Vec<&'a Timed> {
    let tests = tests.iter();
    let mut tests: Vec<&Timed> = tests
        .filter(|timed| timed.crates.iter().any(|name| name == folder))
        .collect();
    tests.sort_by_key(|timed| timed.test.title() != killer);
    tests
}

/// Whether the test fails, or never ends, with this ordering weakened.
fn fails(mut cmd: Command, mutant: &Mutant) -> Result<bool> {
    cmd.env("FT_MUTANT", format!("{} {}", mutant.site, mutant.to));
    let output = run::limited(cmd, LIMIT)?;
    Ok(!output.is_some_and(|output| output.status.success()))
}
