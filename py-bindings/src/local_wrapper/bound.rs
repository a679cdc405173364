//! The methods of the wrapped object that were used through a wrapper.
//!
//! To look up a method binds it: that makes an object, and counts a reference to the wrapped one,
//! which is what a wrapper is there to avoid. So it keeps methods that it has bound, if it can tell
//! that they still hold: methods written in C or Rust of objects that have no attributes of their
//! own, which would come first, and whose class is immutable, or is one of ours. The latter are
//! changed by nobody, usually, and have a version, which the interpreter changes with them.
//!
//! Instances of subclasses keep none: a method of the subclass comes first, and one can be added.

use super::{Ptr, Wrapper, kind::is_shared, owned};
use crate::refcount::{decref, incref};
use pyo3::ffi;
use std::{
    ffi::c_int,
    ptr,
    sync::atomic::{
        AtomicPtr, AtomicU32,
        Ordering::{Acquire, Relaxed, Release},
    },
};

/// As many methods as a wrapper keeps. Others are looked up each time.
const MANY: usize = 8;

/// Entries are added, under the wrapper's lock, and stay until it dies.
pub(super) struct Methods(AtomicPtr<Table>);

struct Table {
    valid: Validity,
    entries: [Entry; MANY],
}

/// When methods hold. The pointers lead into an object and a class that live as long as the wrapper.
#[derive(Clone, Copy, PartialEq)]
struct Validity {
    /// Where the object will have its `__dict__`, or null: as long as it has none.
    dict: *mut AtomicPtr<ffi::PyObject>,
    /// Where the class has its version, or null if the class cannot change.
    current: *mut AtomicU32,
    /// As long as this is the version.
    version: u32,
}

impl Validity {
    #[inline]
    fn holds(self) -> bool {
        // SAFETY: null, or it lives as long as the wrapper; the interpreter writes to it, with the
        // free-threaded build atomically.
        // Relaxed: nothing is read because of it. A thread that was told of the change sees it.
        unsafe {
            self.dict
                .as_ref()
                .is_none_or(|dict| dict.load(Relaxed).is_null())
                && (self.current.as_ref())
                    .is_none_or(|version| version.load(Relaxed) == self.version)
        }
    }
}

/// Two references, or null if the entry is free; so are those that follow it.
#[derive(Default)]
struct Entry {
    /// An interned str. The reference keeps its address from becoming that of another one.
    name: AtomicPtr<ffi::PyObject>,
    method: AtomicPtr<ffi::PyObject>,
}

impl Methods {
    pub(super) fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    /// The method of that name, borrowed from the wrapper.
    #[inline]
    pub(super) fn get(&self, name: Ptr) -> Option<Ptr> {
        let table = self.table()?;
        if !table.valid.holds() {
            return None;
        }
        // Acquire: pairs with the Release in `add`, which publishes the method.
        let mut entries = table.entries.iter();
        let entry = entries.find(|entry| {
            let found = entry.name.load(Acquire);
            found == name || found.is_null()
        })?;
        // Relaxed: see above. Null if the entry is free.
        let method = entry.method.load(Relaxed);
        (!method.is_null() && entry.name.load(Relaxed) == name).then_some(method)
    }

    fn table(&self) -> Option<&Table> {
        // Acquire: pairs with the Release in `add`.
        let table = self.0.load(Acquire);
        // SAFETY: null, or a table that lives as long as this.
        unsafe { table.as_ref() }
    }

    /// Keeps a method; the caller holds the lock. False if there is no room, or it is there.
    ///
    /// Once what was kept holds no more, nothing is kept. A class that changes does so early.
    fn add(&self, name: Ptr, method: Ptr, valid: Validity) -> bool {
        let table = self.table().unwrap_or_else(|| {
            let entries = Default::default();
            let table = Box::into_raw(Box::new(Table { valid, entries }));
            // Release: pairs with the Acquire in `table`.
            self.0.store(table, Release);
            // SAFETY: it was just made, and lives as long as this.
            unsafe { &*table }
        });
        // Relaxed: they change under the lock alone.
        let mut entries = table.entries.iter();
        let entry = entries.find(|entry| {
            let found = entry.name.load(Relaxed);
            found == name || found.is_null()
        });
        match entry {
            Some(entry) if entry.name.load(Relaxed).is_null() && table.valid == valid => {
                entry.method.store(method, Relaxed);
                // Release: pairs with the Acquire in `get`.
                entry.name.store(name, Release);
                true
            }
            _ => false,
        }
    }

    /// Shows all methods to the collector.
    pub(super) fn traverse(&self, mut visit: impl FnMut(Ptr) -> c_int) -> c_int {
        let entries = self.table().into_iter().flat_map(|table| &table.entries);
        // Relaxed: the collector has stopped the other threads.
        entries
            .map(|entry| entry.method.load(Relaxed))
            .filter(|method| !method.is_null())
            .map(&mut visit)
            .find(|&answer| answer != 0)
            .unwrap_or(0)
    }
}

impl Drop for Methods {
    fn drop(&mut self) {
        let table = *self.0.get_mut();
        if table.is_null() {
            return;
        }
        // SAFETY: it came from a box, and nobody else has it. Wrappers die in attached threads.
        unsafe {
            for mut entry in Box::from_raw(table).entries {
                ffi::Py_XDECREF(*entry.name.get_mut());
                ffi::Py_XDECREF(*entry.method.get_mut());
            }
        }
    }
}

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
