//! What the iterators over keys have in common.

use crate::runtime::{brief::Brief, fast_calls::Done, nesting::Nested, object::Object};
use ft_concurrent_dict::Walk;
use pyo3::{PyClass, PyTraverseError, PyVisit, prelude::*};
use std::vec;

/// A container of keys.
pub(super) trait Keys: PyClass {
    /// Copies the keys of the next part.
    fn next_keys(this: &Bound<'_, Self>, walk: &mut Walk) -> Option<Vec<Object>>;
}

/// The contents of an iterator over keys, which copies the keys of one part of the container at a
/// time.
pub(super) struct KeyWalk<C: Keys> {
    /// While the lock is held, no Python code runs and no reference is dropped.
    state: Nested<Brief<State<C>>>,
}

struct State<C> {
    /// `None` once the iterator is exhausted.
    container: Option<Py<C>>,
    walk: Walk,
    ready: vec::IntoIter<Object>,
}

impl<C: Keys> KeyWalk<C> {
    pub(super) fn new(container: &Bound<'_, C>) -> Self {
        let state = State {
            container: Some(container.clone().unbind()),
            walk: Walk::default(),
            ready: Vec::new().into_iter(),
        };
        Self {
            state: Nested::new(Brief::new(state)),
        }
    }

    pub(super) fn next(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        loop {
            let mut state = self.state.lock();
            if let Some(key) = state.ready.next() {
                return Some(key.into_py());
            }
            let container = state.container.as_ref()?.bind(py).clone();
            let Some(keys) = C::next_keys(&container, &mut state.walk) else {
                let container = (state.container.take(), container);
                drop(state);
                drop(container);
                return None;
            };
            state.ready = keys.into_iter();
            // Dropping the container may run code that uses this iterator, so the lock is released
            // first.
            drop(state);
            drop(container);
        }
    }

    /// Returns the next key, if it has been copied already and no other thread uses the iterator.
    #[inline]
    pub(super) fn next_ready(&self) -> Option<Done> {
        self.state.try_lock()?.ready.next().map(Done::object)
    }

    pub(super) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        // No thread holds the lock while the collector runs. If one did, the references that are
        // not shown would keep objects alive longer, and do no other harm.
        let Some(state) = self.state.try_lock() else {
            return Ok(());
        };
        visit.call(&state.container)?;
        (state.ready.as_slice().iter()).try_for_each(|key| visit.call(&**key))
    }

    pub(super) fn clear(&self) {
        let mut state = self.state.lock();
        let contents = (
            state.container.take(),
            std::mem::replace(&mut state.ready, Vec::new().into_iter()),
        );
        drop(state);
        drop(contents);
    }
}
