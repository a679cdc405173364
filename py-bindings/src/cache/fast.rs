//! Entries that bypass PyO3, for keys that are exactly a str, an int or bytes.

use super::{
    class::PyConcurrentCache,
    function::{CachedFunction, VECTORCALL},
};
use crate::runtime::{
    fast_calls::{self, Class, Done, instance},
    object::Object,
    probe::PlainProbe,
};
use pyo3::{
    ffi,
    prelude::*,
    types::{PyInt, PyString, PyTuple},
};
use std::ptr;
#[cfg(Py_GIL_DISABLED)]
use std::sync::atomic::Ordering::Relaxed;

fast_calls::fast! { PyConcurrentCache:
    item mp_subscript = |this, _, key| Some(Done::object(hit(this, &key)?));
    contains sq_contains = |this, key| {
        let probe = PlainProbe::new(&key).filter(|_| this.shared.timer.is_plain())?;
        let found = this.core().try_peek(&probe, |kept| kept.value().is_some());
        Some(found.ok()?.unwrap_or(false))
    };
    two c"get_or_compute" = |this, _, key, _function| Some(Done::object(hit(this, &key)?));
    one c"get" = |this, _, key| Some(Done::object(hit(this, &key)?));
}

/// Returns the value of a plain key. Returns `None` if there is none, or if finding it would need
/// Python code.
#[inline]
fn hit(this: &PyConcurrentCache, key: &Bound<'_, PyAny>) -> Option<Object> {
    found(this, PlainProbe::new(key)?)
}

#[inline]
fn found(this: &PyConcurrentCache, probe: PlainProbe<'_, '_>) -> Option<Object> {
    if !this.shared.timer.is_plain() {
        return None;
    }
    let found = this.core().try_hit(&probe, |kept| kept.value().cloned());
    found.ok()?
}

/// Makes the interpreter call [`vectorcall`] for cached functions, which needs no tuple of
/// arguments. PyO3 has no way to say so. Called before any code can use the class.
pub(crate) fn use_vectorcall(py: Python<'_>) -> PyResult<()> {
    VECTORCALL.set(vectorcall);
    let class = Class::of::<CachedFunction>(py);
    let cache = PyConcurrentCache::new(None, None, None, None, None, None, None, None)?;
    let (cache, none) = (Py::new(py, cache)?, py.None());
    let example = CachedFunction::new(none.clone_ref(py), cache, None, false, false, none);
    let example = Bound::new(py, example)?;
    let field = ptr::from_ref(&example.get().vectorcall).addr();
    let offset = field - example.as_ptr().addr();
    // SAFETY: the class is not in use yet, and its instances have a `vectorcallfunc` at that offset.
    unsafe {
        (*class.as_ptr()).tp_vectorcall_offset = offset as ffi::Py_ssize_t;
        #[cfg(Py_GIL_DISABLED)]
        (*class.as_ptr())
            .tp_flags
            .fetch_or(ffi::Py_TPFLAGS_HAVE_VECTORCALL, Relaxed);
        #[cfg(not(Py_GIL_DISABLED))]
        {
            (*class.as_ptr()).tp_flags |= ffi::Py_TPFLAGS_HAVE_VECTORCALL;
        }
    }
    Ok(())
}

/// Calls a cached function. A hit with plain arguments needs nothing else.
unsafe extern "C" fn vectorcall(
    function: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls it in an attached thread, with an instance of the class and
    // valid arguments, of which the names are for the last ones.
    unsafe {
        let py = Python::assume_attached();
        let count = ffi::PyVectorcall_NARGS(count) as usize;
        let this: &CachedFunction = instance(function);
        if names.is_null() && this.is_plain() {
            let cache = this.cache.get();
            let value = if count == 1 {
                let key = Borrowed::from_ptr(py, *args);
                let is_plain =
                    key.is_exact_instance_of::<PyInt>() || key.is_exact_instance_of::<PyString>();
                is_plain.then(|| hit(cache, &key)).flatten()
            } else {
                let tuple = packed(py, args, count);
                tuple.and_then(|key| found(cache, PlainProbe::of_tuple(&key)?))
            };
            if let Some(value) = value {
                return Done::object(value).0;
            }
        }
        call_slowly(function, args, count, names)
    }
}

/// Makes a tuple of arguments. Returns `None` if there is no memory for it.
///
/// # Safety
///
/// The thread is attached, and there are so many valid arguments.
#[inline]
unsafe fn packed<'py>(
    py: Python<'py>,
    args: *const *mut ffi::PyObject,
    count: usize,
) -> Option<Bound<'py, PyTuple>> {
    // SAFETY: the caller's promise. The tuple is new, and null is checked for.
    unsafe {
        let tuple = ffi::PyTuple_New(count as ffi::Py_ssize_t);
        if tuple.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        for index in 0..count {
            let argument = ffi::Py_NewRef(*args.add(index));
            ffi::PyTuple_SET_ITEM(tuple, index as ffi::Py_ssize_t, argument);
        }
        Some(Bound::from_owned_ptr(py, tuple).cast_into_unchecked())
    }
}

/// Passes a call on to `tp_call`, with a tuple and a dict.
///
/// # Safety
///
/// As for `vectorcall`.
#[cold]
unsafe fn call_slowly(
    function: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the caller's promise. The tuple and the dict are new, and null is checked for.
    unsafe {
        let tuple = ffi::PyTuple_New(count as ffi::Py_ssize_t);
        if tuple.is_null() {
            return tuple;
        }
        for index in 0..count {
            let argument = ffi::Py_NewRef(*args.add(index));
            ffi::PyTuple_SET_ITEM(tuple, index as ffi::Py_ssize_t, argument);
        }
        let mut kwargs = ptr::null_mut();
        if !names.is_null() && ffi::PyTuple_GET_SIZE(names) > 0 {
            kwargs = ffi::PyDict_New();
            let mut failed = kwargs.is_null();
            for index in 0..ffi::PyTuple_GET_SIZE(names) {
                let value = *args.add(count + index as usize);
                failed = failed
                    || ffi::PyDict_SetItem(kwargs, ffi::PyTuple_GET_ITEM(names, index), value) != 0;
            }
            if failed {
                ffi::Py_XDECREF(kwargs);
                ffi::Py_DECREF(tuple);
                return ptr::null_mut();
            }
        }
        let call = (*ffi::Py_TYPE(function)).tp_call;
        let call = call.expect("the class has __call__");
        let result = call(function, tuple, kwargs);
        ffi::Py_XDECREF(kwargs);
        ffi::Py_DECREF(tuple);
        result
    }
}
