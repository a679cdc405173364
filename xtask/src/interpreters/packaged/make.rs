//! Makes interpreters from packages, in some seconds, and without compiling CPython.
//!
//! PyPI's `freeze-core` has an executable that contains a whole interpreter, built by manylinux, and
//! its extension modules. Debian has the Python files and the headers of nearly the same release.
//! [`assemble.py`](assemble.py) puts them together, with the stub in [`stub.c`](stub.c), and with pip
//! for virtual environments, which Debian packages separately. Downloads are checked: pip compares them
//! with the hashes in `pins.rs`, apt with Debian's signed index.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err as fs;
use xshell::cmd;

use crate::common::error::{Error, Result, bail};
use crate::common::run;
use crate::interpreters::apt::{self, Apt};
use crate::interpreters::cache::{self, Work};
use crate::interpreters::interp::Interp;
use crate::interpreters::pins;
use crate::interpreters::version::Version;

/// Goes up when the way they are made changes, so that what an older checkout made is not taken.
pub const RECIPE: &str = "registry2";

/// Why this version cannot be made here, if so; cheap to ask.
pub fn obstacle(version: Version) -> Option<String> {
    if !pins::MADE.contains(&version) {
        Some(format!("they do not have {version}"))
    } else if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        Some("only on Linux on x86-64".to_owned())
    } else {
        apt::mirror().err().map(|err| err.to_string())
    }
}

/// Makes one, or waits for the run that is making it. `pip` is a Python that has pip.
pub fn make(version: Version, pip: &Path) -> Result<Interp> {
    if let Some(why) = obstacle(version) {
        bail!("{why}");
    }
    cache::make(version, RECIPE, Duration::from_secs(10), |work| {
        Maker { version, pip, work }.make()
    })
}

struct Maker<'a> {
    version: Version,
    /// A Python that has pip.
    pip: &'a Path,
    work: &'a Work,
}

impl Maker<'_> {
    /// Returns the folder that it is in, and the folder that it belongs in.
    fn make(&self) -> Result<(PathBuf, PathBuf)> {
        let patch = self.fetch_wheels()?;
        let debian = self.fetch_packages(patch)?;
        self.compile_stub()?;
        let prefix = self.work.prefix(self.version, patch, RECIPE);
        let new = self.assemble(&prefix).map_err(|err| {
            Error::new(format!(
                "{err}; its executable is 3.{}.{patch} of {}, its Python files are Debian's {debian}: if \
                 they do not fit any more, change the pins in {}",
                self.version.minor,
                pins::executable(),
                pins::HERE
            ))
        })?;
        Ok((new, prefix))
    }

    fn assemble(&self, prefix: &Path) -> Result<PathBuf> {
        let (sh, work, pip) = (&self.work.sh, &self.work.folder, self.pip);
        let version = self.version.to_string();
        fs::write(work.join("ensurepip.py"), include_str!("ensurepip.py"))?;
        let script = include_str!("assemble.py");
        let assemble = cmd!(sh, "{pip} -I -c {script} {version} {work} {prefix}");
        self.work
            .logged(&format!("put {version} together"), assemble)?;
        // All modules must work in it, and what tests and builds ask for.
        let new = work.join("new");
        let program = new.join("bin").join(self.version.program());
        let script = include_str!("check.py");
        let check = cmd!(sh, "{program} -I -B -c {script}");
        self.work.logged(&format!("try {version}"), check)?;
        Ok(new)
    }

    /// Downloads and unpacks the wheels; the patch version of the executable.
    fn fetch_wheels(&self) -> Result<u32> {
        let (sh, work, pip) = (&self.work.sh, &self.work.folder, self.pip);
        let (minor, t) = (self.version.minor.to_string(), self.version.suffix());
        fs::write(work.join("packages.txt"), pins::PACKAGES)?;
        let download = cmd!(
            sh,
            "{pip} -I -m pip --disable-pip-version-check --no-input download --retries 2 --no-deps
                --require-hashes --requirement packages.txt --dest downloads
                --only-binary=:all: --implementation cp --python-version 3.{minor} --abi cp3{minor}{t}
                --platform manylinux2014_x86_64 --platform manylinux_2_5_x86_64"
        );
        self.work
            .logged(&format!("executable of {}", self.version), download)
            .map_err(|err| Error::new(format!("{err}; the pins are in {}", pins::HERE)))?;
        for entry in fs::read_dir(work.join("downloads"))?.flatten() {
            let wheel = entry.path();
            let unzip = cmd!(sh, "{pip} -I -m zipfile -e {wheel} wheels");
            self.work.logged("unpack", unzip)?;
        }
        self.patch_in(&work.join("wheels/freeze_core/bases"))
    }

    /// Looks into the executable, which does not run before it is put together.
    fn patch_in(&self, bases: &Path) -> Result<u32> {
        for entry in fs::read_dir(bases)?.flatten() {
            let name = entry.file_name();
            if name.to_string_lossy().starts_with("console-cpython-")
                && let Some(patch) = patch_within(&fs::read(entry.path())?, self.version.minor)
            {
                return Ok(patch);
            }
        }
        let (executable, version) = (pins::executable(), self.version);
        bail!(
            "{executable} has no executable for {version}; change the pins in {}",
            pins::HERE
        )
    }

    /// Downloads and unpacks Debian's packages nearest to this patch version; their version.
    fn fetch_packages(&self, patch: u32) -> Result<String> {
        let apt = Apt::new(self.work.folder.join("apt"), "deb", &pins::SUITES)?;
        let suites = pins::SUITES.join(" and ");
        let update = apt.call("apt-get", &["update"]);
        self.work
            .logged(&format!("package index of {suites}"), update)?;
        let minor = self.version.minor;
        let stdlib = format!("libpython3.{minor}-stdlib");
        let madison = apt.call("apt-cache", &["madison", &stdlib]);
        let madison = run::ask(madison, &[]).unwrap_or_default();
        let Some(nearest) = nearest(&madison, minor, patch) else {
            bail!(
                "Debian's {suites} have no {stdlib}; the suites are in {}",
                pins::HERE
            );
        };
        let mut download = apt.call("apt-get", &["download"]);
        for part in ["minimal", "stdlib", "testsuite", "dev"] {
            download.arg(format!("libpython3.{minor}-{part}={nearest}"));
        }
        self.work
            .logged(&format!("Python files {nearest}"), download)?;
        for package in apt.downloads()? {
            let unpack = cmd!(self.work.sh, "dpkg-deb --extract {package} debian");
            self.work.logged("unpack", unpack)?;
        }
        Ok(nearest)
    }

    fn compile_stub(&self) -> Result<()> {
        fs::write(self.work.folder.join("stub.c"), include_str!("stub.c"))?;
        let cc = cmd!(
            self.work.sh,
            "cc -O2 -shared -fPIC -o libpymain.so stub.c -ldl"
        );
        self.work.logged("compile the stub", cc)
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
}
