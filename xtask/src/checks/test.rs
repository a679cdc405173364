//! `cargo xtask test`: everything that must hold, or one primitive's part of it.

use super::sanitize::{self, Plan, Sanitizer};
use super::select::Selection;
use super::{fuzz, linear, lint, loom, mutants, python_tests, rust_tests};
use crate::common::error::Result;
use crate::common::project::Project;
use crate::common::report::Report;
use crate::environments::setup::Ready;
use crate::measurements::instructions;

/// All of it.
pub fn all(project: &Project, ready: &Ready, selection: &Selection, quick: bool) -> Result<()> {
    let mut report = Report::default();
    lint::quick(project, ready, &mut report);
    lint::slow(project, ready, selection, quick, &mut report);
    report.step("orderings", "the list", || mutants::check(project));
    rust_tests::all(project, &selection.packages, true, quick, &mut report);
    loom_tests(project, selection, quick, &mut report);
    python_tests::all(project, ready, selection, quick, &mut report);
    let obstacle = instructions::obstacle();
    report.step_unless(obstacle, "instructions", "callgrind", || {
        instructions::check(project, ready.main())
    });
    for venv in ready.with_wheel() {
        report.step("README", &venv.name(), || {
            python_tests::readme(project, &venv)
        });
    }
    report.finish()
}

/// The tests of one primitive, without the checks that look at everything.
pub fn one(project: &Project, ready: &Ready, selection: &Selection, quick: bool) -> Result<()> {
    let mut report = Report::default();
    rust_tests::all(project, &selection.packages, false, quick, &mut report);
    loom_tests(project, selection, quick, &mut report);
    python_tests::all(project, ready, selection, quick, &mut report);
    report.finish()
}

/// Everything in the folder `loom-tests`.
fn loom_tests(project: &Project, selection: &Selection, quick: bool, report: &mut Report) {
    let Selection {
        models,
        histories,
        fuzzed,
        ..
    } = selection;
    let none = |files: &[String]| files.is_empty().then_some("there are none");

    let mut bounds = loom::Bounds::default();
    if quick {
        bounds.preemptions = 1;
    }
    let on = format!("loom, {} preemptions", bounds.preemptions);
    report.step_unless(none(models), "models", &on, || {
        loom::explore(project, models, &bounds)
    });

    let mut limits = linear::Limits::default();
    if quick {
        limits.seconds = 0.1;
    }
    report.step_unless(none(histories), "histories", "threads, shuttle", || {
        linear::check(project, histories, &limits)
    });

    let mut limits = fuzz::Limits::default();
    if quick {
        limits.programs /= 10;
    }
    report.step_unless(none(fuzzed), "fuzzing", "alone, together", || {
        fuzz::all(project, fuzzed, &limits)
    });

    // A short run; the commands `tsan` and `asan` run the crates' own tests too, and for longer.
    for sanitizer in [Sanitizer::Thread, Sanitizer::Address] {
        let missing = sanitize::obstacle(project, sanitizer).err();
        let missing = missing.map(|err| err.to_string());
        let reason = none(histories)
            .or(quick.then_some("--quick"))
            .or(missing.as_deref());
        report.step_unless(reason, "sanitizers", sanitizer.short(), || {
            let plan = Plan {
                packages: Vec::new(),
                histories: histories.clone(),
                seconds: 0.3,
            };
            sanitize::check(project, sanitizer, &plan)
        });
    }
}
