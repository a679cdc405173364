//! The methods that Python looks up by name: conversions, contexts, copies.

use super::{
    slots::{Ptr, owned},
    wrapper::forward_object,
};
use crate::runtime::{imports::Imports, refcount::incref};
use pyo3::{ffi, prelude::*};
use std::{
    ffi::{CStr, c_void},
    ptr,
};

/// A method: its name, signature and docstring, and how its function gets the arguments.
macro_rules! method {
    ($name:literal, $signature:literal, $doc:literal, $flags:expr, $form:ident: $function:expr) => {
        ffi::PyMethodDef {
            ml_name: concat!($name, "\0").as_ptr().cast(),
            ml_meth: ffi::PyMethodDefPointer { $form: $function },
            ml_flags: $flags,
            ml_doc: concat!($name, $signature, "\n--\n\n", $doc, "\0")
                .as_ptr()
                .cast(),
        }
    };
}

/// A method without arguments, given by a function of the wrapped object.
macro_rules! unary {
    ($name:literal, $doc:literal, $function:expr) => {{
        unsafe extern "C" fn unary(wrapper: Ptr, _: Ptr) -> Ptr {
            // SAFETY: the interpreter's promise.
            unsafe { forward_object(wrapper, $function) }
        }
        method!($name, "($self, /)", $doc, ffi::METH_NOARGS, PyCFunction: unary)
    }};
}

/// Calls a function of Python's standard library with one argument.
macro_rules! imported {
    ($name:ident) => {
        |object| {
            let imports = Imports::get(Python::assume_attached());
            ffi::PyObject_CallOneArg(imports.$name.as_ptr(), object)
        }
    };
}

/// Calls a class with one argument.
macro_rules! class {
    ($name:ident) => {
        |object| ffi::PyObject_CallOneArg((&raw mut ffi::$name).cast(), object)
    };
}

#[rustfmt::skip]
pub(super) fn table() -> [ffi::PyMethodDef; 21] {
    use ffi::{METH_CLASS, METH_FASTCALL, METH_NOARGS, METH_O};
    [
        unary!("__complex__", "complex(self)", class!(PyComplex_Type)),
        unary!("__trunc__", "math.trunc(self)", imported!(trunc)),
        unary!("__floor__", "math.floor(self)", imported!(floor)),
        unary!("__ceil__", "math.ceil(self)", imported!(ceil)),
        method!("__round__", "($self, ndigits=None, /)", "round(self, ndigits)",
            METH_FASTCALL, PyCFunctionFast: round),
        unary!("__bytes__", "bytes(self)", class!(PyBytes_Type)),
        unary!("__fspath__", "os.fspath(self)", |object| {
            ffi::PyOS_FSPath(object)
        }),
        method!("__format__", "($self, spec, /)", "format(self, spec)",
            METH_O, PyCFunction: format),
        unary!("__length_hint__", "operator.length_hint(self)", |object| length_hint(object)),
        unary!("__reversed__", "reversed(self)", class!(PyReversed_Type)),
        method!("__instancecheck__", "($self, instance, /)", "isinstance(instance, self)",
            METH_O, PyCFunction: is_instance),
        method!("__subclasscheck__", "($self, subclass, /)", "issubclass(subclass, self)",
            METH_O, PyCFunction: is_subclass),
        unary!("__enter__", "Enter the context of the wrapped object.", |object| {
            enter(object, [c"__enter__", c"__exit__"], None)
        }),
        method!("__exit__", "($self, /, *exception)", "Leave the context of the wrapped object.",
            METH_FASTCALL, PyCFunctionFast: exit),
        unary!("__aenter__", "Enter the context of the wrapped object.", |object| {
            let protocol = c"asynchronous context manager";
            enter(object, [c"__aenter__", c"__aexit__"], Some(protocol))
        }),
        method!("__aexit__", "($self, /, *exception)", "Leave the context of the wrapped object.",
            METH_FASTCALL, PyCFunctionFast: async_exit),
        method!("__deepcopy__", "($self, memo, /)", "Return a wrapper of a deep copy.",
            METH_O, PyCFunction: deep_copy),
        method!("__reduce__", "($self, /)", "Return what makes a wrapper of the same object.",
            METH_NOARGS, PyCFunction: reduce),
        method!("__dir__", "($self, /)", "Return the names of the wrapper and of the wrapped object.",
            METH_NOARGS, PyCFunction: dir),
        method!("__class_getitem__", "($cls, item, /)", "LocalWrapper[item]",
            METH_O | METH_CLASS, PyCFunction: class_item),
        ffi::PyMethodDef::zeroed(),
    ]
}

