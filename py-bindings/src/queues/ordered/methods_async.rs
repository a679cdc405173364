//! The asynchronous methods of the LIFO queue and the priority queue, and their cases of a choice.

use super::class::PyOrderedQueue;
use crate::{
    queues::channel_async,
    runtime::{awaiting::Coroutine, blocking::Timeout, choosing::Case},
};
use pyo3::prelude::*;
use std::sync::Arc;

#[pymethods]
impl PyOrderedQueue {
    /// Do what put() does in a coroutine: while the queue is full, the task waits, not its thread.
    ///
    /// Any number of event loops may use one queue. The timeout counts from this call. A task that
    /// is cancelled while it waits has put nothing in.
    #[pyo3(signature = (item, timeout=None))]
    fn put_async(
        slf: &Bound<'_, Self>,
        item: Py<PyAny>,
        timeout: Option<Timeout>,
    ) -> PyResult<Coroutine> {
        let inner = Arc::clone(slf.get().shared()?);
        let name = "StdOrderedQueue.put_async";
        Ok(channel_async::putting(inner, slf, name, item, timeout))
    }

    /// Do what get() does in a coroutine: while the queue is empty, the task waits, not its thread.
    ///
    /// Any number of event loops may use one queue. The timeout counts from this call. A task that
    /// is cancelled while it waits has taken nothing out.
    #[pyo3(signature = (timeout=None))]
    fn get_async(slf: &Bound<'_, Self>, timeout: Option<Timeout>) -> PyResult<Coroutine> {
        let inner = Arc::clone(slf.get().shared()?);
        let name = "StdOrderedQueue.get_async";
        Ok(channel_async::getting(inner, slf, name, timeout))
    }

    /// Do the same as put_async().
    #[pyo3(signature = (value, timeout=None))]
    fn push_async(
        slf: &Bound<'_, Self>,
        value: Py<PyAny>,
        timeout: Option<Timeout>,
    ) -> PyResult<Coroutine> {
        Self::put_async(slf, value, timeout)
    }

    /// Do the same as get_async().
    #[pyo3(signature = (timeout=None))]
    fn pop_async(slf: &Bound<'_, Self>, timeout: Option<Timeout>) -> PyResult<Coroutine> {
        Self::get_async(slf, timeout)
    }

    /// Return the case of select() and select_async() that does what pop() does.
    fn popping(slf: &Bound<'_, Self>) -> PyResult<Case> {
        let inner = Arc::clone(slf.get().shared()?);
        Ok(channel_async::case_of_get(
            inner,
            slf,
            "StdOrderedQueue.popping",
        ))
    }

    /// Return the case of select() and select_async() that does what push(value) does.
    fn pushing(slf: &Bound<'_, Self>, value: &Bound<'_, PyAny>) -> PyResult<Case> {
        let inner = Arc::clone(slf.get().shared()?);
        let name = "StdOrderedQueue.pushing";
        Ok(channel_async::case_of_put(inner, slf, name, value))
    }

    /// Do what join() does in a coroutine: the task waits, not its thread.
    fn join_async(slf: &Bound<'_, Self>) -> PyResult<Coroutine> {
        let inner = Arc::clone(slf.get().shared()?);
        channel_async::joining(inner, slf, "StdOrderedQueue.join_async")
    }
}
