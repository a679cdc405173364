//! Python objects in containers.

use crate::runtime::refcount::{decref, incref};
use pyo3::{
    ffi,
    prelude::*,
    types::{PyList, PyTuple},
};
use std::{mem::ManuallyDrop, ops::Deref};

/// A Python object that a container holds: one reference, which only attached threads make, move
/// and release.
///
/// So it is released at once, and without asking PyO3 whether the thread is attached.
pub(crate) struct Object(ManuallyDrop<Py<PyAny>>);

impl Object {
    #[inline]
    pub(crate) fn new(object: &Bound<'_, PyAny>) -> Self {
        // SAFETY: it is valid, and the thread attached.
        unsafe {
            incref(object.as_ptr());
            Self::from(Bound::from_owned_ptr(object.py(), object.as_ptr()).unbind())
        }
    }

    /// The same without a reference of its own, for as long as it is not cloned or moved out.
    #[inline]
    pub(crate) fn borrowed<'a>(object: &'a Bound<'_, PyAny>) -> impl Deref<Target = Self> + 'a {
        // SAFETY: the reference that the caller has is not given up, because this one is not either.
        let object = unsafe { Bound::from_owned_ptr(object.py(), object.as_ptr()) };
        ManuallyDrop::new(Self::from(object.unbind()))
    }

    #[inline]
    pub(crate) fn into_py(self) -> Py<PyAny> {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: taken once, as `this` is not dropped.
        unsafe { ManuallyDrop::take(&mut this.0) }
    }

    #[inline]
    pub(crate) fn into_bound(self, py: Python<'_>) -> Bound<'_, PyAny> {
        self.into_py().into_bound(py)
    }
}

impl From<Py<PyAny>> for Object {
    #[inline]
    fn from(object: Py<PyAny>) -> Self {
        Self(ManuallyDrop::new(object))
    }
}

impl Deref for Object {
    type Target = Py<PyAny>;

    #[inline]
    fn deref(&self) -> &Py<PyAny> {
        &self.0
    }
}

impl Clone for Object {
    #[inline]
    fn clone(&self) -> Self {
        // SAFETY: these live in containers and in calls on them, which only attached threads
        // touch. It increments a count, and runs nothing, so it may happen under a lock.
        unsafe {
            let object = Borrowed::from_ptr(Python::assume_attached(), self.as_ptr());
            Self::new(&object)
        }
    }
}

impl Drop for Object {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: it may be asked at any time.
        let is_attached = || unsafe { ffi::PyGILState_Check() } == 1;
        debug_assert!(is_attached(), "an Object needs an attached thread");
        // SAFETY: the reference is given up once, here. The thread is attached, as above.
        unsafe { decref(self.as_ptr()) };
    }
}

/// Returns all that an iterable has.
pub(crate) fn objects(iterable: &Bound<'_, PyAny>) -> PyResult<Vec<Object>> {
    let all = |tuple: &Bound<'_, PyTuple>| {
        let items = tuple.iter_borrowed();
        items.map(|item| Object::new(&item)).collect()
    };
    // What these hold can be had at once.
    if let Ok(tuple) = iterable.cast_exact::<PyTuple>() {
        return Ok(all(tuple));
    }
    if let Ok(list) = iterable.cast_exact::<PyList>() {
        // SAFETY: it is a list, and the thread attached; a new tuple, or null with an exception.
        let tuple = unsafe {
            let tuple = ffi::PyList_AsTuple(list.as_ptr());
            Bound::from_owned_ptr_or_err(list.py(), tuple)?.cast_into_unchecked()
        };
        return Ok(all(&tuple));
    }
    let items = iterable.try_iter()?;
    items.map(|item| Ok(Object::from(item?.unbind()))).collect()
}
