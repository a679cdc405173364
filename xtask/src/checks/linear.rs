//! Checks recorded histories for linearizability: those of real threads, and those of shuttle's.

use std::time::Duration;

use super::programs::{Failed, SHUTTLE, THREADS, output_of, run_all, said};
use crate::common::error::{Result, bail};
use crate::common::project::Project;

/// How long to record, and what.
#[derive(clap::Args)]
pub struct Limits {
    /// How long each test records
    #[arg(long, value_name = "N", default_value_t = Limits::default().seconds)]
    pub seconds: f64,
    /// First seed; a failing test prints its own. With the same seed, shuttle's schedules are the same
    /// again; real threads make the same calls, at other times
    #[arg(long, value_name = "N", default_value_t = Limits::default().seed)]
    pub seed: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            seconds: 1.5,
            seed: 1,
        }
    }
}

/// Runs the tests in these files of `loom-tests/histories/tests`, and prints a line for each.
///
/// # Errors
///
/// If one fails, after all have run.
pub fn check(project: &Project, files: &[String], limits: &Limits) -> Result<()> {
    if files.is_empty() {
        bail!("there are no histories of that name");
    }
    let mut tests = Vec::new();
    for way in [THREADS, SHUTTLE] {
        let all = way.tests(project, files)?.into_iter();
        tests.extend(all.map(|test| (format!("{} ({})", test.title(), way.name), test)));
    }
    let (all, seconds, seed) = (tests.len(), limits.seconds, limits.seed);
    println!("{all} tests, {seconds} s each, from seed {seed}");
    // A batch that is under way is finished; a thread that waits for ever has to be killed.
    let limit = Duration::from_secs_f64(seconds + 60.0);
    // Two at a time: more would only take the processors from one another's threads.
    run_all("histories", tests, 2, |test| {
        let mut cmd = test.call();
        cmd.env("FT_LINEAR_SECONDS", seconds.to_string())
            .env("FT_LINEAR_SEED", seed.to_string());
        let text = output_of(cmd, limit)
            .map_err(|Failed(how, text)| Failed(format!("{how}, from seed {seed}"), text))?;
        said(&text, "checked ")
            .ok_or_else(|| Failed("FAILED: has recorded nothing".to_owned(), text))
    })
}
