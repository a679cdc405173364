//! Mutual exclusion like that of the GIL, for a piece of code.

#[cfg(Py_GIL_DISABLED)]
use crate::RaceOnce;
#[cfg(Py_GIL_DISABLED)]
use ft_sync::PerProcess;
use pyo3::Python;
#[cfg(Py_GIL_DISABLED)]
use pyo3::{Py, sync::critical_section::with_critical_section, types::PyList};

/// Lets one thread at a time run a piece of code, until that thread waits or detaches.
///
/// With a GIL nothing needs to be done. Without one, this is a critical section on an object that
/// nobody else has. CPython takes the section from a thread that blocks, and gives it back before
/// the thread continues, so it cannot cause a deadlock. Soundness must not depend on it: the code
/// may run in an inner section while another thread has the outer one.
pub(crate) struct Section {
    /// Each process has its own object. A thread that waits for the lock of an object may be given
    /// the lock while it is detached. If the process forks then, the lock is never released in the
    /// child.
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
