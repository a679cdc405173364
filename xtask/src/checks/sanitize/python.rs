//! Runs the Python tests on an interpreter with ThreadSanitizer, and the extension with it too.
//!
//! The interpreter brings the sanitizer's runtime, which is clang's. The extension is compiled by
//! rustc, which leaves its calls of the runtime open in a shared library, as clang does: so there is
//! one runtime in the process, and it sees both.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::cache::{self, Access};
use crate::clang::{self, Clang};
use crate::debian;
use crate::error::{Error, Result};
use crate::fingerprint;
use crate::probe::Interp;
use crate::project::Project;
use crate::run;
use crate::sanitize::{Sanitizer, Toolchain, first_report};
use crate::venv::Venv;

/// The tests that are run unless told otherwise: those of the classes that threads share.
const SHARED: [&str; 14] = [
    "atomic_flag",
    "atomic_int64",
    "atomic_reference",
    "batch_executor",
    "concurrent_deque",
    "concurrent_dict",
    "concurrent_queue",
    "gathering_iter",
    "interval_lock",
    "local_wrapper",
    "map_ordered",
    "rwlock",
    "std_queue",
    "weave",
];
/// Of those, the ones that start threads. Not sequences of operations, which are generated, long, and on
/// one thread.
const PICKED: [&str; 2] = ["-m", "threads and not hypothesis"];

/// What a run needs.
struct Bench<'a> {
    project: &'a Project,
    interp: Interp,
    clang: Clang,
    /// All of this is made for it; other runs stay away.
    folder: PathBuf,
}

/// Builds what is missing, checks that the sanitizer is awake, and runs pytest with these words.
///
/// # Errors
///
/// If anything was reported, or a test failed; or if the sanitizer sleeps.
pub fn check(project: &Project, tools: &Venv, words: &[String]) -> Result<()> {
    let interp = debian::build()?;
    let folder = project.target().join("tsan-python");
    fs::create_dir_all(&folder).map_err(|err| run::cannot_write(&folder, &err))?;
    let _lock = cache::lock(&folder.join("lock"), Access::Alone)?;
    let bench = Bench {
        project,
        interp,
        clang: clang::found(&cache::folder()?)?,
        folder,
    };
    bench.install_tests(tools)?;
    bench.build_extension()?;
    bench.wake()?;
    bench.pytest(words)
}

