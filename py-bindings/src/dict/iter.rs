//! The iterator over the keys of a `ConcurrentDict`.

use crate::{
    dict::class::PyConcurrentDict,
    runtime::{
        fast_calls::{self, Done},
        nesting::Nested,
        object::Object,
    },
};
use pyo3::{PyTraverseError, PyVisit, prelude::*};
use std::{
    sync::{Mutex, PoisonError},
    vec,
};

/// An iterator over keys, which copies the keys of one part of the dictionary at a time.
#[pyclass(
    frozen,
    weakref,
    module = "ft_utils.concurrency",
    name = "ConcurrentDictIterator"
)]
pub(crate) struct DictIter {
    /// The lock is held only for a few instructions, which run no Python code and drop no
    /// reference.
    state: Nested<Mutex<State>>,
}

struct State {
    /// `None` once the iterator is exhausted.
    dict: Option<Py<PyConcurrentDict>>,
    next_shard: usize,
    ready: vec::IntoIter<Object>,
}

impl DictIter {
    pub(crate) fn new(dict: &Bound<'_, PyConcurrentDict>) -> Self {
        let state = State {
            dict: Some(dict.clone().unbind()),
            next_shard: 0,
            ready: Vec::new().into_iter(),
        };
        Self {
            state: Nested::new(Mutex::new(state)),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // No panic can leave the state half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl DictIter {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        loop {
            let mut state = self.state();
            if let Some(key) = state.ready.next() {
                return Some(key.into_py());
            }
            let dict = state.dict.as_ref()?.clone_ref(py);
            let core = &dict.get().core;
            if state.next_shard == core.shards() {
                let dict = (state.dict.take(), dict);
                drop(state);
                drop(dict);
                return None;
            }
            let keys = core.collect_shard(state.next_shard, |key, _| key.clone());
            state.next_shard += 1;
            state.ready = keys.into_iter();
            // Dropping the dictionary may run code that uses this iterator, so the lock is released
            // first.
            drop(state);
            drop(dict);
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // No thread holds the lock while the collector runs. If one did, the references that are
        // not shown would keep objects alive longer, and do no other harm.
        let Ok(state) = self.state.try_lock() else {
            return Ok(());
        };
        visit.call(&state.dict)?;
        state
            .ready
            .as_slice()
            .iter()
            .try_for_each(|key| visit.call(&**key))
    }

    fn __clear__(&self) {
        let mut state = self.state();
        let contents = (
            state.dict.take(),
            std::mem::replace(&mut state.ready, Vec::new().into_iter()),
        );
        drop(state);
        drop(contents);
    }
}

fast_calls::fast! { DictIter:
    next tp_iternext = |this, _| this.state.try_lock().ok()?.ready.next().map(Done::object);
}
