//! What a program can do when workers start, end and sleep.

use crate::StartError;
use ft_sync::thread;
use std::any::Any;

/// What a pool calls at certain moments.
///
/// Most methods are called on the worker's own thread. A panic in one of them may abort the process.
pub trait Hooks: Send + Sync + 'static {
    /// Starts a thread that calls [`WorkerThread::run`]. It is called on a thread that adds a job,
    /// or on a worker that has found more jobs than one.
    ///
    /// # Errors
    ///
    /// If there can be no thread. Then `thread` must be dropped.
    fn start(&self, thread: WorkerThread) -> Result<(), StartError> {
        #[cfg(not(any(ft_loom, ft_shuttle)))]
        thread::Builder::new()
            .name("work-stealing".into())
            .spawn(|| thread.run())?;
        #[cfg(any(ft_loom, ft_shuttle))]
        thread::spawn(|| thread.run());
        Ok(())
    }

    /// The worker with this number begins. No other worker of the pool ever has the number.
    fn started(&self, worker: usize) {
        let _ = worker;
    }

    /// The worker with this number ends. It runs no more jobs.
    fn ended(&self, worker: usize) {
        let _ = worker;
    }

    /// Calls `wait` once, which pauses or sleeps. A thread that must not sleep in some state, such
    /// as attached to an interpreter, leaves that state around the call.
    fn park(&self, wait: &mut (dyn FnMut() + Send)) {
        wait();
    }

    /// A job of [`spawn`](crate::Pool::spawn) has panicked, or what it owned did when it was dropped.
    /// Nobody waits for such a job.
    fn panicked(&self, payload: Box<dyn Any + Send>) {
        drop(payload);
    }
}

/// The hooks of a pool that needs none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHooks;

impl Hooks for NoHooks {}

/// A worker that waits for its thread. If it is dropped, the pool has one worker less.
pub struct WorkerThread(Box<dyn FnOnce() + Send + Sync>);

impl WorkerThread {
    /// The thread is to call `work`, unless that is dropped.
    pub(crate) fn new(work: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Box::new(work))
    }

    /// Runs jobs on the calling thread. Returns when the pool has been shut down and has no more
    /// jobs.
    pub fn run(self) {
        (self.0)();
    }
}
