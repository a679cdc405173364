//! Weakens the orderings of the core crates, one at a time, and sees whether a model notices.
//!
//! All of them are in one program, in which a variable chooses the weakened one: see
//! `mutants/switch.rs`. It is compiled once, from a copy of the sources.

mod list;
mod source;

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::linear::{self, Schedule};
use crate::loom::{self, Test};
use crate::project::Project;
use crate::run;
use crate::select::Selection;

use list::{Fate, Known};

/// For one run of a test. Loom ends a model by itself after two minutes, but not an execution in it.
const LIMIT: Duration = Duration::from_secs(180);

/// An ordering that is made weaker.
struct Mutant {
    /// Number of its site in the program.
    site: usize,
    /// The folder in `crates`.
    folder: String,
    /// What it is called in the list, and in what is printed.
    name: String,
    to: &'static str,
    /// Whether it is for one order over several atomics, of which loom knows little.
    sequential: bool,
    /// Whether a comment says why no test sees it.
    explained: bool,
}

/// A test that may notice, and what it took when nothing was wrong.
struct Timed {
    test: Test,
    seconds: f64,
    /// The crates that its file names.
    crates: Vec<String>,
}

/// Compares the list with the orderings and comments in the sources, and runs nothing.
///
/// # Errors
///
/// If an ordering is new, gone, or no longer explained.
pub fn check(project: &Project) -> Result<()> {
    let (mutants, stale) = find(project)?;
    let known = list::read(project)?;
    let mut wrong = stale;
    for mutant in &mutants {
        let line = known.iter().find(|known| known.name == mutant.name);
        match line.map(|known| &known.fate) {
            None => wrong.push(format!("not in the list: {}", mutant.name)),
            Some(Fate::Unseen) if !mutant.explained => {
                wrong.push(format!("unseen, and no comment says why: {}", mutant.name));
            }
            Some(Fate::Killed(_)) if mutant.explained => {
                wrong.push(format!("seen, though a comment denies it: {}", mutant.name));
            }
            Some(_) => {}
        }
    }
    for known in &known {
        if !mutants.iter().any(|mutant| mutant.name == known.name) {
            wrong.push(format!(
                "in the list, but not in the source: {}",
                known.name
            ));
        }
    }
    if wrong.is_empty() {
        println!(
            "{} weakened orderings, each seen or explained",
            mutants.len()
        );
        return Ok(());
    }
    for line in &wrong {
        println!("  {line}");
    }
    Err(Error::new(format!(
        "{} orderings differ from {}; run: cargo xtask mutants CRATE",
        wrong.len(),
        list::FILE
    )))
}

/// Runs every mutant of these crates against the tests that use them, and renews the list.
///
/// # Errors
///
/// If one survives and no comment says why, or if one does not that should.
pub fn run(project: &Project, selection: &Selection, preemptions: u64) -> Result<()> {
    let (mutants, stale) = find(project)?;
    if let Some(line) = stale.first() {
        return Err(Error::new(line.clone()));
    }
    copy(project, &mutants_by_file(project)?)?;
    let mutants: Vec<Mutant> = mutants
        .into_iter()
        .filter(|mutant| {
            selection
                .packages
                .contains(&format!("ft-{}", mutant.folder))
        })
        .collect();
    if mutants.is_empty() {
        return Err(Error::new(
            "nothing there has an ordering that could be weaker",
        ));
    }
    let known = list::read(project)?;
    let (all, start) = (mutants.len(), Instant::now());
    println!("{all} weakened orderings, up to {preemptions} preemptions");
    let models = models(project, &folders(&mutants), preemptions)?;
    let command = |test: &Test| model(test, preemptions);
    let (mut fates, unseen) = kill(mutants, &models, &known, &command)?;
    // What loom takes for the same, a processor may not.
    let (again, unseen): (Vec<_>, Vec<_>) = unseen.into_iter().partition(|it| it.sequential);
    let histories = histories(project, &folders(&again))?;
    let (killed, again) = kill(again, &histories, &known, &history)?;
    fates.extend(killed);
    fates.extend(unseen.into_iter().chain(again).map(|it| (it, Fate::Unseen)));

    let (mut killed, mut explained) = (0, 0);
    let mut wrong = 0;
    let mut renewed = Vec::new();
    for (mutant, fate) in fates {
        match (&fate, mutant.explained) {
            (Fate::Killed(_), false) => killed += 1,
            (Fate::Unseen, true) => explained += 1,
            (Fate::Killed(test), true) => {
                wrong += 1;
                println!(
                    "  seen by {test}, though a comment denies it: {}",
                    mutant.name
                );
            }
            (Fate::Unseen, false) => {
                wrong += 1;
                println!("  unseen, and no comment says why: {}", mutant.name);
            }
        }
        renewed.push((mutant.name, fate));
    }
    list::renew(project, &selection.packages, renewed)?;
    println!(
        "orderings: {killed} seen, {explained} explained, {wrong} wrong in {:.1} s",
        start.elapsed().as_secs_f64()
    );
    if wrong > 0 {
        return Err(Error::new(format!(
            "{wrong} need a test, or a comment `No test sees FROM -> TO: REASON` (or none, if seen)"
        )));
    }
    Ok(())
}

