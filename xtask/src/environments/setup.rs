//! Sets up interpreters, virtual environments and the wheel, as far as a command needs them.

use std::fs::File;
use std::process::Command;

use super::venv::{self, Part, Venv};
use super::wheel;
use crate::common::error::{Result, bail};
use crate::common::lock::Access;
use crate::common::project::Project;
use crate::common::run;
use crate::interpreters::choice::Choice;
use crate::interpreters::interp::Interp;
use crate::interpreters::version::Version;
use crate::interpreters::{find, pins};

/// What a command needs, from little to much.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub enum Aim {
    /// An interpreter with pip, and what builds the wheel.
    Build,
    /// That, and the programs that check formats and types.
    Lint,
    /// What builds the wheel, and the main interpreter with the wheel.
    Main,
    /// That, and all that tests need: on the main interpreter and one with a GIL.
    QuickTests,
    /// The same on all interpreters that users run.
    Tests,
}

/// What there is to work with.
pub struct Ready {
    /// Has pip, maturin and the tools, and may be one of `full`.
    pub tools: Venv,
    /// Those that everything runs on; the first is the main one. Not empty from [`Aim::Main`] on.
    pub full: Vec<Venv>,
    /// Those that a quick pass runs on.
    pub brief: Vec<Venv>,
    /// Which interpreters are not here, and why.
    pub missing: Vec<(String, String)>,
    /// Keeps other runs from changing the environments while this one uses them.
    lock: Option<File>,
}

impl Ready {
    /// The main one: free-threaded, if there is such an interpreter.
    pub fn main(&self) -> &Venv {
        &self.full[0]
    }

    /// Those that have the wheel.
    pub fn with_wheel(&self) -> Vec<Venv> {
        [&self.full[..], &self.brief].concat()
    }
}

/// Makes all of it, or what is missing of it.
pub fn make(project: &Project, choice: &Choice, aim: Aim) -> Result<Ready> {
    demand_compiler()?;
    let mut ready = find(project, choice, aim)?;
    let with_wheel = ready.with_wheel();
    let mut all = with_wheel.clone();
    all.retain(|venv| venv.folder != ready.tools.folder);
    all.insert(0, ready.tools.clone());
    // A lock for changes cannot become one for use. Between the two, a run with other sources or other
    // interpreters may change the environments again. Not for ever: somebody may be editing the sources.
    for _ in 0..3 {
        let lock = project.lock(Access::Shared)?;
        if venv::are_current(project, &all) && wheel::are_current(project, &with_wheel) {
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
    if let Some(found) = find::ready_made(choice, version) {
        return Ok(found);
    }
    // To make one takes pip, which the first environment has.
    let host = [Venv::of(project, base(choice)?, &[Part::Build])];
    if !venv::are_current(project, &host) {
        let _lock = project.lock(Access::Alone)?;
        venv::ensure(project, &host)?;
    }
    find::make(version, &host[0].python())
}

/// The main free-threaded interpreter.
pub fn main(project: &Project, choice: &Choice) -> Result<Interp> {
    if choice.gil_only {
        bail!("left out by --gil-only");
    }
    match find::main(choice)? {
        Some(found) => Ok(found),
        None => interpreter(project, choice, pins::FREE_THREADED[0]),
    }
}

/// The interpreter that the tools run on.
fn base(choice: &Choice) -> Result<Interp> {
    match find::with_gil(choice) {
        // If one was named, no other will do.
        Err(err) if choice.gil_python.is_none() => find::main(choice)?.ok_or(err),
        found => found,
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
                     so nothing gets faster with more of them\n  ({err})"
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
        // The main one is here, or the first was tried in vain.
        let have = full
            .first()
            .map_or(pins::FREE_THREADED[0], |interp| interp.version);
        for version in pins::FREE_THREADED {
            if version != have {
                add(version, &mut full);
            }
        }
    }
    if (aim >= Aim::QuickTests || full.is_empty()) && !full.contains(&base) {
        full.push(base.clone());
    }
    if aim >= Aim::Tests {
        for version in pins::WITH_GIL {
            if version != base.version {
                add(version, &mut brief);
            }
        }
    }

    let (tests, tools): (&[Part], &[Part]) = match aim {
        Aim::Build | Aim::Main => (&[], &[Part::Build]),
        Aim::Lint => (&[], &[Part::Build, Part::Tools]),
        Aim::QuickTests | Aim::Tests => (
            &[Part::Tests, Part::TestBuilds],
            &[Part::Build, Part::Tools, Part::Tests, Part::TestBuilds],
        ),
    };
    let all = |interps: Vec<Interp>, parts: &[Part]| -> Vec<Venv> {
        let interps = interps.into_iter();
        interps
            .map(|interp| Venv::of(project, interp, parts))
            .collect()
    };
    if aim < Aim::Main {
        full.clear();
    }
    Ok(Ready {
        tools: Venv::of(project, base, tools),
        full: all(full, tests),
        brief: all(brief, &[Part::Tests]),
        missing,
        lock: None,
    })
}

/// Rust brings no linker of its own; without this, the first sign would be deep in a build log.
fn demand_compiler() -> Result<()> {
    if cfg!(unix) && run::ask(Command::new("cc"), &["--version"]).is_none() {
        bail!(
            "no C compiler `cc`, which Rust links with; get it with: apt-get install gcc libc6-dev \
             (Debian, Ubuntu), xcode-select --install (macOS)"
        );
    }
    Ok(())
}
