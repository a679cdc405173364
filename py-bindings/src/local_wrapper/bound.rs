//! Keeps methods of the wrapped object that were used through a wrapper.
//!
//! Looking up a method binds it: that makes an object and counts a reference to the wrapped one,
//! which a wrapper is meant to avoid. So a wrapper keeps the methods that it has bound, if it can
//! tell whether they are still valid. This is possible for methods written in C or Rust of objects
//! that have no attributes of their own, which would take precedence, and whose class either is
//! immutable or belongs to this module. The classes of this module are usually not changed, and
//! have a version, which the interpreter changes whenever they are.
//!
//! Wrappers that are instances of a subclass keep no methods: a method of the subclass takes
//! precedence, and one may be added later.

use super::{
    class::is_shared,
    kept_methods::Validity,
    slots::{Ptr, owned},
    wrapper::Wrapper,
};
use crate::runtime::refcount::{decref, incref};
use pyo3::ffi;
use std::{
    ptr,
    sync::atomic::{AtomicPtr, AtomicU32, Ordering::Relaxed},
};

/// Takes an attribute of the wrapped object, and returns what the wrapper gives for it. That is the
/// attribute itself, unless it is a method that can be kept. Such a method is bound to the handle,
/// if there is one.
///
/// # Safety
///
/// `attribute` is a reference, and is the attribute `name` of the wrapper's object. The thread is
/// attached.
#[inline]
pub(super) unsafe fn keep(wrapper: &Wrapper, name: Ptr, attribute: Ptr) -> Ptr {
    // SAFETY: the caller's promise.
    unsafe {
        match ffi::PyCFunction_CheckExact(attribute) {
            0 => attribute,
            _ => keep_method(wrapper, name, attribute),
        }
    }
}

/// # Safety
///
/// As for `keep`, and `attribute` is a function written in C.
#[cold]
unsafe fn keep_method(wrapper: &Wrapper, name: Ptr, attribute: Ptr) -> Ptr {
    // SAFETY: the caller's promise. The caller or this function holds references to all the
    // objects.
    unsafe {
        let object = wrapper.made_with;
        if ffi::PyCFunction_GetSelf(attribute) != object || ffi::PyUnicode_CheckExact(name) == 0 {
            return attribute;
        }
        let Some(valid) = validity(object).filter(|_| is_method(object, name)) else {
            return attribute;
        };
        let mut method = attribute;
        if wrapper.target != object {
            method = ffi::PyObject_GetAttr(wrapper.target, name);
            decref(attribute);
            if method.is_null() {
                return method;
            }
        }
        let mut name = name;
        incref(name);
        ffi::PyUnicode_InternInPlace(&mut name);
        incref(method);
        let lock = wrapper.lock();
        let is_added = wrapper.methods.add(name, method, valid);
        drop(lock);
        if !is_added {
            decref(name);
            decref(method);
        }
        method
    }
}

/// Returns the condition under which the methods of the object's class stay valid, if there is such
/// a condition.
///
/// # Safety
///
/// The object is alive, and the thread is attached.
unsafe fn validity(object: Ptr) -> Option<Validity> {
    // SAFETY: the caller's promise. The class gives the offset of a pointer in the object.
    unsafe {
        let class = ffi::Py_TYPE(object);
        let has = |feature| ffi::PyType_HasFeature(class, feature) != 0;
        let generic: ffi::getattrofunc = ffi::PyObject_GenericGetAttr;
        let is_generic = (*class).tp_getattro.map(|get| get as usize) == Some(generic as usize);
        if !is_generic || has(ffi::Py_TPFLAGS_MANAGED_DICT) {
            return None;
        }
        let dict: *mut AtomicPtr<ffi::PyObject> = match (*class).tp_dictoffset {
            0 => ptr::null_mut(),
            offset if offset > 0 => object.byte_offset(offset).cast(),
            _ => return None,
        };
        let is_fixed = !has(ffi::Py_TPFLAGS_HEAPTYPE) || has(ffi::Py_TPFLAGS_IMMUTABLETYPE);
        let current: *mut AtomicU32 = match is_fixed {
            true => ptr::null_mut(),
            false if is_shared(class) => (&raw mut (*class).tp_version_tag).cast(),
            false => return None,
        };
        // Relaxed: as in `holds`. Looking up the method has just given the class a version, unless
        // versions have run out; then it is 0.
        let version = current.as_ref().map(|version| version.load(Relaxed));
        let valid = Validity {
            dict,
            current,
            version: version.unwrap_or(0),
        };
        (version != Some(0) && valid.holds()).then_some(valid)
    }
}

/// Returns whether the type of an object has a method under a name.
///
/// # Safety
///
/// The object is alive, and the thread is attached.
unsafe fn is_method(object: Ptr, name: Ptr) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let kind = ffi::Py_TYPE(object).cast();
        let Some(descriptor) = owned(ffi::PyObject_GetAttr(kind, name)) else {
            ffi::PyErr_Clear();
            return false;
        };
        ffi::Py_IS_TYPE(descriptor.as_ptr(), &raw mut ffi::PyMethodDescr_Type) != 0
    }
}
