//! Everything that must hold, or one primitive's part of it.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use xshell::cmd;

use crate::error::{Error, Result};
use crate::fuzz;
use crate::instructions;
use crate::linear;
use crate::lint;
use crate::loom::{self, Bounds};
use crate::mutants;
use crate::project::Project;
use crate::report::Report;
use crate::run;
use crate::sanitize::{self, Sanitizer, Toolchain};
use crate::select::Selection;
use crate::setup::Ready;
use crate::venv::Venv;

/// All of it.
pub fn all(project: &Project, ready: &Ready, selection: &Selection, quick: bool) -> Result<()> {
    let mut report = Report::default();
    lint::all(project, ready, &mut report);
    report.step("types", "stubtest", || lint::stubs(project, ready));
    report.step("no Python below", "cargo tree", || {
        lint::no_python(project, selection)
    });
    report.step("orderings", "the list", || mutants::check(project));
    if quick {
        report.skip("documentation", "rustdoc", "--quick");
    } else {
        report.step("documentation", "rustdoc", || lint::docs(project, ready));
    }
    let mut packages = selection.packages.clone();
    packages.push("xtask".to_owned());
    tests(project, ready, selection, &packages, quick, &mut report);
    match instructions::obstacle() {
        Some(why) => report.skip("instructions", "callgrind", why),
        None => report.step("instructions", "callgrind", || {
            instructions::check(project, ready.main())
        }),
    }
    for venv in ready.full.iter().chain(&ready.brief) {
        report.step("README", &venv.name(), || readme(project, venv));
    }
    report.finish()
}

/// The tests of one primitive, without the checks that look at everything.
pub fn one(project: &Project, ready: &Ready, selection: &Selection, quick: bool) -> Result<()> {
    let mut report = Report::default();
    tests(
        project,
        ready,
        selection,
        &selection.packages,
        quick,
        &mut report,
    );
    report.finish()
}

fn tests(
    project: &Project,
    ready: &Ready,
    selection: &Selection,
    packages: &[String],
    quick: bool,
    report: &mut Report,
) {
    let nextest = has_nextest(project);
    let runner = if nextest { "nextest" } else { "cargo test" };
    let (packages, examples) = (runnable(packages), runnable(&selection.packages));
    if packages.is_empty() {
        report.skip("Rust tests", runner, "there are none");
    } else {
        report.step("Rust tests", runner, || rust(project, &packages, nextest));
    }
    if quick {
        report.skip("Rust tests", "--cfg loom", "--quick");
    } else if !packages.is_empty() {
        report.step("Rust tests", "--cfg loom", || {
            others_loom(project, &packages, nextest)
        });
    }
    if examples.is_empty() {
        report.skip("Rust examples", "rustdoc", "there are none");
    } else {
        report.step("Rust examples", "rustdoc", || {
            rust_examples(project, &examples)
        });
    }

    if selection.models.is_empty() {
        report.skip("models", "loom", "there are none");
    } else {
        let mut bounds = Bounds::default();
        if quick {
            bounds.preemptions = 1;
        }
        let on = format!("loom, {} preemptions", bounds.preemptions);
        report.step("models", &on, || {
            loom::explore(project, &selection.models, &bounds)
        });
    }

    if selection.histories.is_empty() {
        report.skip("histories", "threads, shuttle", "there are none");
    } else {
        let mut limits = linear::Limits::default();
        if quick {
            limits.seconds = 0.1;
        }
        report.step("histories", "threads, shuttle", || {
            linear::check(project, &selection.histories, &limits)
        });
    }

    if selection.fuzzed.is_empty() {
        report.skip("fuzzing", "alone, together", "there is none");
    } else {
        let mut limits = fuzz::Limits::default();
        if quick {
            limits.programs /= 10;
        }
        report.step("fuzzing", "alone, together", || {
            fuzz::all(project, &selection.fuzzed, &limits)
        });
    }

    for sanitizer in [Sanitizer::Thread, Sanitizer::Address] {
        sanitizers(project, selection, sanitizer, quick, report);
    }
    python(project, ready, selection, quick, report);
}

