//! The slot itself, in which a pointer and the count that belongs to it are read and replaced.
//!
//! No other module knows of `arc-swap`. Neither loom nor shuttle can see into its lists of debts,
//! so the models use a slot behind a lock of loom or shuttle instead.

use crate::RefCnt;
#[cfg(not(any(ft_loom, ft_shuttle)))]
use arc_swap::{ArcSwapAny, Guard};
#[cfg(any(ft_loom, ft_shuttle))]
use ft_sync::Mutex;

#[cfg(not(any(ft_loom, ft_shuttle)))]
pub(crate) struct Slot<T: RefCnt>(ArcSwapAny<T>);
#[cfg(any(ft_loom, ft_shuttle))]
pub(crate) struct Slot<T: RefCnt>(Mutex<T>);

/// Returns whether two references refer to the same object.
#[inline]
pub(crate) fn is_same<T: RefCnt>(one: &T, other: &T) -> bool {
    T::as_ptr(one) == T::as_ptr(other)
}

#[cfg(not(any(ft_loom, ft_shuttle)))]
impl<T: RefCnt> Slot<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(ArcSwapAny::new(value))
    }

    #[inline]
    pub(crate) fn load(&self) -> T {
        self.0.load_full()
    }

    #[inline]
    pub(crate) fn with<R>(&self, f: impl FnOnce(&T) -> R) -> R {
        f(&self.0.load())
    }

    #[inline]
    pub(crate) fn swap(&self, new: T) -> T {
        self.0.swap(new)
    }

    #[inline]
    pub(crate) fn compare_exchange(&self, expected: &T, new: T) -> Result<T, T> {
        // `compare_and_swap` returns the previous value in either case. The guard keeps that value
        // alive, so no other object can have its address.
        let before = self.0.compare_and_swap(T::as_ptr(expected), new);
        let exchanged = is_same(&*before, expected);
        let before = Guard::into_inner(before);
        if exchanged { Ok(before) } else { Err(before) }
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

#[cfg(any(ft_loom, ft_shuttle))]
impl<T: RefCnt> Slot<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(crate) fn load(&self) -> T {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn with<R>(&self, f: impl FnOnce(&T) -> R) -> R {
        // This is not under the lock, because `f` may use the slot.
        f(&self.load())
    }

    pub(crate) fn swap(&self, new: T) -> T {
        std::mem::replace(&mut *self.0.lock().unwrap(), new)
    }

    pub(crate) fn compare_exchange(&self, expected: &T, new: T) -> Result<T, T> {
        let mut current = self.0.lock().unwrap();
        if is_same(&*current, expected) {
            Ok(std::mem::replace(&mut *current, new))
        } else {
            Err(current.clone())
        }
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner().unwrap()
    }
}
