//! The methods of `RWLock` for coroutines.

use super::class::PyRwLock;
use crate::{
    locks::{
        acquire::Patience,
        tasks::{Answer, Take, Ways},
    },
    runtime::{awaiting::Coroutine, truth::Truth},
};
use ft_rwlock::OwnedRwLock;
use pyo3::prelude::*;

const READ: Ways<OwnedRwLock> = Ways {
    attempt: OwnedRwLock::try_read_for,
    begin: |lock, task| Box::pin(async move { Ok(lock.read_async(task).await?) }),
};
const WRITE: Ways<OwnedRwLock> = Ways {
    attempt: OwnedRwLock::try_write_for,
    begin: |lock, task| Box::pin(async move { Ok(lock.write_async(task).await?) }),
};

impl PyRwLock {
    /// Returns a coroutine that takes the lock for reading.
    pub(super) fn reading(
        &self,
        py: Python<'_>,
        name: &'static str,
        answer: Answer,
        patience: Patience,
    ) -> PyResult<Coroutine> {
        Take::coroutine(py, name, &self.0, READ, answer, patience)
    }

    /// Returns a coroutine that takes the lock for writing.
    pub(super) fn writing(
        &self,
        py: Python<'_>,
        name: &'static str,
        answer: Answer,
        patience: Patience,
    ) -> PyResult<Coroutine> {
        Take::coroutine(py, name, &self.0, WRITE, answer, patience)
    }
}

#[pymethods]
impl PyRwLock {
    /// Do what lock_read() does in a coroutine: the task waits, and then has the lock.
    fn lock_read_async(&self, py: Python<'_>) -> PyResult<Coroutine> {
        let forever = Patience::Until(None);
        self.reading(py, "RWLock.lock_read_async", Answer::None, forever)
    }

    /// Do what lock_write() does in a coroutine: the task waits, and then has the lock.
    fn lock_write_async(&self, py: Python<'_>) -> PyResult<Coroutine> {
        let forever = Patience::Until(None);
        self.writing(py, "RWLock.lock_write_async", Answer::None, forever)
    }

    /// Do what acquire_read() does in a coroutine: the task waits, and then has the lock.
    ///
    /// The timeout counts from this call.
    #[pyo3(
        signature = (blocking=Truth(true), timeout=None),
        text_signature = "($self, blocking=True, timeout=-1)",
    )]
    fn acquire_read_async(
        &self,
        py: Python<'_>,
        blocking: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Coroutine> {
        let patience = Patience::new(blocking.0, timeout)?;
        self.reading(py, "RWLock.acquire_read_async", Answer::Bool, patience)
    }

    /// Do what acquire_write() does in a coroutine: the task waits, and then has the lock.
    ///
    /// The timeout counts from this call.
    #[pyo3(
        signature = (blocking=Truth(true), timeout=None),
        text_signature = "($self, blocking=True, timeout=-1)",
    )]
    fn acquire_write_async(
        &self,
        py: Python<'_>,
        blocking: Truth,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Coroutine> {
        let patience = Patience::new(blocking.0, timeout)?;
        self.writing(py, "RWLock.acquire_write_async", Answer::Bool, patience)
    }
}
