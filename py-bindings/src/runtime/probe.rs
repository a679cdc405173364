//! Python objects as keys.

use super::{object::Object, refcount::decref};
use ft_concurrent_dict::{Query, spread};
use pyo3::{
    PyTypeInfo, ffi,
    prelude::*,
    types::{PyBytes, PyInt, PyString, PyTuple},
};
use std::{
    hash::BuildHasher,
    sync::atomic::{AtomicIsize, Ordering::Relaxed},
};

/// A key to search for.
pub(crate) struct Probe<'a, 'py> {
    object: &'a Bound<'py, PyAny>,
    hash: u64,
}

impl<'a, 'py> Probe<'a, 'py> {
    /// Hashes the object. This may run any code, and may fail.
    #[inline]
    pub(crate) fn new(object: &'a Bound<'py, PyAny>) -> PyResult<Self> {
        let hash = match known_hash(object) {
            Some(hash) => hash,
            None => object.hash()?,
        };
        let hash = spread(hash as u64);
        Ok(Self { object, hash })
    }

    /// Makes a probe from a key and its hash, as [`hash`](Self::hash) returned it.
    #[inline]
    pub(crate) fn with_hash(object: &'a Bound<'py, PyAny>, hash: u64) -> Self {
        Self { object, hash }
    }

    /// Returns the hash, spread over 64 bits.
    #[inline]
    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) fn object(&self) -> &'a Bound<'py, PyAny> {
        self.object
    }

    pub(crate) fn py(&self) -> Python<'py> {
        self.object.py()
    }

    /// Returns the key to store. This only increments a count, so it may happen under a lock.
    pub(crate) fn key(&self) -> Object {
        Object::new(self.object)
    }
}

/// Returns the hash of an object that is exactly a str, if it was computed before: strings cache
/// it.
#[inline]
fn known_hash(object: &Bound<'_, PyAny>) -> Option<isize> {
    if !object.is_exact_instance_of::<PyString>() {
        return None;
    }
    let string = object.as_ptr().cast::<ffi::PyASCIIObject>();
    // SAFETY: every str begins with these fields. Other threads may write the hash, always with the
    // same value. To CPython it is a plain field, but one that is read and written in one piece, so
    // it can be read as an atomic.
    let hash = unsafe { AtomicIsize::from_ptr(&raw mut (*string).hash) };
    // Relaxed: the hash is a plain number, and no other memory depends on it.
    let hash = hash.load(Relaxed);
    // The value -1 is never a hash. It means that the hash is not known yet.
    (hash != -1).then_some(hash)
}

impl Query<Object> for Probe<'_, '_> {
    type Error = PyErr;

    #[inline]
    fn hash<S: BuildHasher>(&self, _: &S) -> u64 {
        self.hash
    }

    #[inline]
    fn glance(&self, stored: &Object) -> bool {
        stored.as_ptr() == self.object.as_ptr()
    }

    fn peek(&self, stored: &Object) -> Option<bool> {
        let (stored, probe) = (stored.as_ptr(), self.object.as_ptr());
        let py = self.py();
        // SAFETY: both are valid objects, and the thread is attached.
        unsafe { plain_equal(stored, probe, py).or_else(|| equal_tuples(stored, probe, py)) }
    }

    fn compare(&self, stored: &Object) -> PyResult<bool> {
        // As in dict, the stored key is the left operand.
        stored.bind(self.py()).eq(self.object)
    }

    fn keep(stored: &Object) -> Object {
        stored.clone()
    }

    #[inline]
    fn is_same(one: &Object, other: &Object) -> bool {
        one.is(&**other)
    }
}

/// A str, int or bytes, or a tuple of these, to search for without running Python code. If a comparison would need Python
/// code, the search gives up.
pub(crate) struct PlainProbe<'a, 'py>(Probe<'a, 'py>);

/// The error of a search that would have to call an `__eq__` of unknown code.
pub(crate) struct Unsure;

impl<'a, 'py> PlainProbe<'a, 'py> {
    /// Makes a probe. Returns `None` if the key has another type.
    #[inline]
    pub(crate) fn new(object: &'a Bound<'py, PyAny>) -> Option<Self> {
        let hash = match known_hash(object) {
            Some(hash) => hash,
            None => plain_hash(object)?,
        };
        Some(Self(Probe::with_hash(object, spread(hash as u64))))
    }

    /// The same as [`Probe::hash`].
    #[inline]
    pub(crate) fn hash(&self) -> u64 {
        self.0.hash
    }

    pub(crate) fn key(&self) -> Object {
        self.0.key()
    }
}

