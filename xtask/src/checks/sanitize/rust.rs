//! Runs the Rust tests and the recorded histories under a sanitizer.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use super::sanitizer::{REPORTED, Sanitizer, first_report};
use super::toolchain::Toolchain;
use crate::checks::programs::{Failed, executables, list, output_of, run_all, said};
use crate::common::error::{Error, Result, bail};
use crate::common::project::Project;
use crate::common::run;

/// The package with programs that must be reported, and programs that must not.
const PACKAGE: &str = "sanitizers";
/// The sound ones, of which nothing may be reported.
const SOUND: [&str; 6] = ["locked", "waited", "dropped-last", "once", "scoped", "sent"];

/// What to run, and for how long.
pub struct Plan {
    /// The crates whose tests are run; none if only histories are.
    pub packages: Vec<String>,
    /// Files in `loom-tests/histories/tests`.
    pub histories: Vec<String>,
    /// How long to record, for each history.
    pub seconds: f64,
}

/// Fails if the compiler has no such sanitizer for this machine.
pub fn obstacle(project: &Project, sanitizer: Sanitizer) -> Result<()> {
    Toolchain::new(project, sanitizer).map(|_| ())
}

/// Checks that the sanitizer works, runs what is in `plan`, and prints a line for each program.
///
/// # Errors
///
/// If anything was reported, or a test failed, after all have run; or if the sanitizer does not work.
pub fn check(project: &Project, sanitizer: Sanitizer, plan: &Plan) -> Result<()> {
    let toolchain = Toolchain::new(project, sanitizer)?;
    check_sanitizer(project, sanitizer, &examples(project, &toolchain)?)?;
    let programs = programs(project, &toolchain, plan)?;
    // Two at a time: each has threads of its own.
    let what = format!("programs with {}", sanitizer.short());
    let root = project.root.as_path();
    run_all(&what, programs, 2, |program| {
        run_one(root, sanitizer, plan, &program)
    })
}

/// The broken programs must be reported, and the sound ones must not.
fn check_sanitizer(project: &Project, sanitizer: Sanitizer, program: &Path) -> Result<()> {
    let call = |name: &str| -> Result<(Output, String)> {
        let mut cmd = Command::new(program);
        let (variable, settings) = sanitizer.settings(&project.root);
        cmd.arg(name).env(variable, settings);
        let output = run::limited(cmd, Duration::from_secs(120))?
            .ok_or_else(|| Error::new(format!("the program `{name}` does not end")))?;
        let text = [&output.stdout[..], &output.stderr[..]].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok((output, text))
    };
    for (name, said) in sanitizer.broken() {
        let (output, text) = call(name)?;
        if output.status.code() != Some(REPORTED) || !text.contains(said) {
            bail!(
                "the sanitizer does not work: it did not report the broken program `{name}` ({})\n{}",
                output.status,
                run::tail(&text, 20)
            );
        }
        println!("  reported, as it must be: {name}");
    }
    for name in SOUND {
        let (output, text) = call(name)?;
        if !output.status.success() {
            bail!(
                "the sanitizer has false alarms: it reported the sound program `{name}` ({})\n{}",
                output.status,
                first_report(&text)
            );
        }
    }
    println!("  quiet, as it must be: {}", SOUND.join(", "));
    Ok(())
}

fn run_one(
    root: &Path,
    sanitizer: Sanitizer,
    plan: &Plan,
    program: &Path,
) -> Result<String, Failed> {
    let (variable, settings) = sanitizer.settings(root);
    let skipped = sanitizer.not_here().iter();
    let mut cmd = Command::new(program);
    cmd.current_dir(root)
        // On its main thread: the harness' own threads are in code that is not instrumented.
        .arg("--test-threads=1")
        .args(skipped.flat_map(|test| ["--skip", test]))
        .env(variable, settings)
        .env("FT_LINEAR_SECONDS", plan.seconds.to_string())
        // Generated operations run on one thread, so a few are enough here.
        .env("PROPTEST_CASES", "16");
    let limit = Duration::from_secs_f64(240.0 + 10.0 * plan.seconds);
    match output_of(cmd, limit) {
        Ok(text) => {
            // `test result: ok. 2 passed; 0 failed; ...`
            let result = said(&text, "test result: ").unwrap_or_default();
            Ok(result.split(';').next().unwrap_or_default().to_owned())
        }
        Err(Failed(_, text)) if text.contains("Sanitizer:") => {
            Err(Failed("REPORTED".to_owned(), first_report(&text)))
        }
        Err(failed) => Err(failed),
    }
}

/// The program with the broken and the sound examples.
fn examples(project: &Project, toolchain: &Toolchain) -> Result<PathBuf> {
    toolchain.compile("examples", &["build", "--package", PACKAGE])?;
    let target = toolchain.sanitizer.target(project);
    let folder = target.join(&toolchain.host).join("linear");
    Ok(folder.join(PACKAGE))
}

/// The test programs by name.
fn programs(
    project: &Project,
    toolchain: &Toolchain,
    plan: &Plan,
) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    if !plan.packages.is_empty() {
        let only = plan.packages.iter().flat_map(|name| ["--package", name]);
        let words = ["test", "--no-run", "--lib", "--tests"].into_iter();
        let words: Vec<&str> = words.chain(only).collect();
        found.extend(executables(&toolchain.compile("tests", &words)?));
    }
    if !plan.histories.is_empty() {
        let only = plan.histories.iter().flat_map(|file| ["--test", file]);
        let words = ["test", "--no-run", "--package", "histories"].into_iter();
        let words: Vec<&str> = words.chain(only).collect();
        found.extend(executables(&toolchain.compile("histories", &words)?));
    }
    let mut programs = Vec::new();
    for (mut name, program) in found {
        let program = project.root.join(program);
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
