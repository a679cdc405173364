//! Containers in containers in containers: what must not overflow the stack.

use crate::object::Object;
use pyo3::{exceptions::PyRecursionError, prelude::*};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
};

/// How many containers may die inside of each other before the next one has to wait.
const DEEPEST: usize = 50;

/// How many comparisons or texts of containers there may be inside of each other.
///
/// Python's own limit counts calls, as many as fit the stack with the frames of its own containers.
/// Ours have more of them.
const DEEPEST_CALL: usize = 500;

thread_local! {
    /// How many [`Call`]s the thread is in.
    static CALLS: Cell<usize> = const { Cell::new(0) };
    /// How many calls of `release` the thread is in.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// What is too deep, for the outermost call to drop.
    static LATER: RefCell<Vec<VecDeque<Object>>> = const { RefCell::new(Vec::new()) };
}

/// Drops objects, at the latest when the outermost call of this function on the thread returns.
///
/// When the last reference to a container goes with the container that holds it, that one's end
/// is inside of this one's, and so on; without a limit a long chain would overflow the stack. It is
/// what CPython's own containers do, too.
pub(crate) fn release(objects: VecDeque<Object>) {
    let depth = DEPTH.get();
    if depth == DEEPEST {
        // A thread at its very end has no such list any more: then they are dropped here.
        let _ = LATER.try_with(|later| later.borrow_mut().push(objects));
        return;
    }
    DEPTH.set(depth + 1);
    drop(objects);
    if depth == 0 {
        while let Ok(Some(more)) = LATER.try_with(|later| later.borrow_mut().pop()) {
            drop(more);
        }
    }
    DEPTH.set(depth);
}

/// A comparison or a text of a container, which asks the items, which may be containers.
pub(crate) struct Call(());

impl Call {
    /// Raises RecursionError if the thread is in too many of them.
    pub(crate) fn enter() -> PyResult<Self> {
        let calls = CALLS.get();
        if calls == DEEPEST_CALL {
            return Err(PyRecursionError::new_err(
                "containers are nested too deeply",
            ));
        }
        CALLS.set(calls + 1);
        Ok(Self(()))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        CALLS.set(CALLS.get() - 1);
    }
}
