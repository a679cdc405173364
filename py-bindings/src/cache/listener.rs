//! The function that hears of entries that leave a cache.

use crate::runtime::{kept::Kept, object::Object};
use ft_concurrent_cache::Cause;
use pyo3::{PyTraverseError, PyVisit, intern, prelude::*};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

pub(crate) struct Listener {
    function: Object,
    /// Set when the collector takes the cache apart: nobody wants to hear of that.
    is_closed: AtomicBool,
}

impl Listener {
    pub(crate) fn new(function: &Bound<'_, PyAny>) -> Self {
        Self {
            function: Object::new(function),
            is_closed: AtomicBool::new(false),
        }
    }

    pub(crate) fn close(&self) {
        // Relaxed: nothing depends on it but the call in the same thread.
        self.is_closed.store(true, Relaxed);
    }

    /// Tells the function. What it raises goes to `sys.unraisablehook`, since the call that has made
    /// the entry leave is done, and is often about another key.
    pub(crate) fn tell(&self, key: &Object, kept: &Kept, cause: Cause) {
        let Some(value) = kept.value() else { return };
        // Relaxed: as in `close`.
        if self.is_closed.load(Relaxed) {
            return;
        }
        Python::attach(|py| {
            let cause = match cause {
                Cause::Evicted => intern!(py, "size"),
                Cause::Expired => intern!(py, "expired"),
                Cause::Replaced => intern!(py, "replaced"),
                _ => intern!(py, "removed"),
            };
            let function = self.function.bind(py);
            if let Err(err) = function.call1((&**key, &**value, cause)) {
                err.write_unraisable(py, Some(function));
            }
        });
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&*self.function)
    }
}
