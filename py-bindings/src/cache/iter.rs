//! The iterator over the keys of a `ConcurrentCache`.

use super::class::PyConcurrentCache;
use crate::runtime::object::Object;
use ft_concurrent_cache::Walk;
use pyo3::{PyTraverseError, PyVisit, prelude::*};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    vec,
};

/// An iterator over keys, which copies the keys of one part of the cache at a time.
#[pyclass(
    frozen,
    weakref,
    module = "ft_utils.concurrency",
    name = "ConcurrentCacheIterator"
)]
pub(crate) struct CacheIter {
    /// The lock is held only for a few instructions, which run no Python code and drop no
    /// reference.
    state: Mutex<State>,
}

struct State {
    /// `None` once the iterator is exhausted.
    cache: Option<Py<PyConcurrentCache>>,
    walk: Walk,
    ready: vec::IntoIter<Object>,
}

impl CacheIter {
    pub(crate) fn new(cache: &Bound<'_, PyConcurrentCache>) -> Self {
        Self {
            state: Mutex::new(State {
                cache: Some(cache.clone().unbind()),
                walk: Walk::default(),
                ready: Vec::new().into_iter(),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No panic can leave the state half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl CacheIter {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        loop {
            let mut state = self.state();
            if let Some(key) = state.ready.next() {
                return Ok(Some(key.into_py()));
            }
            let Some(cache) = state.cache.as_ref().map(|cache| cache.clone_ref(py)) else {
                return Ok(None);
            };
            drop(state);
            // The time may come from Python code, which may use this iterator.
            cache.get().shared.timer.tick(py)?;
            let mut state = self.state();
            if state.ready.as_slice().is_empty() {
                match cache.get().next_keys(&mut state.walk) {
                    Some(keys) => state.ready = keys.into_iter(),
                    None => {
                        let last = state.cache.take();
                        drop(state);
                        drop(last);
                        return Ok(None);
                    }
                }
            }
            // Dropping the cache may run code that uses this iterator, so the lock is released first.
            drop(state);
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // No thread holds the lock while the collector runs. If one did, the references that are
        // not shown would keep objects alive longer, and do no other harm.
        let Ok(state) = self.state.try_lock() else {
            return Ok(());
        };
        visit.call(&state.cache)?;
        let mut ready = state.ready.as_slice().iter();
        ready.try_for_each(|key| visit.call(&**key))
    }

    fn __clear__(&self) {
        let mut state = self.state();
        let ready = std::mem::replace(&mut state.ready, Vec::new().into_iter());
        let contents = (state.cache.take(), ready);
        drop(state);
        drop(contents);
    }
}
