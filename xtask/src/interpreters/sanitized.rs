//! A free-threaded interpreter with ThreadSanitizer, compiled from Debian's source package, once per user.
//!
//! It lives in the user's cache directory, beside those that [`crate::python`] makes and as safe: a
//! folder with the right name is whole, and two runs do not do the same work.

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
use crate::python::pins::TSAN_SOURCE;
use crate::run;

/// Goes up when the build changes, so that what an older checkout made is not taken for ours.
const RECIPE: u32 = 2;

/// What it takes in the cache directory, two thirds of it sources and objects.
const SPACE_MB: u64 = 600;

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

/// The one that an earlier run has made by this recipe, the latest first.
fn made() -> Vec<PathBuf> {
    let Ok(entries) = cache::folder().and_then(|cache| Ok(fs::read_dir(cache)?)) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            let minor = minor_of(folder.file_name()?.to_str()?)?;
            Some(folder.join("bin").join(format!("python{minor}t")))
        })
        .collect();
    found.sort();
    found.reverse();
    found
}

/// `3.13`, if that is the name of a folder that this recipe made.
fn minor_of(folder: &str) -> Option<&str> {
    let version = folder.strip_prefix("python-")?;
    let version = version.strip_suffix(&format!("t-tsan-r{RECIPE}"))?;
    Some(version.rsplit_once('.')?.0)
}

fn folder_of(version: &str) -> String {
    format!("python-{version}t-tsan-r{RECIPE}")
}

/// Asks it what it is. The sanitizer makes it ten times slower.
fn probe(path: &Path) -> Result<Interp, String> {
    probe::probe_within(path, Duration::from_secs(120))
}

/// Makes it, or waits for the run that is making it.
pub fn build() -> Result<Interp> {
    let mirror = mirror::of_this_system()?;
    let cache = cache::folder()?;
    fs::create_dir_all(&cache).map_err(|err| cache::not_writable(&cache, &err))?;
    let _lock = cache::lock(&cache.join("python.lock"), Access::Alone)?;
    // The run that had the lock before us may have made it.
    if let Some(found) = made().iter().find_map(|path| probe(path).ok()) {
        return Ok(found);
    }
    cache::sweep(&cache);
    cache::demand_space(&cache, SPACE_MB)?;
    eprintln!(
        "making a free-threaded Python in {}: once, some minutes",
        cache.display()
    );

    let log = cache.join("python-build.log");
    let _ = fs::remove_file(&log);
    apt::ensure(&BUILD_PACKAGES, &log)?;
    let clang = clang::ensure(&mirror, &cache, &log)?;
    let work = cache.join(format!("work-{}", std::process::id()));
    fs::create_dir_all(&work).map_err(|err| cache::not_writable(&work, &err))?;
    let made = make(&mirror, &cache, &work, &clang, &log);
    cache::sweep(&cache);
    made
}

fn make(mirror: &Mirror, cache: &Path, work: &Path, clang: &Clang, log: &Path) -> Result<Interp> {
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
    let prefix = cache.join(folder_of(&version));
    let objects = work.join("objects");
    fs::create_dir_all(&objects).map_err(|err| cache::not_writable(&objects, &err))?;
    let mut configure = step(&objects, &work.join("source").join("configure"));
    configure
        .arg(format!("--prefix={}", prefix.display()))
        // No pip in the prefix: each virtual environment brings its own. No archive to link
        // against.
        .args(["--disable-gil", "--with-ensurepip=no"])
        .arg("--without-static-libpython")
        .args(["--with-thread-sanitizer", "--disable-test-modules"])
        .arg(format!("CC={}", clang.program.display()))
        // Reports name lines; the rest of what a debugger wants would triple the size.
        .arg("OPT=-DNDEBUG -fwrapv -O2 -gline-tables-only");
    run::logged(configure, &format!("configure {version}"), log)?;

    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut make = step(&objects, Path::new("make"));
    make.arg(format!("--jobs={cores}"));
    run::logged(make, &format!("compile {version}"), log)?;

    let stage = work.join("stage");
    let mut install = step(&objects, Path::new("make"));
    install
        .arg("install")
        .arg(format!("DESTDIR={}", stage.display()))
        // No processes: they hang under the sanitizer. And little: it is slow.
        .arg("COMPILEALL_OPTS=-r 0 -j1");
    run::logged(install, &format!("install {version}"), log)?;
    commit(&stage, &prefix, &version)
}

/// Moves what is in `stage` to its place, if it works.
fn commit(stage: &Path, prefix: &Path, version: &str) -> Result<Interp> {
    let minor = version.rsplit_once('.').map_or(version, |(minor, _)| minor);
    let program = Path::new("bin").join(format!("python{minor}t"));
    let inside = prefix.strip_prefix("/").unwrap_or(prefix);
    let staged = stage.join(inside);
    // It finds its library from where it is, so it can be tried before it is in its place.
    let broken = |why| Error::new(format!("the interpreter that was made {why}"));
    probe(&staged.join(&program)).map_err(broken)?;
    // CPython's own list of what it knows of, which is no part of an installation.
    let (from, to) = (stage.with_file_name(KNOWN_RACES), known_races(&staged));
    fs::copy(&from, &to).map_err(|err| cache::not_writable(&to, &err))?;
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
    probe(&prefix.join(&program)).map_err(broken)
}

/// The races that CPython's own developers know of, in the folder of an interpreter of ours.
pub fn known_races(prefix: &Path) -> PathBuf {
    prefix.join("suppressions_free_threading.txt")
}

/// Downloads the source with apt, which checks the signed index and from it the file's hash.
fn fetch(mirror: &Mirror, work: &Path, log: &Path) -> Result<(String, PathBuf)> {
    let (suite, package) = TSAN_SOURCE;
    let apt = apt::State::new(&work.join("apt"), &mirror.source_line(suite))?;
    run::logged(
        apt.get(&["update"]),
        &format!("source index of {suite}"),
        log,
    )?;
    run::logged(
        apt.get(&["source", "--download-only", package]),
        &format!("download {package}"),
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
        .ok_or_else(|| Error::new(format!("{package} came without its upstream source")))
}

/// `3.13.5` out of `python3.13_3.13.5.orig.tar.xz`. The upstream source is all that is built:
/// Debian's patches suit a system interpreter, and break pip in ours.
fn version_of(file: &str) -> Option<String> {
    let version = file
        .strip_prefix(TSAN_SOURCE.1)?
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
        assert_eq!(minor_of(&folder_of("3.13.5")), Some("3.13"));
        assert_eq!(minor_of("python-3.13.5t-tsan-r0"), None);
        assert_eq!(minor_of("python-3.13.5t-registry2"), None);
        assert_eq!(minor_of("work-123"), None);
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
