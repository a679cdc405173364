//! The methods of `collections.deque`, under the same names.

use super::{
    arguments::{Bounds, Patience},
    class::{Core, PyConcurrentDeque, read},
    equal::Equal,
};
use crate::runtime::{
    awaiting::ringing,
    blocking,
    create::{New, exception},
    imports::Imports,
    object::Object,
};
use pyo3::{
    exceptions::{PyIndexError, PyValueError},
    prelude::*,
};

#[pymethods]
impl PyConcurrentDeque {
    /// Add an item at the right end; if the deque is full, drop the item at the left end.
    #[pyo3(signature = (item, /))]
    fn append(&self, item: &Bound<'_, PyAny>) {
        drop(ringing(item.py(), || {
            self.core().push_back(Object::new(item))
        }));
    }

    /// Add an item at the left end; if the deque is full, drop the item at the right end.
    #[pyo3(signature = (item, /))]
    fn appendleft(&self, item: &Bound<'_, PyAny>) {
        drop(ringing(item.py(), || {
            self.core().push_front(Object::new(item))
        }));
    }

    /// Remove and return the rightmost item.
    ///
    /// If the deque is empty, wait up to timeout seconds, or forever if timeout is None; by
    /// default, do not wait. Then raise EmptyDequeError, which is an IndexError and a RuntimeError.
    /// Ctrl-C ends a wait within 0.1 s. Each added item wakes the thread that has waited longest.
    #[pyo3(
        signature = (*, timeout=Patience::None),
        text_signature = "($self, *, timeout=0)",
    )]
    fn pop(&self, py: Python<'_>, timeout: Patience) -> PyResult<Py<PyAny>> {
        self.take(py, timeout, Core::pop_back)
    }

    /// Remove and return the leftmost item.
    ///
    /// If the deque is empty, wait up to timeout seconds, or forever if timeout is None; by
    /// default, do not wait. Then raise EmptyDequeError, which is an IndexError and a RuntimeError.
    /// Ctrl-C ends a wait within 0.1 s. Each added item wakes the thread that has waited longest.
    #[pyo3(
        signature = (*, timeout=Patience::None),
        text_signature = "($self, *, timeout=0)",
    )]
    fn popleft(&self, py: Python<'_>, timeout: Patience) -> PyResult<Py<PyAny>> {
        self.take(py, timeout, Core::pop_front)
    }

    /// Add the items of an iterable at the right end, as one block.
    ///
    /// The iterable is read to its end first. If that fails, nothing is added.
    #[pyo3(signature = (iterable, /))]
    pub(super) fn extend(&self, iterable: &Bound<'_, PyAny>) -> PyResult<()> {
        let items = read(iterable)?;
        drop(ringing(iterable.py(), || self.core().extend_back(items)));
        Ok(())
    }

    /// Add the items of an iterable at the left end, as one block in reverse order.
    ///
    /// The items are added one before the other, so the last one becomes the leftmost. The iterable
    /// is read to its end first. If that fails, nothing is added.
    #[pyo3(signature = (iterable, /))]
    fn extendleft(&self, iterable: &Bound<'_, PyAny>) -> PyResult<()> {
        let items = read(iterable)?;
        drop(ringing(iterable.py(), || self.core().extend_front(items)));
        Ok(())
    }

    /// Insert an item before the one at index, or at the nearest end if there is no such index.
    ///
    /// Raise IndexError if the deque already has maxlen items.
    #[pyo3(signature = (index, item, /))]
    fn insert(&self, index: isize, item: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, item) = (item.py(), Object::new(item));
        let refused = ringing(py, || self.core().insert(index, item).err());
        refused.map_or(Ok(()), |err| {
            Err(exception::<PyIndexError>(err.to_string()))
        })
    }

    /// Remove the leftmost item that is or equals value; raise ValueError if there is none.
    ///
    /// It is the leftmost match at the moment it is removed, even if other threads change the
    /// deque.
    #[pyo3(signature = (value, /))]
    fn remove(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        match self.core().try_remove(&Equal(value))? {
            Some(_item) => Ok(()),
            None => Err(exception::<PyValueError>("deque.remove(x): x not in deque")),
        }
    }

    /// Return the index of the first item that is or equals value, or raise ValueError.
    ///
    /// Only the items from index start up to, but not including, stop are searched.
    #[pyo3(
        signature = (value, start=Bounds(0), stop=Bounds(isize::MAX), /),
        text_signature = "($self, value, start=0, stop=sys.maxsize, /)",
    )]
    fn index(&self, value: &Bound<'_, PyAny>, start: Bounds, stop: Bounds) -> PyResult<New<usize>> {
        let found = self.core().try_position(&Equal(value), start.0, stop.0)?;
        match found {
            Some(index) => Ok(New(index)),
            None => {
                let value = value.repr()?;
                Err(exception::<PyValueError>(format!(
                    "{value} is not in deque"
                )))
            }
        }
    }

    /// Return the number of items that are or equal value.
    #[pyo3(signature = (value, /))]
    fn count(&self, value: &Bound<'_, PyAny>) -> PyResult<New<usize>> {
        self.core().try_count(&Equal(value)).map(New)
    }

    /// Move the last n items to the left end; if n is negative, move the first -n to the right end.
    #[pyo3(signature = (n=1, /))]
    fn rotate(&self, n: isize) {
        self.core().rotate(n);
    }

    /// Reverse the order of the items.
    fn reverse(&self) {
        self.core().reverse();
    }

    /// Remove all items.
    fn clear(&self) {
        drop(self.core().take());
    }
}

impl PyConcurrentDeque {
    #[inline]
    fn take(
        &self,
        py: Python<'_>,
        patience: Patience,
        pop: fn(&Core) -> Option<Object>,
    ) -> PyResult<Py<PyAny>> {
        let core = self.core();
        let item = match (pop(core), patience) {
            (None, Patience::Until(deadline)) => {
                blocking::wait(py, deadline, core.not_empty(), || pop(core))?
            }
            (item, _) => item,
        };
        match item {
            Some(item) => Ok(item.into_py()),
            None => Err(empty(py)),
        }
    }
}

#[cold]
fn empty(py: Python<'_>) -> PyErr {
    let kind = Imports::get(py).empty_deque.bind(py).clone();
    PyErr::from_type(kind, "pop from an empty deque")
}
