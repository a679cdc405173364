//! Makes the class.

use super::{
    attributes,
    class::{self, Known, Names},
    containers, life, methods, numbers,
    slots::{slot, typed},
    wrapper::Wrapper,
};
use pyo3::{
    ffi,
    prelude::*,
    types::{PyDict, PyType},
};
use std::{
    ffi::{CStr, c_int},
    mem::offset_of,
    ptr,
};

const DOC: &CStr = c"LocalWrapper(wrapped)
--

Stands for another object: operators, items, calls and attributes are forwarded to it.

Each thread makes its own, so that what the thread does with it does not touch the reference count
of the object, which other threads use too.

Results are those of the wrapped object, not wrapped. An operand that is a wrapper is unwrapped. An
in-place operator replaces the wrapped object with the result, and gives the wrapper; the object
that it was made with lives as long as the wrapper all the same. Threads that do so to the same
wrapper may undo each other's work, but do no harm.

Attributes are set and deleted on the wrapped object. copy.copy() gives another wrapper of the same
object; copy.deepcopy() and pickle give a wrapper of a copy.

>>> wrapper = LocalWrapper([1])
>>> wrapper += LocalWrapper([2])
>>> wrapper.index(2), wrapper.wrapped
(1, [1, 2])";

/// Makes the class and adds it to the module, which has all the others already.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    if !class::is_made() {
        let class = make(module)?;
        let known = Known {
            names: names(&class)?,
            shared: shared(module)?,
        };
        class::publish(class, known);
    }
    // SAFETY: it was made, here or when the module was initialized before, and is kept for ever.
    let class = unsafe { Bound::from_borrowed_ptr(module.py(), class::class().cast()) };
    module.add("LocalWrapper", class)
}

fn make<'py>(module: &Bound<'py, PyModule>) -> PyResult<Bound<'py, PyAny>> {
    let members = leak([
        offset(c"__vectorcalloffset__", offset_of!(Wrapper, vectorcall)),
        offset(c"__weaklistoffset__", offset_of!(Wrapper, weakrefs)),
        ffi::PyMemberDef::default(),
    ]);
    let own = [
        slot(ffi::Py_tp_doc, DOC.as_ptr().cast_mut().cast()),
        slot(ffi::Py_tp_members, members.cast()),
        slot(ffi::Py_tp_methods, leak(methods::table()).cast()),
        slot(ffi::Py_tp_getset, leak(methods::properties()).cast()),
        slot(ffi::Py_tp_new, typed!(life::new: newfunc)),
        slot(ffi::Py_tp_traverse, typed!(life::traverse: traverseproc)),
        slot(ffi::Py_tp_clear, typed!(life::clear: inquiry)),
        slot(ffi::Py_tp_dealloc, typed!(life::dealloc: destructor)),
    ];
    let end = [ffi::PyType_Slot::default()];
    let slots = [
        &own,
        attributes::SLOTS,
        containers::SLOTS,
        numbers::SLOTS,
        &end,
    ];
    let mut slots = slots.concat();
    let flags = ffi::Py_TPFLAGS_DEFAULT
        | ffi::Py_TPFLAGS_BASETYPE
        | ffi::Py_TPFLAGS_HAVE_GC
        | ffi::Py_TPFLAGS_HAVE_VECTORCALL
        | ffi::Py_TPFLAGS_IMMUTABLETYPE;
    let mut spec = ffi::PyType_Spec {
        name: c"ft_utils.local.LocalWrapper".as_ptr(),
        basicsize: size_of::<Wrapper>() as c_int,
        itemsize: 0,
        flags: flags as u32,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: the slots hold functions of the types that they are for; what the class goes on to use
    // (name, members, methods) is static or leaked; the members are where they are said to be.
    unsafe { Bound::from_owned_ptr_or_err(module.py(), ffi::PyType_FromSpec(&mut spec)) }
}

fn offset(name: &'static CStr, offset: usize) -> ffi::PyMemberDef {
    ffi::PyMemberDef {
        name: name.as_ptr(),
        type_code: ffi::Py_T_PYSSIZET,
        offset: offset as ffi::Py_ssize_t,
        flags: ffi::Py_READONLY,
        doc: ptr::null(),
    }
}

/// Puts what a class keeps pointers to where it stays for ever.
fn leak<T, const N: usize>(table: [T; N]) -> *mut T {
    Box::leak(Box::new(table)).as_mut_ptr()
}

/// The classes in the module that have handles.
fn shared(module: &Bound<'_, PyModule>) -> PyResult<Vec<(Py<PyType>, Py<PyAny>)>> {
    let mut shared = Vec::new();
    for (_, class) in module.dict() {
        if let Ok(class) = class.cast_into::<PyType>() {
            if let Some(handle) = class.getattr_opt("handle")? {
                shared.push((class.unbind(), handle.unbind()));
            }
        }
    }
    Ok(shared)
}

/// Finds the names that the wrapper itself answers for.
fn names(class: &Bound<'_, PyAny>) -> PyResult<Names> {
    let py = class.py();
    let describing = PyDict::new(py);
    for name in [
        "__annotate__",
        "__annotate_func__",
        "__annotations__",
        "__annotations_cache__",
        "__dict__",
        "__doc__",
        "__firstlineno__",
        "__module__",
        "__slots__",
        "__static_attributes__",
        "__type_params__",
        "__weakref__",
    ] {
        describing.set_item(name, py.None())?;
    }
    let own = PyDict::new(py);
    for name in class.dir()? {
        if !describing.contains(&name)? {
            own.set_item(name, py.None())?;
        }
    }
    let read_only = PyDict::new(py);
    // The last is where `LocalWrapper[int](5)` would put `[int]`.
    for name in ["wrapped", "__class__", "__orig_class__"] {
        read_only.set_item(name, py.None())?;
    }
    Ok(Names {
        own: own.unbind(),
        describing: describing.unbind(),
        read_only: read_only.unbind(),
    })
}