/// A short run; the commands `tsan` and `asan` run the crates' own tests too, and for longer.
fn sanitizers(
    project: &Project,
    selection: &Selection,
    sanitizer: Sanitizer,
    quick: bool,
    report: &mut Report,
) {
    const WHAT: &str = "sanitizers";
    let on = sanitizer.short();
    if selection.histories.is_empty() {
        report.skip(WHAT, on, "there are no histories");
    } else if quick {
        report.skip(WHAT, on, "--quick");
    } else if let Err(why) = Toolchain::with(project, sanitizer) {
        report.skip(WHAT, on, &why.to_string());
    } else {
        let plan = sanitize::Plan {
            packages: Vec::new(),
            histories: selection.histories.clone(),
            seconds: 0.3,
        };
        report.step(WHAT, on, || sanitize::check(project, sanitizer, &plan));
    }
}

/// Each test has a limit of its own, but pytest or its processes may hang too.
const LONGEST_PASS: Duration = Duration::from_secs(30 * 60);

/// Those that need no Python to link to, which is not to be had everywhere. The tests and examples of
/// the other one are an extension module, which the Python tests build.
pub fn runnable(packages: &[String]) -> Vec<String> {
    let packages = packages.iter().cloned();
    packages
        .filter(|package| package != lint::KNOWS_PYTHON)
        .collect()
}

/// What a user copies first must work.
fn readme(project: &Project, venv: &Venv) -> Result<()> {
    let text = fs::read_to_string(project.root.join("README.md"))?;
    let script = project.scratch().join("readme.py");
    fs::write(&script, code_blocks(&text, "python"))?;
    let mut cmd = venv.call();
    cmd.current_dir(project.scratch()).arg(&script);
    run::logged(cmd, "README's Python", &project.log("readme")?)
}

/// The contents of the blocks in `language`, one after the other.
fn code_blocks(markdown: &str, language: &str) -> String {
    let mut code = String::new();
    let mut inside = false;
    for line in markdown.lines() {
        match line.strip_prefix("```") {
            Some(opened) => inside = !inside && opened == language,
            None if inside => code.extend([line, "\n"]),
            None => {}
        }
    }
    code
}

fn has_nextest(project: &Project) -> bool {
    let sh = &project.sh;
    let ask = cmd!(sh, "cargo nextest --version").quiet().ignore_status();
    ask.ignore_stdout()
        .ignore_stderr()
        .output()
        .is_ok_and(|output| output.status.success())
}

fn rust(project: &Project, packages: &[String], nextest: bool) -> Result<()> {
    let sh = &project.sh;
    let only: Vec<&str> = packages
        .iter()
        .flat_map(|name| ["--package", name])
        .collect();
    let only = &only;
    let compile = cmd!(sh, "cargo test --no-run {only...}");
    run::logged(
        compile,
        "compile the Rust tests",
        &project.log("rust-tests")?,
    )?;
    let tests = if nextest {
        cmd!(
            sh,
            "cargo nextest run --no-fail-fast --no-tests=pass --cargo-quiet --status-level=fail
                --final-status-level=fail {only...}"
        )
    } else {
        cmd!(
            sh,
            "cargo test --quiet --no-fail-fast --lib --bins --tests {only...}"
        )
    };
    Ok(tests.quiet().run()?)
}

/// A dependent that models its own code with loom's usual switch gets our primitives as they are.
///
/// Only the event is another one then, and has to do what it always does.
fn others_loom(project: &Project, packages: &[String], nextest: bool) -> Result<()> {
    let sh = &project.sh;
    let ours = packages.iter().filter(|name| *name != "xtask");
    let only: Vec<&str> = ours.flat_map(|name| ["--package", name]).collect();
    let only = &only;
    let as_theirs = |cmd: xshell::Cmd| -> Command {
        cmd.env("RUSTFLAGS", "--cfg loom")
            .env("CARGO_TARGET_DIR", project.target().join("others-loom"))
            .into()
    };
    run::logged(
        as_theirs(cmd!(sh, "cargo check --lib {only...}")),
        "check with --cfg loom",
        &project.log("others-loom")?,
    )?;
    let tests = if nextest {
        cmd!(
            sh,
            "cargo nextest run --package ft-sync --cargo-quiet --status-level=fail"
        )
    } else {
        cmd!(sh, "cargo test --quiet --package ft-sync --lib --tests")
    };
    run::logged(
        as_theirs(tests),
        "the event with --cfg loom",
        &project.log("others-loom")?,
    )
}

fn rust_examples(project: &Project, packages: &[String]) -> Result<()> {
    let sh = &project.sh;
    let only = packages.iter().flat_map(|name| ["--package", name]);
    Ok(cmd!(sh, "cargo test --quiet --doc {only...}")
        .quiet()
        .run()?)
}

