//! Explores the models: each alone, so that each has its own line and its own time limit.

use std::process::Command;
use std::thread;
use std::time::Duration;

use super::programs::{LOOM, Test, output_of, run_all};
use crate::common::error::{Result, bail};
use crate::common::project::Project;

/// How far to explore.
#[derive(clap::Args)]
pub struct Bounds {
    /// Forced switches per execution; a model that passes has been explored up to that bound, which is
    /// less than proved
    #[arg(long, value_name = "N", default_value_t = Bounds::default().preemptions)]
    pub preemptions: u64,
    /// Time limit for each model
    #[arg(long, value_name = "N", default_value_t = Bounds::default().seconds)]
    pub seconds: u64,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            preemptions: 2,
            seconds: 120,
        }
    }
}

impl Bounds {
    /// A call of a model.
    fn call(&self, model: &Test) -> Command {
        let mut cmd = model.call();
        cmd.env("LOOM_MAX_PREEMPTIONS", self.preemptions.to_string())
            .env("LOOM_MAX_DURATION", self.seconds.to_string());
        cmd
    }
}

/// Explores every model in these files of `loom-tests/tests`, and prints a line for each.
///
/// # Errors
///
/// If a model fails, after all have run.
pub fn explore(project: &Project, files: &[String], bounds: &Bounds) -> Result<()> {
    if files.is_empty() {
        // To cargo, no file would mean every file.
        bail!("there are no models of that name");
    }
    let models = LOOM.tests(project, files)?.into_iter();
    let models: Vec<_> = models.map(|model| (model.title(), model)).collect();
    let (all, preemptions) = (models.len(), bounds.preemptions);
    println!("{all} models, up to {preemptions} preemptions");
    // Loom ends by itself between two executions; one that never ends has to be killed.
    let limit = Duration::from_secs(bounds.seconds + 60);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    run_all("models", models, cores, |model| {
        let text = output_of(bounds.call(&model), limit)?;
        let (executions, early) = explored(&text);
        let executions = executions.map_or("?".to_owned(), |n| n.to_string());
        Ok((format!("{executions:>9} executions"), early))
    })
}

/// The sum over the lines `explored N executions in S s (why it stopped early)`.
fn explored(text: &str) -> (Option<u64>, String) {
    let mut sum = None;
    let mut early = String::new();
    for line in text.lines() {
        // The harness starts its own line without ending it.
        let Some((_, rest)) = line.split_once("explored ") else {
            continue;
        };
        let Some((count, rest)) = rest.split_once(" executions in ") else {
            continue;
        };
        if let Ok(count) = count.parse::<u64>() {
            sum = Some(sum.unwrap_or(0) + count);
        }
        if let Some(at) = rest.find('(') {
            early = rest[at..].to_owned();
        }
    }
    (sum, early)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executions() {
        let line = |rest: &str| format!("\nrunning 1 test\ntest a ... explored {rest}\nok\n");
        let one = line("41 executions in 0.1 s");
        assert_eq!(explored(&one), (Some(41), String::new()));
        let early = "(stopped early: time)";
        let two = line(&format!("40 executions in 2.0 s {early}")) + &line("2 executions in 0.1 s");
        assert_eq!(explored(&two), (Some(42), early.to_owned()));
        assert_eq!(explored("test result: ok"), (None, String::new()));
    }
}
