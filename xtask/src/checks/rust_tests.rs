//! The crates' own tests.

use std::process::Command;

use xshell::cmd;

use super::select::runnable;
use crate::common::error::Result;
use crate::common::project::Project;
use crate::common::report::Report;
use crate::common::run;

/// Runs the tests of these packages and the examples in their documentation; `with_own`, also our own tests.
pub fn all(
    project: &Project,
    packages: &[String],
    with_own: bool,
    quick: bool,
    report: &mut Report,
) {
    const WHAT: &str = "Rust tests";
    let packages = runnable(packages);
    if packages.is_empty() {
        report.skip(WHAT, "cargo", "there are none");
        return;
    }
    let mut tested = packages.clone();
    tested.extend(with_own.then(|| "xtask".to_owned()));
    let nextest = has_nextest(project);
    let runner = if nextest { "nextest" } else { "cargo test" };
    report.step(WHAT, runner, || tests(project, &tested, nextest));
    let reason = quick.then_some("--quick");
    report.step_unless(reason, WHAT, "--cfg loom", || {
        others_loom(project, &packages, nextest)
    });
    report.step("Rust examples", "rustdoc", || examples(project, &packages));
}

fn has_nextest(project: &Project) -> bool {
    let version = cmd!(project.sh, "cargo nextest --version").quiet();
    run::ask(version.into(), &[]).is_some()
}

/// `--package NAME`, for each.
fn only(packages: &[String]) -> Vec<&str> {
    let words = packages.iter().flat_map(|name| ["--package", name]);
    words.collect()
}

fn tests(project: &Project, packages: &[String], nextest: bool) -> Result<()> {
    let (sh, only) = (&project.sh, only(packages));
    let only = &only;
    let compile = cmd!(sh, "cargo test --no-run {only...}");
    project.logged("compile the Rust tests", compile)?;
    let tests = if nextest {
        cmd!(
            sh,
            "cargo nextest run --no-fail-fast --no-tests=pass --cargo-quiet --status-level=fail
                --final-status-level=fail {only...}"
        )
    } else {
        cmd!(
            sh,
            "cargo test --quiet --no-fail-fast --lib --bins --tests {only...}"
        )
    };
    Ok(tests.quiet().run()?)
}

/// A program that models its own code with loom's usual switch gets our primitives as they are. Only
/// the event is another one then, and has to do the same.
fn others_loom(project: &Project, packages: &[String], nextest: bool) -> Result<()> {
    let (sh, only) = (&project.sh, only(packages));
    let as_theirs = |cmd: xshell::Cmd| -> Command {
        cmd.env("RUSTFLAGS", "--cfg loom")
            .env("CARGO_TARGET_DIR", project.target().join("others-loom"))
            .into()
    };
    let check = cmd!(sh, "cargo check --lib {only...}");
    project.logged("check with --cfg loom", as_theirs(check))?;
    let tests = if nextest {
        cmd!(
            sh,
            "cargo nextest run --package ft-sync --cargo-quiet --status-level=fail"
        )
    } else {
        cmd!(sh, "cargo test --quiet --package ft-sync --lib --tests")
    };
    project.logged("the event with --cfg loom", as_theirs(tests))
}

fn examples(project: &Project, packages: &[String]) -> Result<()> {
    let (sh, only) = (&project.sh, only(packages));
    let examples = cmd!(sh, "cargo test --quiet --doc {only...}");
    Ok(examples.quiet().run()?)
}
