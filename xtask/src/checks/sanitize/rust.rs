//! Runs the Rust tests and the recorded histories under a sanitizer.
//!
//! The flags are unstable ones, which the stable compiler takes when `RUSTC_BOOTSTRAP` is set. Its
//! standard library is not instrumented: AddressSanitizer does not mind, and what ThreadSanitizer
//! would take for races because of it is dealt with in `loom-tests/sanitizers/src/std_for_tsan.c`.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs};

use xshell::cmd;

use crate::error::{Error, Result};
use crate::loom::{executables, list};
use crate::project::Project;
use crate::run;

pub mod python;
mod std_names;

/// The package with what must be reported, and what must not.
const PACKAGE: &str = "sanitizers";
/// What a program ends with that had something reported.
const REPORTED: i32 = 66;
/// Broken programs, and what has to be said of them.
const RACES: [(&str, &str); 1] = [("race", "ThreadSanitizer: data race")];
const MEMORY: [(&str, &str); 2] = [
    ("use-after-free", "AddressSanitizer: heap-use-after-free"),
    ("leak", "LeakSanitizer: detected memory leaks"),
];
/// Sound ones, of which nothing may be said.
const SOUND: [&str; 6] = ["locked", "waited", "dropped-last", "once", "scoped", "sent"];

/// What to look for.
#[derive(Clone, Copy, PartialEq)]
pub enum Sanitizer {
    /// Data races.
    Thread,
    /// Memory that is used after its end or beyond it, or never given back.
    Address,
}

impl Sanitizer {
    /// As in `-Zsanitizer`.
    fn flag(self) -> &'static str {
        match self {
            Sanitizer::Thread => "thread",
            Sanitizer::Address => "address",
        }
    }

    /// As in the names of its runtime, and of our command.
    pub fn short(self) -> &'static str {
        match self {
            Sanitizer::Thread => "tsan",
            Sanitizer::Address => "asan",
        }
    }

    /// Each has its own target folder: the flags would otherwise rebuild the whole workspace.
    pub fn target(self, project: &Project) -> PathBuf {
        project.target().join(self.short())
    }

    fn broken(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Sanitizer::Thread => &RACES,
            Sanitizer::Address => &MEMORY,
        }
    }

    /// Tests that do on purpose what it would report, or that it disturbs.
    fn not_here(self) -> &'static [&'static str] {
        match self {
            // A panic that may not pass ends the process, but in other words.
            Sanitizer::Thread => &["a_panic_ends_the_process"],
            // A thread that ends with a lock held, or takes one after its end has begun, leaves a few
            // bytes behind: nobody is left to free what still has to say that it is the owner.
            Sanitizer::Address => &[
                "lock_outlives_a_thread_that_reads",
                "unlock_while_the_thread_ends",
            ],
        }
    }

    /// The variable with its settings, without what the user's own says.
    fn settings(self, root: &Path) -> (&'static str, String) {
        let common = format!("exitcode={REPORTED}:allocator_may_return_null=1");
        match self {
            Sanitizer::Thread => {
                let known = root.join("loom-tests/sanitizers/src/std_for_tsan.suppressions");
                let known = known.display();
                ("TSAN_OPTIONS", format!("{common}:suppressions={known}"))
            }
            Sanitizer::Address => ("ASAN_OPTIONS", format!("{common}:detect_leaks=1")),
        }
    }
}

/// What to run, and for how long.
pub struct Plan {
    /// The crates whose tests are run; none if only histories are.
    pub packages: Vec<String>,
    /// Files of histories in `loom-tests/tests`.
    pub histories: Vec<String>,
    /// How long to record, for each history.
    pub seconds: f64,
}

/// Which compiler there is, and what it can do.
pub struct Toolchain {
    /// The triple of this machine.
    pub host: String,
    /// Where its std is, and the sanitizers' runtimes.
    folder: PathBuf,
}

