//! The cases of a choice.

use super::class::{Core, PyConcurrentDeque};
use crate::runtime::{
    awaiting::{Outcome, Retry},
    choosing::Case,
    object::Object,
};
use pyo3::{exceptions::PyTimeoutError, prelude::*};
use std::sync::Arc;

#[pymethods]
impl PyConcurrentDeque {
    /// Return the case of select() and select_async() that removes the rightmost item.
    fn popping(slf: &Bound<'_, Self>) -> Case {
        case(slf, "ConcurrentDeque.popping", |_, core, _| {
            popped(core.pop_back())
        })
    }

    /// Return the case of select() and select_async() that removes the leftmost item.
    fn poppingleft(slf: &Bound<'_, Self>) -> Case {
        case(slf, "ConcurrentDeque.poppingleft", |_, core, _| {
            popped(core.pop_front())
        })
    }
}

type Attempt = fn(Python<'_>, &Core, &mut Option<Object>) -> Option<Outcome>;

fn case(deque: &Bound<'_, PyConcurrentDeque>, name: &'static str, attempt: Attempt) -> Case {
    let core = Arc::clone(deque.get().core());
    Case::new(name, deque, None, move |deque, _| {
        Box::new(Retry {
            core: Arc::clone(&core),
            owner: deque.clone().into_any().unbind(),
            item: None,
            event: Core::not_empty,
            attempt,
            timed_out: |_| PyTimeoutError::new_err(()),
            listening: None,
        })
    })
}

fn popped(item: Option<Object>) -> Option<Outcome> {
    item.map(|item| Ok(Some(item.into_py())))
}
