//! `LocalWrapper`: a proxy that a thread makes for itself of an object that threads share.
//!
//! Its purpose is that nothing it does touches the reference count of that object, which is what
//! threads contend for. So an operation borrows the object from the wrapper, and that is sound
//! because a wrapper holds the object it was made with until it dies. What an in-place operator puts
//! in its place is another matter: that can go at any moment, so a wrapper to which it happened
//! goes the long way, under a lock, with a reference of its own for each operation.
//!
//! The type is made with the C API itself. Its slots get the operands of an operator as they stand,
//! on whichever side the wrapper is, so that each of them is a line in a table; PyO3 splits operators
//! into methods and their reflections, packs the arguments of calls, and costs time.
//!
//! # Safety
//!
//! The functions in the slots rely on what the interpreter promises for them: the thread is attached,
//! the objects are alive, and will be until the function returns; the first argument of all but
//! binary operators is a wrapper. A comment that speaks of *the interpreter's promise* means this.

use crate::refcount::{decref, incref};
use pyo3::{ffi, prelude::*};
use std::{
    cell::UnsafeCell,
    ptr::{self, NonNull},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

mod attributes;
mod bound;
mod containers;
mod kind;
mod methods;
mod numbers;

pub(crate) use kind::{Vacant, is_instance, register};

/// An object lent to a C function, or a reference that such a function returns; null if it failed.
type Ptr = *mut ffi::PyObject;

/// A wrapper, as it lies in memory.
#[repr(C)]
struct Wrapper {
    head: UnsafeCell<ffi::PyObject>,
    /// What the interpreter calls for `wrapper(...)`.
    vectorcall: ffi::vectorcallfunc,
    /// The interpreter's list of weak references, or, in a dying wrapper, the next in `Dying`.
    weakrefs: UnsafeCell<Ptr>,
    /// The object that it was made with: a reference kept until the wrapper dies. Null until then.
    made_with: Ptr,
    /// What operations go to: a reference to a handle of that object, if it is one of ours, or else
    /// the same again, borrowed.
    target: Ptr,
    /// Whether operations go the long way, because the wrapped object was replaced or is a wrapper.
    /// It never goes back.
    is_indirect: AtomicBool,
    /// What an in-place operator has put in the place of the object: a reference. Nothing runs
    /// Python code or drops a reference under the lock. It also guards additions to `methods`.
    replacement: Mutex<Option<NonNull<ffi::PyObject>>>,
    methods: bound::Methods,
}

impl Wrapper {
    /// The wrapper that an object is, if it is one.
    ///
    /// # Safety
    ///
    /// The object is alive for `'a`.
    #[inline]
    unsafe fn cast<'a>(object: Ptr) -> Option<&'a Self> {
        // SAFETY: the caller's promise; an instance of the type begins with a `Wrapper`.
        unsafe { kind::is_wrapper(object).then(|| Self::of(object)) }
    }

    /// # Safety
    ///
    /// The object is a wrapper, and alive for `'a`.
    #[inline]
    unsafe fn of<'a>(object: Ptr) -> &'a Self {
        // SAFETY: the caller's promise.
        unsafe { &*object.cast() }
    }

    /// What an operator, an item, a call or a method goes to. `None`: an exception is set.
    #[inline]
    fn target(&self) -> Option<Operand> {
        self.operand(self.target)
    }

    /// The wrapped object itself, for what depends on which object it is. `None`: an exception is
    /// set.
    #[inline]
    fn object(&self) -> Option<Operand> {
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
    fn is_indirect(&self) -> bool {
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

    fn lock(&self) -> MutexGuard<'_, Option<NonNull<ffi::PyObject>>> {
        let lock = self.replacement.lock();
        lock.unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the result of an in-place operator the wrapped object, unless that was changed in place
    /// as intended.
    ///
    /// # Safety
    ///
    /// `result` is a reference, and goes to this function; the thread is attached.
    unsafe fn replace(&self, before: &Operand, result: NonNull<ffi::PyObject>) {
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
struct Operand {
    object: Ptr,
    /// Whether there is a reference to give back, and a level of recursion to leave.
    is_own: bool,
}

impl Operand {
    #[inline]
    fn lent(object: Ptr) -> Self {
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
    unsafe fn of(operand: Ptr) -> Option<Self> {
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

/// What a C function returns to say that it has set an exception.
trait Failed {
    const FAILED: Self;
}

impl Failed for Ptr {
    const FAILED: Self = ptr::null_mut();
}

impl Failed for std::ffi::c_int {
    const FAILED: Self = -1;
}

impl Failed for ffi::Py_ssize_t {
    const FAILED: Self = -1;
}

/// Calls a function with what operations on a wrapper go to.
///
/// # Safety
///
/// The interpreter's promise, for `wrapper`.
#[inline]
unsafe fn forward<R: Failed>(wrapper: Ptr, function: impl FnOnce(Ptr) -> R) -> R {
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
unsafe fn forward_object<R: Failed>(wrapper: Ptr, function: impl FnOnce(Ptr) -> R) -> R {
    // SAFETY: the caller's promise.
    match unsafe { Wrapper::of(wrapper) }.object() {
        Some(object) => function(object.object),
        None => R::FAILED,
    }
}

/// An entry of the table that the type is made from.
const fn slot(slot: std::ffi::c_int, pfunc: *mut std::ffi::c_void) -> ffi::PyType_Slot {
    ffi::PyType_Slot { slot, pfunc }
}

/// What a C function returned, as a reference that is dropped; `None` if it failed.
///
/// # Safety
///
/// The thread is attached, and `object` is a reference or null.
unsafe fn owned<'py>(object: Ptr) -> Option<Bound<'py, PyAny>> {
    // SAFETY: the caller's promise.
    unsafe { Bound::from_owned_ptr_or_opt(Python::assume_attached(), object) }
}
