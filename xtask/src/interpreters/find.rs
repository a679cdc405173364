//! Finding the interpreters, and making those that are missing.

pub mod pins;
mod registry;
mod uv;
mod version;

use std::env;
use std::path::{Path, PathBuf};

pub use version::Version;

use crate::args::Choice;
use crate::error::{Error, Result};
use crate::probe::{Interp, probe};

/// A place that was looked at, and what was found there.
struct Candidate {
    place: String,
    verdict: Result<Interp, String>,
}

impl Candidate {
    fn at(path: &Path, wanted: impl Fn(Version) -> bool) -> Candidate {
        let verdict = probe(path).and_then(|found| {
            if wanted(found.version) {
                Ok(found)
            } else {
                Err(format!("is {}", found.name()))
            }
        });
        Candidate {
            place: path.display().to_string(),
            verdict,
        }
    }
}

/// The free-threaded interpreter that most is done with, if it is there: the one that was named, or
/// else the first of those that users run.
pub fn main(choice: &Choice) -> Result<Option<Interp>> {
    match choice.python.first() {
        Some(path) => named(path, true).map(Some),
        None => Ok(pins::FREE_THREADED
            .iter()
            .find_map(|&version| ready_made(choice, version))),
    }
}

/// The interpreter with a GIL for which everything is done: the one that was named, or the oldest.
pub fn with_gil(choice: &Choice) -> Result<Interp> {
    if let Some(path) = &choice.gil_python {
        return named(path, false);
    }
    gil_candidates()
        .find_map(|candidate| candidate.verdict.ok())
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
            // Worth a word even if all ends well: it may be slow to fail.
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
    let from_uv = match uv::install(version) {
        Ok(path) => Candidate::at(&path, |found| found == version).verdict,
        Err(why) => Err(why),
    };
    let uv = match from_uv {
        Ok(found) => return Ok(found),
        Err(why) => why,
    };
    let registries = match registry::make(version, pip) {
        Ok(found) => return Ok(found),
        Err(why) => why,
    };
    Err(Error::new(format!(
        "no Python {version}; get it with: `uv python install {version}`, or name one with --python PATH \
         or FT_PYTHON\n  tried: uv: {uv}\n  tried: package registries: {registries}"
    )))
}

/// Prints every place that is looked at, what was found and what is taken. Makes nothing.
pub fn list(choice: &Choice, versions: &[Version]) {
    for &version in versions {
        println!("{version}");
        let mut taken = false;
        for candidate in candidates(choice, version) {
            match candidate.verdict {
                Ok(found) if taken => println!(
                    "  {}: {version}.{} works, not needed",
                    candidate.place, found.patch
                ),
                Ok(found) => {
                    taken = true;
                    println!(
                        "  {}: 3.{}.{} taken",
                        candidate.place, version.minor, found.patch
                    );
                }
                Err(why) => println!("  {}: skipped, {why}", candidate.place),
            }
        }
        let otherwise = if taken {
            "not needed"
        } else {
            "would be tried"
        };
        match uv::program() {
            Some(uv) => println!(
                "  {}: {otherwise}: uv python install {version}",
                uv.display()
            ),
            None => println!("  uv: not installed"),
        }
        match registry::obstacle(version) {
            None => println!("  package registries: {otherwise}"),
            Some(why) => println!("  package registries: not here: {why}"),
        }
    }
}

/// What the user names must work: taking another in its place would be no help.
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
    // Another one that was named is no candidate for this version.
    let named: Vec<Candidate> = choice
        .named()
        .map(|path| Candidate::at(path, |found| found == version))
        .filter(|candidate| candidate.verdict.is_ok())
        .collect();
    let mut places = on_path(&version.program());
    places.extend(in_pyenv(version));
    places.extend(registry::made(version));
    let found = move |path: &PathBuf| Candidate::at(path, |found| found == version);
    named
        .into_iter()
        .chain(places.into_iter().map(move |path| found(&path)))
}

/// The oldest first, whose users have most to lose; then what goes by a name without a version.
fn gil_candidates() -> impl Iterator<Item = Candidate> {
    let programs = pins::WITH_GIL.iter().map(|version| version.program());
    let names = programs.chain(["python3".to_owned(), "python".to_owned()]);
    names.flat_map(|name| {
        on_path(&name)
            .into_iter()
            .map(|path| Candidate::at(&path, |found| !found.free_threaded))
    })
}

/// Every program of that name on PATH, not only the first: the first may be broken.
pub fn on_path(name: &str) -> Vec<PathBuf> {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in env::split_paths(&env::var_os("PATH").unwrap_or_default()) {
        // `/bin` is often a link to `/usr/bin`.
        let path = folder.canonicalize().unwrap_or(folder).join(&file);
        if path.is_file() && !found.contains(&path) {
            found.push(path);
        }
    }
    found
}

/// What pyenv has installed. Its programs on PATH work for the versions alone that the user has
/// switched to.
fn in_pyenv(version: Version) -> Vec<PathBuf> {
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".pyenv"));
    let Some(root) = env::var_os("PYENV_ROOT").map(PathBuf::from).or_else(home) else {
        return Vec::new();
    };
    let installed = std::fs::read_dir(root.join("versions"))
        .into_iter()
        .flatten();
    let mut found: Vec<PathBuf> = installed
        .flatten()
        .map(|entry| entry.path().join("bin").join(version.program()))
        .filter(|path| path.is_file())
        .collect();
    found.sort();
    found
}