impl Bench<'_> {
    /// Looked at by our plugin, which wants to see the name.
    fn site(&self) -> PathBuf {
        self.folder.join("site-packages")
    }

    /// A call of the interpreter that sees our module, and writes reports to files named `reports`.
    fn call(&self, reports: &str) -> Result<Command> {
        let known = debian::known_races(&self.interp.prefix());
        let logs = self.folder.join(reports);
        // Those of an earlier run.
        let _ = fs::remove_dir_all(&logs);
        fs::create_dir_all(&logs).map_err(|err| run::cannot_write(&logs, &err))?;
        let settings = format!(
            // Programs that a test starts are to end as they do without; their reports count. Those
            // that fork are to live, and may start threads.
            "exitcode=0:die_after_fork=0:allocator_may_return_null=1:suppressions={}:external_symbolizer_path={}:\
             log_path={}",
            known.display(),
            self.clang.symbolizer.display(),
            logs.join("report").display()
        );
        let mut cmd = Command::new(&self.interp.path);
        for name in [
            "PYTHONHOME",
            "PYTHON_GIL",
            "PYTHONSTARTUP",
            "PYTHONDONTWRITEBYTECODE",
        ] {
            cmd.env_remove(name);
        }
        cmd.env("TSAN_OPTIONS", settings)
            .env("PYTHONPATH", self.site())
            // Or it would compile pytest and all else anew each time, slowly.
            .env("PYTHONPYCACHEPREFIX", self.folder.join("pycache"));
        Ok(cmd)
    }

    /// What was reported, by all processes of one call.
    fn reports(&self, reports: &str) -> Result<Vec<String>> {
        let mut texts = Vec::new();
        for entry in fs::read_dir(self.folder.join(reports))?.flatten() {
            let text = fs::read(entry.path())?;
            texts.push(String::from_utf8_lossy(&text).into_owned());
        }
        Ok(texts)
    }

    /// With the pip of another interpreter: all of it is Python code, and this one is slow.
    fn install_tests(&self, tools: &Venv) -> Result<()> {
        let list = self.project.bindings().join("requirements-test.txt");
        let want = format!("{:016x}", fingerprint::of(std::slice::from_ref(&list))?);
        let stamp = self.folder.join(".ft-tools");
        if fs::read_to_string(&stamp).is_ok_and(|found| found == want) {
            return Ok(());
        }
        let _ = fs::remove_dir_all(self.site());
        let mut pip = tools.call();
        pip.args(["-m", "pip", "--disable-pip-version-check", "--no-input"])
            .args(["install", "--no-compile", "--requirement"])
            .arg(&list)
            .arg("--target")
            .arg(self.site());
        let log = self.project.log("tsan-python-tools")?;
        run::logged(pip, "test tools", &log)?;
        fs::write(&stamp, want).map_err(|err| run::cannot_write(&stamp, &err))
    }

    fn build_extension(&self) -> Result<()> {
        let toolchain = Toolchain::with(self.project, Sanitizer::Thread)?;
        let flags = toolchain.flags(self.project, Sanitizer::Thread)?;
        let target = self.folder.join("cargo");
        let mut cargo = Command::new("cargo");
        cargo
            .current_dir(&self.project.root)
            .args(["build", "--package", "ft-py-bindings"])
            .args(["--profile", "linear", "--target", &toolchain.host])
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", flags)
            .env("CARGO_TARGET_DIR", &target)
            .env("CARGO_PROFILE_LINEAR_DEBUG", "line-tables-only")
            .env("CARGO_TERM_COLOR", "never")
            .env("PYO3_PYTHON", &self.interp.path)
            .env("PYO3_BUILD_EXTENSION_MODULE", "1")
            .env("TSAN_OPTIONS", "report_bugs=0")
            // PyO3 supports no free-threaded 3.13; the one with the sanitizer is.
            .env("UNSAFE_PYO3_SKIP_VERSION_CHECK", "1");
        let log = self.project.log("tsan-python-build")?;
        run::logged(cargo, "compile the extension, tsan", &log)?;

        let package = self.site().join("ft_utils");
        let _ = fs::remove_dir_all(&package);
        let mut copy = Command::new("cp");
        copy.arg("-r")
            .arg(self.project.bindings().join("python/ft_utils"))
            .arg(&package);
        run::logged(copy, "copy the package", &log)?;
        let library = target.join(&toolchain.host).join("linear/lib_native.so");
        let native = package.join("_native.so");
        fs::copy(&library, &native).map_err(|err| run::cannot_write(&native, &err))?;
        Ok(())
    }

    /// A broken extension must be reported, and a call of ours must not.
    fn wake(&self) -> Result<()> {
        let sources = self.project.root.join("loom-tests/sanitizers/python");
        let log = self.project.log("tsan-python-wake")?;
        let include = format!("include/{}", self.interp.version.program());
        let headers = self.interp.prefix().join(include);
        let mut compile = Command::new(&self.clang.program);
        compile
            .args(["-g", "-O1", "-fPIC", "-shared", "-fsanitize=thread", "-I"])
            .arg(headers)
            .arg(sources.join("racy.c"))
            .arg("-o")
            .arg(self.site().join("racy.so"));
        run::logged(compile, "compile a broken extension", &log)?;
        let run = |which: &str| -> Result<Vec<String>> {
            let mut cmd = self.call(which)?;
            cmd.arg(sources.join("race.py")).arg(which);
            run::logged(cmd, &format!("run what is {which}"), &log)?;
            self.reports(which)
        };
        let is_ours = |text: &String| text.contains("data race") && text.contains("bump");
        if !run("broken")?.iter().any(is_ours) {
            return Err(Error::new(
                "the sanitizer is not awake: nothing was said of loom-tests/sanitizers/python/racy.c",
            ));
        }
        println!("  reported, as it must be: racy.c");
        tell(&run("sound")?)?;
        println!("  quiet, as it must be: AtomicInt64.incr");
        Ok(())
    }

    fn pytest(&self, words: &[String]) -> Result<()> {
        let plugins = self.folder.join("plugins");
        fs::create_dir_all(&plugins).map_err(|err| run::cannot_write(&plugins, &err))?;
        let plugin = plugins.join("ft_gil_check.py");
        fs::write(&plugin, include_str!("../gil_check.py"))
            .map_err(|err| run::cannot_write(&plugin, &err))?;
        let paths = std::env::join_paths([self.site(), plugins])
            .map_err(|err| Error::new(err.to_string()))?;

        let mut cmd = self.call("tests")?;
        cmd.current_dir(self.project.bindings())
            .args(["-m", "pytest", "--quiet", "-p", "ft_gil_check"])
            .args(["-p", "no:cacheprovider"])
            // Tens of times slower than without.
            .args(["-o", "timeout=900"]);
        if words.is_empty() {
            cmd.args(PICKED);
            cmd.args(SHARED.map(|stem| format!("tests/test_{stem}.py")));
        }
        cmd.args(words).env("PYTHONPATH", paths).env(
            "HYPOTHESIS_STORAGE_DIRECTORY",
            self.folder.join("hypothesis"),
        );
        let status = cmd.status()?;
        tell(&self.reports("tests")?)?;
        if !status.success() {
            return Err(Error::new(format!("pytest ended with {status}")));
        }
        println!("tsan: nothing was reported");
        Ok(())
    }
}

/// Prints the reports, of each process the first, and fails if there is one.
fn tell(reports: &[String]) -> Result<()> {
    for text in reports {
        println!("{}", first_report(text));
    }
    let count: usize = reports
        .iter()
        .map(|text| text.matches("WARNING: ThreadSanitizer").count())
        .sum();
    if reports.is_empty() {
        return Ok(());
    }
    Err(Error::new(format!("{count} reports of ThreadSanitizer")))
}
