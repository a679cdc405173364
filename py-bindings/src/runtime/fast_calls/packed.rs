//! Methods that take any arguments, as a tuple and a dict.
//!
//! PyO3 panics if there is no memory for the dict of `**kwargs`. So these methods are functions with
//! two arguments to PyO3, a tuple and a dict or None, and the entries here pass on what the
//! interpreter has made of a call.

use super::Slow;
use pyo3::ffi;

/// A method of PyO3's that takes a tuple, and a dict or None.
pub(crate) type Taken = Slow<ffi::PyCFunctionFastWithKeywords>;

/// # Safety
///
/// `this` is an instance of the class of the method, `args` a tuple, `kwargs` a dict or null, and the
/// thread is attached.
pub(crate) unsafe fn pass(
    slow: &Taken,
    this: *mut ffi::PyObject,
    args: *mut ffi::PyObject,
    kwargs: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the caller's promise.
    unsafe {
        let kwargs = if kwargs.is_null() {
            ffi::Py_None()
        } else {
            kwargs
        };
        slow.get()(this, [args, kwargs].as_ptr(), 2, std::ptr::null_mut())
    }
}

/// Puts an entry in front of a method. The class must not be in use yet.
macro_rules! packed {
    ($to:ident, $name:literal) => {{
        use $crate::runtime::fast_calls::{Slow, Taken, pass};

        static SLOW: Taken = Slow::new();
        unsafe extern "C" fn entry(
            this: *mut pyo3::ffi::PyObject,
            args: *mut pyo3::ffi::PyObject,
            kwargs: *mut pyo3::ffi::PyObject,
        ) -> *mut pyo3::ffi::PyObject {
            // SAFETY: the interpreter calls it with an instance of the class, a tuple, and a dict or
            // null.
            unsafe { pass(&SLOW, this, args, kwargs) }
        }
        let flags = pyo3::ffi::METH_FASTCALL | pyo3::ffi::METH_KEYWORDS;
        let fast = pyo3::ffi::PyMethodDefPointer {
            PyCFunctionWithKeywords: entry,
        };
        let fast = (
            fast,
            pyo3::ffi::METH_VARARGS | pyo3::ffi::METH_KEYWORDS,
        );
        // SAFETY: the flags say of which kinds both functions are.
        unsafe { $to.method($name, fast, (|it| it.PyCFunctionFastWithKeywords, flags), &SLOW)? };
        entry as pyo3::ffi::ternaryfunc
    }};
}
pub(crate) use packed;
