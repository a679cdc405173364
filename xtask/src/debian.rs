//! Free-threaded interpreters made from Debian's source package, once per user: one as it comes, and
//! one with ThreadSanitizer.
//!
//! It lives in the user's cache directory, in a folder named after its version and [`RECIPE`].
//! Everything is made in a folder beside it, and the last step is a rename: a folder with the
//! right name is whole, whatever ended an earlier run. An OS lock, which the kernel releases when
//! its holder dies, keeps two runs from doing the same work.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::apt;
use crate::cache::{self, Access};
use crate::clang::{self, Clang};
use crate::error::{Error, Result};
use crate::mirror::{self, Mirror};
use crate::probe::{self, Interp};
use crate::python::on_path;
use crate::run;

/// Goes up when the build changes, so that what an older checkout made is not taken for ours.
const RECIPE: u32 = 2;

/// What to make of the source.
#[derive(Clone, Copy, PartialEq)]
pub enum Flavor {
    Plain,
    /// Instrumented by clang's ThreadSanitizer.
    Tsan,
}

impl Flavor {
    /// Asks it what it is. The sanitizer makes it ten times slower.
    fn probe(self, path: &Path) -> Result<Interp, String> {
        match self {
            Flavor::Plain => probe::probe(path),
            Flavor::Tsan => probe::probe_within(path, Duration::from_secs(120)),
        }
    }

    /// How the names of its folders end.
    fn suffix(self) -> String {
        match self {
            Flavor::Plain => format!("t-r{RECIPE}"),
            Flavor::Tsan => format!("t-tsan-r{RECIPE}"),
        }
    }
}

/// Debian stable's. Users run 3.14t or later; 3.13t serves for tests.
const SUITE: &str = "trixie";
const PACKAGE: &str = "python3.13";

/// Below the folder with everything that a build makes.
const KNOWN_RACES: &str = "source/Tools/tsan/suppressions_free_threading.txt";

/// For the compiler, and for the modules that pip, ctypes and the standard library's users need.
const BUILD_PACKAGES: [&str; 10] = [
    "gcc",
    "libc6-dev",
    "make",
    "xz-utils",
    "libssl-dev",
    "zlib1g-dev",
    "libffi-dev",
    "libbz2-dev",
    "liblzma-dev",
    "libsqlite3-dev",
];

/// The interpreters that earlier runs have made by this recipe.
pub fn made(flavor: Flavor) -> Vec<PathBuf> {
    let Ok(entries) = cache::folder().and_then(|cache| Ok(fs::read_dir(cache)?)) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            let minor = minor_of(folder.file_name()?.to_str()?, flavor)?;
            Some(folder.join("bin").join(format!("python{minor}t")))
        })
        .collect();
    found.sort();
    found.reverse();
    found
}

/// `3.13`, if that is the name of a folder that this recipe made.
fn minor_of(folder: &str, flavor: Flavor) -> Option<&str> {
    let version = folder
        .strip_prefix("python-")?
        .strip_suffix(&flavor.suffix())?;
    Some(version.rsplit_once('.')?.0)
}

fn folder_of(version: &str, flavor: Flavor) -> String {
    format!("python-{version}{}", flavor.suffix())
}

/// Why it cannot be done here, if it cannot; cheap to ask.
pub fn obstacle() -> Option<String> {
    if !cfg!(target_os = "linux") || on_path("apt-get").is_empty() {
        return Some("only on Debian".to_owned());
    }
    mirror::of_this_system().err().map(|err| err.to_string())
}

