//! Python's `<`, as the order of a priority queue.

use crate::runtime::{object::Object, refcount::decref};
use ft_concurrent_queue::Order;
use pyo3::{
    PyTypeInfo, ffi,
    prelude::*,
    types::{PyBytes, PyFloat, PyInt, PyString, PyTuple},
};
use std::ffi::c_int;

/// Compares objects as `heapq` does: with `<` alone.
///
/// The quick comparison handles two objects of the same type out of int, float, str and bytes, and
/// tuples whose first difference is between such objects.
pub(crate) struct LessThan<'py>(pub(crate) Python<'py>);

impl Order<Object> for LessThan<'_> {
    type Error = PyErr;

    #[inline]
    fn quick(&self, a: &Object, b: &Object) -> Option<bool> {
        let (a, b) = (a.bind_borrowed(self.0), b.bind_borrowed(self.0));
        if let (Ok(a), Ok(b)) = (a.cast_exact::<PyTuple>(), b.cast_exact::<PyTuple>()) {
            return quick_tuples(&a, &b);
        }
        plain(a, b, ffi::Py_LT)
    }

    fn is_less(&self, a: &Object, b: &Object) -> PyResult<bool> {
        a.bind(self.0).lt(b.bind(self.0))
    }
}

/// Returns whether tuple `a` is less than `b`. The first items that differ decide, or else the
/// lengths.
fn quick_tuples(a: &Bound<'_, PyTuple>, b: &Bound<'_, PyTuple>) -> Option<bool> {
    for (a, b) in a.iter_borrowed().zip(b.iter_borrowed()) {
        // An object is equal to itself here, as in every comparison of tuples.
        if !a.is(b) && !plain(a, b, ffi::Py_EQ)? {
            return plain(a, b, ffi::Py_LT);
        }
    }
    Some(a.len() < b.len())
}

/// Compares two objects that both have exactly one of a few types, whose comparisons are safe to
/// call under a lock.
#[inline]
fn plain(a: Borrowed<'_, '_, PyAny>, b: Borrowed<'_, '_, PyAny>, how: c_int) -> Option<bool> {
    let (py, kind) = (a.py(), a.get_type_ptr());
    let is_plain = kind == b.get_type_ptr()
        && (kind == PyInt::type_object_raw(py)
            || kind == PyString::type_object_raw(py)
            || kind == PyFloat::type_object_raw(py)
            || kind == PyBytes::type_object_raw(py));
    if !is_plain {
        return None;
    }
    // SAFETY:
    // - `kind` is a type, and a builtin type does not change.
    // - Both objects have exactly this type. For these types a comparison runs no Python code,
    //   creates no objects, cannot fail, and returns True or False.
    unsafe {
        let compare = (*kind).tp_richcompare?;
        let verdict = compare(a.as_ptr(), b.as_ptr(), how);
        let is_true = verdict == ffi::Py_True();
        decref(verdict);
        Some(is_true)
    }
}
