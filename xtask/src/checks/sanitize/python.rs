//! Runs the Python tests on an interpreter with ThreadSanitizer, and with an extension compiled with it.
//!
//! The interpreter brings the sanitizer's runtime, which is clang's. The extension is compiled by
//! rustc, which leaves its calls of the runtime open in a shared library, as clang does: so there is
//! one runtime in the process, and it sees both.

use std::path::PathBuf;
use std::process::Command;

use fs_err as fs;
use xshell::cmd;

use super::sanitizer::{Sanitizer, first_report};
use super::toolchain::Toolchain;
use crate::checks::python_tests::PLUGIN;
use crate::common::error::{Error, Result, bail};
use crate::common::lock::{self, Access};
use crate::common::project::Project;
use crate::common::run;
use crate::environments::stamp;
use crate::environments::venv::{Part, Venv};
use crate::interpreters::clang::{self, Clang};
use crate::interpreters::interp::Interp;
use crate::interpreters::sanitized;

/// The tests that run by default: those of the classes that threads share.
const SHARED: [&str; 14] = [
    "atomics/atomic_flag",
    "atomics/atomic_int64",
    "atomics/atomic_reference",
    "deque",
    "dict/concurrent_dict",
    "flow/batch_executor",
    "flow/gathering_iter",
    "flow/map_ordered",
    "local_wrapper/forwarding",
    "locks/interval_lock",
    "locks/rwlock",
    "queues/concurrent_queue",
    "queues/std",
    "weave",
];
/// Of those, the tests that start threads. Generated sequences of operations are long, and on one thread.
const PICKED: [&str; 2] = ["-m", "threads and not hypothesis"];

/// What a run needs.
struct Bench<'a> {
    project: &'a Project,
    interp: Interp,
    clang: Clang,
    /// Everything that is made is in here; a lock keeps other runs out.
    folder: PathBuf,
}

/// Builds what is missing, checks that the sanitizer works, and runs pytest with these words.
///
/// # Errors
///
/// If anything was reported, or a test failed; or if the sanitizer does not work.
pub fn check(project: &Project, tools: &Venv, words: &[String]) -> Result<()> {
    let folder = project.target().join("tsan-python");
    fs::create_dir_all(&folder)?;
    let _lock = lock::lock(&folder.join("lock"), Access::Alone)?;
    let bench = Bench {
        project,
        interp: sanitized::make()?,
        clang: clang::find(&folder)?,
        folder,
    };
    bench.install_tests(tools)?;
    bench.build_extension()?;
    bench.check_sanitizer()?;
    bench.pytest(words)
}

