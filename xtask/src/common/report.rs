//! What passed, what failed, and what was left out and why.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};

enum Outcome {
    Passed,
    Failed,
    Skipped(String),
}

struct Step {
    what: String,
    on: String,
    outcome: Outcome,
    took: Duration,
}

/// The steps so far. A failing one does not stop the next.
#[derive(Default)]
pub struct Report {
    steps: Vec<Step>,
}

impl Report {
    /// Runs one step and notes how it ended.
    pub fn step(&mut self, what: &str, on: &str, run: impl FnOnce() -> Result<()>) {
        println!("== {what}: {on}");
        let start = Instant::now();
        let outcome = match run() {
            Ok(()) => Outcome::Passed,
            Err(err) => {
                println!("error: {err}");
                Outcome::Failed
            }
        };
        let took = start.elapsed();
        // A run that is stopped half-way has no table.
        println!("-- {what}: {on}: {:.1} s", took.as_secs_f64());
        self.note(what, on, outcome, took);
    }

    /// Notes that a step was left out.
    pub fn skip(&mut self, what: &str, on: &str, why: &str) {
        let why = why.lines().next().unwrap_or_default().to_owned();
        self.note(what, on, Outcome::Skipped(why), Duration::ZERO);
    }

    fn note(&mut self, what: &str, on: &str, outcome: Outcome, took: Duration) {
        self.steps.push(Step {
            what: what.to_owned(),
            on: on.to_owned(),
            outcome,
            took,
        });
    }

    /// Prints the table and, last, the line that scripts read.
    ///
    /// # Errors
    ///
    /// If a step failed.
    pub fn finish(self) -> Result<()> {
        let (table, failed) = self.render();
        print!("\n{table}");
        if failed == 0 {
            Ok(())
        } else {
            Err(Error::already_told())
        }
    }

    fn render(&self) -> (String, usize) {
        let wide = |of: fn(&Step) -> &str, least: usize| {
            let widths = self.steps.iter().map(|step| of(step).chars().count());
            widths.max().unwrap_or(0).max(least)
        };
        let what = wide(|step| &step.what, 4);
        let on = wide(|step| &step.on, 2);
        let mut text = format!("{:what$}  {:on$}  {:>7}  result\n", "step", "on", "seconds");
        let (mut passed, mut failed) = (0, 0);
        for step in &self.steps {
            let result = match &step.outcome {
                Outcome::Passed => {
                    passed += 1;
                    "passed".to_owned()
                }
                Outcome::Failed => {
                    failed += 1;
                    "FAILED".to_owned()
                }
                Outcome::Skipped(why) => format!("skipped: {why}"),
            };
            let seconds = match step.outcome {
                Outcome::Skipped(_) => String::new(),
                _ => format!("{:.1}", step.took.as_secs_f64()),
            };
            text.push_str(&format!(
                "{:what$}  {:on$}  {seconds:>7}  {result}\n",
                step.what, step.on
            ));
        }
        text.push_str(&format!("{passed} passed, {failed} failed\n"));
        (text, failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_after_a_failure_and_counts() {
        let mut report = Report::default();
        report.step("format", "rustfmt", || Err(Error::new("no")));
        report.step("Python tests", "3.13t", || Ok(()));
        report.skip("docs", "rustdoc", "--quick\nand more");
        let (text, failed) = report.render();
        assert_eq!(failed, 1);
        assert!(
            text.contains("format        rustfmt      0.0  FAILED\n"),
            "{text}"
        );
        assert!(text.contains("skipped: --quick\n"), "{text}");
        assert!(text.ends_with("\n1 passed, 1 failed\n"), "{text}");
        assert!(report.finish().unwrap_err().is_told());
    }
}