pub(super) fn properties() -> [ffi::PyGetSetDef; 2] {
    let wrapped = ffi::PyGetSetDef {
        name: c"wrapped".as_ptr(),
        get: Some(wrapped),
        doc: c"The object that everything is forwarded to.".as_ptr(),
        ..Default::default()
    };
    [wrapped, ffi::PyGetSetDef::default()]
}

unsafe extern "C" fn wrapped(wrapper: Ptr, _: *mut c_void) -> Ptr {
    // SAFETY: the interpreter's promise.
    unsafe { forward_object(wrapper, |object| reference(object)) }
}

/// # Safety
///
/// The object is alive, and the thread is attached.
unsafe fn reference(object: Ptr) -> Ptr {
    // SAFETY: the caller's promise.
    unsafe { incref(object) };
    object
}

unsafe extern "C" fn round(wrapper: Ptr, args: *mut Ptr, count: ffi::Py_ssize_t) -> Ptr {
    // SAFETY: the interpreter's promise: there are `count` arguments.
    unsafe {
        if count > 1 {
            let format = c"__round__() takes at most 1 argument (%zd given)";
            return ffi::PyErr_Format(ffi::PyExc_TypeError, format.as_ptr(), count);
        }
        let imports = Imports::get(Python::assume_attached());
        let digits = if count == 1 { *args } else { ffi::Py_None() };
        forward_object(wrapper, |object| {
            let args = [object, digits];
            let round = imports.round.as_ptr();
            ffi::PyObject_Vectorcall(round, args.as_ptr(), args.len(), ptr::null_mut())
        })
    }
}

unsafe extern "C" fn format(wrapper: Ptr, spec: Ptr) -> Ptr {
    // SAFETY: the interpreter's promise.
    unsafe { forward_object(wrapper, |object| ffi::PyObject_Format(object, spec)) }
}

/// # Safety
///
/// The object is alive, and the thread is attached.
unsafe fn length_hint(object: Ptr) -> Ptr {
    // SAFETY: the caller's promise.
    unsafe {
        match ffi::PyObject_LengthHint(object, 0) {
            -1 => ptr::null_mut(),
            hint => ffi::PyLong_FromSsize_t(hint),
        }
    }
}

unsafe extern "C" fn is_instance(wrapper: Ptr, instance: Ptr) -> Ptr {
    // SAFETY: the interpreter's promise.
    unsafe {
        forward_object(wrapper, |class| {
            answer(ffi::PyObject_IsInstance(instance, class))
        })
    }
}

unsafe extern "C" fn is_subclass(wrapper: Ptr, subclass: Ptr) -> Ptr {
    // SAFETY: the interpreter's promise.
    unsafe {
        forward_object(wrapper, |class| {
            answer(ffi::PyObject_IsSubclass(subclass, class))
        })
    }
}

/// # Safety
///
/// The thread is attached, and an exception is set if the answer is negative.
unsafe fn answer(answer: std::ffi::c_int) -> Ptr {
    // SAFETY: the caller's promise.
    unsafe {
        match answer {
            ..0 => ptr::null_mut(),
            answer => ffi::PyBool_FromLong(answer.into()),
        }
    }
}

