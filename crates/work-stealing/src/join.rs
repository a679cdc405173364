//! `join`.

use crate::{abort::AbortOnUnwind, job::StackJob, latch::WorkerLatch, worker::Worker};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Runs `a` here, and `b` here or on the worker that steals it.
pub(crate) fn join<A, B>(
    worker: &Worker,
    a: impl FnOnce() -> A,
    b: impl FnOnce() -> B + Send,
) -> (A, B)
where
    B: Send,
{
    let job = StackJob::new(b, WorkerLatch::new(worker.index()));
    let guard = AbortOnUnwind;
    // SAFETY: `job` stays until it has been taken back or its latch is set: the guard keeps a panic
    // from ending this function earlier.
    worker.push(unsafe { job.job_ref() });
    let a = catch_unwind(AssertUnwindSafe(a));
    // What `a` has spawned lies on top of the job.
    while !job.latch.is_set() {
        match worker.pop() {
            Some(ours) if ours.is(&raw const job) => {
                guard.disarm();
                let a = a.unwrap_or_else(|payload| resume_unwind(payload));
                let b = job.into_body()();
                return (a, b);
            }
            Some(other) => worker.run(other),
            // Stolen.
            None => worker.help_until_finished(|| job.latch.is_set()),
        }
    }
    guard.disarm();
    let a = a.unwrap_or_else(|payload| resume_unwind(payload));
    let b = job.into_result();
    (a, b.expect("there is a worker, this one"))
}
