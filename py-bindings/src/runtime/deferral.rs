//! Deferred reference counts, which threads do not contend for.
//!
//! A free-threaded interpreter counts the references to an object in two places: one for the thread
//! that made the object, and one that all other threads share. So threads that only call a method of
//! the same object write to the same memory. From 3.14 on the interpreter can defer the count of an
//! object: as long as a reference lies in a local variable or on the stack of a function, it is not
//! counted. Nothing but the collector frees such an object, since only the collector looks at
//! stacks.
//!
//! That suits objects that hold nothing of the user's, such as counters and locks: it does no harm to
//! free them a little later. Their counts are deferred from the start; those of other objects if the
//! program asks for it, by `ft_utils.share`.

use crate::runtime::truth::Truth;
use pyo3::{ffi, intern, prelude::*};
use std::ptr;

/// Let threads share an object without contending for its reference count. Return whether this call
/// did so.
///
/// On free-threaded Python 3.14 and later, references to the object in local variables and on the
/// stack are not counted from now on. So threads that use the same object do not slow each other
/// down. The price: the garbage collector alone frees the object, some time after its last reference
/// has gone.
///
/// Return False on other builds and versions, for an object that the collector does not track (an int
/// or a str, say), and for an object whose count is deferred already: functions, modules, classes, and
/// every AtomicInt64, AtomicFlag, StripedCounter, IntervalLock, Lock, RWLock, ProcessSemaphore, Event,
/// Latch, RateLimiter and ManualClock.
///
/// Containers can be made so from the start.
///
/// >>> table = ConcurrentDict()
/// >>> _ = share(table)
/// >>> other = ConcurrentDict(shared=True)
#[pyfunction]
#[pyo3(signature = (obj, /))]
pub(crate) fn share(obj: &Bound<'_, PyAny>) -> bool {
    // SAFETY: it is a valid object, and the thread is attached.
    unsafe { enable(obj.as_ptr()) }
}

/// Return whether references to an object in local variables and on the stack are not counted.
///
/// That is so after share(), or if the object was made with shared=True, on free-threaded Python 3.14
/// and 3.15; and for functions, modules, classes, None and others that are so from the start. Other builds
/// and versions count all references, so the result is False there.
#[pyfunction]
#[pyo3(signature = (obj, /))]
pub(crate) fn is_shared(obj: &Bound<'_, PyAny>) -> bool {
    // SAFETY: it is a valid object, and the thread is attached.
    unsafe { is_deferred(obj.as_ptr()) }
}

/// # Safety
///
/// The object is valid, and the thread is attached.
#[cfg(all(Py_3_14, not(Py_3_16), Py_GIL_DISABLED))]
unsafe fn is_deferred(object: *mut pyo3::ffi::PyObject) -> bool {
    use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

    /// `_PyGC_BITS_DEFERRED`. The interpreter has no function that tells; `tests/runtime/` would notice
    /// if the bit were another one.
    const DEFERRED: u8 = 1 << 6;

    // SAFETY: promised by the caller. Other threads change the bits atomically.
    let bits = unsafe { AtomicU8::from_ptr(&raw mut (*object).ob_gc_bits) };
    // Relaxed: no other memory is read on the strength of it.
    bits.load(Relaxed) & DEFERRED != 0
}

/// # Safety
///
/// None: it does nothing.
#[cfg(not(all(Py_3_14, not(Py_3_16), Py_GIL_DISABLED)))]
unsafe fn is_deferred(_: *mut pyo3::ffi::PyObject) -> bool {
    false
}

/// Does what the keyword `shared` of a constructor asks for.
pub(crate) fn share_if(shared: Truth, object: &Bound<'_, PyAny>) {
    if shared.0 {
        share(object);
    }
}

/// # Safety
///
/// The object is valid, and the thread is attached.
#[cfg(all(Py_3_14, Py_GIL_DISABLED))]
pub(crate) unsafe fn enable(object: *mut pyo3::ffi::PyObject) -> bool {
    unsafe extern "C" {
        fn PyUnstable_Object_EnableDeferredRefcount(
            object: *mut pyo3::ffi::PyObject,
        ) -> std::ffi::c_int;
    }
    // SAFETY: promised by the caller.
    unsafe { PyUnstable_Object_EnableDeferredRefcount(object) == 1 }
}

