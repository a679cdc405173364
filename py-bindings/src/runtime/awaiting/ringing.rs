//! The list of alarms that a thread has to ring after a call has woken them.

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
    /// Whether there are any such alarms. It needs no destructor, and so is cheap to read.
    static HAS_RUNG: Cell<bool> = const { Cell::new(false) };
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        // A thread whose thread-local variables are gone makes no further calls that could ring the
        // alarm.
        let _ = RUNG.try_with(|rung| {
            rung.borrow_mut().push_back(self);
            HAS_RUNG.set(true);
        });
    }
}

/// Makes a call that may wake coroutines, and then rings their alarms.
///
/// Every call on a core that a coroutine may wait for goes through this function, or is followed by
/// [`ring`].
#[inline]
pub(crate) fn ringing<T>(py: Python<'_>, call: impl FnOnce() -> T) -> T {
    let done = call();
    ring(py);
    done
}

/// Makes a call that can only wake coroutines that are garbage, and rings no alarms for them.
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
/// It never fails. If a signal handler raises in the meantime, the exception is raised after the
/// current call from Python, because this call may be about to return something that must not be
/// lost.
#[inline]
pub(crate) fn ring(py: Python<'_>) {
    if HAS_RUNG.get() {
        ring_slow(py);
    }
}

#[cold]
fn ring_slow(py: Python<'_>) {
    // An object that is freed while an exception is propagating may have woken them.
    let on_its_way = PyErr::take(py);
    while let Some(alarm) = next_rung() {
        if let Some(err) = alarm.ring(py) {
            raise_later(py, err);
        }
    }
    if let Some(err) = on_its_way {
        err.restore(py);
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

/// Raises an exception of this type in the current thread, as soon as it runs Python code again.
fn raise_later(py: Python<'_>, err: PyErr) {
    let thread = Imports::get(py).get_ident.bind(py).call0();
    match thread.and_then(|thread| thread.extract()) {
        // SAFETY: the thread is attached, and the second argument is an exception type.
        Ok(thread) => unsafe {
            ffi::PyThreadState_SetAsyncExc(thread, err.get_type(py).as_ptr());
        },
        Err(_) => err.write_unraisable(py, None),
    }
}
