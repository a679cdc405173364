//! A free-threaded interpreter with ThreadSanitizer, compiled from Debian's source package, once per user.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use fs_err as fs;
use xshell::{Cmd, cmd};

use super::apt::{self, Apt};
use super::cache::{self, Work};
use super::clang;
use super::interp::Interp;
use super::pins::SANITIZED;
use crate::common::error::{Error, Result};

/// Goes up when the build changes, so that what an older checkout made is not taken.
const RECIPE: &str = "tsan-r2";

/// Below the folder with the sources.
const KNOWN_RACES: &str = "Tools/tsan/suppressions_free_threading.txt";

/// The compiler, and what the modules need that pip, ctypes and the standard library's users import.
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

/// Makes it, or waits for the run that is making it.
pub fn make() -> Result<Interp> {
    // The sanitizer makes it ten times slower.
    let limit = Duration::from_secs(120);
    cache::make(SANITIZED.version, RECIPE, limit, compile)
}

/// The races that CPython's own developers know of; part of the source, not of an installation.
pub fn known_races(interp: &Interp) -> PathBuf {
    known_races_in(&interp.prefix())
}

fn known_races_in(prefix: &Path) -> PathBuf {
    prefix.join("suppressions_free_threading.txt")
}

/// Returns the folder that it is in, and the folder that it belongs in.
fn compile(work: &Work) -> Result<(PathBuf, PathBuf)> {
    let version = SANITIZED.version;
    let logged = |what: &str, cmd: Command| work.logged(what, cmd);
    apt::ensure(&BUILD_PACKAGES, logged)?;
    let clang = clang::find(&work.folder).or_else(|_| {
        apt::ensure(&clang::PACKAGES, logged)?;
        clang::find(&work.folder)
    })?;
    let (patch, tarball) = fetch(work)?;
    let (sh, source) = (&work.sh, work.folder.join("source"));
    fs::create_dir_all(&source)?;
    let tar = cmd!(
        sh,
        "tar --extract --strip-components=1 --file {tarball} --directory {source}"
    );
    work.logged("unpack", tar)?;

    // The prefix is compiled in, so it names the final place from the start.
    let prefix = work.prefix(version, patch, RECIPE);
    let objects = work.folder.join("objects");
    fs::create_dir_all(&objects)?;
    let _dir = sh.push_dir(objects);
    let clang = &clang.program;
    // Each virtual environment brings its own pip, and nobody links against an archive. Reports name
    // lines; the rest of what a debugger wants would triple the size.
    let options = "OPT=-DNDEBUG -fwrapv -O2 -gline-tables-only";
    let configure = cmd!(
        sh,
        "{source}/configure --prefix={prefix} --disable-gil --with-thread-sanitizer
            --with-ensurepip=no --without-static-libpython --disable-test-modules
            CC={clang} {options}"
    );
    work.logged(&format!("configure {version}"), clean(configure))?;

    let cores = thread::available_parallelism().map_or(1, usize::from);
    let cores = cores.to_string();
    let make = cmd!(sh, "make --jobs={cores}");
    work.logged(&format!("compile {version}"), clean(make))?;

    let stage = work.folder.join("stage");
    // Processes hang under the sanitizer, and what is compiled deeper down takes long.
    let compiled = "COMPILEALL_OPTS=-r 0 -j1";
    let install = cmd!(sh, "make install DESTDIR={stage} {compiled}");
    work.logged(&format!("install {version}"), clean(install))?;
    let staged = stage.join(prefix.strip_prefix("/").unwrap_or(&prefix));
    fs::copy(source.join(KNOWN_RACES), known_races_in(&staged))?;
    Ok((staged, prefix))
}

/// Downloads the source; apt checks the signed index, and with it the file's hash.
fn fetch(work: &Work) -> Result<(u32, PathBuf)> {
    let (suite, package) = (SANITIZED.suite, SANITIZED.package);
    let apt = Apt::new(work.folder.join("apt"), "deb-src", &[suite])?;
    let get = |what: String, words: &[&str]| work.logged(&what, apt.call("apt-get", words));
    get(format!("source index of {suite}"), &["update"])?;
    let words = ["source", "--download-only", package];
    get(format!("download {package}"), &words)?;
    let files = apt.downloads()?.into_iter();
    let mut sources = files.filter_map(|path| {
        let patch = patch_of(path.file_name()?.to_str()?)?;
        Some((patch, path))
    });
    sources
        .next()
        .ok_or_else(|| Error::new(format!("{package} came without its upstream source")))
}

/// 5 out of `python3.13_3.13.5.orig.tar.xz`. Only the upstream source is built: Debian's patches suit
/// a system interpreter, and break pip in ours.
fn patch_of(file: &str) -> Option<u32> {
    let version = file.strip_prefix(SANITIZED.package)?.strip_prefix('_')?;
    let version = version.strip_suffix(".orig.tar.xz")?;
    let minor = format!("3.{}.", SANITIZED.version.minor);
    version.strip_prefix(&minor)?.parse().ok()
}

/// Without those variables of the user's environment that would change the build.
fn clean(cmd: Cmd<'_>) -> Cmd<'_> {
    cmd.env_remove("PYTHONHOME")
        .env_remove("PYTHONPATH")
        .env_remove("PYTHON_GIL")
        .env_remove("DESTDIR")
        .env_remove("MAKEFLAGS")
        // Known races of CPython's own would end its build.
        .env("TSAN_OPTIONS", "report_bugs=0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources() {
        assert_eq!(patch_of("python3.13_3.13.5.orig.tar.xz"), Some(5));
        assert_eq!(patch_of("python3.13_3.13.5.orig.tar.xz.asc"), None);
        assert_eq!(patch_of("python3.13_3.13.5-2.debian.tar.xz"), None);
        assert_eq!(patch_of("python3.13_3.13.5-2.dsc"), None);
    }
}
