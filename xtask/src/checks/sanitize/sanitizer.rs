//! The two sanitizers: names, settings, and reading their reports.

use std::path::{Path, PathBuf};

use crate::common::project::Project;
use crate::common::run;

/// The exit status of a program in which something was reported.
pub const REPORTED: i32 = 66;
/// Broken programs, and what has to be reported of them.
const RACES: [(&str, &str); 1] = [("race", "ThreadSanitizer: data race")];
const MEMORY: [(&str, &str); 2] = [
    ("use-after-free", "AddressSanitizer: heap-use-after-free"),
    ("leak", "LeakSanitizer: detected memory leaks"),
];

/// What to look for.
#[derive(Clone, Copy, PartialEq)]
pub enum Sanitizer {
    /// Data races.
    Thread,
    /// Memory that is used after its end or beyond it, or never given back.
    Address,
}

impl Sanitizer {
    /// As in `-Zsanitizer`.
    pub fn flag(self) -> &'static str {
        match self {
            Sanitizer::Thread => "thread",
            Sanitizer::Address => "address",
        }
    }

    /// As in the names of its runtime, and of our command.
    pub fn short(self) -> &'static str {
        match self {
            Sanitizer::Thread => "tsan",
            Sanitizer::Address => "asan",
        }
    }

    /// Each has its own target folder: the flags would otherwise rebuild the whole workspace.
    pub fn target(self, project: &Project) -> PathBuf {
        project.target().join(self.short())
    }

    pub fn broken(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Sanitizer::Thread => &RACES,
            Sanitizer::Address => &MEMORY,
        }
    }

    /// Tests that do on purpose what it would report, or that it disturbs.
    pub fn not_here(self) -> &'static [&'static str] {
        match self {
            // The process ends as it must, but with another message than the test expects.
            Sanitizer::Thread => &["a_panic_ends_the_process"],
            // A thread that ends with a lock held, or takes one after its end has begun, leaves a few
            // bytes behind: nobody is left to free the memory that still says it is the owner.
            Sanitizer::Address => &[
                "lock_outlives_a_thread_that_reads",
                "unlock_while_the_thread_ends",
            ],
        }
    }

    /// The variable with its settings; the user's own are ignored.
    pub fn settings(self, root: &Path) -> (&'static str, String) {
        let common = format!("exitcode={REPORTED}:allocator_may_return_null=1");
        match self {
            Sanitizer::Thread => {
                let known = root.join("loom-tests/sanitizers/src/std_for_tsan.suppressions");
                let known = known.display();
                ("TSAN_OPTIONS", format!("{common}:suppressions={known}"))
            }
            Sanitizer::Address => ("ASAN_OPTIONS", format!("{common}:detect_leaks=1")),
        }
    }
}

/// The first report in a text, without its hundreds of frames; the end of a text without reports.
pub fn first_report(text: &str) -> String {
    let from = text.lines().skip_while(|line| !line.contains("Sanitizer:"));
    let report = from.take_while(|line| !line.starts_with("SUMMARY"));
    let lines: Vec<&str> = report.take(60).collect();
    if lines.is_empty() {
        return run::tail(text, 60);
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports() {
        let text = "running\nWARNING: ThreadSanitizer: data race (pid=1)\n  #0 a\nSUMMARY: b\nc\n";
        assert_eq!(
            first_report(text),
            "WARNING: ThreadSanitizer: data race (pid=1)\n  #0 a"
        );
        assert_eq!(first_report("thread panicked"), "thread panicked");
    }
}
