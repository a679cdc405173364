//! The values that a `ConcurrentDict` stores.

use crate::runtime::{create, fast_calls::exact_i64, object::Object};
use pyo3::{ffi, prelude::*};
use std::{
    mem::ManuallyDrop,
    ops::Deref,
    ptr::{self, NonNull},
};

/// A value: a Python object, or a counter, which `add` can change without making an object.
///
/// It is one word, so that an entry of the dictionary has three. A counter is stored twice its size
/// and one more: no object has an odd address.
pub(crate) struct Value(NonNull<ffi::PyObject>);

// SAFETY: a value is a number or an `Object`, and an `Object` may be sent and shared.
unsafe impl Send for Value {}
// SAFETY: as above.
unsafe impl Sync for Value {}

/// What a [`Value`] stands for.
pub(crate) enum Content<O> {
    Object(O),
    /// Written by `add` and `add_many`. A caller that reads it gets an int.
    Count(i64),
}

impl Value {
    #[inline]
    pub(crate) fn new(object: &Bound<'_, PyAny>) -> Self {
        Self::from(Object::new(object))
    }

    /// Makes a counter. Returns `None` for a number that does not fit: it has one bit less than an
    /// address.
    #[inline]
    pub(crate) fn counter(count: i64) -> Option<Self> {
        let odd = isize::try_from(count).ok()?.checked_mul(2)? | 1;
        NonNull::new(ptr::without_provenance_mut(odd as usize)).map(Self)
    }

    /// Returns the counter, or a borrowed object.
    #[inline]
    pub(crate) fn content(&self) -> Content<impl Deref<Target = Object> + '_> {
        match self.number() {
            Some(count) => Content::Count(count),
            // SAFETY: it is an object, which `self` keeps alive while the result is borrowed from
            // it. The result does not release the object.
            None => Content::Object(ManuallyDrop::new(unsafe { self.object() })),
        }
    }

    #[inline]
    pub(crate) fn into_content(self) -> Content<Object> {
        let this = ManuallyDrop::new(self);
        match this.number() {
            Some(count) => Content::Count(count),
            // SAFETY: it is an object, and `this` is not dropped.
            None => Content::Object(unsafe { this.object() }),
        }
    }

    pub(crate) fn into_object(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self.into_content() {
            Content::Object(object) => Ok(object.into_bound(py)),
            Content::Count(count) => Ok(create::int(py, count)?.into_any()),
        }
    }

    /// Returns whether this is the same value as the one that was read before: the same object, or
    /// an equal counter.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// Returns the value as a counter, if it is one or can become one. Runs no Python code.
    #[inline]
    pub(crate) fn count(&self) -> Option<i64> {
        match self.content() {
            Content::Count(count) => Some(count),
            Content::Object(object) => {
                // SAFETY: values are only used in dictionaries, and only attached threads use
                // these.
                let py = unsafe { Python::assume_attached() };
                exact_i64(object.bind_borrowed(py))
            }
        }
    }

    /// Returns the number, if the value is a counter.
    #[inline]
    fn number(&self) -> Option<i64> {
        let word = self.0.addr().get() as isize;
        // A number has at most 64 bits, as `counter` got it.
        (word & 1 == 1).then_some((word >> 1) as i64)
    }

    /// Makes a second owner of the object.
    ///
    /// # Safety
    ///
    /// The value is no counter, and only one of the two owners releases the object.
    #[inline]
    unsafe fn object(&self) -> Object {
        // SAFETY: the value is an object, and only attached threads use values. The other owner
        // keeps the reference, or gives it up to this one.
        let object = unsafe { Bound::from_owned_ptr(Python::assume_attached(), self.0.as_ptr()) };
        Object::from(object.unbind())
    }
}

impl From<Object> for Value {
    #[inline]
    fn from(object: Object) -> Self {
        let object = object.into_py().into_ptr();
        // SAFETY: objects have an address.
        Self(unsafe { NonNull::new_unchecked(object) })
    }
}

impl Clone for Value {
    #[inline]
    fn clone(&self) -> Self {
        match self.content() {
            Content::Object(object) => Self::from(object.clone()),
            Content::Count(_) => Self(self.0),
        }
    }
}

impl Drop for Value {
    #[inline]
    fn drop(&mut self) {
        if self.number().is_none() {
            // SAFETY: it is an object, and `self` does not use it again.
            drop(unsafe { self.object() });
        }
    }
}
