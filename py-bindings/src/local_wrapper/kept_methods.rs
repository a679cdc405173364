//! The methods that a wrapper keeps: a small table that is read without a lock.

use super::slots::Ptr;
use pyo3::ffi;
use std::{
    ffi::c_int,
    ptr,
    sync::atomic::{
        AtomicPtr, AtomicU32,
        Ordering::{Acquire, Relaxed, Release},
    },
};

/// The largest number of methods that a wrapper keeps. Further methods are looked up each time.
const MANY: usize = 8;

/// Entries are added under the wrapper's lock, and stay until the wrapper is freed.
pub(super) struct Methods(AtomicPtr<Table>);

struct Table {
    valid: Validity,
    entries: [Entry; MANY],
}

/// The condition under which methods are valid. The pointers lead into an object and a class that
/// live as long as the wrapper.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Validity {
    /// The place where the object would have its `__dict__`, or null if there is no such place. The
    /// methods are valid as long as the object has no `__dict__`.
    pub(super) dict: *mut AtomicPtr<ffi::PyObject>,
    /// The place where the class has its version, or null if the class cannot change.
    pub(super) current: *mut AtomicU32,
    /// The methods are valid as long as the class has this version.
    pub(super) version: u32,
}

impl Validity {
    #[inline]
    pub(super) fn holds(self) -> bool {
        // SAFETY: each pointer is null, or valid as long as the wrapper. The interpreter may write
        // to these places; on the free-threaded build it does so atomically.
        // Relaxed: no other memory is read on the strength of these values. A thread that was told
        // of a change sees it.
        unsafe {
            self.dict
                .as_ref()
                .is_none_or(|dict| dict.load(Relaxed).is_null())
                && (self.current.as_ref())
                    .is_none_or(|version| version.load(Relaxed) == self.version)
        }
    }
}

/// Two references. Both are null if the entry is free; then all entries after it are free too.
#[derive(Default)]
struct Entry {
    /// An interned str. The reference ensures that no other str gets the same address.
    name: AtomicPtr<ffi::PyObject>,
    method: AtomicPtr<ffi::PyObject>,
}

impl Methods {
    pub(super) fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    /// Returns the method of this name, borrowed from the wrapper.
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
        // Relaxed: see above. The method is null if the entry is free.
        let method = entry.method.load(Relaxed);
        (!method.is_null() && entry.name.load(Relaxed) == name).then_some(method)
    }

    fn table(&self) -> Option<&Table> {
        // Acquire: pairs with the Release in `add`.
        let table = self.0.load(Acquire);
        // SAFETY: the pointer is null, or leads to a table that lives as long as this value.
        unsafe { table.as_ref() }
    }

    /// Keeps a method. The caller holds the lock. Returns false if there is no room, or if the
    /// method is there already.
    ///
    /// Once the kept methods are no longer valid, no more methods are kept. A class that changes at
    /// all usually changes early.
    pub(super) fn add(&self, name: Ptr, method: Ptr, valid: Validity) -> bool {
        let table = self.table().unwrap_or_else(|| {
            let entries = Default::default();
            let table = Box::into_raw(Box::new(Table { valid, entries }));
            // Release: pairs with the Acquire in `table`.
            self.0.store(table, Release);
            // SAFETY: the table was just made, and lives as long as this value.
            unsafe { &*table }
        });
        // Relaxed: the entries change only under the lock.
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
        // SAFETY: the pointer came from a box, and no other code has it. Wrappers are freed in
        // attached threads.
        unsafe {
            for mut entry in Box::from_raw(table).entries {
                ffi::Py_XDECREF(*entry.name.get_mut());
                ffi::Py_XDECREF(*entry.method.get_mut());
            }
        }
    }
}
