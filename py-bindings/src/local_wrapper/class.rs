//! The class once it is made: whether an object is a wrapper, and what is known of names and handles.

use super::slots::{Ptr, owned};
use pyo3::{
    ffi,
    prelude::*,
    types::{PyDict, PyType},
};
use std::{
    ptr,
    sync::{
        OnceLock,
        atomic::{AtomicPtr, Ordering::Relaxed},
    },
};

/// The class: a reference that is kept for ever. Null until it is made.
static CLASS: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(ptr::null_mut());

static KNOWN: OnceLock<Known> = OnceLock::new();

/// Which names are whose.
pub(super) struct Names {
    /// Those that the class has for its instances.
    pub(super) own: Py<PyDict>,
    /// Those that a class has, but a wrapper answers for the wrapped object.
    pub(super) describing: Py<PyDict>,
    /// Those that cannot be set.
    pub(super) read_only: Py<PyDict>,
}

/// What is found out when the class is made.
pub(super) struct Known {
    pub(super) names: Names,
    /// The classes of this module that have handles, and their method `handle`.
    pub(super) shared: Vec<(Py<PyType>, Py<PyAny>)>,
}

/// Whether the class was made, here or when the module was initialized before.
pub(super) fn is_made() -> bool {
    KNOWN.get().is_some()
}

/// Makes the class known, unless another thread was faster.
pub(super) fn publish(class: Bound<'_, PyAny>, known: Known) {
    if KNOWN.set(known).is_ok() {
        // Relaxed: a thread that uses the class got to it through the module.
        CLASS.store(class.into_ptr().cast(), Relaxed);
    }
}

#[inline]
pub(super) fn class() -> *mut ffi::PyTypeObject {
    // Relaxed: a thread that has an instance or the module got it from where the class was made public.
    CLASS.load(Relaxed)
}

fn known() -> &'static Known {
    KNOWN.get().expect("the class was registered")
}

pub(super) fn names() -> &'static Names {
    &known().names
}

/// Whether an object is an instance of the class itself, not of a subclass.
///
/// # Safety
///
/// The object is alive.
#[inline]
pub(super) unsafe fn is_exact(object: Ptr) -> bool {
    // SAFETY: the caller's promise.
    unsafe { ffi::Py_TYPE(object) == class() }
}

/// Whether an object is a wrapper.
pub(crate) fn is_instance(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: it is an object, and has a token of being attached.
    unsafe { is_wrapper(object.as_ptr()) }
}

/// # Safety
///
/// The object is alive, and the thread attached.
#[inline]
pub(super) unsafe fn is_wrapper(object: Ptr) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        // Subclasses are made at run time, unlike most classes that operands have.
        is_exact(object)
            || ffi::PyType_HasFeature(ffi::Py_TYPE(object), ffi::Py_TPFLAGS_HEAPTYPE) != 0
                && ffi::PyType_IsSubtype(ffi::Py_TYPE(object), class()) != 0
    }
}

/// Whether a class is one of this module that has handles.
pub(super) fn is_shared(class: *mut ffi::PyTypeObject) -> bool {
    let mut shared = known().shared.iter();
    shared.any(|(shared, _)| shared.as_ptr() == class.cast())
}

/// A handle of an object whose class has handles: another object for the same thing, which no other
/// thread uses.
pub(super) fn handle<'py>(object: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    let class = object.get_type();
    let shared = &known().shared;
    let (_, handle) = shared.iter().find(|(shared, _)| class.is(shared))?;
    // SAFETY: both are objects, and there is a token of being attached.
    let handle = unsafe { owned(ffi::PyObject_CallOneArg(handle.as_ptr(), object.as_ptr())) };
    if handle.is_none() {
        // It will do without: the object was not initialized, or there is no memory.
        // SAFETY: as above.
        unsafe { ffi::PyErr_Clear() };
    }
    handle.filter(|handle| handle.get_type().is(&class))
}
