//! Clang with its ThreadSanitizer: the user's, or Debian's, unpacked in the user's cache directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::apt;
use crate::cache;
use crate::error::{Error, Result};
use crate::mirror::Mirror;
use crate::python::on_path;
use crate::run;

/// What Debian stable and the one before it have. Before 18, its runtime does not start where the
/// kernel spreads addresses wide.
const VERSION: u32 = 19;
const OLDEST: u32 = 18;
/// Goes up when what is in the folder changes.
const RECIPE: u32 = 1;

/// A clang that works.
pub struct Clang {
    pub program: PathBuf,
    /// What turns addresses into lines, for its reports.
    pub symbolizer: PathBuf,
}

/// Finds it, or fetches it; call it with the cache's lock held.
pub fn ensure(mirror: &Mirror, cache: &Path, log: &Path) -> Result<Clang> {
    if let Some(clang) = of_user(cache) {
        return Ok(clang);
    }
    let folder = folder(cache);
    let clang = in_folder(&folder);
    if works(&clang, cache) {
        return Ok(clang);
    }
    let work = cache.join(format!("work-clang-{}", std::process::id()));
    fs::create_dir_all(&work).map_err(|err| cache::not_writable(&work, &err))?;
    fetch(mirror, &work, log)?;
    // What was there did not work.
    let _ = fs::remove_dir_all(&folder);
    fs::rename(work.join("root"), &folder).map_err(|err| cache::not_writable(&folder, &err))?;
    let _ = fs::remove_dir_all(&work);
    if works(&clang, cache) {
        return Ok(clang);
    }
    Err(Error::new(format!(
        "{} does not compile for ThreadSanitizer; put a clang {OLDEST} or later on PATH",
        clang.program.display()
    )))
}

/// The one that an earlier run has found or fetched.
pub fn found(cache: &Path) -> Result<Clang> {
    of_user(cache)
        .or_else(|| Some(in_folder(&folder(cache))).filter(|clang| works(clang, cache)))
        .ok_or_else(|| Error::new("the clang of the interpreter with ThreadSanitizer is gone"))
}

fn folder(cache: &Path) -> PathBuf {
    cache.join(format!("clang-{VERSION}-r{RECIPE}"))
}

fn in_folder(folder: &Path) -> Clang {
    Clang {
        program: folder.join("bin/clang"),
        symbolizer: folder.join("bin/llvm-symbolizer"),
    }
}

fn of_user(cache: &Path) -> Option<Clang> {
    let program = on_path("clang").into_iter().next()?;
    let mut ask = Command::new(&program);
    ask.arg("-dumpversion");
    let answer = run::limited(ask, Duration::from_secs(20)).ok()??;
    let version = String::from_utf8_lossy(&answer.stdout).into_owned();
    let version: u32 = version.split('.').next()?.trim().parse().ok()?;
    let symbolizer = on_path("llvm-symbolizer").into_iter().next()?;
    let clang = Clang {
        program,
        symbolizer,
    };
    (version >= OLDEST && works(&clang, cache)).then_some(clang)
}

/// Whether it makes a program with ThreadSanitizer that runs.
fn works(clang: &Clang, cache: &Path) -> bool {
    let work = cache.join(format!("work-try-{}", std::process::id()));
    let source = work.join("try.c");
    let program = work.join("try");
    let mut compile = Command::new(&clang.program);
    compile
        .arg("-fsanitize=thread")
        .arg(&source)
        .arg("-o")
        .arg(&program);
    let ends_well = |cmd: Command| {
        let output = run::limited(cmd, Duration::from_secs(60));
        matches!(output, Ok(Some(output)) if output.status.success())
    };
    let ok = clang.symbolizer.is_file()
        && fs::create_dir_all(&work).is_ok()
        && fs::write(&source, "int main(void) { return 0; }\n").is_ok()
        && ends_well(compile)
        && ends_well(Command::new(&program));
    let _ = fs::remove_dir_all(&work);
    ok
}

