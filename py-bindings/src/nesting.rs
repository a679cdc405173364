//! Objects nested deeper than the stack: freeing them, and refusing to describe them.

use pyo3::{ffi, prelude::*};
use std::cell::{Cell, RefCell};

/// How many releases may happen inside of each other; the limit that Python has for its own
/// containers.
const DEEPEST: usize = 50;

thread_local! {
    /// How many releases this thread is inside of.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// What the outermost of them still has to release.
    static WAITING: RefCell<Vec<Py<PyAny>>> = const { RefCell::new(Vec::new()) };
}

/// Releases a reference that an object holds which is being freed itself.
///
/// That may free another object, which holds another, and so on. From a certain depth on the
/// reference is put aside, and released when the outermost object of the chain is done: by the same
/// thread, before whatever freed that object goes on. The thread is attached.
pub(crate) fn release(object: Py<PyAny>) {
    let depth = DEPTH.get();
    if depth < DEEPEST {
        release_at(depth, object);
    } else if let Err(object) = put_aside(object) {
        release_at(depth, object);
    }
    if depth == 0 {
        while let Some(object) = next_waiting() {
            release_at(depth, object);
        }
    }
}

fn release_at(depth: usize, object: Py<PyAny>) {
    DEPTH.set(depth + 1);
    // It may run any code, which may come here again.
    drop(object);
    DEPTH.set(depth);
}

/// Hands the object back if the thread is ending, and its list is gone already.
fn put_aside(object: Py<PyAny>) -> Result<(), Py<PyAny>> {
    let mut object = Some(object);
    let pushed = WAITING.try_with(|waiting| waiting.borrow_mut().extend(object.take()));
    match object {
        Some(object) if pushed.is_err() => Err(object),
        _ => Ok(()),
    }
}

fn next_waiting() -> Option<Py<PyAny>> {
    WAITING
        .try_with(|waiting| waiting.borrow_mut().pop())
        .ok()
        .flatten()
}

/// Some of the levels that Python allows calls in C to be nested.
#[must_use]
pub(crate) struct Levels(usize);

impl Levels {
    /// What a call through us takes, more than Python assumes: 2 kB of stack, not optimized.
    const OF_A_CALL: usize = 4;

    /// Enters a call that objects make into each other; raises `RecursionError` if it is too deep.
    pub(crate) fn enter(py: Python<'_>) -> PyResult<Self> {
        let mut levels = Self(0);
        while levels.0 < Self::OF_A_CALL {
            // SAFETY: the thread is attached; each success is left again, by `drop`.
            if unsafe { ffi::Py_EnterRecursiveCall(c" in a nested object".as_ptr()) } != 0 {
                return Err(PyErr::fetch(py));
            }
            levels.0 += 1;
        }
        Ok(levels)
    }
}

impl Drop for Levels {
    fn drop(&mut self) {
        for _ in 0..self.0 {
            // SAFETY: the thread is attached, and entered as often.
            unsafe { ffi::Py_LeaveRecursiveCall() };
        }
    }
}
