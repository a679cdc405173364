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

use pyo3::prelude::*;

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
/// every AtomicInt64, AtomicFlag, IntervalLock, RWLock and ProcessSemaphore.
///
/// >>> table = ConcurrentDict()
/// >>> _ = share(table)
#[pyfunction]
#[pyo3(signature = (obj, /))]
pub(crate) fn share(obj: &Bound<'_, PyAny>) -> bool {
    // SAFETY: it is a valid object, and the thread is attached.
    unsafe { enable(obj.as_ptr()) }
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
