//! Tasks that take locks.

use super::acquire::Patience;
use crate::runtime::{
    awaiting::{self, Coroutine, Operation, Outcome},
    create::{bool, exception},
    error::Result,
};
use ft_sync::TaskToken;
use pyo3::{PyTraverseError, PyVisit, exceptions::PyRuntimeError, prelude::*};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Instant,
};

/// Returns the task that runs in this thread, if there is one.
pub(super) fn current(py: Python<'_>) -> PyResult<Option<TaskToken>> {
    let task = awaiting::current_task(py)?;
    Ok(task.map(|address| TaskToken::new(address as u64)))
}

/// The wait of a task for a lock. It owns the lock that it waits for.
pub(super) type Wait = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// What a coroutine returns when the task has the lock.
pub(super) enum Answer {
    None,
    /// True, or False if a deadline has passed.
    Bool,
    /// The object that was entered.
    Entered(Py<PyAny>),
}

/// Takes a lock for a task: the one that has called the method, even if another one awaits the
/// coroutine, as `asyncio.wait_for` did in earlier versions; or else the one that awaits it.
pub(super) struct Take<L> {
    lock: Arc<L>,
    task: Option<TaskToken>,
    ways: Ways<L>,
    /// The place in line. If this is dropped, a lock that was already handed to it goes to the next
    /// waiter.
    wait: Option<Wait>,
    answer: Answer,
}

impl<L: Send + Sync + 'static> Take<L> {
    /// Makes a coroutine that takes the lock.
    pub(super) fn coroutine(
        py: Python<'_>,
        name: &'static str,
        lock: &Arc<L>,
        ways: Ways<L>,
        answer: Answer,
        patience: Patience,
    ) -> PyResult<Coroutine> {
        let take = Self {
            lock: Arc::clone(lock),
            task: current(py)?,
            ways,
            wait: None,
            answer,
        };
        let deadline = match patience {
            Patience::Never => Some(Instant::now()),
            Patience::Until(deadline) => deadline,
        };
        Ok(Coroutine::new(name, take, deadline))
    }

    fn task(&mut self, py: Python<'_>) -> PyResult<TaskToken> {
        if self.task.is_none() {
            self.task = current(py)?;
        }
        self.task.ok_or_else(|| {
            exception::<PyRuntimeError>("no task is running, and only a task can have the lock")
        })
    }

    fn answer(&self, py: Python<'_>) -> Outcome {
        Ok(match &self.answer {
            Answer::None => None,
            Answer::Bool => Some(bool(py, true)),
            Answer::Entered(object) => Some(object.clone_ref(py)),
        })
    }
}

/// How a task takes a lock.
pub(super) struct Ways<L> {
    /// Takes it without waiting, and returns whether that succeeded.
    pub(super) attempt: fn(&L, TaskToken) -> bool,
    /// Begins to wait for it. Fails if the task would wait for itself, or does not have the lock that it
    /// cedes.
    pub(super) begin: fn(Arc<L>, TaskToken) -> Wait,
}

impl<L: Send + Sync + 'static> Operation for Take<L> {
    fn attempt(&mut self, py: Python<'_>) -> Option<Outcome> {
        match self.task(py) {
            Ok(task) => (self.ways.attempt)(&self.lock, task).then(|| self.answer(py)),
            Err(err) => Some(Err(err)),
        }
    }

    fn poll(&mut self, py: Python<'_>, waker: &Waker) -> Poll<Outcome> {
        let task = match self.task(py) {
            Ok(task) => task,
            Err(err) => return Poll::Ready(Err(err)),
        };
        let lock = &self.lock;
        let wait = (self.wait).get_or_insert_with(|| (self.ways.begin)(Arc::clone(lock), task));
        match wait.as_mut().poll(&mut Context::from_waker(waker)) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) => Poll::Ready(self.answer(py)),
            Poll::Ready(Err(err)) => Poll::Ready(Err(err.into())),
        }
    }

    fn timed_out(&mut self, py: Python<'_>) -> Outcome {
        Ok(Some(bool(py, false)))
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        match &self.answer {
            Answer::Entered(object) => visit.call(object),
            Answer::None | Answer::Bool => Ok(()),
        }
    }
}
