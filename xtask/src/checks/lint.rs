//! The checks that run nothing: format, lints, types, documentation, dependencies.

use xshell::cmd;

use super::circles;
use super::compat_api;
use super::programs::{LOOM, SHUTTLE, Way};
use super::select::{Selection, runnable};
use crate::common::error::{Error, Result, bail};
use crate::common::project::Project;
use crate::common::report::Report;
use crate::environments::setup::Ready;

/// The checks that need no wheel.
pub fn quick(project: &Project, ready: &Ready, report: &mut Report) {
    report.step("format", "rustfmt", || fmt(project));
    report.step("lints", "clippy", || clippy(project, ready));
    report.step("lints", "clippy, models", || {
        clippy_way(project, &LOOM, &["loom-tests"])
    });
    report.step("lints", "clippy, shuttle", || {
        clippy_way(project, &SHUTTLE, &["histories", "fuzz"])
    });
    report.step("format and lints", "ruff", || ruff(project, ready));
    report.step("types", "mypy", || mypy(project, ready));
    report.step("types", "pyright", || pyright(project, ready));
    report.step("no circles", "rustc", || circles::check(project, ready));
    report.step("made files", "compat-api", || compat_api::check(project));
}

/// The checks that need the wheel, or take longer.
pub fn slow(
    project: &Project,
    ready: &Ready,
    selection: &Selection,
    quick: bool,
    report: &mut Report,
) {
    report.step("types", "stubtest", || stubs(project, ready));
    report.step("no Python below", "cargo tree", || {
        no_python(project, selection)
    });
    let reason = quick.then_some("--quick");
    report.step_unless(reason, "documentation", "rustdoc", || docs(project, ready));
}

fn fmt(project: &Project) -> Result<()> {
    let sh = &project.sh;
    let cmd = cmd!(sh, "cargo fmt --all -- --check --color never");
    let run = project.logged("cargo fmt --check", cmd);
    run.map_err(|err| Error::new(format!("{err}; put right by: cargo fmt --all")))?;
    Ok(())
}

fn clippy(project: &Project, ready: &Ready) -> Result<()> {
    let sh = &project.sh;
    let cmd = cmd!(
        sh,
        "cargo clippy --workspace --all-targets --features ft-compat/build -- -D warnings"
    )
    .env("PYO3_PYTHON", ready.tools.python());
    project.logged("cargo clippy", cmd)
}

/// Lints the code that is only compiled in this way.
fn clippy_way(project: &Project, way: &Way, packages: &[&str]) -> Result<()> {
    let mut cargo = way.cargo(project, &["clippy", "--all-targets"]);
    cargo.args(packages.iter().flat_map(|name| ["--package", name]));
    cargo.args(["--", "-D", "warnings"]);
    project.logged(&format!("cargo clippy for {}", way.name), cargo)
}

fn ruff(project: &Project, ready: &Ready) -> Result<()> {
    for words in [&["check"][..], &["format", "--check"]] {
        let mut cmd = ready.tools.call();
        cmd.current_dir(&project.root)
            .args(["-m", "ruff"])
            .args(words)
            .args(["--config", "py-bindings/pyproject.toml"])
            .args(["loom-tests", "py-bindings", "xtask"])
            .env("RUFF_CACHE_DIR", project.scratch().join("ruff"));
        project.logged(&format!("ruff {}", words.join(" ")), cmd)?;
    }
    Ok(())
}

fn mypy(project: &Project, ready: &Ready) -> Result<()> {
    let mut cmd = ready.tools.call();
    cmd.current_dir(project.bindings())
        .args(["-m", "mypy", "--strict", "--config-file", "pyproject.toml"])
        .arg("--cache-dir")
        .arg(project.scratch().join("mypy"))
        .args(["python/ft_utils", "examples", "benchmarks"])
        .arg("tests/stubs/typed.py")
        .env("MYPYPATH", "python");
    project.logged("mypy --strict", cmd)
}

/// The other type checker that users have, on code as users write it.
fn pyright(project: &Project, ready: &Ready) -> Result<()> {
    let mut cmd = ready.tools.call();
    cmd.current_dir(project.bindings())
        .args(["-m", "basedpyright", "--level", "error", "--pythonpath"])
        .arg(ready.tools.python());
    project.logged("pyright", cmd)
}

/// Whether the stubs say what the installed module does.
fn stubs(project: &Project, ready: &Ready) -> Result<()> {
    let bindings = project.bindings();
    let mut cmd = ready.tools.call();
    // Not in a folder that holds `ft_utils`: the installed one is to be checked.
    cmd.current_dir(project.scratch())
        .arg(bindings.join("tests/stubs/stubtest.py"))
        .args(["ft_utils", "--mypy-config-file"])
        .arg(bindings.join("pyproject.toml"))
        .arg("--allowlist")
        .arg(bindings.join("stubtest-allowlist.txt"))
        .arg("--ignore-unused-allowlist");
    project.logged("stubtest", cmd)
}

/// Broken links and the like.
fn docs(project: &Project, ready: &Ready) -> Result<()> {
    let sh = &project.sh;
    let cmd = cmd!(
        sh,
        "cargo doc --workspace --no-deps --exclude loom-tests --exclude histories --exclude xtask --exclude ft-bench
            --features ft-compat/build"
    )
    .env("RUSTDOCFLAGS", "-D warnings")
    .env("PYO3_PYTHON", ready.tools.python());
    project.logged("cargo doc", cmd)
}

/// A Rust program that uses a primitive must never have to build Python.
fn no_python(project: &Project, selection: &Selection) -> Result<()> {
    let sh = &project.sh;
    for package in runnable(&selection.packages) {
        let tree = cmd!(
            sh,
            "cargo tree --package {package} --edges normal,build --all-features --prefix none"
        );
        let tree = tree.quiet().ignore_stderr().read()?;
        if let Some(culprit) = python_in(&tree) {
            bail!("{package} depends on {culprit}; see: cargo tree -p {package} -i {culprit}");
        }
    }
    Ok(())
}

fn python_in(tree: &str) -> Option<&str> {
    let mut names = tree.lines().filter_map(|line| line.split(' ').next());
    names.find(|name| name.starts_with("pyo3") || name.starts_with("python3"))
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
