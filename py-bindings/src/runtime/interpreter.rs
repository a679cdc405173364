//! The one interpreter of the process that the module belongs to.

use pyo3::{exceptions::PyImportError, ffi, prelude::*};
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

/// Refuses all interpreters but the first one.
///
/// Classes and what the module has imported are in static variables, so another interpreter would
/// get objects of the first one, and keep them after its end. Python itself refuses only those
/// that have a GIL of their own, and only since 3.12.
pub(crate) fn claim(_py: Python<'_>) -> PyResult<()> {
    /// The first interpreter; their numbers are never negative, and none is used twice.
    static OWNER: AtomicI64 = AtomicI64::new(-1);

    // SAFETY: the thread is attached, so there is a current interpreter, which is initialized.
    let this = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    match OWNER.compare_exchange(-1, this, SeqCst, SeqCst) {
        Err(owner) if owner != this => Err(PyImportError::new_err(
            "ft_utils belongs to the first interpreter of a process that imports it, and cannot \
             be loaded in another one; use it in that interpreter, or in a process of its own",
        )),
        _ => Ok(()),
    }
}
