//! Scopes: jobs that borrow.

use crate::{
    abort::AbortOnUnwind,
    job::HeapJob,
    runner::{Payload, Runner},
    shared::Shared,
    worker::Worker,
};
use ft_sync::{
    Mutex,
    atomic::{
        AtomicUsize,
        Ordering::{Acquire, Relaxed, Release},
    },
};
use std::sync::Arc;
use std::{
    fmt,
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::PoisonError,
};

/// A scope, in which jobs may borrow from outside. See [`Pool::scope`](crate::Pool::scope).
pub struct Scope<'scope, 'env: 'scope> {
    shared: Arc<Shared>,
    /// The worker that waits for the scope.
    owner: usize,
    /// Jobs that have not ended, and the body of the scope.
    pending: AtomicUsize,
    /// The first panic of a job.
    panic: Mutex<Option<Payload>>,
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// A scope that lives until the job that has this pointer has ended.
struct Pointer(*const Scope<'static, 'static>);

// SAFETY: a scope may be shared.
unsafe impl Send for Pointer {}

impl Pointer {
    /// The job has ended.
    fn leave(self, result: Result<(), Payload>, pool: &dyn Runner) {
        let scope = self.0;
        let mut other = result.err();
        if other.is_some() {
            // SAFETY: we are still counted.
            let mut first =
                unsafe { (*scope).panic.lock() }.unwrap_or_else(PoisonError::into_inner);
            if first.is_none() {
                *first = other.take();
            }
        }
        // SAFETY: as above.
        let owner = unsafe { (*scope).owner };
        // SAFETY: as above, until it is counted down. Release: pairs with the Acquire in `is_over`.
        if unsafe { (*scope).pending.fetch_sub(1, Release) } == 1 {
            // What is woken lives in the pool.
            pool.finished(owner);
        }
        // This may panic, so it comes last.
        drop(other);
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Adds a job, which may borrow from outside the scope, and add more jobs.
    ///
    /// If it panics, the others go on, and [`Pool::scope`](crate::Pool::scope) panics in the end.
    pub fn spawn<F>(&'scope self, job: F)
    where
        F: FnOnce() + Send + 'scope,
    {
        // Relaxed: the caller is counted, so the scope is not over; publishes nothing.
        self.pending.fetch_add(1, Relaxed);
        let pointer = Pointer(std::ptr::from_ref(self).cast());
        let body = move |pool: &dyn Runner| {
            let pointer = pointer;
            let result = catch_unwind(AssertUnwindSafe(job));
            pointer.leave(result, pool);
        };
        // SAFETY: the scope waits for the job before what it borrows ends.
        let job = unsafe { HeapJob::scoped(body) };
        Worker::current(|worker| match worker {
            Some(worker) if Arc::ptr_eq(worker.shared(), &self.shared) => worker.push(job),
            // The worker that waits for the scope stays.
            _ => self.shared.inject_open(job),
        });
    }

    fn is_over(&self) -> bool {
        // Acquire: pairs with the Release in `leave`. All changes are read-modify-writes, so that
        // what all jobs did is seen.
        self.pending.load(Acquire) == 0
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

/// Runs `body`, and then other jobs until those of the scope have ended.
pub(crate) fn scope<'env, R>(
    worker: &Worker,
    body: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
) -> R {
    let scope = Scope {
        shared: Arc::clone(worker.shared()),
        owner: worker.index(),
        pending: AtomicUsize::new(1),
        panic: Mutex::new(None),
        scope: PhantomData,
        env: PhantomData,
    };
    let result = catch_unwind(AssertUnwindSafe(|| body(&scope)));
    let guard = AbortOnUnwind;
    // Relaxed: the body has run on this thread.
    scope.pending.fetch_sub(1, Relaxed);
    worker.help_until_finished(|| scope.is_over());
    guard.disarm();
    let result = result.unwrap_or_else(|payload| resume_unwind(payload));
    let panic = (scope.panic.lock().unwrap_or_else(PoisonError::into_inner)).take();
    match panic {
        Some(payload) => resume_unwind(payload),
        None => result,
    }
}
