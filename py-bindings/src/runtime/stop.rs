//! The event that ends the waits of a thread, because the thread is to stop.

use crate::runtime::{error::raised, imports::Imports};
use ft_atomic_int::AtomicFlag;
use ft_sync::{Interrupt, interruptible};
use pyo3::prelude::*;
use std::{
    cell::RefCell,
    sync::{Arc, Weak},
};

thread_local! {
    /// The reference is weak, so that nothing is stopped by an event that no longer exists.
    static STOP: RefCell<Weak<AtomicFlag>> = const { RefCell::new(Weak::new()) };
}

/// Makes waits of this thread end with `Stopped` while the flag is set, or no longer do so.
pub(crate) fn stop_on(flag: Option<&Arc<AtomicFlag>>) {
    let flag = flag.map_or_else(Weak::new, Arc::downgrade);
    STOP.with(|stop| stop.replace(flag));
}

/// Returns whether waits of this thread end with `Stopped` while the flag is set.
pub(crate) fn stops_on(flag: &Arc<AtomicFlag>) -> bool {
    // The weak reference keeps the address, so that it is that of no other flag.
    STOP.with(|stop| stop.borrow().as_ptr() == Arc::as_ptr(flag))
}

/// Calls a function whose waits do not end with `Stopped`, because it has to do something in every case.
pub(crate) fn shielded<T>(function: impl FnOnce() -> T) -> T {
    // A thread may wait while it destroys its thread-local variables. Nothing stops it then.
    let before = STOP.try_with(|stop| stop.replace(Weak::new()));
    let result = function();
    if let Ok(before) = before {
        let _ = STOP.try_with(|stop| stop.replace(before));
    }
    result
}

/// What ends the waits of a thread.
pub(crate) struct Stop(Option<Arc<AtomicFlag>>);

impl Stop {
    /// Returns that of this thread.
    pub(crate) fn current() -> Self {
        // A thread may wait while it destroys its thread-local variables.
        let stop = STOP.try_with(|stop| stop.borrow().upgrade());
        Self(stop.ok().flatten())
    }

    /// Calls `wait`, which returns early, as if its deadline had passed, if the thread is to stop.
    pub(crate) fn ending<T>(&self, wait: impl FnOnce() -> T) -> T {
        match &self.0 {
            None => wait(),
            Some(flag) => interruptible(Arc::clone(flag) as Arc<dyn Interrupt>, wait),
        }
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.as_ref().is_some_and(|flag| flag.load())
    }

    /// Fails with `Stopped` if the thread is to stop.
    pub(crate) fn check(&self, py: Python<'_>) -> PyResult<()> {
        if self.is_set() {
            return Err(stopped(py));
        }
        Ok(())
    }
}

/// Makes the error of a wait in a thread that is to stop.
pub(crate) fn stopped(py: Python<'_>) -> PyErr {
    raised(py, &Imports::get(py).stopped)
}
