//! Compiling with a sanitizer.
//!
//! The flags are unstable ones, which the stable compiler takes when `RUSTC_BOOTSTRAP` is set. Its
//! standard library is not instrumented: AddressSanitizer does not mind; ThreadSanitizer would report
//! races because of it, which `loom-tests/sanitizers/src/std_for_tsan.c` prevents.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use xshell::cmd;

use super::sanitizer::Sanitizer;
use super::std_names;
use crate::common::error::{Result, bail};
use crate::common::project::Project;

/// The compiler, for one sanitizer.
pub struct Toolchain<'a> {
    project: &'a Project,
    pub sanitizer: Sanitizer,
    /// The triple of this machine.
    pub host: String,
    /// Where its std is, and the sanitizers' runtimes.
    folder: PathBuf,
}

impl Toolchain<'_> {
    /// # Errors
    ///
    /// If it has no such sanitizer for this machine.
    pub fn new(project: &Project, sanitizer: Sanitizer) -> Result<Toolchain<'_>> {
        let sh = &project.sh;
        let about = cmd!(sh, "rustc --version --verbose").quiet().read()?;
        let host = about.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.unwrap_or_default().to_owned();
        let folder = cmd!(sh, "rustc --print target-libdir").quiet().read()?;
        let folder = PathBuf::from(folder.trim());
        let runtime = format!("_rt.{}.a", sanitizer.short());
        let has_runtime = fs::read_dir(&folder)?.flatten().any(|entry| {
            let name = entry.file_name();
            name.to_string_lossy().ends_with(&runtime)
        });
        if !host.ends_with("-linux-gnu") || !has_runtime {
            bail!(
                "the compiler for {host} comes without the {} sanitizer; x86_64 and aarch64 Linux have it",
                sanitizer.flag()
            );
        }
        Ok(Toolchain {
            project,
            sanitizer,
            host,
            folder,
        })
    }

    /// A call of cargo with these words, to be continued, that compiles into the folder `target`.
    ///
    /// # Errors
    ///
    /// If `std_for_tsan.c` cannot be compiled.
    pub fn cargo(&self, words: &[&str], target: &Path) -> Result<Command> {
        let mut cargo = Command::new("cargo");
        cargo
            .current_dir(&self.project.root)
            .args(words)
            // Short programs, of which little is compiled anew: as the histories are.
            .args(["--profile", "linear", "--target", &self.host])
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", self.flags()?)
            .env("CARGO_TARGET_DIR", target)
            // So that reports name lines.
            .env("CARGO_PROFILE_LINEAR_DEBUG", "line-tables-only")
            .env("CARGO_TERM_COLOR", "never");
        Ok(cargo)
    }

    /// Compiles with these words of cargo, and returns what it prints.
    pub fn compile(&self, what: &str, words: &[&str]) -> Result<String> {
        let cargo = self.cargo(words, &self.sanitizer.target(self.project))?;
        let what = format!("compile the {what} with {}", self.sanitizer.short());
        self.project.captured(&what, cargo)
    }

    fn flags(&self) -> Result<String> {
        let users = env::var("RUSTFLAGS").unwrap_or_default();
        let mut flags = format!(
            "{users} -Zsanitizer={} -Cunsafe-allow-abi-mismatch=sanitizer",
            self.sanitizer.flag()
        );
        if self.sanitizer == Sanitizer::Thread {
            let names = std_names::find(&self.folder)?;
            let object = self.compile_bridge(&names)?;
            flags.push_str(&format!(" -Clink-arg={}", object.display()));
            let fences = ["__tsan_atomic64_fetch_sub", "__tsan_atomic_thread_fence"];
            let names = names.iter().map(|(_, theirs)| theirs.as_str());
            for name in names.chain(fences) {
                flags.push_str(&format!(" -Clink-arg=-Wl,--wrap={name}"));
            }
        }
        Ok(flags.trim().to_owned())
    }

    fn compile_bridge(&self, names: &[(&str, String)]) -> Result<PathBuf> {
        let folder = self.sanitizer.target(self.project);
        fs::create_dir_all(&folder)?;
        let object = folder.join("std_for_tsan.o");
        let defines = names.iter().flat_map(|(ours, theirs)| {
            [
                format!("-DREAL_{ours}=__real_{theirs}"),
                format!("-DWRAP_{ours}=__wrap_{theirs}"),
            ]
        });
        let cc = cmd!(
            self.project.sh,
            "cc -O2 -fPIC -Wall -c {defines...} loom-tests/sanitizers/src/std_for_tsan.c -o {object}"
        );
        self.project.logged("compile std_for_tsan.c", cc)?;
        Ok(object)
    }
}
