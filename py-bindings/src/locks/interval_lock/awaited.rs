//! The methods of `IntervalLock` for coroutines.

use super::class::PyIntervalLock;
use crate::{
    locks::{
        acquire::Patience,
        tasks::{Answer, Take, Ways},
    },
    runtime::{awaiting::Coroutine, error::Result, truth::Truth},
};
use ft_interval_lock::RawIntervalLock;
use pyo3::{prelude::*, types::PyTuple};
use std::sync::Arc;

const LOCK: Ways<RawIntervalLock> = Ways {
    attempt: RawIntervalLock::try_lock_for,
    begin: |lock, task| Box::pin(async move { Ok(lock.lock_async(task).await?) }),
};

const CEDE: Ways<RawIntervalLock> = Ways {
    attempt: |_, _| false,
    begin: |lock, task| Box::pin(async move { Ok(lock.cede_async(task).await.map(drop)?) }),
};
const POLL: Ways<RawIntervalLock> = Ways {
    attempt: |lock, task| lock.is_due_for(task) == Ok(false),
    begin: CEDE.begin,
};

#[pymethods]
impl PyIntervalLock {
    /// Do what lock() does in a coroutine: the task waits, and then has the lock.
    fn lock_async(&self, py: Python<'_>) -> PyResult<Coroutine> {
        let forever = Patience::Until(None);
        Take::coroutine(
            py,
            "IntervalLock.lock_async",
            &self.0,
            LOCK,
            Answer::None,
            forever,
        )
    }

    /// Do what acquire() does in a coroutine: the task waits, and then has the lock.
    ///
    /// The timeout counts from this call.
    #[pyo3(
        signature = (blocking=Truth(true), timeout=None),
        text_signature = "($self, blocking=True, timeout=-1)",
    )]
    fn acquire_async(
        &self,
        py: Python<'_>,
        blocking: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Coroutine> {
        let patience = Patience::new(blocking.0, timeout)?;
        let name = "IntervalLock.acquire_async";
        Take::coroutine(py, name, &self.0, LOCK, Answer::Bool, patience)
    }

    /// Do what cede() does in a coroutine, for a task that has the lock.
    ///
    /// Raise RuntimeError if this task does not have it. A task that is cancelled while it waits does
    /// not have the lock any more.
    fn cede_async(&self, py: Python<'_>) -> PyResult<Coroutine> {
        let (name, forever) = ("IntervalLock.cede_async", Patience::Until(None));
        Take::coroutine(py, name, &self.0, CEDE, Answer::None, forever)
    }

    /// Do what poll() does in a coroutine, for a task that has the lock.
    ///
    /// If it need not hand the lock over, it does not suspend the task.
    fn poll_async(&self, py: Python<'_>) -> PyResult<Coroutine> {
        let (name, forever) = ("IntervalLock.poll_async", Patience::Until(None));
        Take::coroutine(py, name, &self.0, POLL, Answer::None, forever)
    }

    /// Take the lock for a task, which waits if necessary, and return this object.
    fn __aenter__(slf: Bound<'_, Self>) -> PyResult<Coroutine> {
        let (py, name) = (slf.py(), "IntervalLock.__aenter__");
        let lock = Arc::clone(&slf.get().0);
        let answer = Answer::Entered(slf.into_any().unbind());
        Take::coroutine(py, name, &lock, LOCK, answer, Patience::Until(None))
    }

    /// Release the lock; if the block does not have it any more, do what __exit__() does.
    // The lock is released now and not when the coroutine is awaited, because a signal may strike in
    // between. The three usual arguments have names, because PyO3 panics if there is no memory for a
    // tuple of them.
    #[pyo3(signature = (kind=None, _value=None, _traceback=None, /, *_more), text_signature = "($self, *args)")]
    fn __aexit__(
        &self,
        py: Python<'_>,
        kind: Option<&Bound<'_, PyAny>>,
        _value: Option<&Bound<'_, PyAny>>,
        _traceback: Option<&Bound<'_, PyAny>>,
        _more: &Bound<'_, PyTuple>,
    ) -> Result<Coroutine> {
        self.leave(py, kind.is_some())?;
        Ok(Coroutine::finished("IntervalLock.__aexit__"))
    }
}
