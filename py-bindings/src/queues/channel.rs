//! The methods `put`, `get` and `join` of `queue.Queue`, for all kinds of queues.

use crate::runtime::{
    awaiting::ringing,
    blocking::{self, Timeout},
    create::{New, exception},
    error::raised,
    failure::{Cause, Ending},
    imports::Imports,
    object::Object,
};
use ft_concurrent_queue::{TaskTracker, TryPopError, TryPushError};
use ft_sync::Event;
use pyo3::{exceptions::PyValueError, prelude::*};
use std::time::Instant;

/// The operations of a queue that wait for neither items nor room, and the events to wait on.
pub(crate) trait Channel {
    /// Puts an item, and counts its task. A refused item is returned in the error.
    fn try_put(&self, py: Python<'_>, item: Object) -> PyResult<Result<(), TryPushError<Object>>>;
    fn try_get(&self, py: Python<'_>) -> PyResult<Result<Object, TryPopError>>;
    fn len(&self) -> usize;
    fn capacity(&self) -> Option<usize>;
    fn is_closed(&self) -> bool;
    fn close(&self);
    fn not_empty(&self) -> &Event;
    fn not_full(&self) -> &Event;
    /// Why the queue is closed, once it is.
    fn ending(&self) -> &Ending;
    /// Counts the items that are not done. Fails for a queue without a counter, which exists only
    /// if a subclass's `__init__` did not call the one defined here.
    fn tasks(&self) -> PyResult<&TaskTracker>;
}

/// Reads the argument `maxsize`, which may be any number. The bound is the first integer that is
/// not less.
pub(crate) fn bound(maxsize: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    let maxsize: f64 = maxsize.extract()?;
    // NaN is not positive, so it sets no bound. A number too large for any memory, such as
    // infinity, is a valid bound: the conversion saturates at the largest `usize`.
    Ok((maxsize > 0.0).then(|| maxsize.ceil() as usize))
}

/// Reads the argument `timeout` of a call that may have to wait.
fn deadline(timeout: &Bound<'_, PyAny>) -> PyResult<Option<Instant>> {
    let read: PyResult<Timeout> = timeout.extract();
    match read {
        Ok(timeout) => Ok(Timeout::deadline(Some(timeout))),
        Err(err) if err.is_instance_of::<PyValueError>(timeout.py()) => {
            let message = "'timeout' must be a non-negative number";
            Err(exception::<PyValueError>(message))
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
        Some(timeout) if block && channel.capacity().is_some() => match deadline(timeout) {
            Err(_) if channel.is_closed() => return Err(channel.ending().error(py)),
            deadline => deadline?,
        },
        _ => None,
    };
    if block {
        return put_until(channel, item, deadline);
    }
    let item = Object::new(item);
    match ringing(py, || channel.try_put(py, item))? {
        Ok(()) => Ok(()),
        Err(TryPushError::Full(_)) => Err(raised(py, &Imports::get(py).full)),
        Err(TryPushError::Closed(_)) => Err(channel.ending().error(py)),
    }
}

/// Puts an item into the queue, waiting for room until `deadline`.
#[inline]
pub(crate) fn put_until(
    channel: &impl Channel,
    item: &Bound<'_, PyAny>,
    deadline: Option<Instant>,
) -> PyResult<()> {
    let py = item.py();
    let mut item = Some(Object::new(item));
    let attempt = || put_now(channel, py, &mut item);
    let done = blocking::wait(py, deadline, channel.not_full(), attempt)?;
    done.unwrap_or_else(|| Err(raised(py, &Imports::get(py).full)))
}

/// Puts the item into the queue if there is room. Returns `None` if the caller has to wait for
/// room; the item is then back in `item`.
#[inline]
pub(super) fn put_now(
    channel: &impl Channel,
    py: Python<'_>,
    item: &mut Option<Object>,
) -> Option<PyResult<()>> {
    match channel.try_put(py, item.take()?) {
        Ok(Ok(())) => Some(Ok(())),
        Ok(Err(TryPushError::Full(back))) => {
            *item = Some(back);
            None
        }
        Ok(Err(TryPushError::Closed(_))) => Some(Err(channel.ending().error(py))),
        Err(err) => {
            // This call may have been woken for room that it does not use, so it wakes another
            // waiter.
            channel.not_full().notify(1);
            Some(Err(err))
        }
    }
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
                return Err(channel.ending().error(py));
            }
            deadline => deadline?,
        },
        _ => None,
    };
    if block {
        return get_until(channel, py, deadline);
    }
    match ringing(py, || channel.try_get(py))? {
        Ok(item) => Ok(item.into_py()),
        Err(err) => Err(pop_error(py, channel.ending(), err)),
    }
}

