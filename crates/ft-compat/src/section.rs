//! What the GIL does for a piece of code.

#[cfg(Py_GIL_DISABLED)]
use crate::RaceOnce;
#[cfg(Py_GIL_DISABLED)]
use ft_sync::PerProcess;
use pyo3::Python;
#[cfg(Py_GIL_DISABLED)]
use pyo3::{Py, sync::critical_section::with_critical_section, types::PyList};

/// Lets one thread at a time into a piece of code, until that thread waits or detaches.
///
/// The GIL does that by itself. Without one it is a critical section on an object that nobody else
/// has. CPython takes it from a thread that blocks, and gives it back before the thread goes on,
/// so no deadlock comes of it. Nothing unsafe may hang on it: code may run in an inner section
/// while the outer one is in other hands.
pub(crate) struct Section {
    /// Another one after a fork. A thread that waits for an object's lock may be given it while it is
    /// detached; if the process forks then, the child has a lock that nobody gives up.
    #[cfg(Py_GIL_DISABLED)]
    object: PerProcess<RaceOnce<Py<PyList>>>,
}

impl Section {
    pub(crate) const fn new() -> Self {
        Self {
            #[cfg(Py_GIL_DISABLED)]
            object: PerProcess::new(),
        }
    }

    #[cfg(Py_GIL_DISABLED)]
    pub(crate) fn enter<R>(&self, py: Python<'_>, run: impl FnOnce() -> R) -> R {
        let object = self
            .object
            .get()
            .get_or_init(py, || PyList::empty(py).unbind())
            .bind(py);
        with_critical_section(object.as_any(), run)
    }

    #[cfg(not(Py_GIL_DISABLED))]
    pub(crate) fn enter<R>(&self, _py: Python<'_>, run: impl FnOnce() -> R) -> R {
        run()
    }
}