fn python(
    project: &Project,
    ready: &Ready,
    selection: &Selection,
    quick: bool,
    report: &mut Report,
) {
    const WHAT: &str = "Python tests";
    if selection.python.is_empty() {
        report.skip(WHAT, "pytest", "there are none");
        return;
    }
    let mut pass = |what: &str, venv: &Venv, pass: Pass| {
        report.step(what, &venv.name(), || {
            pytest(project, venv, selection, pass)
        });
    };
    for (place, venv) in ready.full.iter().enumerate() {
        let free_threaded = venv.interp.version.free_threaded;
        if quick {
            pass(WHAT, venv, Pass::default());
        } else if !free_threaded {
            pass("Python tests, short turns", venv, Pass::SHORT_TURNS);
        } else if place > 0 {
            pass("Python tests, 8 threads", venv, Pass::ON_THREADS);
        } else {
            pass(WHAT, venv, Pass::default());
            // The others would do the same again.
            pass(
                "Python tests, 8 threads",
                venv,
                Pass::ON_THREADS.only(SHARED),
            );
        }
    }
    for venv in &ready.brief {
        pass("Python tests, in brief", venv, Pass::default().only(SHARED));
    }
    for (version, why) in &ready.missing {
        report.skip(WHAT, version, why);
    }
}

/// A run of the Python tests.
#[derive(Clone, Copy, Default)]
struct Pass {
    words: &'static [&'static str],
    only: Option<&'static str>,
    variable: Option<(&'static str, &'static str)>,
}

/// The tests that can be run on several threads at once: those that start no threads or processes and
/// generate nothing, and so take little time.
const SHARED: &str = "not thread_unsafe";

impl Pass {
    /// Finds what only shows when a test runs on several threads at once.
    const ON_THREADS: Pass = Pass {
        words: &["--parallel-threads=8"],
        only: None,
        variable: None,
    };
    /// The shortest turn that a thread can have where there is a GIL, in seconds.
    const SHORT_TURNS: Pass = Pass {
        words: &[],
        only: None,
        variable: Some(("FT_SWITCH_INTERVAL", "1e-6")),
    };

    fn only(self, mark: &'static str) -> Pass {
        Pass {
            only: Some(mark),
            ..self
        }
    }
}

fn pytest(project: &Project, venv: &Venv, selection: &Selection, pass: Pass) -> Result<()> {
    let scratch = project.scratch();
    let plugins = scratch.join("plugins");
    fs::create_dir_all(&plugins).map_err(|err| run::cannot_write(&plugins, &err))?;
    let plugin = plugins.join("ft_gil_check.py");
    fs::write(&plugin, include_str!("gil_check.py"))
        .map_err(|err| run::cannot_write(&plugin, &err))?;

    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut cmd: Command = venv.call();
    // Python looks for modules in this folder too, and must not find our sources in it: they are
    // one further down, in `python`. The plugin checks that.
    cmd.current_dir(project.bindings())
        .args(["-m", "pytest", "--quiet", "-p", "ft_gil_check"])
        .args(["-p", "no:cacheprovider"])
        // A process for each core, each with whole files.
        .args(["--numprocesses", &cores.to_string(), "--dist", "loadfile"])
        // In the place of one that crashed no other starts: pytest might wait for it for ever.
        .args(["--max-worker-restart", "0"])
        .args(pass.words)
        .args(pass.only.iter().flat_map(|mark| ["-m", mark]))
        .args(&selection.python)
        .env("PYTHONPATH", &plugins)
        .env("HYPOTHESIS_STORAGE_DIRECTORY", scratch.join("hypothesis"))
        .env("PYTHONFAULTHANDLER", "1")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .envs(pass.variable);
    let due = Instant::now() + LONGEST_PASS;
    match run::wait_until(&mut cmd.spawn()?, due)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(Error::new(format!("pytest ended with {status}"))),
        None => Err(Error::new(format!(
            "pytest did not end in {} minutes, and was killed",
            LONGEST_PASS.as_secs() / 60
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks() {
        let text = "a\n```sh\nb\n```\n```python\nc\nd\n```\ne\n```python\nf\n```\n";
        assert_eq!(code_blocks(text, "python"), "c\nd\nf\n");
    }
}
