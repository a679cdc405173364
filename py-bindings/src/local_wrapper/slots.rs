//! What functions in slots are made of: pointers, how they fail, and the entries of the type's table.

use pyo3::{ffi, prelude::*};
use std::ptr;

/// An object lent to a C function, or a reference that such a function returns; null if it failed.
pub(super) type Ptr = *mut ffi::PyObject;

/// What a C function returns to say that it has set an exception.
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

/// A function as a slot holds it; the compiler checks its type.
macro_rules! typed {
    ($function:path: $kind:ident) => {{
        let slot: ffi::$kind = $function;
        slot as *mut std::ffi::c_void
    }};
}
pub(super) use typed;

/// What a C function returned, as a reference that is dropped; `None` if it failed.
///
/// # Safety
///
/// The thread is attached, and `object` is a reference or null.
pub(super) unsafe fn owned<'py>(object: Ptr) -> Option<Bound<'py, PyAny>> {
    // SAFETY: the caller's promise.
    unsafe { Bound::from_owned_ptr_or_opt(Python::assume_attached(), object) }
}
