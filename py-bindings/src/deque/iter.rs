//! The iterator over the items of a `ConcurrentDeque`.

use crate::runtime::{create::New, nesting::Nested, object::Object};
use pyo3::{PyTraverseError, PyVisit, prelude::*};
use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    vec,
};

/// An iterator over the items that were in a deque when it was made.
#[pyclass(
    frozen,
    weakref,
    module = "ft_utils.concurrency",
    name = "ConcurrentDequeIterator"
)]
pub(crate) struct DequeIter {
    /// The items that are left. The lock is held only for a few instructions, which run no Python
    /// code and drop no reference.
    left: Nested<Mutex<vec::IntoIter<Object>>>,
}

impl DequeIter {
    pub(crate) fn new(items: Vec<Object>) -> Self {
        let left = Nested::new(Mutex::new(items.into_iter()));
        Self { left }
    }

    fn left(&self) -> MutexGuard<'_, vec::IntoIter<Object>> {
        // No panic can leave the items half-changed.
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> vec::IntoIter<Object> {
        mem::take(&mut *self.left())
    }
}

#[pymethods]
impl DequeIter {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self) -> Option<Py<PyAny>> {
        self.left().next().map(Object::into_py)
    }

    fn __length_hint__(&self) -> New<usize> {
        New(self.left().len())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // No thread holds the lock while the collector runs. If one did, the references that are
        // not shown would keep objects alive longer, and do no other harm.
        let Ok(left) = self.left.try_lock() else {
            return Ok(());
        };
        left.as_slice()
            .iter()
            .try_for_each(|item| visit.call(&**item))
    }

    fn __clear__(&self) {
        drop(self.take());
    }
}
