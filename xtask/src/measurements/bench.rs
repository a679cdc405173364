//! Ours beside the other libraries that do the same, on one interpreter.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::cache::{self, Access};
use crate::error::{Error, Result};
use crate::project::Project;
use crate::run;
use crate::setup::Ready;
use crate::venv::{self, Venv};
use crate::wheel::{self, Audience};

/// Written last into a folder: what was installed there.
const STAMP: &str = ".ft-bench";

/// Packages, and what the benchmarks call them. Two have the same import name, so each is in a folder of
/// its own.
const PEERS: [(&str, &str); 5] = [
    ("ft-utils", "reference"),
    ("cereggii", "cereggii"),
    ("pysync-nogil", "pysync"),
    ("aiologic", "aiologic"),
    ("culsans", "culsans"),
];

/// Installs what there is to compare and runs the benchmarks, which understand `words`.
pub fn compare(project: &Project, ready: &Ready, words: &[String]) -> Result<()> {
    let (tools, venv) = (&ready.tools, ready.main());
    // Two at a time would measure each other.
    let _lock = lock(project)?;
    let mut sites = vec![("ours", install_ours(project, ready)?)];
    for (package, name) in PEERS {
        match install(project, tools, venv, package) {
            Ok(folder) => sites.push((name, folder)),
            // None for this interpreter, or no network: the others are worth a look all the same.
            Err(err) => eprintln!("going on without {package}: {err}"),
        }
    }
    // The interpreter with the tools starts the others, and draws: matplotlib has a build for it.
    let mut paths = vec![project.bindings()];
    if words.iter().any(|word| word.starts_with("--plot")) {
        paths.push(install(project, tools, tools, "matplotlib")?);
    }
    let paths = std::env::join_paths(paths).map_err(|err| Error::new(err.to_string()))?;
    let mut cmd = tools.call();
    cmd.args(["-m", "benchmarks", "--python"])
        .arg(venv.python())
        .env("PYTHONPATH", paths)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    for (name, folder) in &sites {
        cmd.arg("--site")
            .arg(format!("{name}={}", folder.display()));
    }
    let status = cmd.args(words).status()?;
    if status.success() {
        return Ok(());
    }
    Err(Error::new(format!("the benchmarks ended with {status}")))
}

fn lock(project: &Project) -> Result<File> {
    let folder = project.target().join("bench");
    fs::create_dir_all(&folder).map_err(|err| run::cannot_write(&folder, &err))?;
    cache::lock(&folder.join("lock"), Access::Alone)
}

fn place(project: &Project, venv: &Venv, name: &str) -> PathBuf {
    project.target().join("bench").join(venv.name()).join(name)
}

/// The wheel as users get it, of the sources as they are.
fn install_ours(project: &Project, ready: &Ready) -> Result<PathBuf> {
    let (tools, venv) = (&ready.tools, ready.main());
    let want = wheel::wanted(project)?;
    let folder = place(project, venv, "ours");
    if is_current(&folder, &want) {
        return Ok(folder);
    }
    let out = place(project, venv, "wheel");
    remove(&out)?;
    let wheel = wheel::build(project, tools, &venv.interp, &out, Audience::Benchmarks)?;
    fill(project, tools, venv, &folder, &want, &wheel)
}

/// A package, in the version that `requirements-bench.txt` names.
fn install(project: &Project, tools: &Venv, venv: &Venv, package: &str) -> Result<PathBuf> {
    let file = project.bindings().join("requirements-bench.txt");
    let text = fs::read_to_string(&file)?;
    let pinned = format!("{package}==");
    let requirement = text.lines().find(|line| line.starts_with(&pinned));
    let requirement = requirement
        .ok_or_else(|| Error::new(format!("{} does not name {package}", file.display())))?;
    let folder = place(project, venv, package);
    let want = format!("{requirement}\n{}\n", venv.interp.identity());
    if is_current(&folder, &want) {
        return Ok(folder);
    }
    fill(project, tools, venv, &folder, &want, Path::new(requirement))
}

fn is_current(folder: &Path, want: &str) -> bool {
    fs::read_to_string(folder.join(STAMP)).is_ok_and(|stamp| stamp == want)
}

fn fill(
    project: &Project,
    tools: &Venv,
    venv: &Venv,
    folder: &Path,
    want: &str,
    what: &Path,
) -> Result<PathBuf> {
    remove(folder)?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let log = project.log(&format!("bench-{name}"))?;
    let mut pip = venv::pip(tools, venv);
    pip.args(["install", "--target"]).arg(folder).arg(what);
    run::logged(pip, &format!("install {name} for {}", venv.name()), &log)?;
    fs::write(folder.join(STAMP), want)?;
    Ok(folder.to_owned())
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(err) if err.kind() != std::io::ErrorKind::NotFound => {
            Err(run::cannot_write(folder, &err))
        }
        _ => Ok(()),
    }
}
