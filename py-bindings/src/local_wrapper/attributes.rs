//! Attributes: a wrapper has those of the wrapped object, and a few of its own.

use super::{
    bound,
    class::{is_exact, names},
    slots::{Ptr, slot, typed},
    wrapper::{Wrapper, forward_object},
};
use crate::runtime::refcount::incref;
use pyo3::{ffi, prelude::*, types::PyDict};
use std::{ffi::c_int, ptr};

pub(super) const SLOTS: &[ffi::PyType_Slot] = &[
    slot(ffi::Py_tp_getattro, typed!(get: getattrofunc)),
    slot(ffi::Py_tp_setattro, typed!(set: setattrofunc)),
];

unsafe extern "C" fn get(wrapper: Ptr, name: Ptr) -> Ptr {
    // SAFETY: the interpreter's promise.
    unsafe {
        let this = Wrapper::of(wrapper);
        if !this.is_indirect() {
            if let Some(method) = this.methods.get(name) {
                incref(method);
                return method;
            }
            // This is the usual case, without the calls that the others need.
            if is_exact(wrapper) && names().own_hashes.is_other(name) {
                let attribute = ffi::PyObject_GetAttr(this.made_with, name);
                return match attribute.is_null() {
                    true => attribute,
                    false => bound::keep(this, name, attribute),
                };
            }
        }
        match own(wrapper, name) {
            Own::Attribute(attribute) => attribute,
            Own::Nothing => forward(wrapper, name),
        }
    }
}

enum Own {
    /// A reference, or null if an exception is set.
    Attribute(Ptr),
    Nothing,
}

/// Returns the attribute that the wrapper itself has under a name.
///
/// # Safety
///
/// The interpreter's promise.
unsafe fn own(wrapper: Ptr, name: Ptr) -> Own {
    // SAFETY: the caller's promise.
    unsafe {
        if is_exact(wrapper) {
            return match is_in(name, &names().own) {
                Some(true) => Own::Attribute(ffi::PyObject_GenericGetAttr(wrapper, name)),
                Some(false) => Own::Nothing,
                None => Own::Attribute(ptr::null_mut()),
            };
        }
        // A subclass may define any attributes.
        match is_in(name, &names().describing) {
            Some(false) => {}
            Some(true) => return Own::Nothing,
            None => return Own::Attribute(ptr::null_mut()),
        }
        if ffi::PyObject_HasAttr(ffi::Py_TYPE(wrapper).cast(), name) == 0 {
            return Own::Nothing;
        }
        let attribute = ffi::PyObject_GenericGetAttr(wrapper, name);
        // In this case, either only the class has the attribute, as `__name__`, or a property has
        // raised AttributeError to leave the name to the wrapped object.
        if attribute.is_null() && ffi::PyErr_ExceptionMatches(ffi::PyExc_AttributeError) != 0 {
            ffi::PyErr_Clear();
            return Own::Nothing;
        }
        Own::Attribute(attribute)
    }
}

/// # Safety
///
/// The interpreter's promise.
unsafe fn forward(wrapper: Ptr, name: Ptr) -> Ptr {
    // SAFETY: the caller's promise.
    unsafe {
        let this = Wrapper::of(wrapper);
        let Some(object) = this.object() else {
            return ptr::null_mut();
        };
        let attribute = ffi::PyObject_GetAttr(object.object, name);
        // A subclass may get an attribute of this name later, so nothing is kept for it.
        match attribute.is_null() || object.is_own || !is_exact(wrapper) {
            true => attribute,
            false => bound::keep(this, name, attribute),
        }
    }
}

/// Returns whether a name is in one of the tables. All names there begin with `_` or `w`. If the
/// result is `None`, an exception is set.
///
/// # Safety
///
/// The name is an object, and the thread is attached.
unsafe fn is_in(name: Ptr, names: &Py<PyDict>) -> Option<bool> {
    // SAFETY: the caller's promise. The name is a str where its characters are read.
    unsafe {
        if ffi::PyUnicode_Check(name) == 0 || ffi::PyUnicode_GetLength(name) == 0 {
            return Some(false);
        }
        if !matches!(ffi::PyUnicode_ReadChar(name, 0), 0x5f | 0x77) {
            return Some(false);
        }
        match ffi::PyDict_Contains(names.as_ptr(), name) {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

/// Sets an attribute. If the value is null, deletes the attribute.
unsafe extern "C" fn set(wrapper: Ptr, name: Ptr, value: Ptr) -> c_int {
    // SAFETY: the interpreter's promise.
    unsafe {
        match is_in(name, &names().read_only) {
            None => return -1,
            Some(true) => {
                let format = c"attribute '%U' of a LocalWrapper is read-only";
                ffi::PyErr_Format(ffi::PyExc_AttributeError, format.as_ptr(), name);
                return -1;
            }
            Some(false) => {}
        }
        forward_object(wrapper, |object| match value.is_null() {
            true => ffi::PyObject_DelAttr(object, name),
            false => ffi::PyObject_SetAttr(object, name, value),
        })
    }
}
