//! A virtual environment per interpreter, made anew whenever what it was made from changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::apt;
use crate::error::{Error, Result};
use crate::fingerprint;
use crate::probe::{Interp, probe};
use crate::project::Project;
use crate::python::on_path;
use crate::run;

/// Written last: without it, the environment is half-made or from another recipe.
const STAMP: &str = ".ft-tools";

/// A virtual environment, for one interpreter.
pub struct Venv {
    /// The interpreter that it was made from.
    pub interp: Interp,
    pub folder: PathBuf,
}

impl Venv {
    pub fn name(&self) -> String {
        self.interp.name()
    }

    pub fn python(&self) -> PathBuf {
        if cfg!(windows) {
            self.folder.join("Scripts").join("python.exe")
        } else {
            self.folder.join("bin").join("python")
        }
    }

    /// A call of its interpreter, without what in the user's environment could bend it.
    pub fn call(&self) -> Command {
        let mut cmd = Command::new(self.python());
        for name in ["PYTHONHOME", "PYTHONPATH", "PYTHON_GIL", "PYTHONSTARTUP"] {
            cmd.env_remove(name);
        }
        cmd
    }

    fn is_current(&self, want: &str) -> bool {
        let stamp = fs::read_to_string(self.folder.join(STAMP)).unwrap_or_default();
        stamp == want && probe(&self.python()).is_ok()
    }
}

/// The environments for these interpreters, which may not exist yet.
pub fn places(project: &Project, interps: Vec<Interp>) -> Vec<Venv> {
    let parent = project.target().join("venv");
    let place = |interp: Interp| Venv {
        folder: parent.join(interp.name()),
        interp,
    };
    interps.into_iter().map(place).collect()
}

/// Whether [`ensure`] would have nothing to do.
pub fn are_current(project: &Project, venvs: &[Venv]) -> Result<bool> {
    for venv in venvs {
        if !venv.is_current(&wanted(project, venv)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes what is missing, the first with the tools as well. All are filled by the pip of one, so
/// that an interpreter without pip is welcome too.
pub fn ensure(project: &Project, venvs: &[Venv]) -> Result<()> {
    let mut jobs = Vec::new();
    for (place, venv) in venvs.iter().enumerate() {
        let want = wanted(project, venv)?;
        if !venv.is_current(&want) {
            // What is there was made from something else, or only in part.
            remove(venv)?;
            jobs.push((venv, requirements(project, place == 0), want));
        }
    }
    if jobs.is_empty() {
        return Ok(());
    }

    let host = with_pip(project, venvs)?;
    for (venv, files, want) in jobs {
        let name = venv.name();
        let log = project.log(&format!("tools-{name}"))?;
        if venv.folder != host.folder {
            create(venv, false, &log)?;
        }
        let mut pip = pip(host, venv);
        pip.arg("install");
        for file in &files {
            pip.arg("--requirement").arg(file);
        }
        run::logged(pip, &format!("test tools for {name}"), &log)?;
        fs::write(venv.folder.join(STAMP), want)?;
    }
    Ok(())
}

/// What the stamp says if all is well. The tools matter to every environment: pip is one of them. So
/// does its place, which its programs name: in a checkout that was moved they would not start.
fn wanted(project: &Project, venv: &Venv) -> Result<String> {
    let files = fingerprint::of(&requirements(project, true))?;
    Ok(format!(
        "recipe 2\n{}\n{}\n{files:016x}\n",
        venv.interp.identity(),
        venv.folder.display()
    ))
}

/// `host`'s pip, working on `venv`.
pub fn pip(host: &Venv, venv: &Venv) -> Command {
    let mut cmd = host.call();
    cmd.args(["-m", "pip", "--disable-pip-version-check", "--no-input"])
        .args(["--retries", "2", "--python"])
        .arg(venv.python());
    cmd
}

/// The first environment that has pip, or can have it.
pub fn with_pip<'a>(project: &Project, venvs: &'a [Venv]) -> Result<&'a Venv> {
    let has_pip = |venv: &&Venv| {
        let mut cmd = venv.call();
        cmd.args(["-m", "pip", "--version"]);
        let answer = run::limited(cmd, std::time::Duration::from_secs(60));
        matches!(answer, Ok(Some(output)) if output.status.success())
    };
    if let Some(venv) = venvs.iter().find(has_pip) {
        return Ok(venv);
    }
    let log = project.log("venv")?;
    if let Some(venv) = venvs.iter().find(|venv| venv.interp.ensurepip) {
        create(venv, true, &log)?;
        return Ok(venv);
    }
    // Debian keeps this part of Python in a package of its own.
    let venv = venvs
        .first()
        .ok_or_else(|| Error::new("no Python at all"))?;
    let (major, minor, _) = venv.interp.version;
    let path = venv.interp.path.display();
    if !venv.interp.path.starts_with("/usr/bin") || on_path("apt-get").is_empty() {
        return Err(Error::new(format!(
            "{path} has no ensurepip; get one that has, or name it with --gil-python PATH"
        )));
    }
    apt::ensure(&[&format!("python{major}.{minor}-venv")], &log)?;
    create(venv, true, &log)?;
    Ok(venv)
}

fn create(venv: &Venv, pip: bool, log: &Path) -> Result<()> {
    remove(venv)?;
    let mut cmd = Command::new(&venv.interp.path);
    cmd.args(["-I", "-m", "venv"]);
    if !pip {
        cmd.arg("--without-pip");
    }
    cmd.arg(&venv.folder);
    run::logged(
        cmd,
        &format!("virtual environment for {}", venv.name()),
        log,
    )
}

fn remove(venv: &Venv) -> Result<()> {
    match fs::remove_dir_all(&venv.folder) {
        Err(err) if err.kind() != std::io::ErrorKind::NotFound => {
            Err(run::cannot_write(&venv.folder, &err))
        }
        _ => Ok(()),
    }
}

fn requirements(project: &Project, tools: bool) -> Vec<PathBuf> {
    let mut files = vec![project.bindings().join("requirements-test.txt")];
    if tools {
        files.push(project.bindings().join("requirements-tools.txt"));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moved_environments_are_made_anew() {
        let project = Project::find().unwrap();
        let stamp = |folder: &str| {
            let interp = Interp {
                path: PathBuf::from("python3"),
                version: (3, 13, 5),
                free_threaded: true,
                ensurepip: true,
            };
            let folder = PathBuf::from(folder);
            wanted(&project, &Venv { interp, folder }).unwrap()
        };
        assert_eq!(stamp("here"), stamp("here"));
        assert_ne!(stamp("here"), stamp("there"));
    }
}
