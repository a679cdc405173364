//! Items, iteration, buffers, calls, and the asynchronous protocols.

use super::{
    numbers::{in_place, replace},
    slots::{Ptr, slot, typed},
    wrapper::{Operand, forward, forward_object},
};
use crate::runtime::{imports::Imports, refcount::decref};
use pyo3::{ffi, prelude::*};
use std::{
    ffi::{c_int, c_void},
    ptr,
};

pub(super) const SLOTS: &[ffi::PyType_Slot] = &[
    slot(ffi::Py_mp_length, typed!(length: lenfunc)),
    slot(ffi::Py_mp_subscript, typed!(item: binaryfunc)),
    slot(ffi::Py_mp_ass_subscript, typed!(set_item: objobjargproc)),
    slot(ffi::Py_sq_length, typed!(length: lenfunc)),
    slot(ffi::Py_sq_item, typed!(item_at: ssizeargfunc)),
    slot(ffi::Py_sq_ass_item, typed!(set_item_at: ssizeobjargproc)),
    slot(ffi::Py_sq_contains, typed!(contains: objobjproc)),
    slot(ffi::Py_sq_concat, typed!(concat: binaryfunc)),
    slot(ffi::Py_sq_repeat, typed!(repeat: ssizeargfunc)),
    slot(
        ffi::Py_sq_inplace_concat,
        in_place!(PySequence_InPlaceConcat),
    ),
    slot(
        ffi::Py_sq_inplace_repeat,
        typed!(in_place_repeat: ssizeargfunc),
    ),
    slot(ffi::Py_tp_iter, typed!(iter: getiterfunc)),
    slot(ffi::Py_tp_iternext, typed!(next: iternextfunc)),
    slot(ffi::Py_bf_getbuffer, typed!(buffer: getbufferproc)),
    slot(ffi::Py_am_await, typed!(awaiting: unaryfunc)),
    slot(ffi::Py_am_aiter, typed!(async_iter: unaryfunc)),
    slot(ffi::Py_am_anext, typed!(async_next: unaryfunc)),
    // Calls normally go through the function pointer in each instance.
    slot(ffi::Py_tp_call, typed!(call_slowly: ternaryfunc)),
];

unsafe extern "C" fn length(wrapper: Ptr) -> ffi::Py_ssize_t {
    // SAFETY: the interpreter's promise.
    unsafe { forward(wrapper, |object| ffi::PyObject_Size(object)) }
}

unsafe extern "C" fn item(wrapper: Ptr, key: Ptr) -> Ptr {
    // SAFETY: the interpreter's promise.
    unsafe {
        forward(wrapper, |object| {
            if let Some(index) = list_index(object, key) {
                return ffi::compat::PyList_GetItemRef(object, index);
            }
            let mut item = ptr::null_mut();
            if is_named(object, key)
                && ffi::compat::PyDict_GetItemRef(object, key, &raw mut item) != 0
            {
                return item;
            }
            // If the key is missing, this raises KeyError.
            ffi::PyObject_GetItem(object, key)
        })
    }
}

/// Returns whether this is a look-up of a str in a dict.
///
/// # Safety
///
/// Both are valid objects.
#[inline]
unsafe fn is_named(object: Ptr, key: Ptr) -> bool {
    // SAFETY: the caller's promise.
    unsafe { ffi::PyDict_CheckExact(object) != 0 && ffi::PyUnicode_CheckExact(key) != 0 }
}

/// Returns the index if it is a non-negative index into a list, as most are.
///
/// # Safety
///
/// Both are valid objects, and the thread is attached.
#[inline]
unsafe fn list_index(object: Ptr, key: Ptr) -> Option<ffi::Py_ssize_t> {
    // SAFETY: the caller's promise. For an exact int the conversion runs no code. Its only error is
    // cleared here.
    unsafe {
        if ffi::PyList_CheckExact(object) == 0 || ffi::PyLong_CheckExact(key) == 0 {
            return None;
        }
        let index = ffi::PyLong_AsSsize_t(key);
        if index == -1 && !ffi::PyErr_Occurred().is_null() {
            ffi::PyErr_Clear();
        }
        (index >= 0).then_some(index)
    }
}

/// Sets an item. If the value is null, deletes the item.
unsafe extern "C" fn set_item(wrapper: Ptr, key: Ptr, value: Ptr) -> c_int {
    // SAFETY: the interpreter's promise.
    unsafe {
        forward(wrapper, |object| match value.is_null() {
            true => ffi::PyObject_DelItem(object, key),
            false => ffi::PyObject_SetItem(object, key, value),
        })
    }
}

/// C code uses this slot for sequences. If the index is negative here, the length was already added
/// to it. So it must not be counted from the end again, as `PySequence_GetItem` would do.
unsafe extern "C" fn item_at(wrapper: Ptr, index: ffi::Py_ssize_t) -> Ptr {
    // SAFETY: the interpreter's promise. If a type has this slot, the slot holds such a function.
    unsafe {
        forward(wrapper, |object| {
            let item = ffi::PyType_GetSlot(ffi::Py_TYPE(object), ffi::Py_sq_item);
            if !item.is_null() {
                let item: ffi::ssizeargfunc = std::mem::transmute(item);
                return item(object, index);
            }
            let key = ffi::PyLong_FromSsize_t(index);
            if key.is_null() {
                return ptr::null_mut();
            }
            let item = ffi::PyObject_GetItem(object, key);
            decref(key);
            item
        })
    }
}

