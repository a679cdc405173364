//! What the models in `tests/` share: schedules that loom explores. Run them with `cargo xtask loom`.
#![cfg(ft_loom)]

pub mod data;
pub mod pairs;
pub mod tasks;
pub mod threads;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Runs `model` under every schedule with at most `LOOM_MAX_PREEMPTIONS` preemptions (default 2),
/// and prints how many executions that took.
///
/// It also prints whether `LOOM_MAX_DURATION` (seconds) ended the search early. Loom panics at a leak, a race
/// or a deadlock, as a failing assertion of the model does.
pub fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(2);
    explore(builder, model);
}

/// As [`check`], with at most one preemption: for models that have too many schedules with two.
pub fn check_with_one_preemption(model: impl Fn() + Send + Sync + 'static) {
    check_with_preemptions(1, model);
}

/// As [`check`], with that many preemptions: for models that need more than two, and are small.
pub fn check_with_preemptions(most: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(most);
    explore(builder, model);
}

fn explore(mut builder: loom::model::Builder, model: impl Fn() + Send + Sync + 'static) {
    // Loom looks at its clock only at checkpoints.
    builder.checkpoint_interval = 1_000;
    let limit = builder.max_duration.unwrap_or(Duration::MAX);

    // This is a std atomic on purpose: it counts across executions, and is no part of the model.
    let executions = std::sync::Arc::new(AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&executions);
    let start = Instant::now();
    builder.check(move || {
        counter.fetch_add(1, Relaxed);
        model();
    });
    let elapsed = start.elapsed();
    let early = if elapsed >= limit {
        " (stopped early: time)"
    } else {
        ""
    };
    println!(
        "explored {} executions in {:.1} s{early}",
        executions.load(Relaxed),
        elapsed.as_secs_f64()
    );
}
