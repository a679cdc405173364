//! The methods of the wrapped object that were used through a wrapper.
//!
//! To look up a method binds it: that makes an object, and counts a reference to the wrapped one,
//! which is what a wrapper is there to avoid. So it keeps methods that it has bound, if it can tell
//! that they still hold: methods written in C or Rust of objects that have no attributes of their
//! own, which would come first, and whose class is immutable, or is one of ours. The latter are
//! changed by nobody, usually, and have a version, which the interpreter changes with them.
//!
//! Instances of subclasses keep none: a method of the subclass comes first, and one can be added.

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

/// Takes what the wrapped object has as its attribute, and returns what the wrapper gives for it: the
/// same, except for a method that can be kept, which is bound to the handle, if there is one.
///
/// # Safety
///
/// `attribute` is a reference, and the wrapper's object has it under `name`. The thread is attached.
pub(super) unsafe fn keep(wrapper: &Wrapper, name: Ptr, attribute: Ptr) -> Ptr {
    // SAFETY: the caller's promise. All the objects are held by the caller or here.
    unsafe {
        let object = wrapper.made_with;
        if ffi::PyCFunction_CheckExact(attribute) == 0
            || ffi::PyCFunction_GetSelf(attribute) != object
            || ffi::PyUnicode_CheckExact(name) == 0
        {
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

/// When the methods that an object has from its class hold, if that can be told.
///
/// # Safety
///
/// The object is alive, and the thread attached.
unsafe fn validity(object: Ptr) -> Option<Validity> {
    // SAFETY: the caller's promise. The offset is that of a pointer in the object.
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
        // Relaxed: as in `holds`. The look-up of the method has just given the class a version,
        // unless it ran out of them, and then it is 0.
        let version = current.as_ref().map(|version| version.load(Relaxed));
        let valid = Validity {
            dict,
            current,
            version: version.unwrap_or(0),
        };
        (version != Some(0) && valid.holds()).then_some(valid)
    }
}

/// Whether the type of an object has a method under a name.
///
/// # Safety
///
/// The object is alive, and the thread attached.
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