/// Takes an item out of the queue, waiting for one until `deadline`.
#[inline]
pub(crate) fn get_until(
    channel: &impl Channel,
    py: Python<'_>,
    deadline: Option<Instant>,
) -> PyResult<Py<PyAny>> {
    let attempt = || get_now(channel, py);
    let done = blocking::wait(py, deadline, channel.not_empty(), attempt)?;
    done.unwrap_or_else(|| Err(raised(py, &Imports::get(py).empty)))
}

/// Takes an item out of the queue if there is one. Returns `None` if the caller has to wait.
#[inline]
pub(super) fn get_now(channel: &impl Channel, py: Python<'_>) -> Option<PyResult<Py<PyAny>>> {
    match channel.try_get(py) {
        Ok(Ok(item)) => Some(Ok(item.into_py())),
        Ok(Err(TryPopError::Empty)) => None,
        Ok(Err(TryPopError::Closed)) => Some(Err(channel.ending().error(py))),
        Err(err) => {
            // This call may have been woken for an item that it does not take, so it wakes another
            // waiter.
            channel.not_empty().notify(1);
            Some(Err(err))
        }
    }
}

/// `Queue.task_done`
pub(crate) fn task_done(channel: &impl Channel, py: Python<'_>) -> PyResult<()> {
    let tasks = channel.tasks()?;
    // The call for the last item wakes the asyncio tasks that wait in `join_async`.
    let done = ringing(py, || tasks.task_done());
    done.map_err(|err| exception::<PyValueError>(err.to_string()))
}

/// `Queue.join`
pub(crate) fn join(channel: &impl Channel, py: Python<'_>) -> PyResult<()> {
    let tasks = channel.tasks()?;
    let attempt = || joined(channel, py, tasks);
    blocking::wait(py, None, tasks.all_done(), attempt)?.unwrap_or(Ok(()))
}

/// Returns how `join` ends, or `None` if it has to wait for items that are not done.
pub(super) fn joined(
    channel: &impl Channel,
    py: Python<'_>,
    tasks: &TaskTracker,
) -> Option<PyResult<()>> {
    if tasks.unfinished() == 0 {
        return Some(Ok(()));
    }
    let ending = channel.ending();
    ending.cause().map(|_| Err(ending.error(py)))
}

/// `fail(exception)`: closes the queue because of an exception.
pub(super) fn fail(channel: &impl Channel, exception: &Bound<'_, PyAny>) -> PyResult<()> {
    let (cause, told) = Cause::of_argument(exception)?;
    channel.ending().fail(cause);
    ringing(exception.py(), || {
        channel.close();
        // Threads that wait in `join` wake up and raise the error.
        if let Ok(tasks) = channel.tasks() {
            tasks.all_done().notify_all();
        }
    });
    told
}

/// The property `failure`: the exception with which the queue has failed.
pub(super) fn failure(channel: &impl Channel) -> Option<Py<PyAny>> {
    let cause = channel.ending().cause().filter(|_| channel.is_closed());
    cause.map(|cause| cause.clone().into_py())
}

/// Returns the text of a queue. `None` stands for a queue whose `__init__` was not called.
pub(super) fn repr(
    queue: &Bound<'_, PyAny>,
    channel: Option<&impl Channel>,
) -> PyResult<New<String>> {
    let name = queue.get_type().name()?;
    let Some(channel) = channel else {
        return Ok(New(format!("<{name}, not initialized>")));
    };
    let bound = (channel.capacity()).map_or(String::new(), |n| format!(" of {n}"));
    let state = channel.ending().state(channel.is_closed());
    let len = channel.len();
    Ok(New(format!("<{name} with {len}{bound} items{state}>")))
}

/// Makes the error for a call that has taken nothing out.
pub(crate) fn pop_error(py: Python<'_>, ending: &Ending, err: TryPopError) -> PyErr {
    match err {
        TryPopError::Empty => raised(py, &Imports::get(py).empty),
        TryPopError::Closed => ending.error(py),
    }
}
