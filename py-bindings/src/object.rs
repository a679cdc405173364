//! Python objects in containers.

use pyo3::{Py, PyAny, Python};

/// A Python object that a container holds.
pub(crate) struct Object(pub(crate) Py<PyAny>);

impl Clone for Object {
    fn clone(&self) -> Self {
        // SAFETY: these live in containers and in calls on them, which only attached threads
        // touch. It increments a count, and runs nothing, so it may happen under a lock.
        let py = unsafe { Python::assume_attached() };
        Self(self.0.clone_ref(py))
    }
}
