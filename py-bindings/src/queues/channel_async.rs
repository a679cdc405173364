//! The coroutines of `put`, `get` and `join`, for all kinds of queue.

use super::channel::{Channel, get_now, joined, put_now};
use crate::runtime::{
    awaiting::{Coroutine, Retry},
    blocking::Timeout,
    error::raised,
    imports::Imports,
    object::Object,
};
use ft_concurrent_queue::TaskTracker;
use pyo3::{PyClass, exceptions::PyTimeoutError, prelude::*};
use std::sync::Arc;

/// Returns a coroutine that puts an item into the queue, waiting for room.
pub(crate) fn putting<C: Channel + Send + Sync + 'static, T: PyClass>(
    channel: Arc<C>,
    owner: &Bound<'_, T>,
    name: &'static str,
    item: Py<PyAny>,
    timeout: Option<Timeout>,
) -> Coroutine {
    let operation = Retry {
        core: channel,
        owner: owner.clone().into_any().unbind(),
        item: Some(Object::from(item)),
        event: C::not_full,
        attempt: |py, channel, item| Some(put_now(channel, py, item)?.map(|()| None)),
        timed_out: |py| raised(py, &Imports::get(py).full),
        listening: None,
    };
    Coroutine::new(name, operation, Timeout::deadline(timeout))
}

/// Returns a coroutine that takes an item out of the queue, waiting for one.
pub(crate) fn getting<C: Channel + Send + Sync + 'static, T: PyClass>(
    channel: Arc<C>,
    owner: &Bound<'_, T>,
    name: &'static str,
    timeout: Option<Timeout>,
) -> Coroutine {
    let operation = Retry {
        core: channel,
        owner: owner.clone().into_any().unbind(),
        item: None,
        event: C::not_empty,
        attempt: |py, channel, _| Some(get_now(channel, py)?.map(Some)),
        timed_out: |py| raised(py, &Imports::get(py).empty),
        listening: None,
    };
    Coroutine::new(name, operation, Timeout::deadline(timeout))
}

/// Returns a coroutine that waits as `join` does.
pub(crate) fn joining<C: Channel + Send + Sync + 'static, T: PyClass>(
    channel: Arc<C>,
    owner: &Bound<'_, T>,
    name: &'static str,
) -> PyResult<Coroutine> {
    channel.tasks()?;
    let operation = Retry {
        core: channel,
        owner: owner.clone().into_any().unbind(),
        item: None,
        event: |channel| tasks_of(channel).all_done(),
        attempt: |py, channel, _| {
            let done = joined(channel, py, tasks_of(channel))?;
            Some(done.map(|()| None))
        },
        timed_out: |_| PyTimeoutError::new_err(()),
        listening: None,
    };
    Ok(Coroutine::new(name, operation, None))
}

/// Returns the task counter of a queue that is known to have one. It never goes away.
fn tasks_of(channel: &impl Channel) -> &TaskTracker {
    channel.tasks().expect("looked at by `joining`")
}
