//! Packages for the benchmarks, each in a folder of its own: two of them have the same import name.

use std::path::PathBuf;

use fs_err as fs;

use super::setup::Ready;
use super::stamp;
use super::venv::Venv;
use super::wheel::{self, Audience};
use crate::common::error::{Error, Result};
use crate::common::project::Project;

fn place(project: &Project, venv: &Venv, name: &str) -> PathBuf {
    let bench = project.target().join("bench");
    bench.join(venv.name()).join(name)
}

/// The wheel as users get it, of the sources as they are. Returns its folder.
pub fn install_ours(project: &Project, ready: &Ready) -> Result<PathBuf> {
    let (tools, venv) = (&ready.tools, ready.main());
    install(
        project,
        tools,
        venv,
        "ours",
        &wheel::wanted(project),
        || {
            let out = place(project, venv, "wheel");
            wheel::build(project, tools, &venv.interp, &out, Audience::Benchmarks)
        },
    )
}

/// A package, in the version that `requirements-bench.txt` names. Returns its folder.
pub fn install_pinned(
    project: &Project,
    tools: &Venv,
    venv: &Venv,
    package: &str,
) -> Result<PathBuf> {
    let file = project.bindings().join("requirements-bench.txt");
    let text = fs::read_to_string(&file)?;
    let pinned = format!("{package}==");
    let requirement = text.lines().find(|line| line.starts_with(&pinned));
    let requirement = requirement
        .ok_or_else(|| Error::new(format!("{} does not name {package}", file.display())))?;
    let want = format!("{requirement}\n{}\n", venv.interp.identity());
    install(project, tools, venv, package, &want, || {
        Ok(PathBuf::from(requirement))
    })
}

/// Puts what `requirement` returns into a folder of its own, unless it is there already.
fn install(
    project: &Project,
    tools: &Venv,
    venv: &Venv,
    name: &str,
    want: &str,
    requirement: impl FnOnce() -> Result<PathBuf>,
) -> Result<PathBuf> {
    let folder = place(project, venv, name);
    let stamp = folder.join(".ft-bench");
    stamp::unless_done(&stamp, want, || {
        let requirement = requirement()?;
        project.sh.remove_path(&folder)?;
        let mut pip = tools.pip(venv);
        pip.args(["install", "--target"])
            .args([&folder, &requirement]);
        project.logged(&format!("install {name} for {}", venv.name()), pip)
    })?;
    Ok(folder)
}
