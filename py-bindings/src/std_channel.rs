//! `put`, `get` and `join`, as `queue.Queue` has them, for all kinds of queue.

use crate::{
    blocking::{self, Timeout},
    concurrent_queue::pop_error,
    error::raised,
    imports::Imports,
    object::Object,
};
use ft_concurrent_queue::{TaskTracker, TryPopError, TryPushError};
use ft_sync::Event;
use pyo3::{exceptions::PyValueError, prelude::*};
use std::time::Instant;

/// What a queue does without waiting for items or room, and what to wait on.
pub(crate) trait Channel {
    /// Puts an item, and counts its task. It comes back if it is refused.
    fn try_put(&self, py: Python<'_>, item: Object) -> PyResult<Result<(), TryPushError<Object>>>;
    fn try_get(&self, py: Python<'_>) -> PyResult<Result<Object, TryPopError>>;
    fn len(&self) -> usize;
    fn is_bounded(&self) -> bool;
    fn is_closed(&self) -> bool;
    fn not_empty(&self) -> &Event;
    fn not_full(&self) -> &Event;
}

/// The argument `block`: any object, taken for its truth.
pub(crate) struct Truth(pub(crate) bool);

impl FromPyObject<'_, '_> for Truth {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        object.is_truthy().map(Self)
    }
}

/// Reads the argument `maxsize`: any number; the bound is the first integer that is not less.
pub(crate) fn bound(maxsize: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    let maxsize: f64 = maxsize.extract()?;
    // NaN is not positive. What no memory can hold, infinity included, is a bound all the same:
    // the conversion stops at the largest.
    Ok((maxsize > 0.0).then(|| maxsize.ceil() as usize))
}

/// Reads the argument `timeout` of a call that may have to wait.
fn deadline(timeout: &Bound<'_, PyAny>) -> PyResult<Option<Instant>> {
    let read: PyResult<Timeout> = timeout.extract();
    match read {
        Ok(timeout) => Ok(Timeout::deadline(Some(timeout))),
        Err(err) if err.is_instance_of::<PyValueError>(timeout.py()) => {
            let message = "'timeout' must be a non-negative number";
            Err(PyValueError::new_err(message))
        }
        Err(err) => Err(err),
    }
}

/// `Queue.put`
#[inline]
pub(crate) fn put(
    channel: &impl Channel,
    item: &Bound<'_, PyAny>,
    block: bool,
    timeout: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let py = item.py();
    let deadline = match timeout {
        // As in `queue.Queue`, a timeout is not looked at when there is nothing to wait for.
        Some(timeout) if block && channel.is_bounded() => match deadline(timeout) {
            Err(_) if channel.is_closed() => return Err(raised(py, &Imports::get(py).shut_down)),
            deadline => deadline?,
        },
        _ => None,
    };
    if block {
        return put_until(channel, item, deadline);
    }
    let item = Object(item.clone().unbind());
    match channel.try_put(py, item)? {
        Ok(()) => Ok(()),
        Err(TryPushError::Full(_)) => Err(raised(py, &Imports::get(py).full)),
        Err(TryPushError::Closed(_)) => Err(raised(py, &Imports::get(py).shut_down)),
    }
}

/// Puts an item in, waiting for room until `deadline`.
#[inline]
pub(crate) fn put_until(
    channel: &impl Channel,
    item: &Bound<'_, PyAny>,
    deadline: Option<Instant>,
) -> PyResult<()> {
    let py = item.py();
    let mut item = Some(Object(item.clone().unbind()));
    // Each attempt that fails hands the item back.
    let attempt = || match channel.try_put(py, item.take()?) {
        Ok(Ok(())) => Some(Ok(())),
        Ok(Err(TryPushError::Full(back))) => {
            item = Some(back);
            None
        }
        Ok(Err(TryPushError::Closed(_))) => Some(Err(raised(py, &Imports::get(py).shut_down))),
        Err(err) => {
            // The room that this call may have been woken for is for somebody else.
            channel.not_full().notify(1);
            Some(Err(err))
        }
    };
    let done = blocking::wait(py, deadline, channel.not_full(), attempt)?;
    done.unwrap_or_else(|| Err(raised(py, &Imports::get(py).full)))
}

/// `Queue.get`
#[inline]
pub(crate) fn get(
    channel: &impl Channel,
    py: Python<'_>,
    block: bool,
    timeout: Option<&Bound<'_, PyAny>>,
) -> PyResult<Py<PyAny>> {
    let deadline = match timeout {
        Some(timeout) if block => match deadline(timeout) {
            Err(_) if channel.is_closed() && channel.len() == 0 => {
                return Err(pop_error(py, TryPopError::Closed));
            }
            deadline => deadline?,
        },
        _ => None,
    };
    if block {
        return get_until(channel, py, deadline);
    }
    match channel.try_get(py)? {
        Ok(item) => Ok(item.0),
        Err(err) => Err(pop_error(py, err)),
    }
}

/// Takes an item out, waiting for one until `deadline`.
#[inline]
pub(crate) fn get_until(
    channel: &impl Channel,
    py: Python<'_>,
    deadline: Option<Instant>,
) -> PyResult<Py<PyAny>> {
    let attempt = || match channel.try_get(py) {
        Ok(Ok(item)) => Some(Ok(item.0)),
        Ok(Err(TryPopError::Empty)) => None,
        Ok(Err(TryPopError::Closed)) => Some(Err(pop_error(py, TryPopError::Closed))),
        Err(err) => {
            // The item that this call may have been woken for is for somebody else.
            channel.not_empty().notify(1);
            Some(Err(err))
        }
    };
    let done = blocking::wait(py, deadline, channel.not_empty(), attempt)?;
    done.unwrap_or_else(|| Err(pop_error(py, TryPopError::Empty)))
}

/// `Queue.task_done`
pub(crate) fn task_done(tasks: &TaskTracker) -> PyResult<()> {
    let done = tasks.task_done();
    done.map_err(|err| PyValueError::new_err(err.to_string()))
}

/// `Queue.join`
pub(crate) fn join(tasks: &TaskTracker, py: Python<'_>) -> PyResult<()> {
    let all_done = || (tasks.unfinished() == 0).then_some(());
    blocking::wait(py, None, tasks.all_done(), all_done)?;
    Ok(())
}
