//! A wrapper as it lies in memory, and what an operation on it goes to.

use super::{
    class,
    kept_methods::Methods,
    slots::{Failed, Ptr},
};
use crate::runtime::refcount::{decref, incref};
use pyo3::ffi;
use std::{
    cell::UnsafeCell,
    ptr::{self, NonNull},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// A wrapper, as it lies in memory.
#[repr(C)]
pub(super) struct Wrapper {
    pub(super) head: UnsafeCell<ffi::PyObject>,
    /// What the interpreter calls for `wrapper(...)`.
    pub(super) vectorcall: ffi::vectorcallfunc,
    /// The interpreter's list of weak references, or, in a dying wrapper, the next in `Dying`.
    pub(super) weakrefs: UnsafeCell<Ptr>,
    /// The object that it was made with: a reference kept until the wrapper dies. Null until then.
    pub(super) made_with: Ptr,
    /// What operations go to: a reference to a handle of that object, if it is one of ours, or else
    /// the same again, borrowed.
    pub(super) target: Ptr,
    /// Whether operations go the long way, because the wrapped object was replaced or is a wrapper.
    /// It never goes back.
    pub(super) is_indirect: AtomicBool,
    /// What an in-place operator has put in the place of the object: a reference. Nothing runs
    /// Python code or drops a reference under the lock. It also guards additions to `methods`.
    pub(super) replacement: Mutex<Option<NonNull<ffi::PyObject>>>,
    pub(super) methods: Methods,
}

impl Wrapper {
    /// The wrapper that an object is, if it is one.
    ///
    /// # Safety
    ///
    /// The object is alive for `'a`.
    #[inline]
    pub(super) unsafe fn cast<'a>(object: Ptr) -> Option<&'a Self> {
        // SAFETY: the caller's promise; an instance of the type begins with a `Wrapper`.
        unsafe { class::is_wrapper(object).then(|| Self::of(object)) }
    }

    /// # Safety
    ///
    /// The object is a wrapper, and alive for `'a`.
    #[inline]
    pub(super) unsafe fn of<'a>(object: Ptr) -> &'a Self {
        // SAFETY: the caller's promise.
        unsafe { &*object.cast() }
    }

    /// What an operator, an item, a call or a method goes to. `None`: an exception is set.
    #[inline]
    pub(super) fn target(&self) -> Option<Operand> {
        self.operand(self.target)
    }

    /// The wrapped object itself, for what depends on which object it is. `None`: an exception is
    /// set.
    #[inline]
    pub(super) fn object(&self) -> Option<Operand> {
        self.operand(self.made_with)
    }

    #[inline]
    fn operand(&self, direct: Ptr) -> Option<Operand> {
        if self.is_indirect() {
            return self.operand_slow(direct);
        }
        Some(Operand::lent(direct))
    }

    #[inline]
    pub(super) fn is_indirect(&self) -> bool {
        // Relaxed: what is read without the lock was written before the wrapper was shared, and
        // what is guarded by the lock is read under it.
        self.is_indirect.load(Relaxed)
    }

    #[cold]
    fn operand_slow(&self, direct: Ptr) -> Option<Operand> {
        // SAFETY: the caller is in a slot, so attached. The reference that is counted up is held by
        // the wrapper: under the lock nobody takes it away.
        unsafe {
            // Wrappers can be round each other to any depth, even in a circle.
            if ffi::Py_EnterRecursiveCall(c" while using a LocalWrapper".as_ptr()) != 0 {
                return None;
            }
            let replacement = self.lock();
            let object = replacement.map_or(direct, NonNull::as_ptr);
            incref(object);
            Some(Operand {
                object,
                is_own: true,
            })
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Option<NonNull<ffi::PyObject>>> {
        let lock = self.replacement.lock();
        lock.unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the result of an in-place operator the wrapped object, unless that was changed in place
    /// as intended.
    ///
    /// # Safety
    ///
    /// `result` is a reference, and goes to this function; the thread is attached.
    pub(super) unsafe fn replace(&self, before: &Operand, result: NonNull<ffi::PyObject>) {
        let this: *const Self = self;
        let dropped = if result.as_ptr() == before.object || this == result.as_ptr().cast() {
            Some(result)
        } else {
            let mut replacement = self.lock();
            // Relaxed: see `is_indirect`. Whoever sees it takes the lock next, after this.
            self.is_indirect.store(true, Relaxed);
            replacement.replace(result)
        };
        // SAFETY: a reference that nobody but this function has now, or null. The lock is free.
        unsafe { ffi::Py_XDECREF(dropped.map_or(ptr::null_mut(), NonNull::as_ptr)) };
    }
}

/// An object that an operation goes to, alive as long as this.
pub(super) struct Operand {
    pub(super) object: Ptr,
    /// Whether there is a reference to give back, and a level of recursion to leave.
    pub(super) is_own: bool,
}

impl Operand {
    #[inline]
    pub(super) fn lent(object: Ptr) -> Self {
        let is_own = false;
        Self { object, is_own }
    }

    /// What an operator goes to for one of its operands: that which it wraps, if it is a wrapper.
    /// `None`: an exception is set.
    ///
    /// # Safety
    ///
    /// The thread is attached, and the operand alive as long as the result.
    #[inline]
    pub(super) unsafe fn of(operand: Ptr) -> Option<Self> {
        // SAFETY: the caller's promise.
        match unsafe { Wrapper::cast(operand) } {
            Some(wrapper) => wrapper.target(),
            None => Some(Self::lent(operand)),
        }
    }
}

impl Drop for Operand {
    #[inline]
    fn drop(&mut self) {
        if self.is_own {
            // SAFETY: whoever makes one is attached as long as it lives; both are owed.
            unsafe {
                ffi::Py_LeaveRecursiveCall();
                decref(self.object);
            }
        }
    }
}

/// Calls a function with what operations on a wrapper go to.
///
/// # Safety
///
/// The interpreter's promise, for `wrapper`.
#[inline]
pub(super) unsafe fn forward<R: Failed>(wrapper: Ptr, function: impl FnOnce(Ptr) -> R) -> R {
    // SAFETY: the caller's promise.
    match unsafe { Wrapper::of(wrapper) }.target() {
        Some(target) => function(target.object),
        None => R::FAILED,
    }
}

/// Calls a function with the wrapped object itself.
///
/// # Safety
///
/// The interpreter's promise, for `wrapper`.
#[inline]
pub(super) unsafe fn forward_object<R: Failed>(wrapper: Ptr, function: impl FnOnce(Ptr) -> R) -> R {
    // SAFETY: the caller's promise.
    match unsafe { Wrapper::of(wrapper) }.object() {
        Some(object) => function(object.object),
        None => R::FAILED,
    }
}
