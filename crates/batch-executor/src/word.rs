//! Values as single words.

use std::sync::Arc;

/// A value that can be converted to a word, for example a pointer, and back.
///
/// A [`BatchBuffer`](crate::BatchBuffer) reads a word before it knows whether the value belongs to
/// the caller, and discards the word if not. That only works if the word is read in one piece.
/// Larger values must be boxed.
///
/// # Safety
///
/// `from_raw` must turn the result of `into_raw` into the same value, on every thread to which a
/// value may be sent. Neither function may panic.
pub unsafe trait Word: Sized {
    /// Turns the value into a word, which owns the value.
    fn into_raw(self) -> *mut ();

    /// Turns a word back into its value.
    ///
    /// # Safety
    ///
    /// `raw` comes from `into_raw` of this type, and was not turned back before.
    unsafe fn from_raw(raw: *mut ()) -> Self;
}

// SAFETY: both functions convert to and from a thin pointer that owns the value.
unsafe impl<T> Word for Box<T> {
    fn into_raw(self) -> *mut () {
        Box::into_raw(self).cast()
    }

    unsafe fn from_raw(raw: *mut ()) -> Self {
        // SAFETY: the caller promises that `raw` comes from `Box::into_raw`, and is used once.
        unsafe { Box::from_raw(raw.cast()) }
    }
}

// SAFETY: as for `Box`.
unsafe impl<T> Word for Arc<T> {
    fn into_raw(self) -> *mut () {
        Arc::into_raw(self).cast_mut().cast()
    }

    unsafe fn from_raw(raw: *mut ()) -> Self {
        // SAFETY: the caller promises that `raw` comes from `Arc::into_raw`, and is used once.
        unsafe { Arc::from_raw(raw.cast()) }
    }
}

// SAFETY: the word is the number itself, and owns nothing.
unsafe impl Word for usize {
    fn into_raw(self) -> *mut () {
        std::ptr::without_provenance_mut(self)
    }

    unsafe fn from_raw(raw: *mut ()) -> Self {
        raw.addr()
    }
}