/// Downloads and unpacks the packages, with those of their needs that the system lacks.
fn fetch(mirror: &Mirror, work: &Path, log: &Path) -> Result<()> {
    let suite = suite()?;
    let apt = apt::State::new(&work.join("apt"), &mirror.package_line(&suite))?;
    run::logged(
        apt.get(&["update"]),
        &format!("package index of {suite}"),
        log,
    )?;
    let packages = [
        format!("clang-{VERSION}"),
        format!("libclang-rt-{VERSION}-dev"),
        format!("libclang-common-{VERSION}-dev"),
        format!("llvm-{VERSION}"),
    ];
    let mut words = vec![
        "install",
        "--download-only",
        "--yes",
        "--no-install-recommends",
    ];
    words.extend(packages.iter().map(String::as_str));
    run::logged(apt.get(&words), &format!("download clang {VERSION}"), log)?;

    let root = work.join("root");
    for entry in fs::read_dir(apt.archives())?.flatten() {
        if entry.path().extension().is_some_and(|end| end == "deb") {
            let mut unpack = Command::new("dpkg-deb");
            unpack.arg("--extract").arg(entry.path()).arg(&root);
            let name = entry.file_name();
            run::logged(unpack, &format!("unpack {}", name.display()), log)?;
        }
    }
    trim(&root);
    let bin = root.join("bin");
    fs::create_dir_all(&bin)?;
    for name in ["clang", "llvm-symbolizer"] {
        // Its libraries are not where the system looks for them.
        let script = format!(
            "#!/bin/sh\nroot=$(dirname \"$(dirname \"$(readlink -f \"$0\")\")\")\n\
             LD_LIBRARY_PATH=$(echo \"$root\"/usr/lib/*-linux-gnu)\n\
             export LD_LIBRARY_PATH\n\
             exec \"$root/usr/lib/llvm-{VERSION}/bin/{name}\" \"$@\"\n"
        );
        let path = bin.join(name);
        fs::write(&path, script)?;
        let mut chmod = Command::new("chmod");
        chmod.arg("+x").arg(&path);
        run::logged(chmod, &format!("make {name}"), log)?;
    }
    Ok(())
}

/// Removes what nobody calls, best effort: a third of it.
fn trim(root: &Path) {
    for folder in ["usr/share", "usr/lib32"] {
        let _ = fs::remove_dir_all(root.join(folder));
    }
    let needed = |name: &str| name.starts_with("clang") || name == "llvm-symbolizer";
    let tools = root.join(format!("usr/lib/llvm-{VERSION}/bin"));
    for tool in fs::read_dir(tools).into_iter().flatten().flatten() {
        if !needed(&tool.file_name().to_string_lossy()) {
            let _ = fs::remove_file(tool.path());
        }
    }
    let runtimes = root.join(format!(
        "usr/lib/llvm-{VERSION}/lib/clang/{VERSION}/lib/linux"
    ));
    for runtime in fs::read_dir(runtimes).into_iter().flatten().flatten() {
        if !runtime.file_name().to_string_lossy().contains("tsan") {
            let _ = fs::remove_file(runtime.path());
        }
    }
}

/// The system's own: its libraries are what a foreign package would not fit.
fn suite() -> Result<String> {
    let text = fs::read_to_string("/etc/os-release")?;
    suite_of(&text).ok_or_else(|| {
        Error::new(format!(
            "this system does not say which Debian it is; put a clang {OLDEST} or later on PATH"
        ))
    })
}

fn suite_of(os_release: &str) -> Option<String> {
    let value = os_release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))?;
    Some(value.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites() {
        let text = "ID=debian\nVERSION_CODENAME=\"trixie\"\n";
        assert_eq!(suite_of(text).as_deref(), Some("trixie"));
        assert_eq!(suite_of("ID=debian\n"), None);
    }
}