impl<'a, 'py> PlainProbe<'a, 'py> {
    /// Makes a probe of a tuple of exactly str, int or bytes. Returns `None` if it is another object.
    #[inline]
    pub(crate) fn of_tuple(object: &'a Bound<'py, PyTuple>) -> Option<Self> {
        let py = object.py();
        let is_plain = |item: &Bound<'py, PyAny>| {
            // SAFETY: the object is valid.
            plain_comparison(unsafe { ffi::Py_TYPE(item.as_ptr()) }, py).is_some()
        };
        if !object.as_slice().iter().all(is_plain) {
            return None;
        }
        // SAFETY: the thread is attached. Hashing these items runs no Python code and does not fail.
        let hash = unsafe { ffi::PyObject_Hash(object.as_ptr()) };
        Some(Self(Probe::with_hash(object.as_any(), spread(hash as u64))))
    }
}

fn plain_hash(object: &Bound<'_, PyAny>) -> Option<isize> {
    let key = object.as_ptr();
    // SAFETY: the object is valid.
    plain_comparison(unsafe { ffi::Py_TYPE(key) }, object.py())?;
    // SAFETY: the thread is attached. For these types, hashing runs no Python code and does not
    // fail.
    Some(unsafe { ffi::PyObject_Hash(key) })
}

impl Query<Object> for PlainProbe<'_, '_> {
    type Error = Unsure;

    #[inline]
    fn hash<S: BuildHasher>(&self, _: &S) -> u64 {
        self.0.hash
    }

    #[inline]
    fn glance(&self, stored: &Object) -> bool {
        self.0.glance(stored)
    }

    fn peek(&self, stored: &Object) -> Option<bool> {
        self.0.peek(stored)
    }

    fn compare(&self, _: &Object) -> Result<bool, Unsure> {
        Err(Unsure)
    }

    fn keep(stored: &Object) -> Object {
        stored.clone()
    }

    #[inline]
    fn is_same(one: &Object, other: &Object) -> bool {
        Probe::is_same(one, other)
    }
}

/// Compares objects without running Python code. Returns `None` if that would be needed.
///
/// # Safety
///
/// Both are valid objects, and the thread is attached.
#[inline]
unsafe fn plain_equal(
    stored: *mut ffi::PyObject,
    probe: *mut ffi::PyObject,
    py: Python<'_>,
) -> Option<bool> {
    if stored == probe {
        return Some(true);
    }
    // SAFETY: the caller's promise.
    let (kind, other) = unsafe { (ffi::Py_TYPE(stored), ffi::Py_TYPE(probe)) };
    let compare = plain_comparison(kind, py)?;
    if other != kind {
        plain_comparison(other, py)?;
        // Objects of two different types out of str, int and bytes are never equal.
        return Some(false);
    }
    // SAFETY: both objects have exactly the type that the comparison belongs to. For these
    // types the comparison runs no Python code, creates no objects, cannot fail, and returns
    // True or False.
    unsafe {
        let equal = compare(stored, probe, ffi::Py_EQ);
        let verdict = equal == ffi::Py_True();
        decref(equal);
        Some(verdict)
    }
}

/// Compares objects that are exactly tuples, as keys for several arguments are, up to the first
/// items that [`plain_equal`] cannot compare. As in Python, an item is equal to itself.
///
/// # Safety
///
/// As for `plain_equal`.
unsafe fn equal_tuples(
    stored: *mut ffi::PyObject,
    probe: *mut ffi::PyObject,
    py: Python<'_>,
) -> Option<bool> {
    let tuple = PyTuple::type_object_raw(py);
    // SAFETY: the caller's promise. A tuple does not change, and owns its items.
    unsafe {
        if ffi::Py_TYPE(stored) != tuple || ffi::Py_TYPE(probe) != tuple {
            return None;
        }
        let length = ffi::PyTuple_GET_SIZE(stored);
        // Tuples of different lengths may have items whose comparison raises before the end.
        if length != ffi::PyTuple_GET_SIZE(probe) {
            return None;
        }
        for index in 0..length {
            let item = ffi::PyTuple_GET_ITEM(stored, index);
            if !plain_equal(item, ffi::PyTuple_GET_ITEM(probe, index), py)? {
                return Some(false);
            }
        }
    }
    Some(true)
}

/// Returns the comparison function of str, int or bytes, which is safe to call under a lock.
/// Returns `None` for every other type.
#[inline]
fn plain_comparison(kind: *mut ffi::PyTypeObject, py: Python<'_>) -> Option<ffi::richcmpfunc> {
    if kind != PyString::type_object_raw(py)
        && kind != PyInt::type_object_raw(py)
        && kind != PyBytes::type_object_raw(py)
    {
        return None;
    }
    // SAFETY: `kind` is a type, and a builtin type does not change.
    unsafe { (*kind).tp_richcompare }
}
