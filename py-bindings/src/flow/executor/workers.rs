//! The threads of an executor.

use crate::runtime::{
    blocking,
    brief::Brief,
    create::{New, exception},
    stop::{Stop, shielded},
};
use ft_sync::{Event, process_id};
use ft_work_stealing::{Hooks, Pool, Queued, SpawnError, StartError, WorkerThread};
use pyo3::{
    exceptions::{PyException, PyRuntimeError},
    intern,
    prelude::*,
    types::{PyWeakref, PyWeakrefMethods},
};
use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Instant,
};

thread_local! {
    /// Whether this thread is a worker, of whatever executor.
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };

    /// What a signal handler has raised while this thread started a worker, whether that runs or not.
    static INTERRUPTION: Cell<Option<PyErr>> = const { Cell::new(None) };
}

/// The pool of an executor.
pub(crate) struct Workers {
    /// `None` only while it is dropped.
    pool: Option<Pool>,
    /// The process that has the threads.
    process: u32,
    is_closed: AtomicBool,
    is_broken: Arc<AtomicBool>,
}

impl Workers {
    /// `starter` refers to an object whose method `start` gets a [`WorkerStart`], and starts a thread
    /// that calls it.
    pub(crate) fn new(most: usize, starter: Py<PyWeakref>) -> Self {
        let is_broken = Arc::default();
        let hooks = PythonThreads {
            starter,
            is_broken: Arc::clone(&is_broken),
        };
        Self {
            pool: Some(Pool::with_hooks(most, hooks)),
            process: process_id(),
            is_closed: AtomicBool::new(false),
            is_broken,
        }
    }

    fn pool(&self) -> &Pool {
        self.pool.as_ref().expect("it is dropped last")
    }

    pub(crate) fn most(&self) -> usize {
        self.pool().most_workers()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(SeqCst)
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.is_broken.load(SeqCst)
    }

    /// Whether the threads are in another process, and this one is the child of a fork.
    pub(crate) fn is_foreign(&self) -> bool {
        self.process != process_id()
    }

    /// Whether this thread is one of them.
    pub(crate) fn is_worker(&self) -> bool {
        IS_WORKER.with(Cell::get) && self.pool().is_worker()
    }

    /// Adds a job.
    pub(crate) fn spawn(
        &self,
        py: Python<'_>,
        job: impl FnOnce() + Send + 'static,
    ) -> PyResult<()> {
        // No wait of the job may end because of what the worker does.
        let added = self.pool().spawn(|| shielded(job));
        if let Some(err) = INTERRUPTION.take() {
            return Err(err);
        }
        added.map_err(|err| match err {
            SpawnError::ShutDown => after_shutdown(),
            SpawnError::NoThread(err) => match err.downcast::<PyErr>() {
                Ok(err) => err.clone_ref(py),
                Err(err) => exception::<PyRuntimeError>(err.to_string()),
            },
        })
    }

    /// Takes no more jobs, and drops those that have not begun, if wanted.
    pub(crate) fn close(&self, queued: Queued) {
        self.is_closed.store(true, SeqCst);
        if !self.is_foreign() {
            self.pool().shut_down(queued);
        }
    }

    /// Waits until all jobs have run, and no worker is left.
    pub(crate) fn join(&self, py: Python<'_>) -> PyResult<()> {
        if self.is_foreign() {
            return Ok(());
        }
        if self.is_worker() {
            let message = "a job of the executor cannot wait for the end of the executor";
            return Err(exception::<PyRuntimeError>(message));
        }
        let pool = self.pool();
        blocking::wait_in_slices(py, None, |until| pool.wait_deadline(until).then_some(()))?;
        Ok(())
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.take() {
            if self.is_foreign() {
                // Its locks may be held by threads that this process does not have.
                std::mem::forget(pool);
            } else {
                pool.drop_without_waiting();
            }
        }
    }
}

/// The error of a submission that comes too late.
pub(crate) fn after_shutdown() -> PyErr {
    exception::<PyRuntimeError>("cannot schedule new futures after shutdown")
}

