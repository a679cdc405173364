//! The base class of the LIFO queue and the priority queue: how it is created, shared and
//! collected.

use super::items::{Inner, Items};
use crate::{
    queues::{channel, subclass},
    runtime::{
        awaiting::hushed,
        create::{New, exception},
        failure::Ending,
        nesting::Nested,
        not_copyable::not_copyable,
    },
};
use ft_concurrent_queue::TaskTracker;
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::PyRuntimeError,
    prelude::*,
    types::{PyDict, PyType},
};
use std::sync::{Arc, OnceLock};

/// The common base class of the LIFO queue and the priority queue.
#[pyclass(
    frozen,
    subclass,
    weakref,
    dict,
    generic,
    module = "ft_utils._native",
    name = "StdOrderedQueue"
)]
pub(crate) struct PyOrderedQueue {
    /// Set by `__init__`, not by `__new__`, so that subclasses can choose their own arguments.
    inner: Nested<OnceLock<Arc<Inner>>>,
    /// In a handle, the original object. Only that object shows the items to the collector.
    owner: Option<Py<Self>>,
    /// Always true in a complete instance. It is false in memory that has not become an instance
    /// yet: Python 3.11 and 3.12 show the collector such memory, which is all zeros, when they make
    /// the instance's dict.
    is_made: bool,
}

impl PyOrderedQueue {
    pub(super) fn unmade() -> Self {
        Self {
            inner: Nested::new(OnceLock::new()),
            owner: None,
            is_made: true,
        }
    }

    /// Sets up the queue, for `__init__`. A second call changes nothing, because other threads may
    /// be using the queue that the first call made.
    pub(super) fn make(&self, items: Items) {
        let _ = self.inner.set(Arc::new(Inner {
            items,
            tasks: TaskTracker::new(),
            ending: Ending::default(),
        }));
    }

    #[inline]
    pub(super) fn shared(&self) -> PyResult<&Arc<Inner>> {
        let missing = || exception::<PyRuntimeError>("__init__() was not called by the subclass");
        self.inner.get().ok_or_else(missing)
    }

    #[inline]
    pub(super) fn inner(&self) -> PyResult<&Inner> {
        Ok(self.shared()?)
    }

    /// Makes another Python object for the same queue.
    pub(super) fn share(slf: &Bound<'_, Self>) -> PyResult<Self> {
        let this = slf.get();
        this.inner()?;
        let owner = match &this.owner {
            Some(owner) => owner.clone_ref(slf.py()),
            None => slf.clone().unbind(),
        };
        Ok(Self {
            inner: Nested::new(OnceLock::clone(&this.inner)),
            owner: Some(owner),
            is_made: true,
        })
    }
}

#[pymethods]
impl PyOrderedQueue {
    /// Raise TypeError for a subclass that overrides _init, _put, _get or _qsize.
    ///
    /// Nothing would call these methods.
    #[classmethod]
    #[pyo3(signature = (**kwargs))]
    fn __init_subclass__(
        cls: &Bound<'_, PyType>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        subclass::init_subclass::<Self>(cls, kwargs)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        channel::repr(slf, slf.get().inner.get().map(|inner| &**inner))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if !self.is_made {
            return Ok(());
        }
        if let Some(owner) = &self.owner {
            return visit.call(owner);
        }
        let Some(inner) = self.inner.get() else {
            return Ok(());
        };
        inner.ending.traverse(&visit)?;
        // The locks are free: the collector runs while no other thread is attached, and no thread
        // detaches or starts the collector while it holds one of them.
        match &inner.items {
            Items::Lifo(stack) => stack.try_for_each(|item| visit.call(&**item)),
            Items::Priority(queue) => queue.try_for_each(|item| visit.call(&**item)),
        }
    }

    fn __clear__(&self) {
        if let (None, Some(inner)) = (&self.owner, self.inner.get()) {
            drop(hushed(|| inner.items.close_and_drain()));
        }
    }
}

not_copyable!(PyOrderedQueue, "handle() to share the object");