impl Toolchain {
    /// # Errors
    ///
    /// If it has no such sanitizer for this machine.
    pub fn with(project: &Project, sanitizer: Sanitizer) -> Result<Toolchain> {
        let sh = &project.sh;
        let about = cmd!(sh, "rustc --version --verbose").quiet().read()?;
        let host = about.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.unwrap_or_default().to_owned();
        let folder = cmd!(sh, "rustc --print target-libdir").quiet().read()?;
        let folder = PathBuf::from(folder.trim());
        let runtime = format!("_rt.{}.a", sanitizer.short());
        let has_runtime = fs::read_dir(&folder)?.flatten().any(|entry| {
            let name = entry.file_name();
            name.to_string_lossy().ends_with(&runtime)
        });
        if !host.ends_with("-linux-gnu") || !has_runtime {
            let name = sanitizer.flag();
            return Err(Error::new(format!(
                "the compiler for {host} comes without the {name} sanitizer; x86_64 and aarch64 \
                 Linux have it"
            )));
        }
        Ok(Toolchain { host, folder })
    }

    /// The flags for all that is compiled.
    ///
    /// # Errors
    ///
    /// If what stands between the program and std cannot be made.
    pub fn flags(&self, project: &Project, sanitizer: Sanitizer) -> Result<String> {
        let users = env::var("RUSTFLAGS").unwrap_or_default();
        let mut flags = format!(
            "{users} -Zsanitizer={} -Cunsafe-allow-abi-mismatch=sanitizer",
            sanitizer.flag()
        );
        if sanitizer == Sanitizer::Thread {
            let folder = sanitizer.target(project);
            fs::create_dir_all(&folder).map_err(|err| run::cannot_write(&folder, &err))?;
            let object = folder.join("std_for_tsan.o");
            let names = std_names::find(&self.folder)?;
            self.compile_bridge(project, &names, &object)?;
            flags.push_str(&format!(" -Clink-arg={}", object.display()));
            let fences = ["__tsan_atomic64_fetch_sub", "__tsan_atomic_thread_fence"];
            let names = names.iter().map(|(_, theirs)| theirs.as_str());
            for name in names.chain(fences) {
                flags.push_str(&format!(" -Clink-arg=-Wl,--wrap={name}"));
            }
        }
        Ok(flags.trim().to_owned())
    }

    fn compile_bridge(
        &self,
        project: &Project,
        names: &[(&str, String)],
        object: &Path,
    ) -> Result<()> {
        let mut cc = Command::new("cc");
        cc.current_dir(&project.root)
            .args(["-O2", "-fPIC", "-Wall", "-c"]);
        for (ours, theirs) in names {
            cc.arg(format!("-DREAL_{ours}=__real_{theirs}"));
            cc.arg(format!("-DWRAP_{ours}=__wrap_{theirs}"));
        }
        cc.arg("loom-tests/sanitizers/src/std_for_tsan.c")
            .arg("-o")
            .arg(object);
        run::logged(cc, "compile std_for_tsan.c", &project.log("std-for-tsan")?)
    }
}

/// Checks that the sanitizer is awake, runs what is in `plan`, and prints a line for each program.
///
/// # Errors
///
/// If anything was reported, or a test failed, after all have run; or if the sanitizer sleeps.
pub fn check(project: &Project, sanitizer: Sanitizer, plan: &Plan) -> Result<()> {
    let toolchain = Toolchain::with(project, sanitizer)?;
    let flags = toolchain.flags(project, sanitizer)?;
    let built = Build {
        project,
        sanitizer,
        host: &toolchain.host,
        flags: &flags,
    };
    wake(project, sanitizer, &built.checks()?)?;
    let programs = built.programs(plan)?;

    let start = Instant::now();
    let all = programs.len();
    let wide = programs.iter().map(|(name, _)| name.len()).max();
    let wide = wide.ok_or_else(|| Error::new("there is nothing of that name to run"))?;
    let root = project.root.as_path();
    let queue = Mutex::new(VecDeque::from(programs));
    let next = || queue.lock().ok()?.pop_front();
    let failed: usize = thread::scope(|scope| {
        let work = || {
            let mut failed = 0;
            while let Some((name, program)) = next() {
                failed += usize::from(!run_one(root, sanitizer, plan, &name, &program, wide));
            }
            failed
        };
        // Two at a time: each has threads of its own.
        let workers = [scope.spawn(work), scope.spawn(work)];
        // A worker that panicked has lost its count; one is enough to fail.
        let counts = workers.map(|worker| worker.join().unwrap_or(1));
        counts.into_iter().sum()
    });
    let seconds = start.elapsed().as_secs_f64();
    let (short, passed) = (sanitizer.short(), all.saturating_sub(failed));
    println!("{short}: {passed} programs passed, {failed} failed in {seconds:.1} s");
    if failed > 0 {
        return Err(Error::new(format!("{failed} of {all} programs failed")));
    }
    Ok(())
}

