//! Containers in containers in containers: what must not overflow the stack.

use crate::runtime::create::exception;
use pyo3::{exceptions::PyRecursionError, ffi, prelude::*, types::PyString};
use std::{
    any::Any,
    cell::{Cell, RefCell},
    mem::ManuallyDrop,
    ops::Deref,
};

/// How many containers may die inside of each other before the next one has to wait; the limit that
/// CPython has for its own.
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
    static LATER: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// What a container has in it. However deep containers are nested in each other, dropping the
/// outermost one does not overflow the stack.
///
/// When the last reference to a container goes with the container that holds it, that one's end is
/// inside of this one's, and so on. From a certain depth on the contents are put aside, and
/// dropped when the outermost container is done: by the same thread, before whatever freed
/// that container goes on.
pub(crate) struct Nested<T: 'static>(ManuallyDrop<T>);

impl<T> Nested<T> {
    pub(crate) fn new(contents: T) -> Self {
        Self(ManuallyDrop::new(contents))
    }
}

impl<T> Deref for Nested<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Drop for Nested<T> {
    fn drop(&mut self) {
        // SAFETY: taken once, here, and not used again.
        release(unsafe { ManuallyDrop::take(&mut self.0) });
    }
}

fn release<T: 'static>(contents: T) {
    let depth = DEPTH.get();
    if depth == DEEPEST {
        let contents: Box<dyn Any> = Box::new(contents);
        // A thread at its very end has no such list any more: then they are dropped here.
        let _ = LATER.try_with(|later| later.borrow_mut().push(contents));
        return;
    }
    DEPTH.set(depth + 1);
    drop(contents);
    if depth == 0 {
        while let Ok(Some(more)) = LATER.try_with(|later| later.borrow_mut().pop()) {
            drop(more);
        }
    }
    DEPTH.set(depth);
}

/// A comparison or a text of a container, which asks the items, which may be containers.
#[must_use]
pub(crate) struct Call(());

impl Call {
    /// Raises RecursionError if the thread is in too many of them.
    pub(crate) fn enter() -> PyResult<Self> {
        let calls = CALLS.get();
        if calls == DEEPEST_CALL {
            return Err(exception::<PyRecursionError>(
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

/// The text of what a container holds; `None` inside the text of that same container.
pub(crate) fn text_of_contents<'py>(
    container: &Bound<'py, PyAny>,
    contents: impl FnOnce() -> PyResult<Bound<'py, PyString>>,
) -> PyResult<Option<Bound<'py, PyString>>> {
    let _call = Call::enter()?;
    // SAFETY: the object is valid; `Py_ReprLeave` follows whatever happens.
    match unsafe { ffi::Py_ReprEnter(container.as_ptr()) } {
        0 => {
            let text = contents();
            // SAFETY: it was entered.
            unsafe { ffi::Py_ReprLeave(container.as_ptr()) };
            text.map(Some)
        }
        1 => Ok(None),
        _ => Err(PyErr::fetch(container.py())),
    }
}