/// Enters a context, but only if it can be left too, as the `with` statement does.
///
/// If a method is missing, this raises an AttributeError with its name, as in `ft_utils` 0.2.0. If
/// `protocol` is given, it raises the TypeError of the `with` statement instead.
///
/// # Safety
///
/// The object is alive, and the thread is attached.
unsafe fn enter(object: Ptr, methods: [&CStr; 2], protocol: Option<&CStr>) -> Ptr {
    // SAFETY: the caller's promise.
    unsafe {
        let method = |name: &CStr| owned(ffi::PyObject_GetAttrString(object, name.as_ptr()));
        let [enter, exit] = methods;
        if let Some(enter) = method(enter) {
            if method(exit).is_some() {
                return ffi::PyObject_CallNoArgs(enter.as_ptr());
            }
        }
        if let Some(protocol) = protocol {
            if ffi::PyErr_ExceptionMatches(ffi::PyExc_AttributeError) != 0 {
                ffi::PyErr_Format(
                    ffi::PyExc_TypeError,
                    c"'%.200s' object does not support the %s protocol".as_ptr(),
                    (*ffi::Py_TYPE(object)).tp_name,
                    protocol.as_ptr(),
                );
            }
        }
        ptr::null_mut()
    }
}

unsafe extern "C" fn exit(wrapper: Ptr, args: *mut Ptr, count: ffi::Py_ssize_t) -> Ptr {
    // SAFETY: the interpreter's promise: there are `count` arguments.
    unsafe { leave(wrapper, c"__exit__", args, count) }
}

unsafe extern "C" fn async_exit(wrapper: Ptr, args: *mut Ptr, count: ffi::Py_ssize_t) -> Ptr {
    // SAFETY: the interpreter's promise: there are `count` arguments.
    unsafe { leave(wrapper, c"__aexit__", args, count) }
}

/// # Safety
///
/// The interpreter's promise.
unsafe fn leave(wrapper: Ptr, method: &CStr, args: *mut Ptr, count: ffi::Py_ssize_t) -> Ptr {
    // SAFETY: the caller's promise.
    unsafe {
        forward_object(wrapper, |object| {
            let method = owned(ffi::PyObject_GetAttrString(object, method.as_ptr()));
            let Some(method) = method else {
                return ptr::null_mut();
            };
            // The number of arguments is not negative, and too small to touch the flag in the same
            // word.
            ffi::PyObject_Vectorcall(method.as_ptr(), args, count as usize, ptr::null_mut())
        })
    }
}

unsafe extern "C" fn deep_copy(wrapper: Ptr, memo: Ptr) -> Ptr {
    // SAFETY: the interpreter's promise.
    unsafe {
        let imports = Imports::get(Python::assume_attached());
        let copy = forward_object(wrapper, |object| {
            let args = [object, memo];
            let copy = imports.deepcopy.as_ptr();
            ffi::PyObject_Vectorcall(copy, args.as_ptr(), args.len(), ptr::null_mut())
        });
        match owned(copy) {
            Some(copy) => ffi::PyObject_CallOneArg(ffi::Py_TYPE(wrapper).cast(), copy.as_ptr()),
            None => ptr::null_mut(),
        }
    }
}

/// `copy.copy` and `pickle` use this too.
unsafe extern "C" fn reduce(wrapper: Ptr, _: Ptr) -> Ptr {
    // SAFETY: the interpreter's promise.
    unsafe {
        forward_object(wrapper, |object| {
            let Some(args) = owned(ffi::PyTuple_Pack(1, object)) else {
                return ptr::null_mut();
            };
            ffi::PyTuple_Pack(2, ffi::Py_TYPE(wrapper), args.as_ptr())
        })
    }
}

unsafe extern "C" fn dir(wrapper: Ptr, _: Ptr) -> Ptr {
    // SAFETY: the interpreter's promise.
    unsafe {
        let own = owned(ffi::PyObject_Dir(ffi::Py_TYPE(wrapper).cast()));
        let Some(own) = own else {
            return ptr::null_mut();
        };
        let Some(theirs) = owned(forward_object(wrapper, |object| ffi::PyObject_Dir(object)))
        else {
            return ptr::null_mut();
        };
        match owned(ffi::PySequence_Concat(own.as_ptr(), theirs.as_ptr())) {
            Some(all) => ffi::PySet_New(all.as_ptr()),
            None => ptr::null_mut(),
        }
    }
}

unsafe extern "C" fn class_item(class: Ptr, item: Ptr) -> Ptr {
    // SAFETY: the interpreter's promise.
    unsafe { ffi::Py_GenericAlias(class, item) }
}
