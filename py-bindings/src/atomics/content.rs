//! The objects in an `AtomicReference`, and how they are counted.
//!
//! A reader of the place counts a reference to whatever lives at the address that it has loaded, and
//! then looks whether that address is still in the place. Between the two steps, the object may die.
//! This is how the interpreter itself reads the items of its lists and dicts (`_Py_XGetRef`,
//! `_Py_TryIncrefCompare`), and it has made its allocator for this:
//!
//! * Objects lie in heaps that nothing else lies in. When an object has died, its memory stays one of
//!   these until every thread has been at a safe point; a thread that reads a place comes to none.
//!   Meanwhile it is unused, or another object, which begins at the same address. (See `use_qsbr` in
//!   mimalloc as the interpreter has it, and *Optimistically Avoiding Locking* in PEP 703.)
//! * The allocator, debugging ones too, and the lists of unused objects leave the counts of a dead
//!   object as they are, which is: none.
//! * `try_incref` counts in one atomic step with looking whether the count is 0. It is also atomic
//!   beside the owning thread's giving up its last reference, in objects that have the state
//!   `MAYBE_WEAKREF`. The interpreter sets it in objects that it shares in this way, and so do we.
//!
//! An object from another allocator does not have these guarantees, neither here nor in a list.
//!
//! On a build with the GIL, no other thread runs between the two steps.

use crate::runtime::{
    object::Object,
    refcount::{incref_for_trying, try_incref},
};
use ft_atomic_reference::TryCount;
use pyo3::{ffi, prelude::*};
use std::{mem::ManuallyDrop, ops::Deref};

/// An object that `try_incref` may be called for.
#[derive(Clone)]
pub(crate) struct Content(Object);

impl Content {
    #[inline]
    pub(crate) fn new(object: &Bound<'_, PyAny>) -> Self {
        // SAFETY: the object is valid, and the thread is attached.
        unsafe {
            incref_for_trying(object.as_ptr());
            Self::from_ptr(object.as_ptr())
        }
    }

    /// Borrows the caller's reference, only to be compared: it need not be one that `try_incref` may be
    /// called for.
    #[inline]
    pub(crate) fn borrowed<'a>(object: &'a Bound<'_, PyAny>) -> impl Deref<Target = Self> + 'a {
        // SAFETY: the caller keeps its reference. This second owner never releases it.
        ManuallyDrop::new(unsafe { Self::from_ptr(object.as_ptr()) })
    }

    #[inline]
    pub(crate) fn into_py(self) -> Py<PyAny> {
        self.0.into_py()
    }
}

impl From<Content> for Object {
    #[inline]
    fn from(content: Content) -> Self {
        content.0
    }
}

impl Deref for Content {
    type Target = Py<PyAny>;

    #[inline]
    fn deref(&self) -> &Py<PyAny> {
        &self.0
    }
}

// SAFETY: the pointer is that of the Python object, which does not move, and equal pointers mean
// the same object. Converting does not count. The memory of Python objects is as the trait demands:
// see above.
unsafe impl TryCount for Content {
    type Target = ffi::PyObject;

    #[inline]
    fn into_ptr(this: Self) -> *mut ffi::PyObject {
        this.into_py().into_ptr()
    }

    #[inline]
    fn as_ptr(this: &Self) -> *mut ffi::PyObject {
        this.0.as_ptr()
    }

    #[inline]
    unsafe fn from_ptr(object: *mut ffi::PyObject) -> Self {
        // SAFETY: the thread is attached, and the pointer comes from `into_ptr`.
        unsafe {
            let py = Python::assume_attached();
            Self(Object::from(Bound::from_owned_ptr(py, object).unbind()))
        }
    }

    #[inline]
    unsafe fn try_count(object: *mut ffi::PyObject) -> Option<Self> {
        // SAFETY: the caller's promise; no operation of the slot has a safe point before this.
        unsafe { try_incref(object).then(|| Self::from_ptr(object)) }
    }
}