/// The broken programs must be reported, and the sound ones must not.
fn wake(project: &Project, sanitizer: Sanitizer, program: &Path) -> Result<()> {
    let call = |name: &str| {
        let mut cmd = Command::new(program);
        let (variable, settings) = sanitizer.settings(&project.root);
        cmd.arg(name).env(variable, settings);
        let output = run::limited(cmd, Duration::from_secs(120))?;
        output.ok_or_else(|| Error::new(format!("the program `{name}` does not end")))
    };
    for (name, said) in sanitizer.broken() {
        let output = call(name)?;
        let text = text_of(&output);
        if output.status.code() != Some(REPORTED) || !text.contains(said) {
            return Err(Error::new(format!(
                "the sanitizer is not awake: nothing was said of the broken program `{name}` \
                 ({})\n{}",
                output.status,
                run::tail(&text, 20)
            )));
        }
        println!("  reported, as it must be: {name}");
    }
    for name in SOUND {
        let output = call(name)?;
        if !output.status.success() {
            let text = text_of(&output);
            return Err(Error::new(format!(
                "the sanitizer has false alarms: it does not like the sound program `{name}` \
                 ({})\n{}",
                output.status,
                first_report(&text)
            )));
        }
    }
    println!("  quiet, as it must be: {}", SOUND.join(", "));
    Ok(())
}

/// Prints the line of one program in one piece, as another prints its own at the same time.
fn run_one(
    root: &Path,
    sanitizer: Sanitizer,
    plan: &Plan,
    name: &str,
    program: &Path,
    wide: usize,
) -> bool {
    let (variable, settings) = sanitizer.settings(root);
    let skipped = sanitizer
        .not_here()
        .iter()
        .flat_map(|test| ["--skip", test]);
    let mut cmd = Command::new(program);
    cmd.current_dir(root)
        // On its main thread: what the harness does with threads is in code that came compiled.
        .arg("--test-threads=1")
        .args(skipped)
        .env(variable, settings)
        .env("FT_LINEAR_SECONDS", plan.seconds.to_string())
        // Generated operations run on one thread, so a few are enough here.
        .env("PROPTEST_CASES", "16");
    let limit = Duration::from_secs_f64(240.0 + 10.0 * plan.seconds);
    let start = Instant::now();
    let output = run::limited(cmd, limit);
    let seconds = start.elapsed().as_secs_f64();
    let (verdict, text) = match output {
        Ok(Some(output)) if output.status.success() => {
            let text = text_of(&output);
            let tests = passed(&text).unwrap_or(0);
            println!("  {name:wide$}  {tests:>3} tests  {seconds:6.1} s");
            return true;
        }
        Ok(Some(output)) if output.status.code() == Some(REPORTED) => {
            ("REPORTED", first_report(&text_of(&output)))
        }
        Ok(Some(output)) => ("FAILED", run::tail(&text_of(&output), 60)),
        Ok(None) => ("FAILED: does not end", String::new()),
        Err(err) => ("FAILED: does not start", err.to_string()),
    };
    println!("  {name:wide$}  {verdict}  {seconds:.1} s\n{text}");
    false
}

fn text_of(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&text).into_owned()
}

