//! Interpreters, virtual environments and the wheel: what everything else stands on.

use std::fs::File;
use std::process::Command;

use crate::args::Choice;
use crate::cache::Access;
use crate::error::{Error, Result};
use crate::probe::Interp;
use crate::project::Project;
use crate::python::{self, Version, pins};
use crate::run;
use crate::venv::{self, Part, Venv};
use crate::wheel;

/// What is wanted, from little to much.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub enum Aim {
    /// An interpreter with pip, and what builds the wheel.
    Build,
    /// That, and what checks formats and types.
    Lint,
    /// What builds the wheel, and the main interpreter with the wheel.
    Main,
    /// That, and all that tests need: on the main interpreter and one with a GIL.
    QuickTests,
    /// On all interpreters that users run.
    Tests,
}

/// What is there to work with.
pub struct Ready {
    /// Has pip, maturin and the tools, and may be one of `full`.
    pub tools: Venv,
    /// Those for which everything is done; the first is the main one. Never empty from [`Aim::Main`] on.
    pub full: Vec<Venv>,
    /// Those for which there is a quick look.
    pub brief: Vec<Venv>,
    /// Which interpreters are not here, and why.
    pub missing: Vec<(String, String)>,
    /// Keeps other runs from changing the environments while we use them.
    lock: Option<File>,
}

impl Ready {
    /// The one that most is done with: free-threaded if there is such a one.
    pub fn main(&self) -> &Venv {
        &self.full[0]
    }

    /// Those with the wheel.
    fn with_wheel(&self) -> Vec<Venv> {
        self.full.iter().chain(&self.brief).cloned().collect()
    }

    /// All of them, the first with pip.
    fn all(&self) -> Vec<Venv> {
        let mut all = vec![self.tools.clone()];
        let others = self.with_wheel().into_iter();
        all.extend(others.filter(|venv| venv.folder != self.tools.folder));
        all
    }
}

/// Makes all of it, or what is missing of it.
pub fn make(project: &Project, choice: &Choice, aim: Aim) -> Result<Ready> {
    demand_compiler()?;
    let mut ready = find(project, choice, aim)?;
    let (all, with_wheel) = (ready.all(), ready.with_wheel());
    // A lock cannot be turned from one kind into the other, so what we have made may have been
    // changed before we get to use it: by someone with other sources or other interpreters. Trying
    // for ever would be of no use when somebody edits the sources all the time.
    for _ in 0..3 {
        let lock = project.lock(Access::Shared)?;
        if venv::are_current(project, &all)? && wheel::are_current(project, &with_wheel)? {
            ready.lock = Some(lock);
            return Ok(ready);
        }
        drop(lock);
        let _lock = project.lock(Access::Alone)?;
        venv::ensure(project, &all)?;
        wheel::ensure(project, &ready.tools, &with_wheel)?;
    }
    ready.lock = Some(project.lock(Access::Shared)?);
    Ok(ready)
}

/// An interpreter of this version: one that is there, or one that is made.
pub fn interpreter(project: &Project, choice: &Choice, version: Version) -> Result<Interp> {
    match python::ready_made(choice, version) {
        Some(found) => Ok(found),
        None => python::make(version, &host(project, choice)?.python()),
    }
}

/// An environment with pip, before there is any other.
fn host(project: &Project, choice: &Choice) -> Result<Venv> {
    let interp = base(choice)?;
    let host = [Venv::place(project, interp, &[Part::Build])];
    if !venv::are_current(project, &host)? {
        let _lock = project.lock(Access::Alone)?;
        venv::ensure(project, &host)?;
    }
    let [host] = host;
    Ok(host)
}

/// What the tools run on.
fn base(choice: &Choice) -> Result<Interp> {
    match python::with_gil(choice) {
        Ok(found) => Ok(found),
        // With a name given, no other will do.
        Err(err) if choice.gil_python.is_some() => Err(err),
        Err(err) => match python::main(choice)? {
            Some(found) => Ok(found),
            None => Err(err),
        },
    }
}

fn find(project: &Project, choice: &Choice, aim: Aim) -> Result<Ready> {
    let base = base(choice)?;
    let mut missing = Vec::new();
    let mut full = Vec::new();
    let mut brief = Vec::new();
    if aim >= Aim::Main {
        match main(project, choice) {
            Ok(found) => full.push(found),
            Err(err) if !choice.python.is_empty() => return Err(err),
            Err(err) => {
                eprintln!(
                    "going on with the GIL build alone: results are the same, but threads take turns, \
                     so nothing here gets faster with more of them\n  ({err})"
                );
                missing.push((pins::FREE_THREADED[0].to_string(), err.to_string()));
            }
        }
    }
    let mut add = |version: Version, to: &mut Vec<Interp>| {
        match interpreter(project, choice, version) {
            Ok(found) => to.push(found),
            Err(err) => missing.push((version.to_string(), err.to_string())),
        };
    };
    if aim >= Aim::Tests && !choice.gil_only {
        let have = full.first().map(|interp| interp.version);
        let others = pins::FREE_THREADED
            .into_iter()
            .skip(usize::from(have.is_none()));
        for version in others.filter(|version| Some(*version) != have) {
            add(version, &mut full);
        }
    }
    if (aim >= Aim::QuickTests || full.is_empty()) && !full.contains(&base) {
        full.push(base.clone());
    }
    if aim >= Aim::Tests {
        let versions = pins::WITH_GIL.into_iter();
        for version in versions.filter(|version| *version != base.version) {
            add(version, &mut brief);
        }
    }

    let tests: &[Part] = if aim >= Aim::QuickTests {
        &[Part::Tests, Part::TestBuilds]
    } else {
        &[]
    };
    let place = |interp: Interp, parts: &[Part]| Venv::place(project, interp, parts);
    let mut tools = place(base, &[Part::Build]);
    if aim == Aim::Lint || aim >= Aim::QuickTests {
        tools.parts.push(Part::Tools);
    }
    let mut full: Vec<Venv> = full
        .into_iter()
        .map(|interp| place(interp, tests))
        .collect();
    for venv in &mut full {
        if venv.folder == tools.folder {
            tools.parts.extend_from_slice(&venv.parts);
        }
    }
    if aim < Aim::Main {
        full.clear();
    }
    let brief = brief
        .into_iter()
        .map(|interp| place(interp, &[Part::Tests]));
    Ok(Ready {
        tools,
        full,
        brief: brief.collect(),
        missing,
        lock: None,
    })
}

/// The free-threaded interpreter that most is done with.
pub fn main(project: &Project, choice: &Choice) -> Result<Interp> {
    if choice.gil_only {
        return Err(Error::new("left out by --gil-only"));
    }
    match python::main(choice)? {
        Some(found) => Ok(found),
        None => interpreter(project, choice, pins::FREE_THREADED[0]),
    }
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
