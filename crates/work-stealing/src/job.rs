//! What the deques hold: a pointer to a job, and how to run it.

use crate::{
    latch::JobLatch,
    runner::{Payload, Runner},
};
use ft_sync::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// A job in a queue. It must be run or discarded exactly once.
pub(crate) struct JobRef {
    job: *const (),
    how: &'static Methods,
}

/// How to treat a kind of job. None of these unwinds.
struct Methods {
    /// Runs the job, which ends it.
    run: unsafe fn(*const (), &dyn Runner),
    /// Drops the job, if nobody waits for it.
    discard: Option<unsafe fn(*const (), &dyn Runner)>,
    /// Ends the job without running it, if no worker waits for it.
    refuse: Option<unsafe fn(*const (), &dyn Runner)>,
}

// SAFETY: the types of jobs below require that what they contain may be sent.
unsafe impl Send for JobRef {}

impl JobRef {
    /// Runs the job on this worker. It does not unwind.
    pub(crate) fn run(self, pool: &dyn Runner) {
        // SAFETY: `self` is consumed, so this is the one time.
        unsafe { (self.how.run)(self.job, pool) }
    }

    /// Drops the job. Returns it instead if somebody waits for it. It does not unwind.
    pub(crate) fn discard(self, pool: &dyn Runner) -> Result<(), Self> {
        let Some(discard) = self.how.discard else {
            return Err(self);
        };
        // SAFETY: as in `run`.
        unsafe { discard(self.job, pool) };
        Ok(())
    }

    /// Ends the job without running it: there is no worker, and so none that waits for it.
    pub(crate) fn refuse(self, pool: &dyn Runner) {
        let refuse = self.how.refuse.expect("a worker waits for it");
        // SAFETY: as in `run`.
        unsafe { refuse(self.job, pool) };
    }

    /// Tells whether it is a reference to that job.
    pub(crate) fn is<T>(&self, job: *const T) -> bool {
        std::ptr::eq(self.job, job.cast())
    }
}

/// A job on the heap, for which nobody waits unless it is part of a scope.
pub(crate) struct HeapJob<F>(F);

impl<F: FnOnce(&dyn Runner) + Send> HeapJob<F> {
    /// Which methods a job has that may be discarded.
    const SPAWNED: &'static Methods = &Methods {
        run: Self::run,
        discard: Some(Self::discard),
        refuse: Some(Self::discard),
    };

    /// Which methods a job has that a worker waits for.
    const SCOPED: &'static Methods = &Methods {
        run: Self::run,
        discard: None,
        refuse: None,
    };

    /// A job that lives as long as it likes.
    pub(crate) fn spawned(body: F) -> JobRef
    where
        F: 'static,
    {
        let job = Box::into_raw(Box::new(Self(body))).cast_const().cast();
        let how = Self::SPAWNED;
        JobRef { job, how }
    }

    /// A job that is part of a scope.
    ///
    /// # Safety
    ///
    /// What `body` borrows must live until the job has run.
    pub(crate) unsafe fn scoped(body: F) -> JobRef {
        let job = Box::into_raw(Box::new(Self(body))).cast_const().cast();
        let how = Self::SCOPED;
        JobRef { job, how }
    }

    unsafe fn run(job: *const (), pool: &dyn Runner) {
        // SAFETY: the pointer comes from `into_raw`, and this is called once.
        let job = unsafe { Box::from_raw(job.cast_mut().cast::<Self>()) };
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| (job.0)(pool))) {
            pool.panicked(payload);
        }
    }

    unsafe fn discard(job: *const (), pool: &dyn Runner) {
        // SAFETY: as in `run`.
        let job = unsafe { Box::from_raw(job.cast_mut().cast::<Self>()) };
        // What the job owns may panic when it is dropped.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(job))) {
            pool.panicked(payload);
        }
    }
}

/// A job on the stack of a thread that waits for it.
pub(crate) struct StackJob<F, R, L> {
    body: UnsafeCell<Option<F>>,
    result: UnsafeCell<Option<Result<R, Payload>>>,
    /// Set after the result was written: then the job belongs to the thread that waits.
    pub(crate) latch: L,
}

impl<F, R, L> StackJob<F, R, L>
where
    F: FnOnce() -> R + Send,
    R: Send,
    L: JobLatch,
{
    const METHODS: &'static Methods = &Methods {
        run: Self::run,
        discard: None,
        refuse: Some(Self::refuse),
    };

    /// Creates a job that is not in a queue.
    pub(crate) fn new(body: F, latch: L) -> Self {
        Self {
            body: UnsafeCell::new(Some(body)),
            result: UnsafeCell::new(None),
            latch,
        }
    }

    /// The job as what a queue holds.
    ///
    /// # Safety
    ///
    /// At most one call. The job must stay where it is until the latch is set, or the reference is
    /// dropped without being run.
    pub(crate) unsafe fn job_ref(&self) -> JobRef {
        let job = std::ptr::from_ref(self).cast();
        let how = Self::METHODS;
        JobRef { job, how }
    }

    unsafe fn run(job: *const (), pool: &dyn Runner) {
        // SAFETY: the thread that waits keeps the job until the latch is set below.
        let this = unsafe { &*job.cast::<Self>() };
        // SAFETY: the one reference was consumed, so nobody else looks before the latch is set.
        let body = this.body.with_mut(|body| unsafe { (*body).take() });
        let body = body.expect("a job runs once");
        let result = catch_unwind(AssertUnwindSafe(body));
        // SAFETY: as above.
        this.result
            .with_mut(|place| unsafe { *place = Some(result) });
        // SAFETY: the pointer is good until this call has set the latch.
        unsafe { L::set(&raw const this.latch, pool) };
    }

    unsafe fn refuse(job: *const (), pool: &dyn Runner) {
        // SAFETY: as in `run`. There is no result.
        let latch = unsafe { &raw const (*job.cast::<Self>()).latch };
        // SAFETY: as in `run`.
        unsafe { L::set(latch, pool) };
    }

    /// Takes the body of a job that was not run.
    pub(crate) fn into_body(self) -> F {
        self.body.into_inner().expect("a job runs once")
    }

    /// Returns what the job returned, or goes on with its panic. Returns `None` if it was refused. The
    /// latch must be set.
    pub(crate) fn into_result(self) -> Option<R> {
        match self.result.into_inner()? {
            Ok(result) => Some(result),
            Err(payload) => resume_unwind(payload),
        }
    }
}
