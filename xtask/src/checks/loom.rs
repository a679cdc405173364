//! Explores the models: each alone, so that each has its own line and its own time limit.

use std::thread;
use std::time::Duration;

use super::programs::{LOOM, output_of, run_all};
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
        let mut cmd = model.call();
        cmd.env("LOOM_MAX_PREEMPTIONS", bounds.preemptions.to_string())
            .env("LOOM_MAX_DURATION", bounds.seconds.to_string());
        let text = output_of(cmd, limit)?;
        Ok(explored(&text))
    })
}

/// A model may explore more than once: the sum of its lines `explored N executions in S s (why it
/// stopped early)`.
fn explored(text: &str) -> String {
    let (mut sum, mut early) = (0, "");
    for rest in text.split("explored ").skip(1) {
        let line = rest.lines().next().unwrap_or_default();
        let count = line.split(' ').next().unwrap_or_default();
        sum += count.parse::<u64>().unwrap_or(0);
        if let Some(at) = line.find('(') {
            early = &line[at..];
        }
    }
    let line = format!("{sum:>9} executions {early}");
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executions() {
        let text = "test a ... explored 40 executions in 2.0 s (stopped early: time)\n\
                    explored 2 executions in 0.1 s\nok\n";
        assert_eq!(explored(text), "       42 executions (stopped early: time)");
        assert_eq!(explored("test result: ok"), "        0 executions");
    }
}
