//! The asynchronous methods of `ConcurrentQueue`, and its cases of a choice.

use super::class::PyConcurrentQueue;
use crate::{
    queues::channel_async,
    runtime::{awaiting::Coroutine, blocking::Timeout, choosing::Case},
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

    /// Return the case of select() and select_async() that does what pop() does.
    fn popping(slf: &Bound<'_, Self>) -> PyResult<Case> {
        let inner = Arc::new(slf.get().inner()?.clone());
        Ok(channel_async::case_of_get(
            inner,
            slf,
            "ConcurrentQueue.popping",
        ))
    }

    /// Return the case of select() and select_async() that does what push(value) does.
    fn pushing(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<Case> {
        let inner = Arc::new(slf.get().inner()?.clone());
        let name = "ConcurrentQueue.pushing";
        Ok(channel_async::case_of_put(inner, slf, name, value))
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
