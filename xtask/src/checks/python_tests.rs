//! The Python tests, on every interpreter, and the Python code of the README.

use std::thread;
use std::time::{Duration, Instant};

use fs_err as fs;

use super::select::Selection;
use crate::common::error::{Result, bail};
use crate::common::project::Project;
use crate::common::report::Report;
use crate::common::run;
use crate::environments::setup::Ready;
use crate::environments::venv::Venv;

/// A plugin of pytest: the GIL stays off, and the installed package is tested.
pub const PLUGIN: &str = include_str!("gil_check.py");

/// Each test has a limit of its own, but pytest or its processes may hang too.
const LONGEST_PASS: Duration = Duration::from_secs(30 * 60);

/// The tests that can run on several threads at once: those that start no threads or processes and
/// generate nothing, and so take little time.
const SHARED: &str = "-m=not thread_unsafe";

/// Finds bugs that only show when a test runs on several threads at once.
const ON_THREADS: &str = "--parallel-threads=8";

/// The longest turn of a thread where there is a GIL, in seconds: as short as can be.
const SHORT_TURNS: Option<&str> = Some("1e-6");

/// Runs them.
pub fn all(
    project: &Project,
    ready: &Ready,
    selection: &Selection,
    quick: bool,
    report: &mut Report,
) {
    const PLAIN: &str = "Python tests";
    if selection.python.is_empty() {
        report.skip(PLAIN, "pytest", "there are none");
        return;
    }
    let mut pass = |what: &str, venv: &Venv, words: &[&str], turn: Option<&str>| {
        report.step(what, &venv.name(), || {
            pytest(project, venv, selection, words, turn)
        });
    };
    for (place, venv) in ready.full.iter().enumerate() {
        let on_threads = "Python tests, 8 threads";
        if quick {
            pass(PLAIN, venv, &[], None);
        } else if !venv.interp.version.free_threaded {
            pass("Python tests, short turns", venv, &[], SHORT_TURNS);
        } else if place > 0 {
            pass(on_threads, venv, &[ON_THREADS], None);
        } else {
            pass(PLAIN, venv, &[], None);
            // The other tests would do the same again.
            pass(on_threads, venv, &[ON_THREADS, SHARED], None);
        }
    }
    for venv in &ready.brief {
        pass("Python tests, in brief", venv, &[SHARED], None);
    }
    for (version, why) in &ready.missing {
        report.skip(PLAIN, version, why);
    }
}

/// With these arguments of pytest.
fn pytest(
    project: &Project,
    venv: &Venv,
    selection: &Selection,
    words: &[&str],
    turn: Option<&str>,
) -> Result<()> {
    let scratch = project.scratch();
    let plugins = scratch.join("plugins");
    fs::create_dir_all(&plugins)?;
    fs::write(plugins.join("ft_gil_check.py"), PLUGIN)?;

    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut cmd = venv.call();
    // Python looks for modules in this folder too, and must not find our sources in it: they are
    // one further down, in `python`. The plugin checks that.
    cmd.current_dir(project.bindings())
        .args(["-m", "pytest", "--quiet", "-p", "ft_gil_check"])
        .args(["-p", "no:cacheprovider"])
        // A process for each core, each with whole files.
        .args(["--numprocesses", &cores.to_string(), "--dist", "loadfile"])
        // No other process starts in the place of one that crashed: pytest might wait for it for ever.
        .args(["--max-worker-restart", "0"])
        .args(words)
        .args(&selection.python)
        .env("PYTHONPATH", &plugins)
        .env("HYPOTHESIS_STORAGE_DIRECTORY", scratch.join("hypothesis"))
        .env("PYTHONFAULTHANDLER", "1")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .envs(turn.map(|turn| ("FT_SWITCH_INTERVAL", turn)));
    let due = Instant::now() + LONGEST_PASS;
    match run::wait_until(&mut cmd.spawn()?, due)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => bail!("pytest ended with {status}"),
        None => bail!(
            "pytest did not end in {} minutes, and was killed",
            LONGEST_PASS.as_secs() / 60
        ),
    }
}

/// The code that users copy first must work.
pub fn readme(project: &Project, venv: &Venv) -> Result<()> {
    let text = fs::read_to_string(project.root.join("README.md"))?;
    let script = project.scratch().join("readme.py");
    fs::write(&script, code_blocks(&text, "python"))?;
    let mut cmd = venv.call();
    cmd.current_dir(project.scratch()).arg(&script);
    project.logged("README's Python", cmd)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks() {
        let text = "a\n```sh\nb\n```\n```python\nc\nd\n```\ne\n```python\nf\n```\n";
        assert_eq!(code_blocks(text, "python"), "c\nd\nf\n");
    }
}
