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
const SHARED: [&str; 2] = ["-m", "not thread_unsafe"];

/// Finds bugs that only show when a test runs on several threads at once.
const ON_THREADS: &str = "--parallel-threads=8";

/// A run of the Python tests.
#[derive(Clone, Copy)]
struct Pass {
    what: &'static str,
    /// Arguments of pytest.
    words: &'static [&'static str],
    /// The longest turn of a thread where there is a GIL, in seconds.
    turn: Option<&'static str>,
}

const PLAIN: Pass = Pass {
    what: "Python tests",
    words: &[],
    turn: None,
};
const SHORT_TURNS: Pass = Pass {
    what: "Python tests, short turns",
    words: &[],
    turn: Some("1e-6"),
};
const ALL_ON_THREADS: Pass = Pass {
    what: "Python tests, 8 threads",
    words: &[ON_THREADS],
    turn: None,
};
/// Where the other tests have run in a plain pass: they would do the same again.
const SHARED_ON_THREADS: Pass = Pass {
    what: "Python tests, 8 threads",
    words: &[ON_THREADS, SHARED[0], SHARED[1]],
    turn: None,
};
const BRIEF: Pass = Pass {
    what: "Python tests, in brief",
    words: &SHARED,
    turn: None,
};

/// Runs them.
pub fn all(
    project: &Project,
    ready: &Ready,
    selection: &Selection,
    quick: bool,
    report: &mut Report,
) {
    if selection.python.is_empty() {
        report.skip(PLAIN.what, "pytest", "there are none");
        return;
    }
    let full = ready.full.iter().enumerate().flat_map(|(place, venv)| {
        let passes: &[Pass] = match (quick, venv.interp.version.free_threaded, place) {
            (true, ..) => &[PLAIN],
            (false, false, _) => &[SHORT_TURNS],
            (false, true, 0) => &[PLAIN, SHARED_ON_THREADS],
            (false, true, _) => &[ALL_ON_THREADS],
        };
        passes.iter().map(move |pass| (venv, *pass))
    });
    let brief = ready.brief.iter().map(|venv| (venv, BRIEF));
    for (venv, pass) in full.chain(brief) {
        report.step(pass.what, &venv.name(), || {
            pytest(project, venv, selection, pass)
        });
    }
    for (version, why) in &ready.missing {
        report.skip(PLAIN.what, version, why);
    }
}

fn pytest(project: &Project, venv: &Venv, selection: &Selection, pass: Pass) -> Result<()> {
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
        .args(pass.words)
        .args(&selection.python)
        .env("PYTHONPATH", &plugins)
        .env("HYPOTHESIS_STORAGE_DIRECTORY", scratch.join("hypothesis"))
        .env("PYTHONFAULTHANDLER", "1")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .envs(pass.turn.map(|turn| ("FT_SWITCH_INTERVAL", turn)));
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