/// The sources with orderings that could be weaker, by path.
fn mutants_by_file(project: &Project) -> Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    collect(&project.root.join("crates"), &mut files)?;
    files.retain(|path| path.components().any(|part| part.as_os_str() == "src"));
    files.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path)?;
        Ok((path, text))
    };
    files.into_iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// Their crates.
fn folders(mutants: &[Mutant]) -> Vec<&str> {
    let mut folders: Vec<&str> = mutants.iter().map(|mutant| &*mutant.folder).collect();
    folders.sort_unstable();
    folders.dedup();
    folders
}

/// All mutants, and the comments that explain none.
fn find(project: &Project) -> Result<(Vec<Mutant>, Vec<String>)> {
    let (mut mutants, mut stale) = (Vec::new(), Vec::new());
    let mut number = 0;
    for (path, text) in mutants_by_file(project)? {
        let inside = path.strip_prefix(project.root.join("crates"));
        let file = inside.unwrap_or(&path).display().to_string();
        let folder = file.split('/').next().unwrap_or_default().to_owned();
        let sites = source::sites(&text);
        let remarks = source::remarks(&text);
        for remark in &remarks {
            for to in remark.stale(&sites) {
                let change = format!("{} -> {to}", remark.from);
                stale.push(format!(
                    "{file}: what has the remark on {change} to explain?"
                ));
            }
        }
        for (at, site) in sites.iter().enumerate() {
            for &to in site.weaker() {
                mutants.push(Mutant {
                    site: number,
                    folder: folder.clone(),
                    name: format!("{file} {site}: {} -> {to}", site.ordering),
                    to,
                    sequential: site.ordering == "SeqCst",
                    explained: (remarks.iter()).any(|remark| remark.explains(&sites, at, to)),
                });
            }
            number += 1;
        }
    }
    Ok((mutants, stale))
}

/// A copy of what the models need, with the switch in it. Unchanged files keep their times.
fn copy(project: &Project, sources: &[(PathBuf, String)]) -> Result<()> {
    let mut number = 0;
    let mut wanted = Vec::new();
    for (path, text) in sources {
        let ours = path.starts_with(project.root.join("crates/sync"));
        let krate = if ours { "crate" } else { "ft_sync" };
        let mut text = text.clone();
        let sites = source::sites(&text);
        let numbers = number..number + sites.len();
        number = numbers.end;
        // From the end, so that the places before stay true.
        for (site, number) in sites.iter().zip(numbers).rev() {
            let ordering = &text[site.at.clone()];
            match &site.fence {
                Some(fence) => {
                    let call = format!("{krate}::mutants::fence({number}, {ordering}");
                    text.replace_range(fence.start..site.at.end, &call);
                }
                None => {
                    let call = format!("{krate}::mutants::weak({number}, {ordering})");
                    text.replace_range(site.at.clone(), &call);
                }
            }
        }
        if path.ends_with("sync/src/lib.rs") {
            text.push_str("\n#[doc(hidden)]\npub mod mutants;\n");
        }
        wanted.push((path.clone(), text));
    }
    let switch = project.root.join("crates/sync/src/mutants.rs");
    wanted.push((switch, include_str!("mutants/switch.rs").to_owned()));

    let mut others = vec![project.root.join("Cargo.lock")];
    collect(&project.root.join("loom-tests"), &mut others)?;
    others.push(project.root.join("loom-tests/Cargo.toml"));
    for entry in fs::read_dir(project.root.join("crates"))? {
        others.push(entry?.path().join("Cargo.toml"));
    }
    others.push(project.root.join("crates/ft-compat/build.rs"));
    for path in others {
        let text = fs::read_to_string(&path)?;
        wanted.push((path, text));
    }
    let manifest = project.root.join("Cargo.toml");
    wanted.push((
        manifest.clone(),
        without_python(&fs::read_to_string(manifest)?),
    ));

    for (path, text) in wanted {
        let inside = path.strip_prefix(&project.root).unwrap_or(&path);
        let to = scratch(project).join(inside);
        if fs::read_to_string(&to).is_ok_and(|there| there == text) {
            continue;
        }
        let folder = to.parent().unwrap_or(&to);
        fs::create_dir_all(folder).map_err(|err| run::cannot_write(folder, &err))?;
        fs::write(&to, text).map_err(|err| run::cannot_write(&to, &err))?;
    }
    Ok(())
}

