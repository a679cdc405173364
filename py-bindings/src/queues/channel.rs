//! `put`, `get` and `join`, as `queue.Queue` has them, and their coroutines, for all kinds of queue.

use crate::{
    queues::concurrent::pop_error,
    runtime::{
        awaiting::{Coroutine, Retry, ringing},
        blocking::{self, Timeout},
        create::{self, New, exception},
        error::raised,
        failure::Ending,
        imports::Imports,
        object::Object,
    },
};
use ft_concurrent_queue::{TaskTracker, TryPopError, TryPushError};
use ft_sync::Event;
use pyo3::{
    PyClass, PyTypeInfo,
    exceptions::{PyTimeoutError, PyTypeError, PyValueError},
    intern,
    prelude::*,
    types::{PyDict, PySuper, PyType},
};
use std::{sync::Arc, time::Instant};

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
    /// Why it is closed, once it is.
    fn ending(&self) -> &Ending;
    /// Counts the items that are not done; only an `__init__` other than ours makes a queue without.
    fn tasks(&self) -> PyResult<&TaskTracker>;
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
        Some(timeout) if block && channel.is_bounded() => match deadline(timeout) {
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

/// Puts an item in, waiting for room until `deadline`.
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

/// Puts the item in if there is room; `None` to wait for some, and then the item is still there.
#[inline]
fn put_now(
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
            // The room that this call may have been woken for is for somebody else.
            channel.not_full().notify(1);
            Some(Err(err))
        }
    }
}

/// Returns a coroutine that puts an item in, waiting for room.
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

/// Takes an item out, waiting for one until `deadline`.
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

/// Takes an item out if there is one; `None` to wait for one.
#[inline]
fn get_now(channel: &impl Channel, py: Python<'_>) -> Option<PyResult<Py<PyAny>>> {
    match channel.try_get(py) {
        Ok(Ok(item)) => Some(Ok(item.into_py())),
        Ok(Err(TryPopError::Empty)) => None,
        Ok(Err(TryPopError::Closed)) => Some(Err(channel.ending().error(py))),
        Err(err) => {
            // The item that this call may have been woken for is for somebody else.
            channel.not_empty().notify(1);
            Some(Err(err))
        }
    }
}

/// Returns a coroutine that takes an item out, waiting for one.
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

/// `Queue.task_done`
pub(crate) fn task_done(channel: &impl Channel, py: Python<'_>) -> PyResult<()> {
    let tasks = channel.tasks()?;
    // The last one wakes the tasks that wait in `join_async`.
    let done = ringing(py, || tasks.task_done());
    done.map_err(|err| exception::<PyValueError>(err.to_string()))
}

/// `Queue.join`
pub(crate) fn join(channel: &impl Channel, py: Python<'_>) -> PyResult<()> {
    let tasks = channel.tasks()?;
    let attempt = || joined(channel, py, tasks);
    blocking::wait(py, None, tasks.all_done(), attempt)?.unwrap_or(Ok(()))
}

/// Tells how to go on; `None` to wait for the items that are not done.
fn joined(channel: &impl Channel, py: Python<'_>, tasks: &TaskTracker) -> Option<PyResult<()>> {
    if tasks.unfinished() == 0 {
        return Some(Ok(()));
    }
    let ending = channel.ending();
    ending.cause().map(|_| Err(ending.error(py)))
}

/// Returns a coroutine that waits as [`join`] does.
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

/// The tasks of a queue that has some, which it keeps.
fn tasks_of(channel: &impl Channel) -> &TaskTracker {
    channel.tasks().expect("looked at by `joining`")
}

/// `Queue.put_nowait` of a subclass, which may have a `put` of its own.
#[cold]
pub(crate) fn put_of_subclass<'py>(
    queue: &Bound<'py, PyAny>,
    item: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let put = queue.getattr(intern!(queue.py(), "put"))?;
    put.call(create::single(item)?, Some(&not_blocking(queue.py())?))
}

/// `Queue.get_nowait` of a subclass, which may have a `get` of its own.
#[cold]
pub(crate) fn get_of_subclass<'py>(queue: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let get = queue.getattr(intern!(queue.py(), "get"))?;
    get.call((), Some(&not_blocking(queue.py())?))
}

fn not_blocking(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let kwargs = create::dict(py)?;
    kwargs.set_item(intern!(py, "block"), false)?;
    Ok(kwargs)
}

/// What subclasses of `queue.Queue` override to change how items are kept.
const HOOKS: [&str; 4] = ["_init", "_put", "_get", "_qsize"];

/// `__init_subclass__` of a class of ours: refuses the hooks, which nothing here calls.
pub(crate) fn init_subclass<T: PyTypeInfo>(
    class: &Bound<'_, PyType>,
    kwargs: Option<&Bound<'_, PyDict>>,
) -> PyResult<()> {
    let py = class.py();
    let ours = py.get_type::<T>();
    for hook in HOOKS {
        if overrides(class, hook)? {
            let (class, ours) = (class.name()?, ours.name()?);
            let message = format!(
                "{class} overrides {hook}, which {ours} does not call: override put() and get() \
                 instead, or derive from a class of the module queue"
            );
            return Err(exception::<PyTypeError>(message));
        }
    }
    // Of the other base classes, or that of `object`.
    let next = py
        .get_type::<PySuper>()
        .call1(create::pair(&ours, class)?)?;
    next.getattr(intern!(py, "__init_subclass__"))?
        .call((), kwargs)?;
    Ok(())
}

/// Whether a class has the method, and not from `queue.Queue` or its kin, which may be a base class
/// beside ours for the sake of `isinstance`.
fn overrides(class: &Bound<'_, PyType>, method: &'static str) -> PyResult<bool> {
    let py = class.py();
    let method = New(method).into_pyobject(py)?;
    for base in class.mro() {
        let namespace = base.getattr(intern!(py, "__dict__"))?;
        if namespace.contains(&method)? {
            let module = base.getattr(intern!(py, "__module__"))?;
            return Ok(!module.eq(intern!(py, "queue"))?);
        }
    }
    Ok(false)
}
