//! The operation that a coroutine performs.

use crate::runtime::object::Object;
use ft_sync::Event;
use pyo3::{PyTraverseError, PyVisit, exceptions::PyTimeoutError, prelude::*};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Instant,
};

/// The result of a coroutine. No value stands for Python's `None`.
pub(crate) type Outcome = PyResult<Option<Py<PyAny>>>;

/// The operation that a coroutine performs. No failure in it loses anything: parts that run Python
/// code, such as the comparisons of a priority queue, run before anything has changed.
///
/// Dropping the operation undoes what it has begun.
pub(crate) trait Operation: Send {
    /// Performs the operation, if that is possible now.
    fn attempt(&mut self, py: Python<'_>) -> Option<Outcome>;

    /// Performs the operation, or arranges that `waker` is woken when it may be possible.
    fn poll(&mut self, py: Python<'_>, waker: &Waker) -> Poll<Outcome>;

    /// Returns when to poll again even if no waker was woken, for an operation that waits for the
    /// clock.
    fn wake_at(&self) -> Option<Instant> {
        None
    }

    /// Ends the operation, because a deadline has passed.
    fn timed_out(&mut self, _py: Python<'_>) -> Outcome {
        Err(PyTimeoutError::new_err(()))
    }

    /// Shows the collector the objects that the operation holds.
    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError>;
}

/// An operation that is tried again each time an event is signaled.
pub(crate) struct Retry<C> {
    pub(crate) core: Arc<C>,
    /// The Python object of the core, which shows its contents to the collector.
    pub(crate) owner: Py<PyAny>,
    /// The object to put into the core, if there is one.
    pub(crate) item: Option<Object>,
    /// Selects the event of the core to wait for.
    pub(crate) event: fn(&C) -> &Event,
    /// Tries the operation itself; returns `None` to wait.
    pub(crate) attempt: fn(Python<'_>, &C, &mut Option<Object>) -> Option<Outcome>,
    /// Makes the error for a deadline that has passed.
    pub(crate) timed_out: fn(Python<'_>) -> PyErr,
    /// The current wait, which ends with the next signal, and the waker that it wakes.
    pub(crate) listening: Option<(Waiting, Waker)>,
}

/// The wait of an operation. It owns the value it borrows from, which is possible only in an async
/// block.
pub(crate) type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

impl<C: Send + Sync + 'static> Operation for Retry<C> {
    fn attempt(&mut self, py: Python<'_>) -> Option<Outcome> {
        (self.attempt)(py, &self.core, &mut self.item)
    }

    fn poll(&mut self, py: Python<'_>, waker: &Waker) -> Poll<Outcome> {
        if let Some((mut listening, waker)) = self.listening.take() {
            // Takes the signal, if a signal woke the task. The poll passes the waker that the
            // listener already has: given another waker, the listener would drop the old one under
            // its lock.
            let _ = listening.as_mut().poll(&mut Context::from_waker(&waker));
        }
        loop {
            let (core, event) = (Arc::clone(&self.core), self.event);
            let mut listening: Waiting = Box::pin(async move { event(&core).listen().await });
            // Listens first and tries then, so that no signal is missed in between.
            let polled = listening.as_mut().poll(&mut Context::from_waker(waker));
            if let Some(outcome) = self.attempt(py) {
                return Poll::Ready(outcome);
            }
            if polled.is_pending() {
                self.listening = Some((listening, waker.clone()));
                return Poll::Pending;
            }
        }
    }

    fn timed_out(&mut self, py: Python<'_>) -> Outcome {
        Err((self.timed_out)(py))
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.owner)?;
        match &self.item {
            Some(item) => visit.call(&**item),
            None => Ok(()),
        }
    }
}
