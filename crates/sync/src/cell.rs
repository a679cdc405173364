//! One interface for the `UnsafeCell` of std and that of loom. Shuttle has none, because its
//! threads take turns.

#[cfg(ft_loom)]
pub use loom::cell::{ConstPtr, MutPtr, UnsafeCell};

/// An [`UnsafeCell`](std::cell::UnsafeCell) whose contents are accessed through closures, so that
/// loom can see how long each access lasts.
#[cfg(not(ft_loom))]
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct UnsafeCell<T: ?Sized>(std::cell::UnsafeCell<T>);

#[cfg(not(ft_loom))]
impl<T> UnsafeCell<T> {
    /// Wraps `value`.
    pub const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    /// Calls `f` with a pointer through which `f` may only read.
    #[inline]
    pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }

    /// Calls `f` with a pointer through which `f` may write. Nobody else may have access during the
    /// call.
    #[inline]
    pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }

    /// Unwraps the value.
    pub fn into_inner(self) -> T {
        self.0.into_inner()
    }
}