/// Makes one, or waits for the run that is making it.
pub fn build(flavor: Flavor) -> Result<Interp> {
    if let Some(why) = obstacle() {
        return Err(Error::new(why));
    }
    let mirror = mirror::of_this_system()?;
    let cache = cache::folder()?;
    fs::create_dir_all(&cache).map_err(|err| cache::not_writable(&cache, &err))?;
    let _lock = cache::lock(&cache.join("python.lock"), Access::Alone)?;
    // The run that had the lock before us may have made it.
    if let Some(found) = made(flavor).iter().find_map(|path| flavor.probe(path).ok()) {
        return Ok(found);
    }
    cache::sweep(&cache);
    cache::demand_space(&cache)?;
    eprintln!(
        "making a free-threaded Python in {}: once, some minutes",
        cache.display()
    );

    let log = cache.join("python-build.log");
    let _ = fs::remove_file(&log);
    apt::ensure(&BUILD_PACKAGES, &log)?;
    let clang = match flavor {
        Flavor::Plain => None,
        Flavor::Tsan => Some(clang::ensure(&mirror, &cache, &log)?),
    };
    let work = cache.join(format!("work-{}", std::process::id()));
    fs::create_dir_all(&work).map_err(|err| cache::not_writable(&work, &err))?;
    let made = make(&mirror, &cache, &work, clang.as_ref(), &log);
    cache::sweep(&cache);
    made
}

fn make(
    mirror: &Mirror,
    cache: &Path,
    work: &Path,
    clang: Option<&Clang>,
    log: &Path,
) -> Result<Interp> {
    let (version, tarball) = fetch(mirror, work, log)?;
    let mut tar = Command::new("tar");
    tar.current_dir(work)
        .args([
            "--extract",
            "--strip-components=1",
            "--one-top-level=source",
        ])
        .arg("--file")
        .arg(&tarball);
    run::logged(tar, "unpack", log)?;

    // The prefix is compiled in, so it names the final place from the start.
    let flavor = match clang {
        None => Flavor::Plain,
        Some(_) => Flavor::Tsan,
    };
    let prefix = cache.join(folder_of(&version, flavor));
    let objects = work.join("objects");
    fs::create_dir_all(&objects).map_err(|err| cache::not_writable(&objects, &err))?;
    let mut configure = step(&objects, &work.join("source").join("configure"));
    configure
        .arg(format!("--prefix={}", prefix.display()))
        // No pip in the prefix: each virtual environment brings its own. No archive to link
        // against. But the test suite: ours runs parts of it against our classes.
        .args(["--disable-gil", "--with-ensurepip=no"])
        .arg("--without-static-libpython");
    if let Some(clang) = clang {
        configure
            .args(["--with-thread-sanitizer", "--disable-test-modules"])
            .arg(format!("CC={}", clang.program.display()))
            // Reports name lines; the rest of what a debugger wants would triple the size.
            .arg("OPT=-DNDEBUG -fwrapv -O2 -gline-tables-only");
    }
    run::logged(configure, &format!("configure {version}"), log)?;

    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut make = step(&objects, Path::new("make"));
    make.arg(format!("--jobs={cores}"));
    run::logged(make, &format!("compile {version}"), log)?;

    let stage = work.join("stage");
    let mut install = step(&objects, Path::new("make"));
    install
        .arg("install")
        .arg(format!("DESTDIR={}", stage.display()));
    if clang.is_some() {
        // No processes: they hang under the sanitizer. And little: it is slow.
        install.arg("COMPILEALL_OPTS=-r 0 -j1");
    }
    run::logged(install, &format!("install {version}"), log)?;
    commit(&stage, &prefix, &version, flavor)
}

