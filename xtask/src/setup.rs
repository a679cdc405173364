//! Interpreters, virtual environments and the wheel: what everything else stands on.

use std::fs::File;
use std::process::Command;

use crate::args::Choice;
use crate::cache::Access;
use crate::error::{Error, Result};
use crate::project::Project;
use crate::python;
use crate::run;
use crate::venv::{self, Venv};
use crate::wheel;

/// What is there to work with. Never empty.
pub struct Ready {
    /// The first has the tools.
    pub venvs: Vec<Venv>,
    /// Why there is no free-threaded interpreter, if there is none.
    pub no_free_threading: Option<String>,
    /// Why there is none with a GIL, if there is none.
    pub no_gil: Option<String>,
    /// Keeps other runs from changing the environments while we use them.
    lock: Option<File>,
}

impl Ready {
    /// The environment with maturin, mypy and ruff.
    pub fn tools(&self) -> &Venv {
        &self.venvs[0]
    }

    /// The free-threaded one if there is one.
    pub fn best(&self) -> &Venv {
        let free = self.venvs.iter().find(|venv| venv.interp.free_threaded);
        free.unwrap_or(&self.venvs[0])
    }
}

/// Makes all of it, or what is missing of it.
pub fn all(project: &Project, choice: &Choice) -> Result<Ready> {
    make(project, choice, true)
}

/// The environments with their tools; no wheel.
pub fn tools(project: &Project, choice: &Choice) -> Result<Ready> {
    make(project, choice, false)
}

fn make(project: &Project, choice: &Choice, with_wheel: bool) -> Result<Ready> {
    demand_compiler()?;
    let mut ready = find(project, choice)?;
    // A lock cannot be turned from one kind into the other, so what we have made may have been
    // changed before we get to use it: by someone with other sources or other interpreters. Trying
    // for ever would be of no use when somebody edits the sources all the time.
    for _ in 0..3 {
        let lock = project.lock(Access::Shared)?;
        if venv::are_current(project, &ready.venvs)?
            && (!with_wheel || wheel::are_current(project, &ready.venvs)?)
        {
            ready.lock = Some(lock);
            return Ok(ready);
        }
        drop(lock);
        let _lock = project.lock(Access::Alone)?;
        venv::ensure(project, &ready.venvs)?;
        if with_wheel {
            wheel::ensure(project, &ready.venvs)?;
        }
    }
    ready.lock = Some(project.lock(Access::Shared)?);
    Ok(ready)
}

fn find(project: &Project, choice: &Choice) -> Result<Ready> {
    let mut interps = Vec::new();
    let mut no_gil = None;
    match python::with_gil(choice) {
        Ok(found) => interps.push(found),
        // With a name given, no other will do.
        Err(err) if choice.gil_python.is_some() => return Err(err),
        Err(err) => no_gil = Some(err.to_string()),
    }
    let mut no_free_threading = None;
    if choice.gil_only {
        no_free_threading = Some("left out by --gil-only".to_owned());
    } else {
        match python::free_threaded(choice) {
            Ok(found) => interps.push(found),
            Err(err) if choice.python.is_some() => return Err(err),
            Err(err) => no_free_threading = Some(err.to_string()),
        }
    }
    if interps.is_empty() {
        let none = "no Python to work with".to_owned();
        return Err(Error::new(no_gil.unwrap_or(none)));
    }
    if let Some(why) = &no_free_threading {
        eprintln!(
            "going on with the GIL build alone: results are the same, but threads take turns, so \
             nothing here gets faster with more of them\n  ({why})"
        );
    }
    Ok(Ready {
        venvs: venv::places(project, interps),
        no_free_threading,
        no_gil,
        lock: None,
    })
}

/// Rust brings no linker of its own; without this, the first sign would be deep in a build log.
fn demand_compiler() -> Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    let mut cc = Command::new("cc");
    cc.arg("--version");
    match run::limited(cc, std::time::Duration::from_secs(60)) {
        Ok(Some(output)) if output.status.success() => Ok(()),
        _ => Err(Error::new(
            "no C compiler `cc`, which Rust links with; get it with: apt-get install gcc libc6-dev \
             (Debian, Ubuntu), xcode-select --install (macOS)",
        )),
    }
}
