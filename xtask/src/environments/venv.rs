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

/// What can be in an environment, each part from a file of requirements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// pip, and what builds the wheel.
    Build,
    /// What checks formats and types, and a cluster for tests.
    Tools,
    /// What runs Python tests.
    Tests,
    /// What builds the extensions of some tests.
    TestBuilds,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Part::Build => "build",
            Part::Tools => "tools",
            Part::Tests => "test",
            Part::TestBuilds => "test-builds",
        }
    }

    fn requirements(self, project: &Project) -> PathBuf {
        project
            .bindings()
            .join(format!("requirements-{}.txt", self.name()))
    }
}

/// A virtual environment, for one interpreter.
#[derive(Clone)]
pub struct Venv {
    /// The interpreter that it was made from.
    pub interp: Interp,
    pub folder: PathBuf,
    /// What it is to have, at least.
    pub parts: Vec<Part>,
}

impl Venv {
    /// The place of the one for this interpreter, which may not exist yet.
    pub fn place(project: &Project, interp: Interp, parts: &[Part]) -> Venv {
        Venv {
            folder: project.target().join("venv").join(interp.name()),
            interp,
            parts: parts.to_vec(),
        }
    }

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

    /// What `.ft-base` says if it was made from this interpreter, in this place: its programs name the
    /// place, and would not start in a checkout that was moved.
    fn base(&self) -> String {
        let (identity, folder) = (self.interp.identity(), self.folder.display());
        format!("recipe 3\n{identity}\n{folder}\n")
    }

    fn is_made(&self) -> bool {
        self.says(".ft-base", &self.base()) && probe(&self.python()).is_ok()
    }

    /// Written last, when a part is whole.
    fn stamp(&self, part: Part) -> PathBuf {
        self.folder.join(format!(".ft-{}", part.name()))
    }

    fn says(&self, stamp: &str, want: &str) -> bool {
        fs::read_to_string(self.folder.join(stamp)).is_ok_and(|text| text == want)
    }

    /// Whether a part that it has was made from other requirements: what they left would stay.
    fn is_outdated(&self, project: &Project) -> Result<bool> {
        let lacking = self.lacks(project)?;
        Ok(lacking.iter().any(|&part| self.stamp(part).exists()))
    }

    /// The parts that are missing, or made from other requirements.
    fn lacks(&self, project: &Project) -> Result<Vec<Part>> {
        let mut lacking = Vec::new();
        for &part in &self.parts {
            let want = fingerprint::of(&[part.requirements(project)])?.to_string();
            if !fs::read_to_string(self.stamp(part)).is_ok_and(|text| text == want) {
                lacking.push(part);
            }
        }
        Ok(lacking)
    }
}

/// Whether [`ensure`] would have nothing to do.
pub fn are_current(project: &Project, venvs: &[Venv]) -> Result<bool> {
    for venv in venvs {
        if !venv.is_made() || !venv.lacks(project)?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes what is missing of them. All are filled by the pip of the first, so that an interpreter
/// without pip is welcome too.
pub fn ensure(project: &Project, venvs: &[Venv]) -> Result<()> {
    let host = &venvs[0];
    for venv in venvs {
        let name = venv.name();
        let log = project.log(&format!("venv-{name}"))?;
        if !venv.is_made() || venv.is_outdated(project)? {
            if venv.folder == host.folder {
                create_with_pip(venv, &log)?;
            } else {
                create(venv, false, &log)?;
            }
            fs::write(venv.folder.join(".ft-base"), venv.base())?;
        }
        for part in venv.lacks(project)? {
            let requirements = part.requirements(project);
            let mut pip = pip(host, venv);
            pip.arg("install").arg("--requirement").arg(&requirements);
            run::logged(pip, &format!("{} packages for {name}", part.name()), &log)?;
            let stamp = fingerprint::of(&[requirements])?.to_string();
            fs::write(venv.stamp(part), stamp)?;
        }
    }
    Ok(())
}

/// `host`'s pip, working on `venv`.
pub fn pip(host: &Venv, venv: &Venv) -> Command {
    let mut cmd = host.call();
    cmd.args(["-m", "pip", "--disable-pip-version-check", "--no-input"])
        .args(["--retries", "2", "--python"])
        .arg(venv.python());
    cmd
}

fn create_with_pip(venv: &Venv, log: &Path) -> Result<()> {
    if !venv.interp.ensurepip {
        // Debian keeps this part of Python in a package of its own.
        let path = venv.interp.path.display();
        if !venv.interp.path.starts_with("/usr/bin") || on_path("apt-get").is_empty() {
            return Err(Error::new(format!(
                "{path} has no ensurepip; get one that has, or name it with --gil-python PATH"
            )));
        }
        apt::ensure(&[&format!("{}-venv", venv.interp.version.program())], log)?;
    }
    create(venv, true, log)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::Version;

    #[test]
    fn moved_environments_are_made_anew() {
        let interp = Interp {
            path: PathBuf::from("python3"),
            version: Version::free_threaded(14),
            patch: 9,
            ensurepip: true,
        };
        let venv = |folder: &str| Venv {
            interp: interp.clone(),
            folder: PathBuf::from(folder),
            parts: Vec::new(),
        };
        assert_eq!(venv("here").base(), venv("here").base());
        assert_ne!(venv("here").base(), venv("there").base());
    }

    #[test]
    fn parts_come_one_by_one_and_a_changed_one_from_the_start() {
        let project = Project::find().unwrap();
        let temp = project.sh.create_temp_dir().unwrap();
        let interp = Interp {
            path: PathBuf::from("python3"),
            version: Version::with_gil(11),
            patch: 2,
            ensurepip: true,
        };
        let venv = Venv {
            interp,
            folder: temp.path().to_owned(),
            parts: vec![Part::Build, Part::Tests],
        };
        let state = || {
            (
                venv.lacks(&project).unwrap(),
                venv.is_outdated(&project).unwrap(),
            )
        };
        assert_eq!(state(), (vec![Part::Build, Part::Tests], false));
        let current = fingerprint::of(&[Part::Build.requirements(&project)]).unwrap();
        fs::write(venv.stamp(Part::Build), current.to_string()).unwrap();
        assert_eq!(state(), (vec![Part::Tests], false));
        fs::write(venv.stamp(Part::Build), "other").unwrap();
        assert_eq!(state(), (vec![Part::Build, Part::Tests], true));
    }
}
