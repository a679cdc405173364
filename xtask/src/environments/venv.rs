//! A virtual environment per interpreter, made anew whenever what it was made from changes.

use std::path::PathBuf;
use std::process::Command;

use fs_err as fs;
use xshell::cmd;

use super::stamp;
use crate::common::error::{Result, bail};
use crate::common::project::Project;
use crate::interpreters::interp::{Interp, probe};
use crate::interpreters::{apt, path};

/// What can be in an environment, each part from a file of requirements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// pip, and what builds the wheel.
    Build,
    /// Programs that check formats and types, and a cluster for tests.
    Tools,
    /// What runs Python tests.
    Tests,
    /// What builds the extensions of some tests.
    TestBuilds,
}

impl Part {
    const ALL: [Part; 4] = [Part::Build, Part::Tools, Part::Tests, Part::TestBuilds];

    fn name(self) -> &'static str {
        match self {
            Part::Build => "build",
            Part::Tools => "tools",
            Part::Tests => "test",
            Part::TestBuilds => "test-builds",
        }
    }

    pub fn requirements(self, project: &Project) -> PathBuf {
        let file = format!("requirements-{}.txt", self.name());
        project.bindings().join(file)
    }

    /// The line of the stamp that says it is installed.
    fn line(self, project: &Project) -> String {
        let print = stamp::fingerprint(&[self.requirements(project)]);
        format!("{} {print}", self.name())
    }
}

/// A virtual environment, for one interpreter.
#[derive(Clone)]
pub struct Venv {
    /// The interpreter that it was made from.
    pub interp: Interp,
    pub folder: PathBuf,
    /// The parts that it needs; it may have more.
    pub parts: Vec<Part>,
}

impl Venv {
    /// The one for this interpreter, which may not exist yet.
    pub fn of(project: &Project, interp: Interp, parts: &[Part]) -> Venv {
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

    /// A call of its interpreter, without those variables of the user's environment that would change it.
    pub fn call(&self) -> Command {
        let mut cmd = Command::new(self.python());
        for name in ["PYTHONHOME", "PYTHONPATH", "PYTHON_GIL", "PYTHONSTARTUP"] {
            cmd.env_remove(name);
        }
        cmd
    }

    /// A call of its pip, which works on the environment `venv`.
    pub fn pip(&self, venv: &Venv) -> Command {
        let mut cmd = self.call();
        cmd.args(["-m", "pip", "--disable-pip-version-check", "--no-input"])
            .args(["--retries", "2", "--python"])
            .arg(venv.python());
        cmd
    }

    /// Says what it was made from, and which parts are whole, a line each.
    fn stamp(&self) -> PathBuf {
        self.folder.join(".ft-made")
    }

    /// The first line of the stamp. It names the folder, as the programs in there do: they would not
    /// start in a checkout that was moved.
    fn base(&self) -> String {
        let (identity, folder) = (self.interp.identity(), self.folder.display());
        format!("recipe 4: {identity} in {folder}")
    }

    /// The parts that are missing; `None` if it has to be made anew. Packages of requirements that
    /// have changed would stay in it.
    fn lacks(&self, project: &Project) -> Option<Vec<Part>> {
        let text = fs::read_to_string(self.stamp()).ok()?;
        let (base, parts) = text.split_once('\n')?;
        let current = Part::ALL.map(|part| part.line(project));
        let is_current = |line| current.iter().any(|current| current == line);
        if base != self.base() || !parts.lines().all(is_current) {
            return None;
        }
        let is_there = |part: Part| parts.lines().any(|line| line == part.line(project));
        let lacking = self.parts.iter().copied().filter(|part| !is_there(*part));
        Some(lacking.collect())
    }

    fn is_current(&self, project: &Project) -> bool {
        self.lacks(project).is_some_and(|parts| parts.is_empty()) && probe(&self.python()).is_ok()
    }

    fn create(&self, project: &Project, with_pip: bool) -> Result<()> {
        let interp = &self.interp;
        if with_pip && !interp.ensurepip {
            // Debian has this part of Python in a package of its own.
            if !interp.path.starts_with("/usr/bin") || path::first("apt-get").is_none() {
                bail!(
                    "{} has no ensurepip; get one that has, or name it with --gil-python PATH",
                    interp.path.display()
                );
            }
            let package = format!("{}-venv", interp.version.program());
            apt::ensure(&[&package], |what, cmd| project.logged(what, cmd))?;
        }
        project.sh.remove_path(&self.folder)?;
        let (sh, python, folder) = (&project.sh, &interp.path, &self.folder);
        let without = (!with_pip).then_some("--without-pip");
        let cmd = cmd!(sh, "{python} -I -m venv {without...} {folder}");
        project.logged(&format!("virtual environment for {}", self.name()), cmd)?;
        Ok(fs::write(self.stamp(), self.base() + "\n")?)
    }
}

/// Whether [`ensure`] would have nothing to do.
pub fn are_current(project: &Project, venvs: &[Venv]) -> bool {
    venvs.iter().all(|venv| venv.is_current(project))
}

/// Makes what is missing of them. The pip of the first fills all of them, so that an interpreter
/// without pip can be used too.
pub fn ensure(project: &Project, venvs: &[Venv]) -> Result<()> {
    let host = &venvs[0];
    for venv in venvs {
        if venv.lacks(project).is_none() || probe(&venv.python()).is_err() {
            venv.create(project, venv.folder == host.folder)?;
        }
        for part in venv.lacks(project).unwrap_or_default() {
            let mut pip = host.pip(venv);
            pip.arg("install").arg("--requirement");
            pip.arg(part.requirements(project));
            let what = format!("{} packages for {}", part.name(), venv.name());
            project.logged(&what, pip)?;
            let stamp = fs::read_to_string(venv.stamp())? + &part.line(project) + "\n";
            fs::write(venv.stamp(), stamp)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interpreters::version::Version;

    #[test]
    fn parts_come_one_by_one_and_a_changed_one_from_the_start() {
        let project = Project::find().unwrap();
        let temp = project.sh.create_temp_dir().unwrap();
        let mut venv = Venv {
            interp: Interp {
                path: PathBuf::from("python3"),
                version: Version::with_gil(11),
                patch: 2,
                ensurepip: true,
            },
            folder: temp.path().to_owned(),
            parts: vec![Part::Build, Part::Tests],
        };
        assert_eq!(venv.lacks(&project), None);
        let stamp = |text: String| fs::write(venv.stamp(), text).unwrap();
        stamp(venv.base() + "\n");
        assert_eq!(venv.lacks(&project), Some(vec![Part::Build, Part::Tests]));
        stamp(format!("{}\n{}\n", venv.base(), Part::Build.line(&project)));
        assert_eq!(venv.lacks(&project), Some(vec![Part::Tests]));
        venv.interp.patch = 3;
        assert_eq!(venv.lacks(&project), None);
        venv.interp.patch = 2;
        fs::write(venv.stamp(), venv.base() + "\nbuild 0\n").unwrap();
        assert_eq!(venv.lacks(&project), None);
    }
}
