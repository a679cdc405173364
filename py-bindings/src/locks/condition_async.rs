//! The waits of `Condition` in coroutines.
//!
//! The coroutines themselves are in `ft_utils._condition`. They are written in Python, because they
//! await the method of a lock that may be anyone's.

use super::condition::{PyCondition, has_passed, test};
use crate::runtime::{
    awaiting::{self, Awaited, Coroutine, Operation},
    blocking::Timeout,
    create::exception,
    imports::Imports,
};
use pyo3::{PyTraverseError, PyVisit, exceptions::PyTypeError, intern, prelude::*};
use std::{sync::Arc, time::Instant};

#[pymethods]
impl PyCondition {
    /// Do what wait() does in a coroutine: the task waits, not its thread.
    ///
    /// The timeout counts from this call. A task that is cancelled takes the lock again before it ends.
    #[pyo3(signature = (timeout=None))]
    fn wait_async<'py>(
        slf: &Bound<'py, Self>,
        timeout: Option<Timeout>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let wait = ConditionWait::new(slf, timeout)?;
        Imports::get(slf.py())
            .wait_async
            .bind(slf.py())
            .call1((wait,))
    }

    /// Do what wait_for() does in a coroutine: the task waits, not its thread.
    ///
    /// predicate is a plain function. The timeout counts from this call.
    #[pyo3(signature = (predicate, timeout=None))]
    fn wait_for_async<'py>(
        slf: &Bound<'py, Self>,
        predicate: &Bound<'py, PyAny>,
        timeout: Option<Timeout>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let wait = ConditionWait::new(slf, timeout)?;
        let coroutine = Imports::get(slf.py()).wait_for_async.bind(slf.py());
        coroutine.call1((wait, predicate))
    }
}

/// The part of such a coroutine that accesses the condition.
#[pyclass(frozen, module = "ft_utils._native", name = "ConditionWait")]
struct ConditionWait {
    condition: Py<PyCondition>,
    deadline: Option<Instant>,
}

impl ConditionWait {
    fn new<'py>(
        condition: &Bound<'py, PyCondition>,
        timeout: Option<Timeout>,
    ) -> PyResult<Bound<'py, Self>> {
        let wait = Self {
            condition: condition.clone().unbind(),
            deadline: Timeout::deadline(timeout),
        };
        Bound::new(condition.py(), wait)
    }
}

#[pymethods]
impl ConditionWait {
    /// Enter the line, in which a place is a coroutine that returns whether it was notified.
    fn listen(&self, py: Python<'_>) -> PyResult<Coroutine> {
        let condition = self.condition.get();
        condition.held(py, "wait")?;
        let lock = condition.lock(py)?;
        if !lock.hasattr(intern!(py, "acquire_async"))? {
            let kind = lock.get_type();
            let message = format!("a coroutine needs a lock with acquire_async(), not {kind}");
            return Err(exception::<PyTypeError>(message));
        }
        let waiters = Arc::clone(condition.waiters()?);
        let mut place = Awaited::new(async move { waiters.listen().await });
        // It listens from now on, and not only when it is awaited.
        let notified = place.attempt(py);
        debug_assert!(notified.is_none(), "it has just begun to listen");
        Ok(Coroutine::new("Condition.wait_async", place, self.deadline))
    }

    /// Release the lock.
    fn release(&self, py: Python<'_>) -> PyResult<()> {
        self.condition.get().release(py)
    }

    /// Take the lock again.
    fn acquire<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.condition.get().acquire_async(py, None)
    }

    /// Give the notification that has ended this wait to the next in line.
    fn pass_on(&self, py: Python<'_>) -> PyResult<()> {
        let waiters = self.condition.get().waiters()?;
        awaiting::ringing(py, || waiters.notify(1));
        Ok(())
    }

    /// Call a predicate, and return its result and whether the wait is over.
    fn test<'py>(&self, predicate: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, bool)> {
        let (result, is_true) = test(predicate)?;
        Ok((result, is_true || has_passed(self.deadline)))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.condition)
    }
}
