//! Keeps deeply nested containers from overflowing the stack.

use crate::runtime::create::exception;
use pyo3::{exceptions::PyRecursionError, ffi, prelude::*, types::PyString};
use std::{
    any::Any,
    cell::{Cell, RefCell},
    mem::ManuallyDrop,
    ops::Deref,
};

/// How many containers may be dropped inside of each other before the next one is put aside.
/// CPython has the same limit for its own containers.
const DEEPEST: usize = 50;

/// How many comparisons or `repr` calls of containers may be nested.
///
/// Python's own limit counts calls, and is chosen so that the frames of its own containers fit the
/// stack. The calls counted here need more stack.
const DEEPEST_CALL: usize = 500;

thread_local! {
    /// How many [`Call`]s the thread is in.
    static CALLS: Cell<usize> = const { Cell::new(0) };
    /// How many calls of `release` the thread is in.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// Contents that were too deep; the outermost call drops them.
    static LATER: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// The contents of a container. Dropping the outermost of many nested containers does not overflow
/// the stack.
///
/// If a container holds the last reference to another one, dropping the first drops the second
/// inside of it, and so on. From a certain depth on, the contents are put aside, and are dropped
/// when the outermost container is done. The same thread does this before it continues with the
/// code that freed the outermost container.
pub(crate) struct Nested<T: 'static>(ManuallyDrop<T>);

impl<T> Nested<T> {
    pub(crate) fn new(contents: T) -> Self {
        Self(ManuallyDrop::new(contents))
    }
}

impl<T: Default> Default for Nested<T> {
    fn default() -> Self {
        Self::new(T::default())
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
        // SAFETY: the contents are taken once, here, and not used again.
        release(unsafe { ManuallyDrop::take(&mut self.0) });
    }
}

fn release<T: 'static>(contents: T) {
    let depth = DEPTH.get();
    if depth == DEEPEST {
        let contents: Box<dyn Any> = Box::new(contents);
        // A thread that is about to end may have no such list any more. The contents are dropped
        // here then.
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

/// A running comparison or `repr` call of a container. It calls the same on the items, which may be
/// containers too.
#[must_use]
pub(crate) struct Call(());

impl Call {
    /// Raises RecursionError if too many such calls are nested in this thread.
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

/// Returns the text of a container's contents, or `None` inside the text of the same container.
pub(crate) fn text_of_contents<'py>(
    container: &Bound<'py, PyAny>,
    contents: impl FnOnce() -> PyResult<Bound<'py, PyString>>,
) -> PyResult<Option<Bound<'py, PyString>>> {
    let _call = Call::enter()?;
    // SAFETY: the object is valid. `Py_ReprLeave` follows in every case in which this call returns 0.
    match unsafe { ffi::Py_ReprEnter(container.as_ptr()) } {
        0 => {
            let text = contents();
            // SAFETY: `Py_ReprEnter` has entered this object.
            unsafe { ffi::Py_ReprLeave(container.as_ptr()) };
            text.map(Some)
        }
        1 => Ok(None),
        _ => Err(PyErr::fetch(container.py())),
    }
}
