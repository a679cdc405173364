//! Fuzzing: runs the targets of `loom-tests/fuzz`, alone beside their models, and together under shuttle.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use fs_err as fs;

use super::programs::{Failed, SHUTTLE, THREADS, Way, output_of, run_all, said};
use crate::common::error::{Error, Result, bail};
use crate::common::project::Project;
use crate::common::run;

/// How much to run, and what.
#[derive(clap::Args)]
pub struct Limits {
    /// Programs for each target, if there is no time limit.
    #[arg(skip = Limits::default().programs)]
    pub programs: u64,
    /// How long to run each target [default: a fixed number of programs, the same each time]
    #[arg(long, value_name = "N")]
    pub seconds: Option<u64>,
    /// The seed of the first program; a failing target prints its seed
    #[arg(long, value_name = "N", default_value_t = Limits::default().seed)]
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

/// Under shuttle each program is run some twenty times, and costs five times as much.
const DEARER: u64 = 5;

/// How long a target may take beyond the time that it was given: to shrink a program that fails, or to
/// find what is broken.
const GRACE: Duration = Duration::from_secs(120);

/// A target, and in which way it is run.
struct Target {
    program: PathBuf,
    name: String,
    programs: u64,
    /// The file in which it leaves the seed that it is at.
    seed: PathBuf,
}

/// Runs the targets of these files of `loom-tests/fuzz/src/targets`, and prints a line for each.
///
/// # Errors
///
/// If one fails, or if one that is broken on purpose is not found out; after all have run.
pub fn all(project: &Project, files: &[String], limits: &Limits) -> Result<()> {
    if files.is_empty() {
        bail!("no target goes by that name");
    }
    let mut targets = Vec::new();
    for (way, title, programs) in [
        (THREADS, "alone", limits.programs),
        (SHUTTLE, "together", limits.programs / DEARER),
    ] {
        let program = build(project, &way)?;
        let names = run::ask(Command::new(&program), &[]);
        let names = names.ok_or_else(|| Error::new("the fuzzing does not list its targets"))?;
        for name in names.lines() {
            if files.iter().any(|file| file == file_of(name)) {
                let target = Target {
                    program: program.clone(),
                    name: name.to_owned(),
                    programs,
                    seed: project
                        .scratch()
                        .join(format!("fuzz-{}.seed", targets.len())),
                };
                targets.push((format!("{name} ({title})"), target));
            }
        }
    }
    println!("{} targets, from seed {}", targets.len(), limits.seed);
    run_all("targets", targets, 2, |target| run_one(&target, limits))
}

fn run_one(target: &Target, limits: &Limits) -> Result<String, Failed> {
    let mut cmd = Command::new(&target.program);
    cmd.arg(&target.name)
        .env("FT_FUZZ_PROGRAMS", target.programs.to_string())
        .env("FT_FUZZ_SEED", limits.seed.to_string())
        .env("FT_FUZZ_LAST", &target.seed);
    if let Some(seconds) = limits.seconds {
        cmd.env("FT_FUZZ_SECONDS", seconds.to_string());
    }
    let _ = fs::remove_file(&target.seed);
    let limit = GRACE + Duration::from_secs(limits.seconds.unwrap_or(0));
    let result = output_of(cmd, limit).and_then(|text| {
        said(&text, "ran ").ok_or_else(|| Failed("FAILED: has run nothing".to_owned(), text))
    });
    result.map_err(|Failed(how, text)| {
        let seed = fs::read_to_string(&target.seed).unwrap_or_default();
        let seed = match seed.trim() {
            "" => limits.seed.to_string(),
            seed => seed.to_owned(),
        };
        let file = file_of(&target.name);
        let again = format!("to do this again: cargo xtask fuzz {file} --seed {seed}");
        Failed(how, format!("{text}\n{again}"))
    })
}

/// The file that a target is in: the first word of its name. What is broken about it may follow.
fn file_of(target: &str) -> &str {
    target.split_once(' ').map_or(target, |(file, _)| file)
}

/// Compiled as the histories are, and in the same folder: they share most dependencies.
fn build(project: &Project, way: &Way) -> Result<PathBuf> {
    let build = way.cargo(project, &["build", "--package", "fuzz"]);
    project.logged(&format!("compile the fuzzing for {}", way.name), build)?;
    let folder = way.target(project).join("linear");
    Ok(folder.join(format!("fuzz{EXE_SUFFIX}")))
}