impl Bench<'_> {
    /// The plugin of pytest demands this name of the folder that `ft_utils` is in.
    fn site(&self) -> PathBuf {
        self.folder.join("site-packages")
    }

    /// A call of the interpreter that sees our module, and writes reports to files in the folder `reports`.
    fn call(&self, reports: &str) -> Result<Command> {
        let logs = self.folder.join(reports);
        // Those of an earlier run.
        self.project.sh.remove_path(&logs)?;
        fs::create_dir_all(&logs)?;
        let settings = format!(
            // Programs that a test starts are to end as they do without the sanitizer; their reports
            // count. Those that fork are to live, and may start threads.
            "exitcode=0:die_after_fork=0:allocator_may_return_null=1:suppressions={}:external_symbolizer_path={}:\
             log_path={}",
            sanitized::known_races(&self.interp).display(),
            self.clang.symbolizer.display(),
            logs.join("report").display()
        );
        let mut cmd = Command::new(&self.interp.path);
        cmd.env_remove("PYTHONHOME")
            .env_remove("PYTHON_GIL")
            .env_remove("PYTHONSTARTUP")
            .env_remove("PYTHONDONTWRITEBYTECODE")
            .env("TSAN_OPTIONS", settings)
            .env("PYTHONPATH", self.site())
            // Or it would compile pytest and all else anew each time, slowly.
            .env("PYTHONPYCACHEPREFIX", self.folder.join("pycache"));
        Ok(cmd)
    }

    /// The reports of all processes of one call.
    fn reports(&self, reports: &str) -> Result<Vec<String>> {
        let entries = fs::read_dir(self.folder.join(reports))?.flatten();
        let read = |path| Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned());
        entries.map(|entry| read(entry.path())).collect()
    }

    /// With the pip of another interpreter: this one is slow, and the packages are all Python code.
    fn install_tests(&self, tools: &Venv) -> Result<()> {
        let list = Part::Tests.requirements(self.project);
        let want = stamp::fingerprint(std::slice::from_ref(&list));
        stamp::unless_done(&self.folder.join(".ft-tools"), &want, || {
            self.project.sh.remove_path(self.site())?;
            let (sh, python, site) = (&self.project.sh, tools.python(), self.site());
            let pip = cmd!(
                sh,
                "{python} -I -m pip --disable-pip-version-check --no-input install --no-compile
                    --requirement {list} --target {site}"
            );
            self.project.logged("packages for tsan", pip)
        })
    }

    fn build_extension(&self) -> Result<()> {
        let toolchain = Toolchain::new(self.project, Sanitizer::Thread)?;
        let target = self.folder.join("cargo");
        let mut cargo = toolchain.cargo(&["build", "--package", "ft-py-bindings"], &target)?;
        cargo
            .env("PYO3_PYTHON", &self.interp.path)
            .env("PYO3_BUILD_EXTENSION_MODULE", "1")
            .env("TSAN_OPTIONS", "report_bugs=0")
            // PyO3 supports no free-threaded 3.13; the one with the sanitizer is.
            .env("UNSAFE_PYO3_SKIP_VERSION_CHECK", "1");
        self.project
            .logged("compile the extension with tsan", cargo)?;

        let package = self.site().join("ft_utils");
        self.project.sh.remove_path(&package)?;
        let sources = self.project.bindings().join("python/ft_utils");
        let copy = cmd!(self.project.sh, "cp -r {sources} {package}");
        self.project.logged("copy the package", copy)?;
        let library = target.join(&toolchain.host).join("linear/lib_native.so");
        fs::copy(library, package.join("_native.so"))?;
        Ok(())
    }

    /// The sanitizer must report a broken extension, and must not report a call of this library.
    fn check_sanitizer(&self) -> Result<()> {
        let sources = self.project.root.join("loom-tests/sanitizers/python");
        let include = format!("include/{}", self.interp.version.program());
        let include = self.interp.prefix().join(include);
        let (clang, site) = (&self.clang.program, self.site());
        let compile = cmd!(
            self.project.sh,
            "{clang} -g -O1 -fPIC -shared -fsanitize=thread -I {include} {sources}/racy.c -o {site}/racy.so"
        );
        self.project.logged("compile a broken extension", compile)?;
        let run = |which: &str| -> Result<Vec<String>> {
            let mut cmd = self.call(which)?;
            cmd.arg(sources.join("race.py")).arg(which);
            self.project
                .logged(&format!("run {which} code with tsan"), cmd)?;
            self.reports(which)
        };
        let is_ours = |text: &String| text.contains("data race") && text.contains("bump");
        if !run("broken")?.iter().any(is_ours) {
            bail!(
                "the sanitizer does not work: it did not report loom-tests/sanitizers/python/racy.c"
            );
        }
        println!("  reported, as it must be: racy.c");
        tell(&run("sound")?)?;
        println!("  quiet, as it must be: AtomicInt64.incr");
        Ok(())
    }

    fn pytest(&self, words: &[String]) -> Result<()> {
        let plugins = self.folder.join("plugins");
        fs::create_dir_all(&plugins)?;
        fs::write(plugins.join("ft_gil_check.py"), PLUGIN)?;
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
            cmd.args(SHARED.map(|folder| format!("tests/{folder}")));
        }
        let examples = self.folder.join("hypothesis");
        cmd.args(words)
            .env("PYTHONPATH", paths)
            .env("HYPOTHESIS_STORAGE_DIRECTORY", examples);
        let result = run::shown(cmd, "pytest");
        tell(&self.reports("tests")?)?;
        result?;
        println!("tsan: nothing was reported");
        Ok(())
    }
}

/// Prints the first report of each process, and fails if there is one.
fn tell(reports: &[String]) -> Result<()> {
    let mut count = 0;
    for text in reports {
        println!("{}", first_report(text));
        count += text.matches("WARNING: ThreadSanitizer").count();
    }
    if !reports.is_empty() {
        bail!("{count} reports of ThreadSanitizer");
    }
    Ok(())
}
