//! A value as it was at one moment.

use std::{fmt, ops::Deref, sync::Arc};

/// The value of a [`Protected`](super::Protected) at some moment.
///
/// A snapshot keeps the value alive, and with it the Python objects in it. Drop it when you are
/// done with it. If it matters when the objects are released, drop it in an attached thread;
/// elsewhere PyO3 defers the release.
pub struct Snapshot<T>(pub(super) Arc<T>);

impl<T> Snapshot<T> {
    pub(super) fn new(value: T) -> Self {
        Self(Arc::new(value))
    }

    /// Returns whether both are the same value, from the same change of the same cell.
    pub fn ptr_eq(one: &Self, other: &Self) -> bool {
        Arc::ptr_eq(&one.0, &other.0)
    }

    pub(super) fn into_inner(self) -> Option<T> {
        Arc::into_inner(self.0)
    }
}

impl<T> Clone for Snapshot<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Snapshot<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Snapshot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
