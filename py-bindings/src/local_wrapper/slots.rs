//! Building blocks for functions in slots: pointers, failure values, and the entries of the type's
//! table.

use pyo3::{ffi, prelude::*};
use std::ptr;

/// An object lent to a C function, or a reference that such a function returns. Null if it failed.
pub(super) type Ptr = *mut ffi::PyObject;

/// The value that a C function returns if it has set an exception.
pub(super) trait Failed {
    const FAILED: Self;
}

impl Failed for Ptr {
    const FAILED: Self = ptr::null_mut();
}

impl Failed for std::ffi::c_int {
    const FAILED: Self = -1;
}

impl Failed for ffi::Py_ssize_t {
    const FAILED: Self = -1;
}

/// An entry of the table that the type is made from.
pub(super) const fn slot(slot: std::ffi::c_int, pfunc: *mut std::ffi::c_void) -> ffi::PyType_Slot {
    ffi::PyType_Slot { slot, pfunc }
}

/// A function in the form in which a slot stores it. The compiler checks its type.
macro_rules! typed {
    ($function:path: $kind:ident) => {{
        let slot: ffi::$kind = $function;
        slot as *mut std::ffi::c_void
    }};
}
pub(super) use typed;

/// Converts the result of a C function into a reference that is dropped later, or `None` if the
/// function failed.
///
/// # Safety
///
/// The thread is attached, and `object` is a reference or null.
pub(super) unsafe fn owned<'py>(object: Ptr) -> Option<Bound<'py, PyAny>> {
    // SAFETY: the caller's promise.
    unsafe { Bound::from_owned_ptr_or_opt(Python::assume_attached(), object) }
}
