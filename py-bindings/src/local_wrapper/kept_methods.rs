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
pub(super) struct Validity {
    /// Where the object will have its `__dict__`, or null: as long as it has none.
    pub(super) dict: *mut AtomicPtr<ffi::PyObject>,
    /// Where the class has its version, or null if the class cannot change.
    pub(super) current: *mut AtomicU32,
    /// As long as this is the version.
    pub(super) version: u32,
}

impl Validity {
    #[inline]
    pub(super) fn holds(self) -> bool {
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
    pub(super) fn add(&self, name: Ptr, method: Ptr, valid: Validity) -> bool {
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