/// The error of a job of an executor whose initializer has failed.
pub(crate) fn broken(py: Python<'_>) -> PyErr {
    let text = "A thread initializer failed, the thread pool is not usable anymore";
    // Its module is imported when it is needed: that fails while the interpreter ends.
    let made = py
        .import(New("concurrent.futures.thread"))
        .and_then(|module| module.getattr(intern!(py, "BrokenThreadPool")))
        .and_then(|kind| kind.call1((New(text),)));
    made.map_or_else(|err| err, PyErr::from_value)
}

/// Waits until `attempt` returns something, and returns that. Returns `None` after the deadline.
///
/// A worker runs jobs meanwhile. Any other thread does what [`blocking::wait`] does.
pub(crate) fn wait_or_help<T>(
    py: Python<'_>,
    deadline: Option<Instant>,
    event: &Event,
    mut attempt: impl FnMut() -> Option<T>,
) -> PyResult<Option<T>> {
    if !IS_WORKER.with(Cell::get) {
        return blocking::wait(py, deadline, event, attempt);
    }
    let stop = Stop::current();
    let look = || match attempt() {
        Some(done) => Some(Ok(done)),
        None => stop.check(py).err().map(Err),
    };
    Pool::help_until(event, deadline, look).transpose()
}

/// Starts workers as threads of Python.
struct PythonThreads {
    /// Weak, so that a cycle through the executor can be collected.
    starter: Py<PyWeakref>,
    is_broken: Arc<AtomicBool>,
}

impl PythonThreads {
    fn try_start(&self, py: Python<'_>, start: &Bound<'_, WorkerStart>) -> PyResult<()> {
        match self.starter.bind(py).upgrade() {
            Some(starter) => {
                starter.call_method1(intern!(py, "start"), (start,))?;
                Ok(())
            }
            None => Err(exception::<PyRuntimeError>("the executor no longer exists")),
        }
    }
}

impl Hooks for PythonThreads {
    fn start(&self, thread: WorkerThread) -> Result<(), StartError> {
        // SAFETY: jobs are added and run by attached threads alone.
        let py = unsafe { Python::assume_attached() };
        let start = Bound::new(
            py,
            WorkerStart {
                thread: Brief::new(Some(thread)),
                is_broken: Arc::clone(&self.is_broken),
            },
        )?;
        let Err(err) = self.try_start(py, &start) else {
            return Ok(());
        };
        if start.get().take().is_some() {
            if !err.is_instance_of::<PyException>(py) {
                // Ctrl-C. If there are other workers, the pool goes on with them and says nothing.
                INTERRUPTION.set(Some(err.clone_ref(py)));
            }
            return Err(err.into());
        }
        // The thread runs nevertheless.
        INTERRUPTION.set(Some(err));
        Ok(())
    }

    fn park(&self, wait: &mut (dyn FnMut() + Send)) {
        // SAFETY: jobs are run by attached threads alone.
        let py = unsafe { Python::assume_attached() };
        let stop = Stop::current();
        py.detach(|| stop.ending(wait));
    }
}

/// What a new thread calls to become a worker.
#[pyclass(frozen, module = "ft_utils._native", name = "WorkerStart")]
pub(crate) struct WorkerStart {
    thread: Brief<Option<WorkerThread>>,
    is_broken: Arc<AtomicBool>,
}

impl WorkerStart {
    fn take(&self) -> Option<WorkerThread> {
        self.thread.lock().take()
    }
}

#[pymethods]
impl WorkerStart {
    /// Run jobs, until the executor has been shut down and there are no more.
    fn __call__(&self) {
        if let Some(thread) = self.take() {
            IS_WORKER.with(|is_worker| is_worker.set(true));
            thread.run();
            IS_WORKER.with(|is_worker| is_worker.set(false));
        }
    }

    /// Let all jobs that have not begun fail, because the initializer has failed.
    fn fail(&self) {
        self.is_broken.store(true, SeqCst);
    }
}