/// Moves what is in `stage` to its place, if it works.
fn commit(stage: &Path, prefix: &Path, version: &str, flavor: Flavor) -> Result<Interp> {
    let minor = version.rsplit_once('.').map_or(version, |(minor, _)| minor);
    let program = Path::new("bin").join(format!("python{minor}t"));
    let inside = prefix.strip_prefix("/").unwrap_or(prefix);
    let staged = stage.join(inside);
    // It finds its library from where it is, so it can be tried before it is in its place.
    let broken = |why| Error::new(format!("the interpreter that was made {why}"));
    flavor.probe(&staged.join(&program)).map_err(broken)?;
    if flavor == Flavor::Tsan {
        // CPython's own list of what it knows of, which is no part of an installation.
        let (from, to) = (stage.with_file_name(KNOWN_RACES), known_races(&staged));
        fs::copy(&from, &to).map_err(|err| cache::not_writable(&to, &err))?;
    }
    // The data before the name, should the power fail. Best effort.
    let _ = Command::new("sync")
        .arg("--file-system")
        .arg(&staged)
        .status();
    if prefix.exists() {
        // It was there when we took the lock, and did not work.
        fs::remove_dir_all(prefix).map_err(|err| cache::not_writable(prefix, &err))?;
    }
    fs::rename(&staged, prefix).map_err(|err| cache::not_writable(prefix, &err))?;
    flavor.probe(&prefix.join(&program)).map_err(broken)
}

/// The races that CPython's own developers know of, in the folder of an interpreter of ours.
pub fn known_races(prefix: &Path) -> PathBuf {
    prefix.join("suppressions_free_threading.txt")
}

/// Downloads the source with apt, which checks the signed index and from it the file's hash.
fn fetch(mirror: &Mirror, work: &Path, log: &Path) -> Result<(String, PathBuf)> {
    let apt = apt::State::new(&work.join("apt"), &mirror.source_line(SUITE))?;
    run::logged(
        apt.get(&["update"]),
        &format!("source index of {SUITE}"),
        log,
    )?;
    run::logged(
        apt.get(&["source", "--download-only", PACKAGE]),
        &format!("download {PACKAGE}"),
        log,
    )?;
    let files = fs::read_dir(apt.downloads())?;
    files
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = version_of(path.file_name()?.to_str()?)?;
            Some((version, path))
        })
        .next()
        .ok_or_else(|| Error::new(format!("{PACKAGE} came without its upstream source")))
}

/// `3.13.5` out of `python3.13_3.13.5.orig.tar.xz`. The upstream source is all that is built:
/// Debian's patches suit a system interpreter, and break pip in ours.
fn version_of(file: &str) -> Option<String> {
    let version = file
        .strip_prefix(PACKAGE)?
        .strip_prefix('_')?
        .strip_suffix(".orig.tar.xz")?;
    let plain = version.chars().all(|c| c.is_ascii_digit() || c == '.');
    (plain && version.split('.').count() == 3).then(|| version.to_owned())
}

/// A step of the build, without what in the user's environment could bend it.
fn step(folder: &Path, program: &Path) -> Command {
    let mut cmd = Command::new(program);
    cmd.current_dir(folder);
    for name in [
        "PYTHONHOME",
        "PYTHONPATH",
        "PYTHON_GIL",
        "DESTDIR",
        "MAKEFLAGS",
    ] {
        cmd.env_remove(name);
    }
    // What is known of CPython's own races would end its build.
    cmd.env("TSAN_OPTIONS", "report_bugs=0");
    cmd
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders() {
        let minor = |folder: &str| minor_of(folder, Flavor::Plain).map(str::to_owned);
        let folder = folder_of("3.13.5", Flavor::Plain);
        assert_eq!(minor(&folder).as_deref(), Some("3.13"));
        assert_eq!(minor("python-3.13.5t-r0"), None);
        assert_eq!(minor("work-123"), None);
        // Nobody is given the slow one who has not asked for it.
        let slow = folder_of("3.13.5", Flavor::Tsan);
        assert_eq!(minor(&slow), None);
        assert_eq!(minor_of(&slow, Flavor::Tsan), Some("3.13"));
    }

    #[test]
    fn versions() {
        let version = version_of;
        assert_eq!(
            version("python3.13_3.13.5.orig.tar.xz").as_deref(),
            Some("3.13.5")
        );
        assert_eq!(version("python3.13_3.13.5.orig.tar.xz.asc"), None);
        assert_eq!(version("python3.13_3.13.5-2.debian.tar.xz"), None);
        assert_eq!(version("python3.13_3.13.5-2.dsc"), None);
    }
}
