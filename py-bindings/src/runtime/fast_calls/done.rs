//! The results of entries, and the conversion of their int arguments.

use crate::runtime::object::Object;
use pyo3::{ffi, prelude::*};

/// The result of a complete call: a new reference, or null with an exception set. At the end of an
/// iterator, it is null without an exception.
pub(crate) struct Done(pub(crate) *mut ffi::PyObject);

impl Done {
    #[inline]
    pub(crate) fn none(_: Python<'_>) -> Self {
        // SAFETY: the thread is attached.
        let none = unsafe { ffi::Py_None() };
        // Since 3.12, `None` is immortal, and its references are not counted.
        #[cfg(not(Py_3_12))]
        // SAFETY: as above.
        unsafe {
            crate::runtime::refcount::incref(none)
        };
        Self(none)
    }

    #[inline]
    pub(crate) fn bool(_: Python<'_>, yes: bool) -> Self {
        // SAFETY: the thread is attached.
        Self(unsafe { ffi::PyBool_FromLong(yes.into()) })
    }

    #[inline]
    pub(crate) fn int(_: Python<'_>, n: i64) -> Self {
        // SAFETY: the thread is attached.
        Self(unsafe { ffi::PyLong_FromLongLong(n) })
    }

    #[inline]
    pub(crate) fn object(object: Object) -> Self {
        Self(object.into_py().into_ptr())
    }
}

/// Returns the value of an object that is exactly an int (a bool is not) and fits in 64 bits. Runs
/// no Python code.
#[inline]
pub(crate) fn exact_i64(object: Borrowed<'_, '_, PyAny>) -> Option<i64> {
    let object = object.as_ptr();
    // SAFETY: the object is valid, and the thread is attached. For an exact int the conversion runs
    // no code. Its only error is cleared here. No other exception can be set at this point, because
    // the thread is running, or about to run, Python code.
    unsafe {
        if ffi::PyLong_CheckExact(object) == 0 {
            return None;
        }
        // This is faster than PyLong_AsLongLongAndOverflow, unless the value does not fit.
        let value = ffi::PyLong_AsLongLong(object);
        if value == -1 && !ffi::PyErr_Occurred().is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        Some(value)
    }
}
