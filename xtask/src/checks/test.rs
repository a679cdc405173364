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
    tests(project, ready, selection, true, quick, &mut report);
    match instructions::obstacle() {
        Some(why) => report.skip("instructions", "callgrind", why),
        None => report.step("instructions", "callgrind", || {
            instructions::check(project, ready.main())
        }),
    }
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
    tests(project, ready, selection, false, quick, &mut report);
    report.finish()
}

fn tests(
    project: &Project,
    ready: &Ready,
    selection: &Selection,
    with_own: bool,
    quick: bool,
    report: &mut Report,
) {
    rust_tests::all(project, &selection.packages, with_own, quick, report);

    if selection.models.is_empty() {
        report.skip("models", "loom", "there are none");
    } else {
        let mut bounds = loom::Bounds::default();
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
    python_tests::all(project, ready, selection, quick, report);
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
    } else if let Err(why) = sanitize::obstacle(project, sanitizer) {
        report.skip(WHAT, on, &why.to_string());
    } else {
        let plan = Plan {
            packages: Vec::new(),
            histories: selection.histories.clone(),
            seconds: 0.3,
        };
        report.step(WHAT, on, || sanitize::check(project, sanitizer, &plan));
    }
}