/// The first report of a sanitizer, and not its hundreds of frames.
fn first_report(text: &str) -> String {
    let is_start = |line: &&str| line.contains("Sanitizer:");
    let from = text.lines().skip_while(|line| !is_start(line));
    let lines: Vec<&str> = from
        .take_while(|line| !line.starts_with("SUMMARY"))
        .collect();
    if lines.is_empty() {
        return run::tail(text, 60);
    }
    lines[..lines.len().min(60)].join("\n")
}

/// How many tests the harness says have passed.
fn passed(text: &str) -> Option<u64> {
    let line = text
        .lines()
        .find(|line| line.starts_with("test result: "))?;
    let (_, rest) = line.split_once(". ")?;
    rest.split_once(" passed")?.0.parse().ok()
}

/// A way to build for one sanitizer.
struct Build<'a> {
    project: &'a Project,
    sanitizer: Sanitizer,
    host: &'a str,
    flags: &'a str,
}

impl Build<'_> {
    /// The program with what must be reported, and what must not.
    fn checks(&self) -> Result<PathBuf> {
        self.cargo("checks", &["build", "--package", PACKAGE])?;
        let folder = self.sanitizer.target(self.project).join(self.host);
        Ok(folder.join("linear").join(PACKAGE))
    }

    /// The test programs by name.
    fn programs(&self, plan: &Plan) -> Result<Vec<(String, PathBuf)>> {
        let mut found = Vec::new();
        if !plan.packages.is_empty() {
            let only = plan.packages.iter().flat_map(|name| ["--package", name]);
            let words: Vec<&str> = ["test", "--no-run", "--lib", "--tests"]
                .into_iter()
                .chain(only)
                .collect();
            found.extend(executables(&self.cargo("tests", &words)?));
        }
        if !plan.histories.is_empty() {
            let only = plan.histories.iter().flat_map(|file| ["--test", file]);
            let words: Vec<&str> = ["test", "--no-run", "--package", "loom-tests"]
                .into_iter()
                .chain(only)
                .collect();
            found.extend(executables(&self.cargo("histories", &words)?));
        }
        let mut programs = Vec::new();
        for (mut name, program) in found {
            let program = self.project.root.join(program);
            if name == "lib" {
                // The tests inside of a crate, and most have none. `ft_sync-0123` is its program.
                if list(&program)?.is_empty() {
                    continue;
                }
                let file = program.file_name().unwrap_or_default().to_string_lossy();
                name = file.split('-').next().unwrap_or_default().to_owned();
            }
            programs.push((name, program));
        }
        Ok(programs)
    }

    /// Runs cargo with what the sanitizer needs, and returns what it says.
    fn cargo(&self, what: &str, words: &[&str]) -> Result<String> {
        let short = self.sanitizer.short();
        let log = self.project.log(&format!("{short}-{what}"))?;
        let mut cargo = Command::new("cargo");
        cargo
            .current_dir(&self.project.root)
            .args(words)
            // Short programs, of which little is compiled anew: as the histories are.
            .args(["--profile", "linear", "--target", self.host])
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", self.flags)
            .env("CARGO_TARGET_DIR", self.sanitizer.target(self.project))
            // So that reports name lines.
            .env("CARGO_PROFILE_LINEAR_DEBUG", "line-tables-only")
            .env("CARGO_TERM_COLOR", "never");
        run::logged(cargo, &format!("compile the {what}, {short}"), &log)?;
        Ok(fs::read_to_string(&log)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports() {
        let text = "running\nWARNING: ThreadSanitizer: data race (pid=1)\n  #0 a\nSUMMARY: b\nc\n";
        assert_eq!(
            first_report(text),
            "WARNING: ThreadSanitizer: data race (pid=1)\n  #0 a"
        );
        assert_eq!(first_report("thread panicked"), "thread panicked");
    }

    #[test]
    fn counts() {
        let text = "running 2 tests\ntest result: ok. 2 passed; 0 failed; 0 ignored\n";
        assert_eq!(passed(text), Some(2));
        assert_eq!(passed(""), None);
    }
}
