//! Asynchronous iteration over the gathered values.

use super::reader::GatheringReader;
use crate::{
    local_wrapper::Vacant,
    runtime::awaiting::{Coroutine, Operation, Outcome, Retry},
};
use ft_gathering_iter::NextError;
use ft_sync::deadline_after;
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyStopAsyncIteration, PyTimeoutError},
    prelude::*,
};
use std::{
    sync::Arc,
    task::{Poll, Waker},
};

#[pymethods]
impl GatheringReader {
    fn __aiter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    /// Do what next() does in a coroutine: the task waits, not its thread.
    fn __anext__(slf: &Bound<'_, Self>) -> Coroutine {
        let deadline = slf.get().timeout.and_then(deadline_after);
        let operation = ReadNext(Retry {
            core: Arc::new(slf.clone().unbind()),
            owner: slf.clone().into_any().unbind(),
            item: None,
            event: |reader| reader.get().reader.event(),
            attempt: |py, reader, _| reader.get().read_now(py),
            timed_out: |_| PyTimeoutError::new_err(()),
            listening: None,
        });
        Coroutine::new("ConcurrentGatheringReader.__anext__", operation, deadline)
    }
}

impl GatheringReader {
    /// Returns the next value, or how the iteration ends. Returns `None` if the value is missing.
    fn read_now(&self, py: Python<'_>) -> Option<Outcome> {
        // It is made first, because nothing may fail once the value is taken out.
        let wrapper = match self.is_local.then(|| Vacant::new(py)).transpose() {
            Ok(wrapper) => wrapper,
            Err(err) => return Some(Err(err)),
        };
        match self.reader.try_next() {
            Err(NextError::Missing) => None,
            Ok(value) => Some(Ok(Some(match wrapper {
                Some(wrapper) => wrapper.fill(value.into_bound(py)).unbind(),
                None => value.into_py(),
            }))),
            Err(reason) => Some(match self.no_value(py, reason) {
                Ok(()) => Err(PyStopAsyncIteration::new_err(())),
                Err(err) => Err(err),
            }),
        }
    }
}

/// Waits for the next value of a reader.
struct ReadNext(Retry<Py<GatheringReader>>);

impl Operation for ReadNext {
    fn attempt(&mut self, py: Python<'_>) -> Option<Outcome> {
        self.0.attempt(py)
    }

    fn poll(&mut self, py: Python<'_>, waker: &Waker) -> Poll<Outcome> {
        self.0.poll(py, waker)
    }

    fn timed_out(&mut self, py: Python<'_>) -> Outcome {
        let reader = self.0.core.get();
        reader.no_value(py, NextError::Missing).map(|()| None)
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        // Here the core is a second reference to the owner.
        visit.call(&*self.0.core)?;
        self.0.traverse(visit)
    }
}
