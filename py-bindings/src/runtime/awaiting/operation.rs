//! What a coroutine does.

use crate::runtime::object::Object;
use ft_sync::Event;
use pyo3::{PyTraverseError, PyVisit, exceptions::PyTimeoutError, prelude::*};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// What a coroutine ends with; without a value it is Python's `None`.
pub(crate) type Outcome = PyResult<Option<Py<PyAny>>>;

/// What a coroutine does. Nothing in it fails in a way that loses something. What runs Python code,
/// as the comparisons of a priority queue, does so before anything has changed.
///
/// Dropping it undoes what it has begun.
pub(crate) trait Operation: Send {
    /// Does it, if that is possible now.
    fn attempt(&mut self, py: Python<'_>) -> Option<Outcome>;

    /// Does it, or sees to it that `waker` is woken when it may be possible.
    fn poll(&mut self, py: Python<'_>, waker: &Waker) -> Poll<Outcome>;

    /// The error when the deadline has passed.
    fn timed_out(&self, _py: Python<'_>) -> PyErr {
        PyTimeoutError::new_err(())
    }

    /// Shows the collector what it holds.
    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError>;
}

/// An operation that is tried again each time an event is signaled.
pub(crate) struct Retry<C> {
    pub(crate) core: Arc<C>,
    /// The Python object of the core, which shows its contents to the collector.
    pub(crate) owner: Py<PyAny>,
    /// What is to be put into the core.
    pub(crate) item: Option<Object>,
    /// Which event of the core is signaled.
    pub(crate) event: fn(&C) -> &Event,
    /// The operation itself, or `None` to wait.
    pub(crate) attempt: fn(Python<'_>, &C, &mut Option<Object>) -> Option<Outcome>,
    /// The error when the deadline has passed.
    pub(crate) timed_out: fn(Python<'_>) -> PyErr,
    /// Ends with the next signal, and wakes this.
    pub(crate) listening: Option<(Waiting, Waker)>,
}

/// The wait of an operation. It owns what it borrows from, as only an async block can.
pub(crate) type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

impl<C: Send + Sync + 'static> Operation for Retry<C> {
    fn attempt(&mut self, py: Python<'_>) -> Option<Outcome> {
        (self.attempt)(py, &self.core, &mut self.item)
    }

    fn poll(&mut self, py: Python<'_>, waker: &Waker) -> Poll<Outcome> {
        if let Some((mut listening, waker)) = self.listening.take() {
            // Takes the signal, if that is what woke us. With the waker that it has: it would drop
            // another one under its lock.
            let _ = listening.as_mut().poll(&mut Context::from_waker(&waker));
        }
        loop {
            let (core, event) = (Arc::clone(&self.core), self.event);
            let mut listening: Waiting = Box::pin(async move { event(&core).listen().await });
            // Listens, and then tries.
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

    fn timed_out(&self, py: Python<'_>) -> PyErr {
        (self.timed_out)(py)
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.owner)?;
        match &self.item {
            Some(item) => visit.call(&**item),
            None => Ok(()),
        }
    }
}
