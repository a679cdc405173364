//! Building the wheel, and having it installed.

use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};

use fs_err as fs;
use xshell::cmd;

use super::stamp;
use super::venv::Venv;
use crate::common::error::{Error, Result};
use crate::common::project::Project;
use crate::interpreters::interp::Interp;

/// Who the wheel is for.
#[derive(Clone, Copy, PartialEq)]
pub enum Audience {
    /// Tests: compiled fast, for this machine only, without a look at which system libraries it needs.
    Tests,
    /// The demo and counts of instructions: as [`Audience::Tests`], but optimized as users get it.
    Main,
    /// Benchmarks: as users get it, for this machine only.
    Benchmarks,
    /// Everyone with the same kind of system.
    Everyone,
}

/// Whether [`ensure`] would have nothing to do.
pub fn are_current(project: &Project, venvs: &[Venv]) -> bool {
    let want = wanted(project);
    let is_current = |venv: &Venv| stamp::says(&stamp_of(venv), &want);
    venvs.iter().all(is_current)
}

/// Builds and installs the wheel in each environment where it is not up to date; the first one is the
/// main one. `host` has maturin and pip.
pub fn ensure(project: &Project, host: &Venv, venvs: &[Venv]) -> Result<()> {
    for (place, venv) in venvs.iter().enumerate() {
        let audience = match place {
            0 => Audience::Main,
            _ => Audience::Tests,
        };
        stamp::unless_done(&stamp_of(venv), &wanted(project), || {
            let out = project.scratch().join("wheels").join(venv.name());
            let wheel = build(project, host, &venv.interp, &out, audience)?;
            let mut pip = host.pip(venv);
            pip.args(["install", "--force-reinstall", "--no-deps", "--no-index"])
                .arg(wheel);
            project.logged(&format!("install the wheel for {}", venv.name()), pip)
        })?;
    }
    Ok(())
}

/// The stamp's content if the wheel that is installed is the one that would be built.
pub fn wanted(project: &Project) -> String {
    format!("recipe 3\n{}\n", stamp::fingerprint(&inputs(project)))
}

fn stamp_of(venv: &Venv) -> PathBuf {
    venv.folder.join(".ft-wheel")
}

/// Builds a wheel for `interp` into the folder `out`, with the maturin that `tools` has.
pub fn build(
    project: &Project,
    tools: &Venv,
    interp: &Interp,
    out: &Path,
    audience: Audience,
) -> Result<PathBuf> {
    let profile = match audience {
        Audience::Tests => "tests",
        _ => "release",
    };
    let maturin = |learns: bool| {
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
        if learns {
            cmd.arg("--pgo");
        }
        project.logged(&format!("wheel for {}", interp.name()), cmd)
    };
    let learns = matches!(audience, Audience::Benchmarks | Audience::Everyone);
    let learned = learns && can_learn(project) && maturin(true).is_ok();
    if learns && !learned {
        eprintln!("going on without profiles: the wheel will be a little slower");
    }
    if !learned {
        maturin(false)?;
    }
    newest_wheel(out)
}

/// Whether the compiler can learn from benchmarks which branches are taken: that needs `llvm-profdata`
/// of its own LLVM, which rustup may have.
fn can_learn(project: &Project) -> bool {
    let sh = &project.sh;
    let Ok(libraries) = cmd!(sh, "rustc --print target-libdir").quiet().read() else {
        return false;
    };
    let tools = PathBuf::from(libraries).with_file_name("bin");
    let tool = tools.join(format!("llvm-profdata{EXE_SUFFIX}"));
    if !tool.is_file() {
        let add = cmd!(sh, "rustup component add llvm-tools");
        // Not every compiler is rustup's, and there may be no network.
        let _ = project.logged("llvm-tools of the compiler", add);
    }
    tool.is_file()
}

fn newest_wheel(folder: &Path) -> Result<PathBuf> {
    let wheels = fs::read_dir(folder)?.filter_map(|entry| {
        let path = entry.ok()?.path();
        let is_wheel = path.extension()? == "whl";
        is_wheel.then_some((path.metadata().ok()?.modified().ok()?, path))
    });
    let newest = wheels.max().map(|(_, path)| path);
    newest.ok_or_else(|| Error::new(format!("maturin left no wheel in {}", folder.display())))
}

/// All that the wheel is made from.
fn inputs(project: &Project) -> Vec<PathBuf> {
    let files = ["Cargo.toml", "Cargo.lock"].map(|name| project.root.join(name));
    let bindings = ["Cargo.toml", "build.rs", "pyproject.toml", "src", "python"];
    let bindings = bindings.map(|name| project.bindings().join(name));
    let mut inputs = [&files[..], &bindings].concat();
    let crates = fs::read_dir(project.root.join("crates")).into_iter();
    for krate in crates.flatten().flatten() {
        inputs.extend(["Cargo.toml", "build.rs", "src"].map(|name| krate.path().join(name)));
    }
    inputs.sort();
    inputs
}