/// # Safety
///
/// None: it does nothing.
#[cfg(not(all(Py_3_14, Py_GIL_DISABLED)))]
pub(crate) unsafe fn enable(_: *mut pyo3::ffi::PyObject) -> bool {
    false
}

/// Defines `defer`, which makes all new objects of a class deferred ones. Objects of a subclass are
/// not, because they may hold objects of the user's.
macro_rules! deferred_from_birth {
    ($class:ty) => {
        /// Makes new objects deferred ones; called before any thread can use the class.
        pub(crate) fn defer(py: pyo3::Python<'_>) {
            use pyo3::{PyTypeInfo, ffi};
            use $crate::runtime::{
                deferral,
                fast_calls::{Class, Slow},
            };

            static SLOW: Slow<ffi::newfunc> = Slow::new();
            unsafe extern "C" fn new(
                class: *mut ffi::PyTypeObject,
                args: *mut ffi::PyObject,
                kwargs: *mut ffi::PyObject,
            ) -> *mut ffi::PyObject {
                // SAFETY: the interpreter calls a slot attached, with a class and arguments that are
                // valid; PyO3's function gets them as they came, and returns a new object or null.
                unsafe {
                    let object = SLOW.get()(class, args, kwargs);
                    let py = pyo3::Python::assume_attached();
                    if !object.is_null() && class == <$class>::type_object_raw(py) {
                        deferral::enable(object);
                    }
                    object
                }
            }
            let class = Class::of::<$class>(py);
            // SAFETY: it is the class's own slot, and the class is not in use yet.
            unsafe { class.slot(&raw mut (*class.as_ptr()).tp_new, new, &SLOW) }
        }
    };
}
pub(crate) use deferred_from_birth;

/// Defines `take_shared`, which adds the keyword `shared` to a class whose objects are complete after
/// `__new__`.
macro_rules! shared_by_new {
    ($class:ty) => {
        /// Adds the keyword `shared`; called before any thread can use the class.
        pub(crate) fn take_shared(py: pyo3::Python<'_>) {
            use pyo3::ffi;
            use $crate::runtime::{
                deferral,
                fast_calls::{Class, Slow},
            };

            static SLOW: Slow<ffi::newfunc> = Slow::new();
            unsafe extern "C" fn new(
                class: *mut ffi::PyTypeObject,
                args: *mut ffi::PyObject,
                kwargs: *mut ffi::PyObject,
            ) -> *mut ffi::PyObject {
                // SAFETY: the interpreter calls a slot attached, with a class and arguments that are
                // valid.
                unsafe {
                    match kwargs.is_null() {
                        true => SLOW.get()(class, args, kwargs),
                        false => deferral::new_with_keywords(SLOW.get(), class, args, kwargs),
                    }
                }
            }
            let class = Class::of::<$class>(py);
            // SAFETY: it is the class's own slot, and the class is not in use yet.
            unsafe { class.slot(&raw mut (*class.as_ptr()).tp_new, new, &SLOW) }
        }
    };
}
pub(crate) use shared_by_new;

/// Calls PyO3's function without the keyword `shared`, and then does what that asks for.
///
/// # Safety
///
/// The thread is attached, and the class and the arguments are valid.
#[cold]
pub(crate) unsafe fn new_with_keywords(
    new: ffi::newfunc,
    class: *mut ffi::PyTypeObject,
    args: *mut ffi::PyObject,
    kwargs: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the caller's promise. A copy of the dict is this function's own.
    unsafe {
        let py = Python::assume_attached();
        let name = intern!(py, "shared").as_ptr();
        let mut shared = ptr::null_mut();
        match ffi::compat::PyDict_GetItemRef(kwargs, name, &raw mut shared) {
            0 => return new(class, args, kwargs),
            1 => {}
            _ => return ptr::null_mut(),
        }
        let shared = Bound::from_owned_ptr(py, shared);
        let is_shared = ffi::PyObject_IsTrue(shared.as_ptr());
        if is_shared < 0 {
            return ptr::null_mut();
        }
        let Some(others) = Bound::from_owned_ptr_or_opt(py, ffi::PyDict_Copy(kwargs)) else {
            return ptr::null_mut();
        };
        if ffi::PyDict_DelItem(others.as_ptr(), name) != 0 {
            return ptr::null_mut();
        }
        let object = new(class, args, others.as_ptr());
        if is_shared == 1 && !object.is_null() {
            enable(object);
        }
        object
    }
}
