//! The coroutines of `put`, `get` and `join`, and the cases of a choice, for all kinds of queue.

use super::channel::{Channel, get_now, joined, put_now};
use crate::runtime::{
    awaiting::{Coroutine, Retry},
    blocking::Timeout,
    choosing::Case,
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
    let owner = owner.clone().into_any().unbind();
    let operation = put(channel, owner, Some(Object::from(item)));
    Coroutine::new(name, operation, Timeout::deadline(timeout))
}

fn put<C: Channel>(channel: Arc<C>, owner: Py<PyAny>, item: Option<Object>) -> Retry<C> {
    Retry {
        core: channel,
        owner,
        item,
        event: C::not_full,
        attempt: |py, channel, item| Some(put_now(channel, py, item)?.map(|()| None)),
        timed_out: |py| raised(py, &Imports::get(py).full),
        listening: None,
    }
}

/// Returns the case that puts an item into the queue.
pub(crate) fn case_of_put<C: Channel + Send + Sync + 'static, T: PyClass>(
    channel: Arc<C>,
    owner: &Bound<'_, T>,
    name: &'static str,
    item: &Bound<'_, PyAny>,
) -> Case {
    Case::new(name, owner, Some(item), move |owner, item| {
        let owner = owner.clone().into_any().unbind();
        Box::new(put(Arc::clone(&channel), owner, item))
    })
}

/// Returns a coroutine that takes an item out of the queue, waiting for one.
pub(crate) fn getting<C: Channel + Send + Sync + 'static, T: PyClass>(
    channel: Arc<C>,
    owner: &Bound<'_, T>,
    name: &'static str,
    timeout: Option<Timeout>,
) -> Coroutine {
    let operation = get(channel, owner.clone().into_any().unbind());
    Coroutine::new(name, operation, Timeout::deadline(timeout))
}

fn get<C: Channel>(channel: Arc<C>, owner: Py<PyAny>) -> Retry<C> {
    Retry {
        core: channel,
        owner,
        item: None,
        event: C::not_empty,
        attempt: |py, channel, _| Some(get_now(channel, py)?.map(Some)),
        timed_out: |py| raised(py, &Imports::get(py).empty),
        listening: None,
    }
}

/// Returns the case that takes an item out of the queue.
pub(crate) fn case_of_get<C: Channel + Send + Sync + 'static, T: PyClass>(
    channel: Arc<C>,
    owner: &Bound<'_, T>,
    name: &'static str,
) -> Case {
    Case::new(name, owner, None, move |owner, _| {
        let owner = owner.clone().into_any().unbind();
        Box::new(get(Arc::clone(&channel), owner))
    })
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
