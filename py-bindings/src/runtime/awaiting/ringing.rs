//! The alarms that a thread has to ring, once the call that has woken them is over.

use super::stage::Alarm;
use crate::runtime::imports::Imports;
use pyo3::{ffi, prelude::*};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    sync::Arc,
    task::Wake,
};

thread_local! {
    /// The alarms that this thread has to ring.
    static RUNG: RefCell<VecDeque<Arc<Alarm>>> = const { RefCell::new(VecDeque::new()) };
    /// Whether there are any: needs no destructor, and so costs little to look at.
    static HAS_RUNG: Cell<bool> = const { Cell::new(false) };
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        // A thread whose variables are gone calls nothing any more.
        let _ = RUNG.try_with(|rung| {
            rung.borrow_mut().push_back(self);
            HAS_RUNG.set(true);
        });
    }
}

/// Makes a call that may wake coroutines, and rings their alarms after it.
///
/// Every call on a core that somebody may wait for goes through this, or is followed by [`ring`].
#[inline]
pub(crate) fn ringing<T>(py: Python<'_>, call: impl FnOnce() -> T) -> T {
    let done = call();
    ring(py);
    done
}

/// Makes a call that wakes nobody but coroutines that are garbage, and rings no alarm for them.
pub(crate) fn hushed<T>(call: impl FnOnce() -> T) -> T {
    let before = RUNG.take();
    let done = call();
    let garbage = RUNG.replace(before);
    HAS_RUNG.set(RUNG.with_borrow(|rung| !rung.is_empty()));
    drop(garbage);
    done
}

/// Rings the alarms of the coroutines that calls of this thread have woken.
///
/// It never fails: what the handler of a signal raises meanwhile is raised after the call that
/// Python has made, which may be about to return something that must not be lost.
#[inline]
pub(crate) fn ring(py: Python<'_>) {
    if HAS_RUNG.get() {
        ring_slow(py);
    }
}

#[cold]
fn ring_slow(py: Python<'_>) {
    while let Some(alarm) = next_rung() {
        if let Some(err) = alarm.ring(py) {
            raise_later(py, err);
        }
    }
}

fn next_rung() -> Option<Arc<Alarm>> {
    RUNG.with(|rung| {
        let mut rung = rung.borrow_mut();
        let next = rung.pop_front();
        HAS_RUNG.set(!rung.is_empty());
        next
    })
}

/// Raises an exception like this in this thread as soon as it runs Python code again.
fn raise_later(py: Python<'_>, err: PyErr) {
    let thread = Imports::get(py).get_ident.bind(py).call0();
    match thread.and_then(|thread| thread.extract()) {
        // SAFETY: the thread is attached, and an exception's type is one.
        Ok(thread) => unsafe {
            ffi::PyThreadState_SetAsyncExc(thread, err.get_type(py).as_ptr());
        },
        Err(_) => err.write_unraisable(py, None),
    }
}
