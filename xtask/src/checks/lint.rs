//! The checks that run nothing: format, lints, types, documentation, dependencies.

use xshell::cmd;

use crate::compat_api;
use crate::error::{Error, Result};
use crate::linear::Schedule;
use crate::loom;
use crate::project::Project;
use crate::report::Report;
use crate::run;
use crate::select::Selection;
use crate::setup::Ready;

/// The one crate under `crates` that is about Python.
pub const KNOWS_PYTHON: &str = "ft-compat";

/// The quick ones.
pub fn all(project: &Project, ready: &Ready, report: &mut Report) {
    report.step("format", "rustfmt", || fmt(project));
    report.step("lints", "clippy", || clippy(project, ready));
    report.step("lints", "clippy, models", || clippy_models(project));
    report.step("lints", "clippy, shuttle", || clippy_shuttle(project));
    report.step("format and lints", "ruff", || ruff(project, ready));
    report.step("types", "mypy", || mypy(project, ready));
    report.step("types", "pyright", || pyright(project, ready));
    report.step("made files", "compat-api", || compat_api::check(project));
}

fn fmt(project: &Project) -> Result<()> {
    let sh = &project.sh;
    let cmd = cmd!(sh, "cargo fmt --all -- --check --color never");
    run::logged(cmd, "cargo fmt --check", &project.log("fmt")?)
        .map_err(|err| Error::new(format!("{err}; put right by: cargo fmt --all")))
}

fn clippy(project: &Project, ready: &Ready) -> Result<()> {
    let sh = &project.sh;
    let cmd = cmd!(
        sh,
        "cargo clippy --workspace --all-targets --features ft-compat/build -- -D warnings"
    )
    .env("PYO3_PYTHON", ready.tools.python());
    run::logged(cmd, "cargo clippy", &project.log("clippy")?)
}

fn clippy_models(project: &Project) -> Result<()> {
    let sh = &project.sh;
    let cmd = cmd!(
        sh,
        "cargo clippy --package loom-tests --all-targets -- -D warnings"
    )
    .env("RUSTFLAGS", loom::flags())
    .env("CARGO_TARGET_DIR", loom::target(project));
    run::logged(
        cmd,
        "cargo clippy --cfg ft_loom",
        &project.log("clippy-loom")?,
    )
}

fn clippy_shuttle(project: &Project) -> Result<()> {
    let sh = &project.sh;
    let cmd = cmd!(
        sh,
        "cargo clippy --package loom-tests --package fuzz --all-targets --profile linear -- -D warnings"
    )
    .env("RUSTFLAGS", Schedule::Shuttle.flags())
    .env("CARGO_TARGET_DIR", Schedule::Shuttle.target(project));
    let log = project.log("clippy-shuttle")?;
    run::logged(cmd, "cargo clippy --cfg ft_shuttle", &log)
}

fn ruff(project: &Project, ready: &Ready) -> Result<()> {
    let log = project.log("ruff")?;
    for (task, words) in [
        ("check", &["check"][..]),
        ("format", &["format", "--check"]),
    ] {
        let mut cmd = ready.tools.call();
        cmd.current_dir(&project.root)
            .args(["-m", "ruff"])
            .args(words)
            .args(["--config", "py-bindings/pyproject.toml"])
            .args(["loom-tests", "py-bindings", "xtask"])
            .env("RUFF_CACHE_DIR", project.scratch().join("ruff"));
        run::logged(cmd, &format!("ruff {task}"), &log)?;
    }
    Ok(())
}

fn mypy(project: &Project, ready: &Ready) -> Result<()> {
    let mut cmd = ready.tools.call();
    cmd.current_dir(project.bindings())
        .args(["-m", "mypy", "--strict", "--config-file", "pyproject.toml"])
        .arg("--cache-dir")
        .arg(project.scratch().join("mypy"))
        .args([
            "python/ft_utils",
            "examples",
            "benchmarks",
            "tests/typed.py",
        ])
        .env("MYPYPATH", "python");
    run::logged(cmd, "mypy --strict", &project.log("mypy")?)
}

/// The other type checker that users have, on what they would write.
fn pyright(project: &Project, ready: &Ready) -> Result<()> {
    let mut cmd = ready.tools.call();
    cmd.current_dir(project.bindings())
        .args(["-m", "basedpyright", "--level", "error", "--pythonpath"])
        .arg(ready.tools.python());
    run::logged(cmd, "pyright", &project.log("pyright")?)
}

/// Whether the stubs say what the installed module does.
pub fn stubs(project: &Project, ready: &Ready) -> Result<()> {
    let mut cmd = ready.tools.call();
    // Not in a folder that holds `ft_utils`: the installed one is to be checked.
    cmd.current_dir(project.scratch())
        .args(["-m", "mypy.stubtest", "ft_utils", "--mypy-config-file"])
        .arg(project.bindings().join("pyproject.toml"));
    let allowed = project.bindings().join("stubtest-allowlist.txt");
    if allowed.is_file() {
        cmd.arg("--allowlist")
            .arg(allowed)
            .arg("--ignore-unused-allowlist");
    }
    run::logged(cmd, "stubtest", &project.log("stubtest")?)
}

/// Broken links and the like.
pub fn docs(project: &Project, ready: &Ready) -> Result<()> {
    let sh = &project.sh;
    let cmd = cmd!(
        sh,
        "cargo doc --workspace --no-deps --exclude loom-tests --exclude xtask --exclude ft-bench
            --features ft-compat/build"
    )
    .env("RUSTDOCFLAGS", "-D warnings")
    .env("PYO3_PYTHON", ready.tools.python());
    run::logged(cmd, "cargo doc", &project.log("doc")?)
}

/// A Rust program that uses a primitive must never have to build Python.
pub fn no_python(project: &Project, selection: &Selection) -> Result<()> {
    let sh = &project.sh;
    let packages = selection.packages.iter();
    for package in packages.filter(|package| *package != KNOWS_PYTHON) {
        let tree = cmd!(
            sh,
            "cargo tree --package {package} --edges normal,build --all-features --prefix none"
        )
        .quiet()
        .ignore_stderr()
        .read()?;
        if let Some(culprit) = python_in(&tree) {
            return Err(Error::new(format!(
                "{package} depends on {culprit}; see: cargo tree -p {package} -i {culprit}"
            )));
        }
    }
    Ok(())
}

fn python_in(tree: &str) -> Option<&str> {
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    let mut python = names.filter(|name| name.starts_with("pyo3") || name.starts_with("python3"));
    python.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_among_dependencies() {
        let tree = "ft-queue v0.1.0 (/x/pyo3/queue)\ncrossbeam-utils v0.8.20\n";
        assert_eq!(python_in(tree), None);
        let tree = format!("{tree}pyo3-ffi v0.30.1\n");
        assert_eq!(python_in(&tree), Some("pyo3-ffi"));
    }
}
