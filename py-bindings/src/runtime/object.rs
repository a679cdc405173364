//! Python objects in containers.

use crate::runtime::refcount::{decref, incref};
use pyo3::{
    ffi,
    prelude::*,
    types::{PyList, PyTuple},
};
use std::{mem::ManuallyDrop, ops::Deref};

/// A Python object that a container holds. It is one reference, which is made, moved and released
/// only by attached threads.
///
/// Therefore `drop` releases it at once, without asking PyO3 whether the thread is attached.
pub(crate) struct Object(ManuallyDrop<Py<PyAny>>);

impl Object {
    #[inline]
    pub(crate) fn new(object: &Bound<'_, PyAny>) -> Self {
        // SAFETY: the object is valid, and the thread is attached.
        unsafe {
            incref(object.as_ptr());
            Self::from(Bound::from_owned_ptr(object.py(), object.as_ptr()).unbind())
        }
    }

    #[inline]
    pub(crate) fn into_py(self) -> Py<PyAny> {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: the object is taken once, because `this` is not dropped.
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
        // SAFETY: objects are only used in containers and in calls on them, and only attached
        // threads do that. Cloning increments a count and runs no code, so it may happen under a
        // lock.
        unsafe {
            let object = Borrowed::from_ptr(Python::assume_attached(), self.as_ptr());
            Self::new(&object)
        }
    }
}

impl Drop for Object {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: this function may be called at any time, from any thread.
        let is_attached = || unsafe { ffi::PyGILState_Check() } == 1;
        debug_assert!(is_attached(), "an Object needs an attached thread");
        // SAFETY: the reference is given up once, here. The thread is attached, as asserted above.
        unsafe { decref(self.as_ptr()) };
    }
}

/// Returns all items of an iterable.
pub(crate) fn objects(iterable: &Bound<'_, PyAny>) -> PyResult<Vec<Object>> {
    let all = |tuple: &Bound<'_, PyTuple>| {
        let items = tuple.iter_borrowed();
        items.map(|item| Object::new(&item)).collect()
    };
    // A tuple or a list hands over all its items at once, without an iterator.
    if let Ok(tuple) = iterable.cast_exact::<PyTuple>() {
        return Ok(all(tuple));
    }
    if let Ok(list) = iterable.cast_exact::<PyList>() {
        // SAFETY: the object is a list, and the thread is attached. The result is a new tuple, or
        // null with an exception set.
        let tuple = unsafe {
            let tuple = ffi::PyList_AsTuple(list.as_ptr());
            Bound::from_owned_ptr_or_err(list.py(), tuple)?.cast_into_unchecked()
        };
        return Ok(all(&tuple));
    }
    let items = iterable.try_iter()?;
    items.map(|item| Ok(Object::from(item?.unbind()))).collect()
}
