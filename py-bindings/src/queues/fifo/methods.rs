//! The methods of `ConcurrentQueue`, except the asynchronous ones.

use super::{
    class::PyConcurrentQueue,
    state::{Inner, popped},
};
use crate::{
    queues::{
        channel::{self, pop_error},
        results::{in_wrapper, with_rest},
    },
    runtime::{
        awaiting::ringing,
        blocking::Timeout,
        create::{New, Room, exception},
        error::raised,
        imports::Imports,
        object::{Object, objects},
        truth::Truth,
    },
};
use ft_concurrent_queue::{TryPopError, TryPushError};
use pyo3::{exceptions::PyValueError, prelude::*, types::PyList};
use std::collections::VecDeque;

#[pymethods]
impl PyConcurrentQueue {
    /// Append an item, waiting while the queue is full.
    ///
    /// Raise Full after timeout seconds, ShutDown if the queue is shut down, and QueueFailed if it
    /// has failed.
    #[pyo3(signature = (value, timeout=None))]
    fn push(&self, value: &Bound<'_, PyAny>, timeout: Option<Timeout>) -> PyResult<()> {
        let py = value.py();
        let inner = self.inner()?;
        let mut item = Some(Object::new(value));
        let attempt = || {
            // A failed attempt hands the item back.
            match inner.try_push(item.take()?) {
                Ok(()) => Some(true),
                Err(TryPushError::Full(back)) => {
                    item = Some(back);
                    None
                }
                Err(TryPushError::Closed(back)) => {
                    item = Some(back);
                    Some(false)
                }
            }
        };
        let answer = inner.wait(py, timeout, inner.core.not_full(), attempt)?;
        match answer {
            Some(true) => Ok(()),
            Some(false) => Err(inner.ending.error(py)),
            None => Err(raised(py, &Imports::get(py).full)),
        }
    }

    /// Append an item; raise Full at once if there is no room.
    fn try_push(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = value.py();
        let inner = self.inner()?;
        match ringing(py, || inner.try_push(Object::new(value))) {
            Ok(()) => Ok(()),
            Err(TryPushError::Full(_)) => Err(raised(py, &Imports::get(py).full)),
            Err(TryPushError::Closed(_)) => Err(inner.ending.error(py)),
        }
    }

    /// Append the items of an iterable, waiting for room as often as it takes.
    ///
    /// The iterable is read to its end before anything is pushed. Raise Full after timeout seconds,
    /// ShutDown if the queue is shut down, and QueueFailed if it has failed. The exception's
    /// attribute remaining is then a list of the items that were not pushed.
    #[pyo3(signature = (values, timeout=None))]
    fn push_many(&self, values: &Bound<'_, PyAny>, timeout: Option<Timeout>) -> PyResult<()> {
        let py = values.py();
        let inner = self.inner()?;
        let mut items = VecDeque::from(objects(values)?);
        let attempt = || match inner.try_push_many(&mut items) {
            Ok(()) => Some(true),
            Err(TryPushError::Full(())) => None,
            Err(TryPushError::Closed(())) => Some(false),
        };
        let answer = inner.wait(py, timeout, inner.core.not_full(), attempt);
        let err = match answer {
            Ok(Some(true)) => return Ok(()),
            Ok(Some(false)) => inner.ending.error(py),
            Ok(None) => raised(py, &Imports::get(py).full),
            Err(err) => err,
        };
        Err(with_rest(py, err, items))
    }

    /// Remove and return the oldest item, waiting while the queue is empty.
    ///
    /// Raise Empty after timeout seconds. Once the queue is drained, raise ShutDown if it is shut
    /// down, and QueueFailed if it has failed.
    #[pyo3(signature = (timeout=None))]
    fn pop(&self, py: Python<'_>, timeout: Option<Timeout>) -> PyResult<Py<PyAny>> {
        let inner = self.inner()?;
        let attempt = || popped(inner.core.try_pop());
        let answer = inner.wait(py, timeout, inner.core.not_empty(), attempt)?;
        match answer.unwrap_or(Err(TryPopError::Empty)) {
            Ok(item) => Ok(item.into_py()),
            Err(err) => Err(pop_error(py, &inner.ending, err)),
        }
    }

    /// Remove and return the oldest item; raise Empty at once if there is none.
    fn try_pop(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let inner = self.inner()?;
        match ringing(py, || inner.core.try_pop()) {
            Ok(item) => Ok(item.into_py()),
            Err(err) => Err(pop_error(py, &inner.ending, err)),
        }
    }

