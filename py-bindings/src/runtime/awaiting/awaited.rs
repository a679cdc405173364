//! The wait of a coroutine for a future of a core.

use super::operation::{Operation, Outcome};
use crate::runtime::create::bool;
use pyo3::{PyTraverseError, PyVisit, prelude::*};
use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
    time::Instant,
};

type Traverse = dyn Fn(&PyVisit<'_>) -> Result<(), PyTraverseError> + Send;

/// Waits for a future, which owns what it waits for. The result is True, or False if a deadline
/// passes.
pub(crate) struct Awaited {
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// The waker that the future has. The future may replace and drop it while it holds a lock, so
    /// it must not have the last reference: that one leads to Python objects.
    waker: Waker,
    nap: Nap,
    /// Shows the collector the Python object that the future holds, if it holds one.
    held: Option<Box<Traverse>>,
}

impl Awaited {
    pub(crate) fn new(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self {
            future: Box::pin(future),
            waker: Waker::noop().clone(),
            nap: Nap::default(),
            held: None,
        }
    }

    /// Sets the Python object that the future holds, by a clone of this `Arc`.
    pub(crate) fn holding<T: 'static>(self, object: Arc<Py<T>>) -> Self {
        Self {
            held: Some(Box::new(move |visit| visit.call(&*object))),
            ..self
        }
    }

    /// Sets the object by which the future naps.
    pub(crate) fn with_naps(self, nap: Nap) -> Self {
        Self { nap, ..self }
    }

    fn look(&mut self, py: Python<'_>, waker: Waker) -> Poll<Outcome> {
        let polled = (self.future.as_mut()).poll(&mut Context::from_waker(&waker));
        // Now the future has no reference to the old one.
        self.waker = waker;
        polled.map(|()| Ok(Some(bool(py, true))))
    }
}

impl Operation for Awaited {
    fn attempt(&mut self, py: Python<'_>) -> Option<Outcome> {
        match self.look(py, Waker::noop().clone()) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        }
    }

    fn poll(&mut self, py: Python<'_>, waker: &Waker) -> Poll<Outcome> {
        self.look(py, waker.clone())
    }

    fn wake_at(&self) -> Option<Instant> {
        self.nap.get()
    }

    fn timed_out(&mut self, py: Python<'_>) -> Outcome {
        Ok(Some(bool(py, false)))
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.held.as_ref().map_or(Ok(()), |held| held(visit))
    }
}

/// Lets a future wait for the clock: it notes the time at which the coroutine has to poll it.
#[derive(Clone, Default)]
pub(crate) struct Nap(Arc<Mutex<Option<Instant>>>);

impl Nap {
    /// Returns a future that is ready at this time.
    pub(crate) fn until(&self, at: Instant) -> impl Future<Output = ()> + use<> {
        let nap = self.clone();
        std::future::poll_fn(move |_| {
            let over = at <= Instant::now();
            nap.set((!over).then_some(at));
            if over { Poll::Ready(()) } else { Poll::Pending }
        })
    }

    fn get(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, at: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}
