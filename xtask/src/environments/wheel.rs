//! Building the wheel, and having it installed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::fingerprint;
use crate::probe::Interp;
use crate::profile;
use crate::project::Project;
use crate::run;
use crate::venv::{self, Venv};

/// What is installed; removed before it is changed.
const STAMP: &str = ".ft-wheel";

/// Who the wheel is for.
#[derive(Clone, Copy, PartialEq)]
pub enum Audience {
    /// Tests: made fast, for this machine only, without a look at which system libraries it needs.
    Tests,
    /// The demo and counts of instructions: as [`Audience::Tests`], but optimized as users get it.
    Main,
    /// Benchmarks: as users get it, for this machine only.
    Benchmarks,
    /// Everyone with the same kind of system.
    Everyone,
}

/// Whether [`ensure`] would have nothing to do.
pub fn are_current(project: &Project, venvs: &[Venv]) -> Result<bool> {
    let want = wanted(project)?;
    Ok(venvs.iter().all(|venv| stamp_of(venv) == want))
}

/// Builds and installs the wheel in each environment where it is not up to date, the first the one that
/// most is done with. `host` has maturin and pip.
pub fn ensure(project: &Project, host: &Venv, venvs: &[Venv]) -> Result<()> {
    for (place, venv) in venvs.iter().enumerate() {
        let want = wanted(project)?;
        if stamp_of(venv) == want {
            continue;
        }
        let name = venv.name();
        let out = project.scratch().join("wheels").join(&name);
        // One wheel at a time, so that the one to install is the one that is there.
        let _ = fs::remove_dir_all(&out);
        let audience = if place == 0 {
            Audience::Main
        } else {
            Audience::Tests
        };
        let wheel = build(project, host, &venv.interp, &out, audience)?;

        let log = project.log(&format!("install-{name}"))?;
        let stamp = venv.folder.join(STAMP);
        let _ = fs::remove_file(&stamp);
        let mut pip = venv::pip(host, venv);
        pip.args(["install", "--force-reinstall", "--no-deps", "--no-index"])
            .arg(wheel);
        run::logged(pip, &format!("install the wheel for {name}"), &log)?;
        fs::write(&stamp, want)?;
    }
    Ok(())
}

/// What the stamp says if the wheel that is installed is the one that would be built.
pub fn wanted(project: &Project) -> Result<String> {
    let inputs = fingerprint::of(&inputs(project))?;
    Ok(format!("recipe 2\n{inputs:016x}\n"))
}

fn stamp_of(venv: &Venv) -> String {
    fs::read_to_string(venv.folder.join(STAMP)).unwrap_or_default()
}

/// Builds a wheel for `interp` into `out`, with the maturin that `tools` has.
pub fn build(
    project: &Project,
    tools: &Venv,
    interp: &Interp,
    out: &Path,
    audience: Audience,
) -> Result<PathBuf> {
    let name = interp.name();
    let log = project.log(&format!("wheel-{name}"))?;
    let profile = match audience {
        Audience::Tests => "tests",
        _ => "release",
    };
    let maturin = |with_profiles: bool| {
        let mut cmd = tools.call();
        // Where the command is that the compiler learns from.
        cmd.current_dir(project.bindings())
            .args(["-m", "maturin", "build", "--profile", profile])
            .arg("--interpreter")
            .arg(&interp.path)
            .arg("--out")
            .arg(out)
            // One for all interpreters: the crates that know nothing of Python are compiled once.
            .env("CARGO_TARGET_DIR", project.target().join("wheel"));
        if audience != Audience::Everyone {
            cmd.args(["--auditwheel", "skip"]);
        }
        if with_profiles {
            cmd.arg("--pgo");
        }
        run::logged(cmd, &format!("wheel for {name}"), &log)
    };
    let soon = matches!(audience, Audience::Tests | Audience::Main);
    if soon || !built_with_profiles(project, &maturin)? {
        maturin(false)?;
    }
    newest_wheel(out)
}

/// Lets the compiler learn from benchmarks which branches are taken. Where that cannot be, the wheel
/// is as right, and a little slower.
fn built_with_profiles(project: &Project, maturin: &dyn Fn(bool) -> Result<()>) -> Result<bool> {
    let done = profile::is_possible(project)? && maturin(true).is_ok();
    if !done {
        eprintln!("going on without profiles: the wheel will be a little slower");
    }
    Ok(done)
}

fn newest_wheel(folder: &Path) -> Result<PathBuf> {
    let mut wheels: Vec<_> = fs::read_dir(folder)?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let is_wheel = entry.path().extension()? == "whl";
            let made = entry.metadata().ok()?.modified().ok()?;
            is_wheel.then(|| (made, entry.path()))
        })
        .collect();
    wheels.sort();
    let newest = wheels.pop().map(|(_, path)| path);
    newest.ok_or_else(|| Error::new(format!("maturin left no wheel in {}", folder.display())))
}

/// All that the wheel is made from.
fn inputs(project: &Project) -> Vec<PathBuf> {
    let mut inputs = vec![
        project.root.join("Cargo.toml"),
        project.root.join("Cargo.lock"),
    ];
    let bindings = project.bindings();
    inputs.extend(
        ["Cargo.toml", "build.rs", "pyproject.toml", "src", "python"]
            .map(|name| bindings.join(name)),
    );
    for krate in fs::read_dir(project.root.join("crates"))
        .into_iter()
        .flatten()
    {
        let Ok(krate) = krate else { continue };
        inputs.extend(["Cargo.toml", "build.rs", "src"].map(|name| krate.path().join(name)));
    }
    inputs.sort();
    inputs
}
