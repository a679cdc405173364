//! Finding the interpreters: one with a GIL, and a free-threaded one, which may have to be made.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::args::Choice;
use crate::debian::{self, Flavor};
use crate::error::{Error, Result};
use crate::probe::{Interp, probe};
use crate::run;

/// Best first. PyO3 refuses what is newer than it knows.
const FREE_THREADED: [&str; 3] = ["3.15t", "3.14t", "3.13t"];
const WITH_GIL: [&str; 7] = [
    "python3",
    "python3.15",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python",
];
/// What uv is asked for: the oldest that users run.
const FROM_UV: &str = "3.14t";
const UV_LIMIT: Duration = Duration::from_secs(120);

/// A place that was looked at, and what was found there.
pub struct Candidate {
    pub place: String,
    pub verdict: Result<Interp, String>,
}

impl Candidate {
    fn at(path: &Path) -> Candidate {
        Candidate {
            place: path.display().to_string(),
            verdict: probe(path),
        }
    }

    /// As [`Candidate::at`], for one that must be free-threaded.
    fn free_threaded_at(path: &Path) -> Candidate {
        let mut candidate = Candidate::at(path);
        candidate.demand(true);
        candidate
    }

    fn demand(&mut self, free_threaded: bool) {
        if let Ok(found) = &self.verdict
            && found.free_threaded != free_threaded
        {
            let what = if free_threaded { "a GIL" } else { "no GIL" };
            self.verdict = Err(format!("is {}, built with {what}", found.name()));
        }
    }
}

/// The free-threaded interpreter, made if need be.
///
/// # Errors
///
/// One line per thing that was tried.
pub fn free_threaded(choice: &Choice) -> Result<Interp> {
    if let Some(named) = &choice.python {
        return by_name(named, true);
    }
    let mut tried = Vec::new();
    for candidate in ready_made() {
        match candidate.verdict {
            Ok(found) => return Ok(found),
            Err(why) => {
                // Worth a word even if all ends well: it may be slow to fail.
                eprintln!("  skipped: {} {why}", candidate.place);
                tried.push(format!("{} {why}", candidate.place));
            }
        }
    }
    match from_uv() {
        Ok(found) => return Ok(found),
        Err(why) => tried.push(format!("uv: {why}")),
    }
    match debian::build(Flavor::Plain) {
        Ok(found) => return Ok(found),
        Err(why) => tried.push(format!("build from Debian's source: {why}")),
    }
    let mut text = "no free-threaded Python; get it with: `uv python install 3.14t`, or name one \
                    with --python PATH or FT_PYTHON"
        .to_owned();
    for line in tried {
        text.push_str("\n  tried: ");
        text.push_str(&line);
    }
    Err(Error::new(text))
}

/// The interpreter with a GIL.
pub fn with_gil(choice: &Choice) -> Result<Interp> {
    if let Some(named) = &choice.gil_python {
        return by_name(named, false);
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

/// Prints every place that was looked at, what was found and what was taken. Makes nothing.
pub fn list(choice: &Choice) {
    println!("free-threaded");
    let mut taken = false;
    if let Some(named) = &choice.python {
        print_candidate(&Candidate::free_threaded_at(named), &mut taken);
    }
    for candidate in ready_made() {
        print_candidate(&candidate, &mut taken);
    }
    let otherwise = if taken {
        "not needed"
    } else {
        "would be tried"
    };
    match on_path("uv").first() {
        Some(uv) => println!(
            "  {}: {otherwise}: uv python install {FROM_UV}",
            uv.display()
        ),
        None => println!("  uv: not installed"),
    }
    match debian::obstacle() {
        None => println!("  build from Debian's source: {otherwise}"),
        Some(why) => println!("  build from Debian's source: not here: {why}"),
    }

    println!("with a GIL");
    let mut taken = false;
    if let Some(named) = &choice.gil_python {
        let mut candidate = Candidate::at(named);
        candidate.demand(false);
        print_candidate(&candidate, &mut taken);
    }
    for candidate in gil_candidates() {
        print_candidate(&candidate, &mut taken);
    }
}

fn print_candidate(candidate: &Candidate, taken: &mut bool) {
    match &candidate.verdict {
        Ok(found) if *taken => {
            println!("  {}: {} works, not needed", candidate.place, found.name())
        }
        Ok(found) => {
            *taken = true;
            println!("  {}: {} taken", candidate.place, found.name());
        }
        Err(why) => println!("  {}: skipped, {why}", candidate.place),
    }
}

/// What the user names must work: taking another in its place would be no help.
fn by_name(path: &Path, free_threaded: bool) -> Result<Interp> {
    let mut candidate = Candidate::at(path);
    candidate.demand(free_threaded);
    candidate
        .verdict
        .map_err(|why| Error::new(format!("{} {why}", candidate.place)))
}

/// Newest first; of two equals, the user's own before the one that we have made.
fn ready_made() -> impl Iterator<Item = Candidate> {
    let made = debian::made(Flavor::Plain);
    FREE_THREADED.iter().flat_map(move |version| {
        let mut places = on_path(&format!("python{version}"));
        let ours = |path: &&PathBuf| path.ends_with(format!("python{version}"));
        places.extend(made.iter().filter(ours).cloned());
        places
            .into_iter()
            .map(|path| Candidate::free_threaded_at(&path))
    })
}

fn gil_candidates() -> impl Iterator<Item = Candidate> {
    WITH_GIL.iter().flat_map(|name| {
        on_path(name).into_iter().map(|path| {
            let mut candidate = Candidate::at(&path);
            candidate.demand(false);
            candidate
        })
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

fn from_uv() -> Result<Interp, String> {
    let Some(uv) = on_path("uv").into_iter().next() else {
        return Err("not installed".to_owned());
    };
    eprintln!("  asking uv for Python {FROM_UV}");
    let call = |words: &[&str], limit: Duration| {
        let mut cmd = Command::new(&uv);
        cmd.args(words);
        match run::limited(cmd, limit) {
            Err(err) => Err(format!("does not start: {err}")),
            Ok(None) => Err(format!("gave up after {} s", limit.as_secs())),
            Ok(Some(output)) if output.status.success() => {
                Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
            }
            Ok(Some(output)) => {
                let stderr = String::from_utf8_lossy(&output.stderr);
                let line = stderr.trim_end().lines().last().unwrap_or("no message");
                Err(line.trim().to_owned())
            }
        }
    };
    call(&["python", "install", FROM_UV], UV_LIMIT)?;
    let path = call(&["python", "find", FROM_UV], Duration::from_secs(20))?;
    Candidate::free_threaded_at(Path::new(&path)).verdict
}
