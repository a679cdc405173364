//! Mutants of everything but orderings, by cargo-mutants, against each crate's own tests.

use std::process::Command;

use xshell::cmd;

use crate::checks::select::{KNOWS_PYTHON, Selection};
use crate::common::error::{Error, Result};
use crate::common::project::Project;

const VERSION: &str = "27.1.0";

/// Runs cargo-mutants over these crates, one after the other.
///
/// What survives is in `target/mutants/logic-CRATE/mutants.out/missed.txt`. A mutant that hangs counts
/// as seen.
///
/// # Errors
///
/// If one survives, after all have run.
pub fn run(project: &Project, selection: &Selection) -> Result<()> {
    let sh = &project.sh;
    let tools = project.target().join("tools");
    let program = tools.join("bin/cargo-mutants");
    if !program.exists() {
        // Beside the project's own programs, and of a version that we know.
        cmd!(
            sh,
            "cargo install cargo-mutants --locked --version {VERSION} --root {tools}"
        )
        .run()?;
    }
    let packages = selection.packages.iter();
    let mut survived = Vec::new();
    // The one that knows Python has no tests without it.
    for package in packages.filter(|package| *package != KNOWS_PYTHON) {
        println!("== {package}");
        let out = project.target().join(format!("mutants/logic-{package}"));
        sh.create_dir(&out)?;
        // It works on a copy. Nobody needs to debug that.
        let mut run = Command::new(&program);
        run.current_dir(&project.root)
            .args(["mutants", "--package", package, "--no-shuffle"])
            .args(["--timeout", "20", "--output"])
            .arg(&out)
            .args(["--", "--lib", "--tests"])
            .env("CARGO_PROFILE_DEV_DEBUG", "false");
        match run.status()?.code() {
            // 3: some hang, which is noticed.
            Some(0 | 3) => {}
            Some(2) => survived.push(package.as_str()),
            _ => return Err(Error::new(format!("cargo mutants fails on {package}"))),
        }
    }
    if survived.is_empty() {
        return Ok(());
    }
    Err(Error::new(format!(
        "mutants survive in {}: each needs a test, or a line in .cargo/mutants.toml",
        survived.join(", ")
    )))
}
