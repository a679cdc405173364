//! The methods that all queues of ft_utils have, except the asynchronous ones.

use super::class::PyOrderedQueue;
use crate::{
    queues::{
        channel::{self, Channel},
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
use pyo3::{exceptions::PyValueError, prelude::*, types::PyList};
use std::collections::VecDeque;

#[pymethods]
impl PyOrderedQueue {
    /// Put an item into the queue, waiting while the queue is full.
    ///
    /// Raise Full after timeout seconds, ShutDown if the queue is shut down, and QueueFailed if it
    /// has failed.
    #[pyo3(signature = (value, timeout=None))]
    fn push(&self, value: &Bound<'_, PyAny>, timeout: Option<Timeout>) -> PyResult<()> {
        let deadline = Timeout::deadline(timeout);
        channel::put_until(self.inner()?, value, deadline)
    }

    /// Put an item into the queue; raise Full at once if there is no room.
    fn try_push(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        channel::put(self.inner()?, value, false, None)
    }

    /// Put in the items of an iterable, one by one, waiting for room as often as it takes.
    ///
    /// The iterable is read to its end before anything is put in. Raise Full after timeout seconds,
    /// ShutDown if the queue is shut down, QueueFailed if it has failed, and the error of a
    /// comparison that raises. The exception's attribute remaining is then a list of the items that
    /// were not put in.
    #[pyo3(signature = (values, timeout=None))]
    fn push_many(&self, values: &Bound<'_, PyAny>, timeout: Option<Timeout>) -> PyResult<()> {
        let py = values.py();
        let inner = self.inner()?;
        let deadline = Timeout::deadline(timeout);
        let mut items = VecDeque::from(objects(values)?);
        while let Some(item) = items.front() {
            if let Err(err) = channel::put_until(inner, item.bind(py), deadline) {
                return Err(with_rest(py, err, items));
            }
            items.pop_front();
        }
        Ok(())
    }

    /// Remove and return the next item, waiting while the queue is empty.
    ///
    /// Raise Empty after timeout seconds. Once the queue is drained, raise ShutDown if it is shut
    /// down, and QueueFailed if it has failed.
    #[pyo3(signature = (timeout=None))]
    fn pop(&self, py: Python<'_>, timeout: Option<Timeout>) -> PyResult<Py<PyAny>> {
        channel::get_until(self.inner()?, py, Timeout::deadline(timeout))
    }

    /// Remove and return the next item; raise Empty at once if there is none.
    fn try_pop(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        channel::get(self.inner()?, py, false, None)
    }

    /// Remove and return a list of up to max_items items, waiting until there is at least one.
    ///
    /// Raise Empty after timeout seconds. Once the queue is drained, raise ShutDown if it is shut
    /// down, and QueueFailed if it has failed. If a comparison raises, raise its error; the
    /// exception's attribute popped is then a list of the items that were removed before.
    #[pyo3(signature = (max_items, timeout=None))]
    fn pop_many<'py>(
        &self,
        py: Python<'py>,
        max_items: isize,
        timeout: Option<Timeout>,
    ) -> PyResult<Bound<'py, PyList>> {
        if max_items <= 0 {
            let message = format!("max_items must be positive, not {max_items}");
            return Err(exception::<PyValueError>(message));
        }
        let inner = self.inner()?;
        // Make the list first, because nothing may fail once an item is out of the queue.
        let room = Room::new(py, 1)?;
        let first = channel::get_until(inner, py, Timeout::deadline(timeout))?;
        let popped = room.fill([first].into_iter());
        while popped.len() < max_items as usize {
            let last = popped.len();
            let next = popped.append(py.None()).and_then(|()| {
                let next = ringing(py, || inner.try_get(py));
                match &next {
                    Ok(Ok(item)) => popped.set_item(last, &**item)?,
                    _ => popped.del_item(last)?,
                }
                next
            });
            match next {
                Ok(Ok(_)) => {}
                Ok(Err(_)) => break,
                Err(err) => {
                    let name = New("popped").into_pyobject(py);
                    let set = name.and_then(|name| err.value(py).setattr(name, popped));
                    return Err(set.err().unwrap_or(err));
                }
            }
        }
        Ok(popped)
    }

    /// Remove all items in one step and return them as a list.
    ///
    /// The items of a LIFO queue are in the order in which they would leave, the last one first.
    /// The items of a priority queue are in no particular order. Nothing is compared, so the call
    /// also returns items that cannot be compared. It does not wait: if there are no items, the
    /// list is empty.
    fn drain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let inner = self.inner()?;
        loop {
            // Make the list first, because nothing may fail once items are out of the queue.
            let most = inner.len();
            let room = Room::new(py, most)?;
            // If other threads have put in more items meanwhile, the list is too short; try again.
            if let Some(items) = ringing(py, || inner.items.try_drain(most)) {
                return Ok(room.fill(items.into_iter().map(Object::into_py)));
            }
        }
    }

    /// Remove the next item and return it in a LocalWrapper.
    #[pyo3(signature = (timeout=None))]
    fn pop_local<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<Timeout>,
    ) -> PyResult<Bound<'py, PyAny>> {
        in_wrapper(py, || self.pop(py, timeout))
    }

    /// Return the next item without removing it; raise Empty if there is none.
    fn peek(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self.inner()?.items.peek() {
            Some(item) => Ok(item.into_py()),
            None => Err(raised(py, &Imports::get(py).empty)),
        }
    }

    /// Return the number of items.
    fn size(&self) -> PyResult<New<usize>> {
        self.qsize()
    }

    /// Return whether the queue has no items.
    fn empty(&self) -> PyResult<bool> {
        Ok(self.inner()?.len() == 0)
    }

    /// Return whether the queue has maxsize items.
    fn full(&self) -> PyResult<bool> {
        let inner = self.inner()?;
        Ok(inner.capacity() == Some(inner.len()))
    }

    /// The largest number of items the queue holds, or 0 if there is no bound.
    #[getter]
    fn maxsize(&self) -> PyResult<New<usize>> {
        Ok(New(self.inner()?.capacity().unwrap_or(0)))
    }

    /// Whether shutdown() or fail() was called.
    #[getter]
    fn is_shutdown(&self) -> PyResult<bool> {
        Ok(self.inner()?.is_closed())
    }

    /// Refuse items from now on, and wake all waiting calls.
    ///
    /// Items that are left can still be taken out. With immediate=True they are dropped instead,
    /// and their tasks count as done.
    #[pyo3(signature = (immediate=Truth(false)), text_signature = "($self, immediate=False)")]
    fn shutdown(&self, py: Python<'_>, immediate: Truth) -> PyResult<()> {
        let inner = self.inner()?;
        inner.ending.shut_down();
        if immediate.0 {
            let left = ringing(py, || inner.items.close_and_drain());
            ringing(py, || inner.tasks.discard(left.len()));
        } else {
            ringing(py, || inner.close());
        }
        Ok(())
    }

    /// End the queue because of an exception, and wake all waiting calls.
    ///
    /// Calls that put items in then raise QueueFailed, a new one each time, whose cause is the
    /// exception. Items that are left can still be taken out; after the last one, calls that take
    /// items and iterators raise QueueFailed too. join() raises it while items are not done. If the
    /// queue has already failed or is shut down, this call changes nothing.
    fn fail(&self, exception: &Bound<'_, PyAny>) -> PyResult<()> {
        channel::fail(self.inner()?, exception)
    }

    /// The exception that the queue has failed with, or None.
    #[getter]
    fn failure(&self) -> PyResult<Option<Py<PyAny>>> {
        Ok(channel::failure(self.inner()?))
    }
}
