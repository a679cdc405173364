//! The asynchronous methods of `ConcurrentQueue`.

use super::class::PyConcurrentQueue;
use crate::{
    queues::channel_async,
    runtime::{awaiting::Coroutine, blocking::Timeout},
};
use pyo3::prelude::*;
use std::sync::Arc;

#[pymethods]
impl PyConcurrentQueue {
    /// Do what push() does in a coroutine: while the queue is full, the task waits, not its thread.
    ///
    /// Any number of event loops may use one queue. The timeout counts from this call. A task that
    /// is cancelled while it waits has appended nothing.
    #[pyo3(signature = (value, timeout=None))]
    fn push_async(
        slf: &Bound<'_, Self>,
        value: Py<PyAny>,
        timeout: Option<Timeout>,
    ) -> PyResult<Coroutine> {
        Self::putting(slf, "ConcurrentQueue.push_async", value, timeout)
    }

    /// Do what pop() does in a coroutine: while the queue is empty, the task waits, not its thread.
    ///
    /// Any number of event loops may use one queue. The timeout counts from this call. A task that
    /// is cancelled while it waits has removed nothing.
    #[pyo3(signature = (timeout=None))]
    fn pop_async(slf: &Bound<'_, Self>, timeout: Option<Timeout>) -> PyResult<Coroutine> {
        Self::getting(slf, "ConcurrentQueue.pop_async", timeout)
    }

    /// Do the same as push_async().
    #[pyo3(signature = (item, timeout=None))]
    fn put_async(
        slf: &Bound<'_, Self>,
        item: Py<PyAny>,
        timeout: Option<Timeout>,
    ) -> PyResult<Coroutine> {
        Self::putting(slf, "ConcurrentQueue.put_async", item, timeout)
    }

    /// Do the same as pop_async().
    #[pyo3(signature = (timeout=None))]
    fn get_async(slf: &Bound<'_, Self>, timeout: Option<Timeout>) -> PyResult<Coroutine> {
        Self::getting(slf, "ConcurrentQueue.get_async", timeout)
    }
}

impl PyConcurrentQueue {
    fn putting(
        slf: &Bound<'_, Self>,
        name: &'static str,
        item: Py<PyAny>,
        timeout: Option<Timeout>,
    ) -> PyResult<Coroutine> {
        let inner = Arc::new(slf.get().inner()?.clone());
        Ok(channel_async::putting(inner, slf, name, item, timeout))
    }

    fn getting(
        slf: &Bound<'_, Self>,
        name: &'static str,
        timeout: Option<Timeout>,
    ) -> PyResult<Coroutine> {
        let inner = Arc::new(slf.get().inner()?.clone());
        Ok(channel_async::getting(inner, slf, name, timeout))
    }
}
