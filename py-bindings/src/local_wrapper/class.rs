//! The class, once it is made: checks whether an object is a wrapper, and the tables of names and
//! handles.

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
        atomic::{AtomicIsize, AtomicPtr, Ordering::Relaxed},
    },
};

/// The class: a reference that is kept forever. Null until the class is made.
static CLASS: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(ptr::null_mut());

static KNOWN: OnceLock<Known> = OnceLock::new();

/// The attribute names that a wrapper treats specially.
pub(super) struct Names {
    /// The names that the wrapper class defines for its instances.
    pub(super) own: Py<PyDict>,
    /// The hashes of these names.
    pub(super) own_hashes: Hashes,
    /// The names that every class has, but for which a wrapper returns the attribute of the wrapped
    /// object.
    pub(super) describing: Py<PyDict>,
    /// The names that cannot be set.
    pub(super) read_only: Py<PyDict>,
}

/// A set of hashes of strings, of which only some bits are kept.
#[derive(Default)]
pub(super) struct Hashes([u64; 16]);

impl Hashes {
    pub(super) fn add(&mut self, hash: isize) {
        let (word, bit) = Self::place(hash);
        self.0[word] |= bit;
    }

    /// Returns whether a name is a str whose hash is known and was not added. Runs no code.
    ///
    /// # Safety
    ///
    /// The name is alive, and the thread is attached.
    #[inline]
    pub(super) unsafe fn is_other(&self, name: Ptr) -> bool {
        // SAFETY: the caller's promise. Every str begins with these fields. Other threads may write
        // the hash, always with the same value.
        let hash = unsafe {
            if ffi::PyUnicode_CheckExact(name) == 0 {
                return false;
            }
            AtomicIsize::from_ptr(&raw mut (*name.cast::<ffi::PyASCIIObject>()).hash)
        };
        // Relaxed: the hash is a plain number, and no other memory depends on it.
        let hash = hash.load(Relaxed);
        let (word, bit) = Self::place(hash);
        // A hash of -1 is not known yet.
        hash != -1 && self.0[word] & bit == 0
    }

    fn place(hash: isize) -> (usize, u64) {
        let hash = hash as usize;
        (hash / 64 % 16, 1 << (hash % 64))
    }
}

/// The tables that are made together with the class.
pub(super) struct Known {
    pub(super) names: Names,
    /// The classes of this module that have handles, and their method `handle`.
    pub(super) shared: Vec<(Py<PyType>, Py<PyAny>)>,
}

/// Returns whether the class was made, now or in an earlier initialization of the module.
pub(super) fn is_made() -> bool {
    KNOWN.get().is_some()
}

/// Publishes the class, unless another thread was faster.
pub(super) fn publish(class: Bound<'_, PyAny>, known: Known) {
    if KNOWN.set(known).is_ok() {
        // Relaxed: a thread that uses the class got it through the module, and so after this store.
        CLASS.store(class.into_ptr().cast(), Relaxed);
    }
}

#[inline]
pub(super) fn class() -> *mut ffi::PyTypeObject {
    // Relaxed: a thread that has an instance or the module got it after the class was published.
    CLASS.load(Relaxed)
}

fn known() -> &'static Known {
    KNOWN.get().expect("the class was registered")
}

pub(super) fn names() -> &'static Names {
    &known().names
}

/// Returns whether an object is an instance of the class itself, not of a subclass.
///
/// # Safety
///
/// The object is alive.
#[inline]
pub(super) unsafe fn is_exact(object: Ptr) -> bool {
    // SAFETY: the caller's promise.
    unsafe { ffi::Py_TYPE(object) == class() }
}

/// Returns whether an object is a wrapper.
pub(crate) fn is_instance(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: the object is alive, and it carries a token that proves that the thread is attached.
    unsafe { is_wrapper(object.as_ptr()) }
}

/// # Safety
///
/// The object is alive, and the thread is attached.
#[inline]
pub(super) unsafe fn is_wrapper(object: Ptr) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        // The check for a heap type is cheap and comes first: subclasses are heap types, and most
        // classes of operands are not.
        is_exact(object)
            || ffi::PyType_HasFeature(ffi::Py_TYPE(object), ffi::Py_TPFLAGS_HEAPTYPE) != 0
                && ffi::PyType_IsSubtype(ffi::Py_TYPE(object), class()) != 0
    }
}

/// Returns whether a class belongs to this module and has handles.
pub(super) fn is_shared(class: *mut ffi::PyTypeObject) -> bool {
    let mut shared = known().shared.iter();
    shared.any(|(shared, _)| shared.as_ptr() == class.cast())
}

/// Returns a handle of an object whose class has handles: another object for the same primitive,
/// which no other thread uses.
pub(super) fn handle<'py>(object: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    let class = object.get_type();
    let shared = &known().shared;
    let (_, handle) = shared.iter().find(|(shared, _)| class.is(shared))?;
    // SAFETY: both objects are alive, and a token proves that the thread is attached.
    let handle = unsafe { owned(ffi::PyObject_CallOneArg(handle.as_ptr(), object.as_ptr())) };
    if handle.is_none() {
        // The wrapper works without a handle. There is none if the object was not initialized, or
        // if there is no memory.
        // SAFETY: as above.
        unsafe { ffi::PyErr_Clear() };
    }
    handle.filter(|handle| handle.get_type().is(&class))
}
