//! Looks for interpreters in every place, and has those made that are missing.

use std::env;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::choice::Choice;
use super::interp::{Interp, probe};
use super::version::Version;
use super::{cache, packaged, path, pins, uv};
use crate::common::error::{Error, Result, bail};

/// A place that was looked at, and what was found there.
struct Candidate {
    place: String,
    verdict: Result<Interp, String>,
}

impl Candidate {
    fn at(path: &Path, wanted: impl Fn(Version) -> bool) -> Candidate {
        let verdict = probe(path).and_then(|found| match wanted(found.version) {
            true => Ok(found),
            false => Err(format!("is {}", found.name())),
        });
        Candidate {
            place: path.display().to_string(),
            verdict,
        }
    }
}

/// The main free-threaded interpreter, if it is there: the one that is named, or else the first of
/// those that users run.
pub fn main(choice: &Choice) -> Result<Option<Interp>> {
    match choice.python.first() {
        Some(path) => named(path, true).map(Some),
        None => Ok(pins::FREE_THREADED
            .iter()
            .find_map(|&version| ready_made(choice, version))),
    }
}

/// The main interpreter with a GIL: the one that is named, or else the oldest on PATH, whose users
/// have most to lose.
pub fn with_gil(choice: &Choice) -> Result<Interp> {
    if let Some(path) = &choice.gil_python {
        return named(path, false);
    }
    let programs = pins::WITH_GIL.map(Version::program);
    let names = programs.iter().map(String::as_str);
    names
        .chain(["python3", "python"])
        .flat_map(path::all)
        .find_map(|path| {
            Candidate::at(&path, |found| !found.free_threaded)
                .verdict
                .ok()
        })
        .ok_or_else(|| {
            Error::new(
                "no Python 3.11 or later on PATH; get it with: apt-get install python3-venv \
                 (Debian, Ubuntu), brew install python (macOS), winget install Python.Python.3.14 \
                 (Windows)",
            )
        })
}

/// An interpreter of this version that is there.
pub fn ready_made(choice: &Choice, version: Version) -> Option<Interp> {
    candidates(choice, version).find_map(|candidate| match candidate.verdict {
        Ok(found) => Some(found),
        Err(why) => {
            // It may have been slow to fail.
            eprintln!("  skipped: {} {why}", candidate.place);
            None
        }
    })
}

/// Makes an interpreter of this version. `pip` is a Python that has pip.
///
/// # Errors
///
/// One line per thing that was tried.
pub fn make(version: Version, pip: &Path) -> Result<Interp> {
    let from_uv = uv::install(version);
    let from_uv = from_uv.and_then(|path| Candidate::at(&path, |found| found == version).verdict);
    let uv = match from_uv {
        Ok(found) => return Ok(found),
        Err(why) => why,
    };
    match packaged::make(version, pip) {
        Ok(found) => Ok(found),
        Err(registries) => bail!(
            "no Python {version}; get it with: `uv python install {version}`, or name one with --python PATH \
             or FT_PYTHON\n  tried: uv: {uv}\n  tried: package registries: {registries}"
        ),
    }
}

/// Prints every place that is looked at, what was found and what is taken. Makes nothing.
pub fn list(choice: &Choice, versions: &[Version]) {
    for &version in versions {
        println!("{version}");
        let mut taken = false;
        for Candidate { place, verdict } in candidates(choice, version) {
            match verdict {
                Ok(found) => {
                    let remark = if taken { "works, not needed" } else { "taken" };
                    let (minor, patch) = (version.minor, found.patch);
                    println!("  {place}: 3.{minor}.{patch} {remark}");
                    taken = true;
                }
                Err(why) => println!("  {place}: skipped, {why}"),
            }
        }
        let otherwise = if taken {
            "not needed"
        } else {
            "would be tried"
        };
        match uv::program() {
            Some(uv) => {
                let uv = uv.display();
                println!("  {uv}: {otherwise}: uv python install {version}");
            }
            None => println!("  uv: not installed"),
        }
        match packaged::obstacle(version) {
            None => println!("  package registries: {otherwise}"),
            Some(why) => println!("  package registries: not here: {why}"),
        }
    }
}

/// An interpreter that the user names must work: another one in its place would be no help.
fn named(path: &Path, free_threaded: bool) -> Result<Interp> {
    let candidate = Candidate::at(path, |found| found.free_threaded == free_threaded);
    let what = if free_threaded { "without" } else { "with" };
    candidate.verdict.map_err(|why| {
        let place = candidate.place;
        Error::new(format!(
            "{place} {why}; wanted is CPython 3.11 or later, {what} a GIL"
        ))
    })
}

/// The places to look for this version, the user's own before the one that we have made.
fn candidates(choice: &Choice, version: Version) -> impl Iterator<Item = Candidate> {
    let at = move |path: &PathBuf| Candidate::at(path, |found| found == version);
    // A named interpreter of another version is no candidate.
    let named = choice.named().map(at);
    let named = named.filter(|candidate| candidate.verdict.is_ok());
    let mut places = path::all(&version.program());
    places.extend(in_pyenv(version));
    places.extend(cache::made(version, packaged::RECIPE));
    named.chain(places.into_iter().map(move |path| at(&path)))
}

/// The interpreters that pyenv has installed. Its programs on PATH only work for the versions that
/// the user has switched to.
fn in_pyenv(version: Version) -> Vec<PathBuf> {
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".pyenv"));
    let Some(root) = env::var_os("PYENV_ROOT").map(PathBuf::from).or_else(home) else {
        return Vec::new();
    };
    let installed = fs::read_dir(root.join("versions")).into_iter().flatten();
    let programs = installed
        .flatten()
        .map(|entry| entry.path().join("bin").join(version.program()));
    let mut found: Vec<PathBuf> = programs.filter(|path| path.is_file()).collect();
    found.sort();
    found
}