/// The workspace's manifest without the members that need Python, or this program.
fn without_python(manifest: &str) -> String {
    let lines = manifest.lines().map(|line| match line {
        line if line.starts_with("members =") => "members = [\"crates/*\", \"loom-tests\"]",
        line => line,
    });
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn scratch(project: &Project) -> PathBuf {
    project.target().join("mutants/orderings")
}

/// The same checkout, but for the orderings. It shares the folders for what is compiled.
fn copied(project: &Project) -> Result<Project> {
    let sh = xshell::Shell::new()?;
    sh.change_dir(scratch(project));
    Ok(Project {
        root: scratch(project),
        sh,
    })
}

/// The test files that name one of these crates, each with all that it names.
fn files(
    project: &Project,
    crates: &[&str],
    histories: bool,
) -> Result<Vec<(String, Vec<String>)>> {
    let mut files = Vec::new();
    let folder = project.root.join("loom-tests/tests");
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else {
            continue;
        };
        let text = fs::read_to_string(&path)?;
        let named: Vec<String> = (crates.iter())
            .filter(|folder| text.contains(&format!("ft_{}", folder.replace('-', "_"))))
            .map(|folder| folder.to_string())
            .collect();
        if stem.starts_with("linear_") == histories && !named.is_empty() {
            files.push((stem.to_owned(), named));
        }
    }
    files.sort();
    Ok(files)
}

/// The models of these crates, and how long each takes when nothing is wrong.
fn models(project: &Project, crates: &[&str], preemptions: u64) -> Result<Vec<Timed>> {
    let files = files(project, crates, false)?;
    let names: Vec<String> = files.iter().map(|(file, _)| file.clone()).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let target = loom::target(project);
    let programs = loom::build_in(&copied(project)?, &names, &target)?;
    let mut tests = Vec::new();
    for (file, program) in programs {
        for name in loom::list(&program)? {
            let (file, program) = (file.clone(), program.clone());
            tests.push(Test {
                program,
                file,
                name,
            });
        }
    }
    time(tests, &files, |test| model(test, preemptions))
}

/// The histories of these crates, with real threads.
fn histories(project: &Project, crates: &[&str]) -> Result<Vec<Timed>> {
    let files = files(project, crates, true)?;
    let names: Vec<String> = files.iter().map(|(file, _)| file.clone()).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let target = Schedule::Real.target(project);
    let tests = linear::build_in(&copied(project)?, &names, Schedule::Real, &target)?;
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

fn model(test: &Test, preemptions: u64) -> Command {
    let mut cmd = Command::new(&test.program);
    cmd.args(["--exact", &test.name])
        .env("LOOM_MAX_PREEMPTIONS", preemptions.to_string())
        .env("LOOM_MAX_DURATION", "120");
    cmd
}

fn history(test: &Test) -> Command {
    let mut cmd = Command::new(&test.program);
    cmd.args(["--exact", &test.name])
        .env("FT_LINEAR_SECONDS", "1.5");
    cmd
}

/// Runs each mutant against the tests of its crate, the likeliest first, and prints a line. Returns
/// those that a test has noticed, and the others.
fn kill(
    mutants: Vec<Mutant>,
    tests: &[Timed],
    known: &[Known],
    command: &(impl Fn(&Test) -> Command + Sync),
) -> Result<(Vec<(Mutant, Fate)>, Vec<Mutant>)> {
    let one = |mutant: Mutant| -> Result<(Mutant, Option<String>)> {
        let start = Instant::now();
        let known = known.iter().find(|known| known.name == mutant.name);
        let killer = match known.map(|known| &known.fate) {
            Some(Fate::Killed(test)) => test,
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
    let (mut killed, mut unseen) = (Vec::new(), Vec::new());
    for ended in two_at_a_time(mutants, one) {
        match ended? {
            (mutant, Some(test)) => killed.push((mutant, Fate::Killed(test))),
            (mutant, None) => unseen.push(mutant),
        }
    }
    Ok((killed, unseen))
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
        let workers = [scope.spawn(&work), scope.spawn(&work)];
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
