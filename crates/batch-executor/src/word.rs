//! Values as single words.

use std::sync::Arc;

/// A value that can become a word, a pointer say, and back again.
///
/// A [`BatchBuffer`](crate::BatchBuffer) reads a word before it knows whether the value is its
/// own, and forgets it if it is not, which only works for what is read in one piece. Larger
/// values are boxed.
///
/// # Safety
///
/// `from_raw` of what `into_raw` returned is that same value, on every thread to which a value may
/// be sent. Neither panics.
pub unsafe trait Word: Sized {
    /// Turns the value into a word, which owns it.
    fn into_raw(self) -> *mut ();

    /// Turns the word back.
    ///
    /// # Safety
    ///
    /// `raw` comes from `into_raw` of this type, and was not turned back before.
    unsafe fn from_raw(raw: *mut ()) -> Self;
}

// SAFETY: both are conversions to and from a thin pointer that own the value.
unsafe impl<T> Word for Box<T> {
    fn into_raw(self) -> *mut () {
        Box::into_raw(self).cast()
    }

    unsafe fn from_raw(raw: *mut ()) -> Self {
        // SAFETY: the caller's promise: it comes from `Box::into_raw`, and is used once.
        unsafe { Box::from_raw(raw.cast()) }
    }
}

// SAFETY: as for `Box`.
unsafe impl<T> Word for Arc<T> {
    fn into_raw(self) -> *mut () {
        Arc::into_raw(self).cast_mut().cast()
    }

    unsafe fn from_raw(raw: *mut ()) -> Self {
        // SAFETY: the caller's promise: it comes from `Arc::into_raw`, and is used once.
        unsafe { Arc::from_raw(raw.cast()) }
    }
}

// SAFETY: the word is the number; there is nothing to own.
unsafe impl Word for usize {
    fn into_raw(self) -> *mut () {
        std::ptr::without_provenance_mut(self)
    }

    unsafe fn from_raw(raw: *mut ()) -> Self {
        raw.addr()
    }
}
