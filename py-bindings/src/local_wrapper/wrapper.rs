//! The memory layout of a wrapper, and the objects that its operations are forwarded to.

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

/// The memory layout of a wrapper.
#[repr(C)]
pub(super) struct Wrapper {
    pub(super) head: UnsafeCell<ffi::PyObject>,
    /// The function that the interpreter calls for `wrapper(...)`.
    pub(super) vectorcall: ffi::vectorcallfunc,
    /// The interpreter's list of weak references. In a wrapper that is being freed, the next one in
    /// `Dying`.
    pub(super) weakrefs: UnsafeCell<Ptr>,
    /// The object that the wrapper was made with: a reference kept until the wrapper is freed. Null
    /// until the object is set.
    pub(super) made_with: Ptr,
    /// The target of operations. If the object belongs to this module, this is a reference to a
    /// handle of it. Otherwise it is the object again, borrowed.
    pub(super) target: Ptr,
    /// Whether operations take the slow path, because the wrapped object was replaced or is a
    /// wrapper itself. It is never reset.
    pub(super) is_indirect: AtomicBool,
    /// A reference to the object by which an in-place operator has replaced the wrapped one. No
    /// code runs Python code or drops a reference under this lock. The lock also guards additions
    /// to `methods`.
    pub(super) replacement: Mutex<Option<NonNull<ffi::PyObject>>>,
    pub(super) methods: Methods,
}

impl Wrapper {
    /// Returns the object as a wrapper, if it is one.
    ///
    /// # Safety
    ///
    /// The object is alive for `'a`.
    #[inline]
    pub(super) unsafe fn cast<'a>(object: Ptr) -> Option<&'a Self> {
        // SAFETY: the caller's promise. An instance of the type begins with a `Wrapper`.
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

    /// Returns the object that operators, items, calls and methods are forwarded to. If it is
    /// `None`, an exception is set.
    #[inline]
    pub(super) fn target(&self) -> Option<Operand> {
        self.operand(self.target)
    }

    /// Returns the wrapped object itself, for operations that depend on its identity. If it is
    /// `None`, an exception is set.
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
        // Relaxed: the fields that are read without the lock were written before the wrapper was
        // shared. The fields that the lock guards are read under it.
        self.is_indirect.load(Relaxed)
    }

    #[cold]
    fn operand_slow(&self, direct: Ptr) -> Option<Operand> {
        // SAFETY: the caller is in a slot, so the thread is attached. The wrapper holds the
        // reference that is counted up here, and under the lock no other thread can take it away.
        unsafe {
            // Wrappers can be nested to any depth, even in a circle.
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

    /// Makes the result of an in-place operator the wrapped object. If the operator has changed the
    /// object in place, as intended, the result is the same object, and nothing changes.
    ///
    /// # Safety
    ///
    /// `result` is a reference, which this function takes over. The thread is attached.
    pub(super) unsafe fn replace(&self, before: &Operand, result: NonNull<ffi::PyObject>) {
        let this: *const Self = self;
        let dropped = if result.as_ptr() == before.object || this == result.as_ptr().cast() {
            Some(result)
        } else {
            let mut replacement = self.lock();
            // Relaxed: see `is_indirect`. A thread that sees the flag takes the lock next, after
            // this thread has released it.
            self.is_indirect.store(true, Relaxed);
            replacement.replace(result)
        };
        // SAFETY: only this function has the reference now, or it is null. The lock is free.
        unsafe { ffi::Py_XDECREF(dropped.map_or(ptr::null_mut(), NonNull::as_ptr)) };
    }
}

/// The object that an operation is forwarded to. It is alive as long as this value.
pub(super) struct Operand {
    pub(super) object: Ptr,
    /// Whether there is a reference to give up and a level of recursion to leave.
    pub(super) is_own: bool,
}

impl Operand {
    #[inline]
    pub(super) fn lent(object: Ptr) -> Self {
        let is_own = false;
        Self { object, is_own }
    }

    /// Returns the object that an operator uses for one of its operands: for a wrapper, the object
    /// that it forwards to. If the result is `None`, an exception is set.
    ///
    /// # Safety
    ///
    /// The thread is attached, and the operand is alive as long as the result.
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
            // SAFETY: the thread that makes such a value stays attached as long as the value lives.
            // Both the recursion level and the reference are still to be given up.
            unsafe {
                ffi::Py_LeaveRecursiveCall();
                decref(self.object);
            }
        }
    }
}

/// Calls a function with the object that operations on a wrapper are forwarded to.
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