    /// Remove and return a list of up to max_items items, waiting until there is at least one.
    ///
    /// Raise Empty after timeout seconds. Once the queue is drained, raise ShutDown if it is shut
    /// down, and QueueFailed if it has failed.
    #[pyo3(signature = (max_items, timeout=None))]
    fn pop_many<'py>(
        &self,
        py: Python<'py>,
        max_items: isize,
        timeout: Option<Timeout>,
    ) -> PyResult<Bound<'py, PyList>> {
        let Some(max) = usize::try_from(max_items).ok().filter(|&max| max > 0) else {
            let message = format!("max_items must be positive, not {max_items}");
            return Err(exception::<PyValueError>(message));
        };
        let inner = self.inner()?;
        let attempt = || {
            // Make the list first, because nothing may fail once items are out of the queue.
            let most = inner.core.len().clamp(1, max);
            let room = match Room::new(py, most) {
                Ok(room) => room,
                Err(err) => return Some(Err(err)),
            };
            let mut items = Vec::new();
            let answer = popped(inner.core.try_pop_many(most, &mut items))?;
            Some(match answer {
                Ok(_) => Ok(room.fill(items.into_iter().map(Object::into_py))),
                Err(err) => Err(pop_error(py, &inner.ending, err)),
            })
        };
        let answer = inner.wait(py, timeout, inner.core.not_empty(), attempt)?;
        answer.unwrap_or_else(|| Err(raised(py, &Imports::get(py).empty)))
    }

    /// Remove all items at once and return them as a list, the oldest first.
    ///
    /// It does not wait: if there are no items, the list is empty. Items that other threads push
    /// during the call stay in the queue.
    fn drain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let core = self.core()?;
        let most = core.len();
        // Make the list first, because nothing may fail once items are out of the queue.
        let room = Room::new(py, most)?;
        let mut items = Vec::new();
        // If other threads have taken all items meanwhile, the list is empty, which is no error
        // here.
        let _ = ringing(py, || core.try_pop_many(most, &mut items));
        Ok(room.fill(items.into_iter().map(Object::into_py)))
    }

    /// Remove the oldest item and return it in a LocalWrapper.
    #[pyo3(signature = (timeout=None))]
    fn pop_local<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<Timeout>,
    ) -> PyResult<Bound<'py, PyAny>> {
        in_wrapper(py, || self.pop(py, timeout))
    }

    /// Return the oldest item without removing it; raise Empty if there is none.
    fn peek(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self.core()?.peek() {
            Some(item) => Ok(item.into_py()),
            None => Err(raised(py, &Imports::get(py).empty)),
        }
    }

    /// Return the number of items, exact while no other thread pushes or pops.
    pub(super) fn size(&self) -> PyResult<New<usize>> {
        Ok(New(self.core()?.len()))
    }

    /// Return whether the queue has no items.
    fn empty(&self) -> PyResult<bool> {
        Ok(self.core()?.is_empty())
    }

    /// Return whether the queue has maxsize items.
    fn full(&self) -> PyResult<bool> {
        Ok(self.core()?.is_full())
    }

    /// The largest number of items the queue holds, or 0 if there is no bound.
    #[getter]
    fn maxsize(&self) -> PyResult<New<usize>> {
        Ok(New(self.core()?.capacity().unwrap_or(0)))
    }

    /// Whether shutdown() or fail() was called.
    #[getter]
    fn is_shutdown(&self) -> PyResult<bool> {
        Ok(self.core()?.is_closed())
    }

    /// Refuse pushes from now on, and wake all waiting calls.
    ///
    /// Items that are left can still be popped. With immediate=True they are dropped instead.
    #[pyo3(signature = (immediate=Truth(false)), text_signature = "($self, immediate=False)")]
    fn shutdown(&self, py: Python<'_>, immediate: Truth) -> PyResult<()> {
        let Inner {
            core,
            tasks,
            ending,
            ..
        } = self.inner()?;
        ending.shut_down();
        if !immediate.0 {
            ringing(py, || core.close());
            return Ok(());
        }
        let left = ringing(py, || core.close_and_drain());
        if let Some(tasks) = tasks {
            ringing(py, || tasks.discard(left.len()));
        }
        Ok(())
    }

    /// End the queue because of an exception, and wake all waiting calls.
    ///
    /// Pushes then raise QueueFailed, a new one each time, whose cause is the exception. Items that
    /// are left can still be popped; after the last one, pops and iterators raise QueueFailed too.
    /// join() raises it while items are not done. If the queue has already failed or is shut down,
    /// this call changes nothing.
    fn fail(&self, exception: &Bound<'_, PyAny>) -> PyResult<()> {
        channel::fail(self.inner()?, exception)
    }

    /// The exception that the queue has failed with, or None.
    #[getter]
    fn failure(&self) -> PyResult<Option<Py<PyAny>>> {
        Ok(channel::failure(self.inner()?))
    }
}
