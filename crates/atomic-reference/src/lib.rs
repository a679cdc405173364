//! A slot for a reference to a shared object. It is read and replaced in atomic steps.
//!
//! [`AtomicReference`] holds an [`Arc`](std::sync::Arc), or any other type that is [`RefCnt`]. It
//! compares by identity: two references are the same if they refer to the same object, whatever
//! equality says.
//!
//! ```
//! use ft_atomic_reference::AtomicReference;
//! use std::sync::Arc;
//!
//! let names = AtomicReference::new(Arc::new(vec!["Ada"]));
//! let before = names.load();
//!
//! // A change of many steps that takes effect in one. It is repeated if another thread was faster.
//! let add = |names: &Arc<Vec<_>>| Arc::new([names.as_slice(), &["Grace"]].concat());
//! let change = names.update(add);
//! assert_eq!(*change.after, ["Ada", "Grace"]);
//! assert_eq!(*before, ["Ada"]);
//!
//! // A thread that does not know of the change cannot overwrite it.
//! let stale = names.compare_exchange(&before, Arc::new(vec![]));
//! assert!(Arc::ptr_eq(&stale.unwrap_err(), &names.load()));
//! ```
//!
//! [`StableReference`] does the same for objects in type-stable memory, at a lower cost.
//!
//! # Counting
//!
//! The slot always owns one reference to the object in it, and every method returns a new
//! reference. If a replaced object has no other references, it is dropped in the call that replaced
//! it, or in a call that was reading it at that moment, but never later.
//!
//! # ABA
//!
//! An object keeps its address for as long as there is a reference to it. So
//! [`compare_exchange`](AtomicReference::compare_exchange) never mistakes a new object for an old
//! one. But it cannot tell that the same object was taken out and put back. Where that matters,
//! store a new object each time, for example a pair of the value and a number; a stamped reference
//! would do the same.
//!
//! # Orderings and progress
//!
//! Every operation is one sequentially consistent step. No operation waits for another one. Reading
//! takes constant time. Operations that replace the object look at every thread that has ever read
//! one, and do the counting that such a thread has left undone.
//! [`compare_exchange`](AtomicReference::compare_exchange) and [`update`](AtomicReference::update)
//! are lock-free: only another replacement can make them start again. The slot is that of
//! [`arc_swap`], whose documentation explains how it works.
//!
//! # Public dependency
//!
//! [`RefCnt`] is the trait of `arc_swap` 1, so that types which implement it for `ArcSwap` can be
//! used here. It is promised: a new major version of `arc_swap` means one of this crate.

#![deny(unsafe_code)]

mod change;
mod slot;
#[allow(unsafe_code, reason = "it makes references out of pointers")]
mod stable;

use change::change;
use slot::Slot;
use std::fmt;

pub use arc_swap::RefCnt;
pub use change::Change;
pub use stable::{StableReference, TryCount};

/// A slot for one reference that threads share and replace in atomic steps.
pub struct AtomicReference<T: RefCnt>(Slot<T>);

impl<T: RefCnt> AtomicReference<T> {
    /// Creates a slot with `value` in it.
    pub fn new(value: T) -> Self {
        Self(Slot::new(value))
    }

    /// Returns a new reference to the object.
    #[inline]
    pub fn load(&self) -> T {
        self.0.load()
    }

    /// Calls `f` with the object, without counting a reference to it.
    ///
    /// The object lives until `f` returns, whatever happens to the slot.
    #[inline]
    pub fn with<R>(&self, f: impl FnOnce(&T) -> R) -> R {
        self.0.with(f)
    }

    /// Replaces the object, and drops the slot's reference to the previous one.
    #[inline]
    pub fn store(&self, value: T) {
        drop(self.exchange(value));
    }

    /// Replaces the object and returns the previous one.
    #[inline]
    pub fn exchange(&self, value: T) -> T {
        self.0.swap(value)
    }

    /// Stores `new` if the object is `expected`, by identity, and returns the previous object.
    ///
    /// # Errors
    ///
    /// The present object, if it is another one. In that case nothing has changed.
    #[inline]
    pub fn compare_exchange(&self, expected: &T, new: T) -> Result<T, T> {
        self.0.compare_exchange(expected, new)
    }

    /// Replaces the object by `f` of it, and calls `f` again whenever another thread was faster.
    #[inline]
    pub fn update(&self, mut f: impl FnMut(&T) -> T) -> Change<T> {
        let done = self.try_update(|value| Ok::<_, std::convert::Infallible>(f(value)));
        match done {
            Ok(change) => change,
        }
    }

    /// Like [`update`](Self::update), with an `f` that may fail. `f` may use the slot itself; but
    /// if it replaces the object on each call, this never ends.
    ///
    /// # Errors
    ///
    /// The first error of `f`. In that case the object stays in place.
    #[inline]
    pub fn try_update<E>(&self, f: impl FnMut(&T) -> Result<T, E>) -> Result<Change<T>, E> {
        change(self.load(), f, |before, after| {
            self.compare_exchange(before, after)
        })
    }

    /// Returns the object.
    pub fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

impl<T: RefCnt + Default> Default for AtomicReference<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: RefCnt> From<T> for AtomicReference<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: RefCnt + fmt::Debug> fmt::Debug for AtomicReference<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AtomicReference")
            .field(&self.load())
            .finish()
    }
}

/// The type must not be covariant: otherwise a short-lived reference that was put in could come out
/// as a long-lived one. So this example must not compile.
///
/// ```compile_fail,E0597
/// use ft_atomic_reference::AtomicReference;
/// use std::sync::Arc;
///
/// let slot: AtomicReference<Arc<&'static str>> = AtomicReference::new(Arc::new("long"));
/// let short = String::from("gone before it is read");
/// let shorter: &AtomicReference<Arc<&str>> = &slot;
/// shorter.store(Arc::new(short.as_str()));
/// ```
#[cfg(doctest)]
struct Invariance;

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
