//! What passed, what failed, and what was left out and why.

use std::time::Instant;

use super::error::{Error, Result};

/// A row of the table.
struct Step {
    what: String,
    on: String,
    seconds: String,
    result: String,
}

/// The steps so far. A failing one does not stop the next.
#[derive(Default)]
pub struct Report {
    steps: Vec<Step>,
    passed: usize,
    failed: usize,
}

impl Report {
    /// Runs one step and notes how it ended.
    pub fn step(&mut self, what: &str, on: &str, run: impl FnOnce() -> Result<()>) {
        println!("== {what}: {on}");
        let start = Instant::now();
        let result = match run() {
            Ok(()) => {
                self.passed += 1;
                "passed"
            }
            Err(err) => {
                println!("error: {err}");
                self.failed += 1;
                "FAILED"
            }
        };
        let seconds = format!("{:.1}", start.elapsed().as_secs_f64());
        // Printed now, too: a run that is stopped half-way prints no table.
        println!("-- {what}: {on}: {seconds} s");
        self.note(what, on, seconds, result.to_owned());
    }

    /// Runs one step, unless there is a reason to leave it out.
    pub fn step_unless(
        &mut self,
        reason: Option<&str>,
        what: &str,
        on: &str,
        run: impl FnOnce() -> Result<()>,
    ) {
        match reason {
            Some(why) => self.skip(what, on, why),
            None => self.step(what, on, run),
        }
    }

    /// Notes that a step was left out.
    pub fn skip(&mut self, what: &str, on: &str, why: &str) {
        let why = why.lines().next().unwrap_or_default();
        self.note(what, on, String::new(), format!("skipped: {why}"));
    }

    fn note(&mut self, what: &str, on: &str, seconds: String, result: String) {
        self.steps.push(Step {
            what: what.to_owned(),
            on: on.to_owned(),
            seconds,
            result,
        });
    }

    /// Prints the table and, last, the line that scripts read.
    ///
    /// # Errors
    ///
    /// If a step failed.
    pub fn finish(self) -> Result<()> {
        print!("\n{}", self.table());
        match self.failed {
            0 => Ok(()),
            _ => Err(Error::already_told()),
        }
    }

    fn table(&self) -> String {
        let width = |of: fn(&Step) -> &str, least: usize| {
            let widths = self.steps.iter().map(|step| of(step).chars().count());
            widths.max().unwrap_or(0).max(least)
        };
        let what = width(|step| &step.what, 4);
        let on = width(|step| &step.on, 2);
        let mut text = format!("{:what$}  {:on$}  {:>7}  result\n", "step", "on", "seconds");
        for step in &self.steps {
            text.push_str(&format!(
                "{:what$}  {:on$}  {:>7}  {}\n",
                step.what, step.on, step.seconds, step.result
            ));
        }
        text + &format!("{} passed, {} failed\n", self.passed, self.failed)
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
        let text = report.table();
        let line = "format        rustfmt      0.0  FAILED\n";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("skipped: --quick\n"), "{text}");
        assert!(text.ends_with("\n1 passed, 1 failed\n"), "{text}");
        assert!(report.finish().unwrap_err().is_told());
    }
}
