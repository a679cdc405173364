//! A clang with ThreadSanitizer: the user's, or Debian's.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use fs_err as fs;
use xshell::{Shell, cmd};

use super::path;
use crate::common::error::{Error, Result};
use crate::common::run;

/// Before it, the sanitizer's runtime does not start where the kernel spreads addresses wide.
const OLDEST: u32 = 18;

/// What Debian stable and the release before it have, to be installed where there is no other.
pub const PACKAGES: [&str; 3] = ["clang-19", "libclang-rt-19-dev", "llvm-19"];
const OF_PACKAGES: &str = "/usr/lib/llvm-19/bin";

/// A clang that works.
pub struct Clang {
    pub program: PathBuf,
    /// Turns the addresses in its reports into lines.
    pub symbolizer: PathBuf,
}

/// The first clang that works. `scratch` is a folder to try it in.
///
/// # Errors
///
/// If none makes programs with ThreadSanitizer that run.
pub fn find(scratch: &Path) -> Result<Clang> {
    let user = path::first("clang").zip(path::first("llvm-symbolizer"));
    let tool = |name| Path::new(OF_PACKAGES).join(name);
    let debian = (tool("clang"), tool("llvm-symbolizer"));
    let clangs = user.into_iter().chain([debian]);
    let mut clangs = clangs.map(|(program, symbolizer)| Clang {
        program,
        symbolizer,
    });
    clangs
        .find(|clang| works(clang, scratch).is_some_and(|works| works))
        .ok_or_else(|| {
            Error::new(format!(
                "no clang compiles for ThreadSanitizer; put clang {OLDEST} or later on PATH"
            ))
        })
}

/// Whether it makes a program with ThreadSanitizer that runs.
fn works(clang: &Clang, scratch: &Path) -> Option<bool> {
    let version = run::ask(Command::new(&clang.program), &["-dumpversion"])?;
    let version: u32 = version.split('.').next()?.parse().ok()?;
    let (source, program) = (scratch.join("try.c"), scratch.join("try"));
    fs::write(&source, "int main(void) { return 0; }\n").ok()?;
    let (sh, clang_program) = (Shell::new().ok()?, &clang.program);
    let compile = cmd!(
        sh,
        "{clang_program} -fsanitize=thread {source} -o {program}"
    )
    .into();
    let ends_well = |cmd: Command| {
        let output = run::limited(cmd, Duration::from_secs(60));
        matches!(output, Ok(Some(output)) if output.status.success())
    };
    Some(
        version >= OLDEST
            && clang.symbolizer.is_file()
            && ends_well(compile)
            && ends_well(Command::new(program)),
    )
}
