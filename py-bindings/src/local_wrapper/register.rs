//! Makes the class.

use super::{
    attributes,
    class::{self, Hashes, Known, Names},
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

Each thread makes a wrapper of its own. What the thread does with the wrapper does not touch the
reference count of the object, which other threads use too.

Results are those of the wrapped object, and are not wrapped. An operand that is a wrapper is
unwrapped. An in-place operator replaces the wrapped object with its result, and returns the
wrapper; the original object is kept alive as long as the wrapper. If several threads use in-place
operators on one wrapper, some of their results may be lost, but nothing else goes wrong.

Attributes are set and deleted on the wrapped object. copy.copy() returns another wrapper of the
same object; copy.deepcopy() and pickle make a wrapper of a copy.

>>> wrapper = LocalWrapper([1])
>>> wrapper += LocalWrapper([2])
>>> wrapper.index(2), wrapper.wrapped
(1, [1, 2])";

/// Makes the class and adds it to the module, which already has all other classes.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    if !class::is_made() {
        let class = make(module)?;
        let known = Known {
            names: names(&class)?,
            shared: shared(module)?,
        };
        class::publish(class, known);
    }
    // SAFETY: the class was made, now or in an earlier initialization of the module, and is kept
    // forever.
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
    // SAFETY: the slots hold functions of the types that they require. The data that the class
    // keeps using (name, members, methods) is static or leaked. The members are at the given
    // offsets.
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

/// Puts data that a class keeps pointers to at an address where it stays forever.
fn leak<T, const N: usize>(table: [T; N]) -> *mut T {
    Box::leak(Box::new(table)).as_mut_ptr()
}

/// Returns the classes of the module that have handles.
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

/// Collects the names that need special treatment: see [`Names`].
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
    let (own, mut own_hashes) = (PyDict::new(py), Hashes::default());
    for name in class.dir()? {
        if !describing.contains(&name)? {
            own_hashes.add(name.hash()?);
            own.set_item(name, py.None())?;
        }
    }
    let read_only = PyDict::new(py);
    // `LocalWrapper[int](5)` would store `LocalWrapper[int]` under the last name.
    for name in ["wrapped", "__class__", "__orig_class__"] {
        read_only.set_item(name, py.None())?;
    }
    Ok(Names {
        own: own.unbind(),
        own_hashes,
        describing: describing.unbind(),
        read_only: read_only.unbind(),
    })
}
