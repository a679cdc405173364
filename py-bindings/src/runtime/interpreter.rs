//! Ties the module to one interpreter of the process.

use pyo3::{exceptions::PyImportError, ffi, prelude::*};
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

/// Raises ImportError in every interpreter but the first one that imports the module.
///
/// The classes and the module's imports are in static variables. Another interpreter would get
/// objects of the first one, and would keep them after the first one's end. Python itself refuses
/// only interpreters that have a GIL of their own, and only since 3.12.
pub(crate) fn claim(_py: Python<'_>) -> PyResult<()> {
    /// The number of the first interpreter. Numbers are never negative, and none is used twice.
    static OWNER: AtomicI64 = AtomicI64::new(-1);

    // SAFETY: the thread is attached, so there is a current interpreter, and it is initialized.
    let this = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    match OWNER.compare_exchange(-1, this, SeqCst, SeqCst) {
        Err(owner) if owner != this => Err(PyImportError::new_err(
            "ft_utils belongs to the first interpreter of a process that imports it, and cannot \
             be loaded in another one; use it in that interpreter, or in a process of its own",
        )),
        _ => Ok(()),
    }
}