/// Does the same as `item_at` for setting an item. If the value is null, deletes the item.
unsafe extern "C" fn set_item_at(wrapper: Ptr, index: ffi::Py_ssize_t, value: Ptr) -> c_int {
    // SAFETY: the interpreter's promise. If a type has this slot, the slot holds such a function.
    unsafe {
        forward(wrapper, |object| {
            let set_item = ffi::PyType_GetSlot(ffi::Py_TYPE(object), ffi::Py_sq_ass_item);
            if !set_item.is_null() {
                let set_item: ffi::ssizeobjargproc = std::mem::transmute(set_item);
                return set_item(object, index, value);
            }
            let key = ffi::PyLong_FromSsize_t(index);
            if key.is_null() {
                return -1;
            }
            let done = match value.is_null() {
                true => ffi::PyObject_DelItem(object, key),
                false => ffi::PyObject_SetItem(object, key, value),
            };
            decref(key);
            done
        })
    }
}

unsafe extern "C" fn contains(wrapper: Ptr, item: Ptr) -> c_int {
    // SAFETY: the interpreter's promise.
    unsafe {
        let Some(item) = Operand::of(item) else {
            return -1;
        };
        forward(wrapper, |object| {
            ffi::PySequence_Contains(object, item.object)
        })
    }
}

unsafe extern "C" fn concat(wrapper: Ptr, right: Ptr) -> Ptr {
    // SAFETY: the interpreter's promise.
    unsafe {
        let Some(right) = Operand::of(right) else {
            return ptr::null_mut();
        };
        forward(wrapper, |object| {
            ffi::PySequence_Concat(object, right.object)
        })
    }
}

unsafe extern "C" fn repeat(wrapper: Ptr, times: ffi::Py_ssize_t) -> Ptr {
    // SAFETY: the interpreter's promise.
    unsafe { forward(wrapper, |object| ffi::PySequence_Repeat(object, times)) }
}

unsafe extern "C" fn in_place_repeat(wrapper: Ptr, times: ffi::Py_ssize_t) -> Ptr {
    // SAFETY: the interpreter's promise. None stands for the operand that is not needed.
    unsafe {
        replace(wrapper, ffi::Py_None(), |object, _| {
            ffi::PySequence_InPlaceRepeat(object, times)
        })
    }
}

unsafe extern "C" fn iter(wrapper: Ptr) -> Ptr {
    // SAFETY: the interpreter's promise.
    unsafe { forward(wrapper, |object| ffi::PyObject_GetIter(object)) }
}

/// Calls the iterator's slot directly, so that a `StopIteration` with a value stays as it is.
unsafe extern "C" fn next(wrapper: Ptr) -> Ptr {
    // SAFETY: the interpreter's promise. An iterator is an object with this slot, and its type
    // stores such a function in it.
    unsafe {
        forward(wrapper, |object| {
            let kind = ffi::Py_TYPE(object);
            if ffi::PyIter_Check(object) == 0 {
                let format = c"'%.200s' object is not an iterator";
                let error = ffi::PyExc_TypeError;
                return ffi::PyErr_Format(error, format.as_ptr(), (*kind).tp_name);
            }
            let next = ffi::PyType_GetSlot(kind, ffi::Py_tp_iternext);
            let next: ffi::iternextfunc = std::mem::transmute(next);
            next(object)
        })
    }
}

/// Exports a buffer that belongs to the wrapped object, so that this object is told when the buffer
/// is released.
unsafe extern "C" fn buffer(wrapper: Ptr, view: *mut ffi::Py_buffer, flags: c_int) -> c_int {
    // SAFETY: the interpreter's promise.
    unsafe {
        (*view).obj = ptr::null_mut();
        forward_object(wrapper, |object| {
            ffi::PyObject_GetBuffer(object, view, flags)
        })
    }
}

/// A coroutine of `ft_utils._local_wrapper` awaits the object, because not everything that can be
/// awaited has `__await__`.
unsafe extern "C" fn awaiting(wrapper: Ptr) -> Ptr {
    // SAFETY: the interpreter's promise.
    unsafe {
        let imports = Imports::get(Python::assume_attached());
        forward_object(wrapper, |object| {
            ffi::PyObject_CallOneArg(imports.awaiting.as_ptr(), object)
        })
    }
}

unsafe extern "C" fn async_iter(wrapper: Ptr) -> Ptr {
    // SAFETY: the interpreter's promise.
    unsafe { forward(wrapper, |object| ffi::PyObject_GetAIter(object)) }
}

unsafe extern "C" fn async_next(wrapper: Ptr) -> Ptr {
    // SAFETY: the interpreter's promise.
    unsafe {
        let imports = Imports::get(Python::assume_attached());
        forward(wrapper, |object| {
            ffi::PyObject_CallOneArg(imports.anext.as_ptr(), object)
        })
    }
}

/// Passes on the arguments unchanged.
pub(super) unsafe extern "C" fn call(
    wrapper: Ptr,
    args: *const Ptr,
    count: usize,
    names: Ptr,
) -> Ptr {
    // SAFETY: the interpreter's promise, which extends to the arguments.
    unsafe {
        forward(wrapper, |object| {
            ffi::PyObject_Vectorcall(object, args, count, names)
        })
    }
}

unsafe extern "C" fn call_slowly(wrapper: Ptr, args: Ptr, kwargs: Ptr) -> Ptr {
    // SAFETY: the interpreter's promise, which extends to the arguments.
    unsafe { forward(wrapper, |object| ffi::PyObject_Call(object, args, kwargs)) }
}
