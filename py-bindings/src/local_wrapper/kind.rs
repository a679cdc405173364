//! The class, and the life of its instances.

use super::{
    Ptr, Wrapper,
    attributes::{self, Names},
    bound::Methods,
    containers, methods,
    numbers::{self, typed},
    owned, slot,
};
use crate::refcount::decref;
use pyo3::{
    ffi,
    prelude::*,
    types::{PyDict, PyType},
};
use std::{
    cell::Cell,
    ffi::{CStr, c_int, c_void},
    mem::offset_of,
    ptr::{self, NonNull},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicBool, AtomicPtr, Ordering::Relaxed},
    },
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

/// The class: a reference that is kept for ever. Null until it is made.
static CLASS: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(ptr::null_mut());

static KNOWN: OnceLock<Known> = OnceLock::new();

/// What is found out when the class is made.
struct Known {
    names: Names,
    /// Our classes that have handles, and their method `handle`.
    shared: Vec<(Py<PyType>, Py<PyAny>)>,
}

#[inline]
fn class() -> *mut ffi::PyTypeObject {
    // Relaxed: who has an instance or the module got it from where the class was made public.
    CLASS.load(Relaxed)
}

fn known() -> &'static Known {
    KNOWN.get().expect("the class was registered")
}

pub(super) fn names() -> &'static Names {
    &known().names
}

/// Whether an object is an instance of the class itself, not of a subclass.
///
/// # Safety
///
/// The object is alive.
#[inline]
pub(super) unsafe fn is_exact(object: Ptr) -> bool {
    // SAFETY: the caller's promise.
    unsafe { ffi::Py_TYPE(object) == class() }
}

/// Whether an object is a wrapper.
pub(crate) fn is_instance(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: it is an object, and has a token of being attached.
    unsafe { is_wrapper(object.as_ptr()) }
}

/// # Safety
///
/// The object is alive, and the thread attached.
#[inline]
pub(super) unsafe fn is_wrapper(object: Ptr) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        // Subclasses are made at run time, unlike most classes that operands have.
        is_exact(object)
            || ffi::PyType_HasFeature(ffi::Py_TYPE(object), ffi::Py_TPFLAGS_HEAPTYPE) != 0
                && ffi::PyType_IsSubtype(ffi::Py_TYPE(object), class()) != 0
    }
}

/// Makes the class and adds it to the module, which has all the others already.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    if KNOWN.get().is_none() {
        let class = make(module)?;
        let names = Names::of(&class)?;
        let shared = shared(module)?;
        if KNOWN.set(Known { names, shared }).is_ok() {
            // Relaxed: who uses it got to it through the module.
            CLASS.store(class.into_ptr().cast(), Relaxed);
        }
    }
    // SAFETY: it was made, here or when the module was initialized before, and is kept for ever.
    let class = unsafe { Bound::from_borrowed_ptr(module.py(), class().cast()) };
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
        slot(ffi::Py_tp_new, typed!(new: newfunc)),
        slot(ffi::Py_tp_traverse, typed!(traverse: traverseproc)),
        slot(ffi::Py_tp_clear, typed!(clear: inquiry)),
        slot(ffi::Py_tp_dealloc, typed!(dealloc: destructor)),
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

/// Parses `(wrapped)`.
unsafe extern "C" fn new(class: *mut ffi::PyTypeObject, args: Ptr, kwargs: Ptr) -> Ptr {
    let mut object: Ptr = ptr::null_mut();
    let names = [c"wrapped".as_ptr(), ptr::null()];
    // Some versions declare the list as one that is written to; none does.
    let names = names.as_ptr().cast_mut().cast();
    // SAFETY: the interpreter's promise: a tuple, and a dict or null. The format says that one
    // object is put where the last argument points, borrowed from them.
    unsafe {
        let is_parsed = ffi::PyArg_ParseTupleAndKeywords(
            args,
            kwargs,
            c"O:LocalWrapper".as_ptr(),
            names,
            &raw mut object,
        );
        if is_parsed == 0 {
            return ptr::null_mut();
        }
        let py = Python::assume_attached();
        let object = Bound::from_borrowed_ptr(py, object);
        match Vacant::of_class(py, class) {
            Some(vacant) => vacant.fill(object).into_ptr(),
            None => ptr::null_mut(),
        }
    }
}

/// A wrapper that is still to get its object, so that this cannot fail. Nobody else knows it.
pub(crate) struct Vacant<'py>(Bound<'py, PyAny>);

impl<'py> Vacant<'py> {
    pub(crate) fn new(py: Python<'py>) -> PyResult<Self> {
        // SAFETY: the class was registered, since the module was initialized.
        let vacant = unsafe { Self::of_class(py, class()) };
        vacant.ok_or_else(|| PyErr::fetch(py))
    }

    /// `None`: an exception is set.
    ///
    /// # Safety
    ///
    /// It is the class, or a subclass.
    unsafe fn of_class(py: Python<'py>, class: *mut ffi::PyTypeObject) -> Option<Self> {
        // SAFETY: the caller's promise. `tp_alloc` returns a new object, all zeros after its head,
        // and large enough. The collector knows it already; it skips an object that wraps nothing.
        unsafe {
            let alloc = (*class).tp_alloc.expect("every class has it");
            let object = NonNull::new(alloc(class, 0))?.as_ptr();
            // Until it wraps something nobody is to find it.
            ffi::PyObject_GC_UnTrack(object.cast());
            let this: *mut Wrapper = object.cast();
            (&raw mut (*this).vectorcall).write(containers::call);
            (&raw mut (*this).is_indirect).write(AtomicBool::new(false));
            (&raw mut (*this).replacement).write(Mutex::new(None));
            (&raw mut (*this).methods).write(Methods::new());
            Some(Self(Bound::from_owned_ptr(py, object)))
        }
    }

    /// Makes it the wrapper of an object.
    pub(crate) fn fill(self, object: Bound<'py, PyAny>) -> Bound<'py, PyAny> {
        let handle = handle(&object);
        let this: *mut Wrapper = self.0.as_ptr().cast();
        // SAFETY: it is a wrapper, and nobody else has it. It takes over the references.
        unsafe {
            // What wraps a wrapper goes the long way, which counts how deep that goes.
            let is_nested = is_wrapper(object.as_ptr());
            (*this).is_indirect.store(is_nested, Relaxed);
            (*this).made_with = object.into_ptr();
            (*this).target = handle.map_or((*this).made_with, Bound::into_ptr);
            ffi::PyObject_GC_Track(this.cast());
        }
        self.0
    }
}

/// Whether a class is one of ours that has handles.
pub(super) fn is_shared(class: *mut ffi::PyTypeObject) -> bool {
    let mut shared = known().shared.iter();
    shared.any(|(shared, _)| shared.as_ptr() == class.cast())
}

/// A handle of an object of ours: another object for the same thing, which no other thread uses.
fn handle<'py>(object: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    let class = object.get_type();
    let shared = &known().shared;
    let (_, handle) = shared.iter().find(|(shared, _)| class.is(shared))?;
    // SAFETY: both are objects, and there is a token of being attached.
    let handle = unsafe { owned(ffi::PyObject_CallOneArg(handle.as_ptr(), object.as_ptr())) };
    if handle.is_none() {
        // It will do without: the object was not initialized, or there is no memory.
        // SAFETY: as above.
        unsafe { ffi::PyErr_Clear() };
    }
    handle.filter(|handle| handle.get_type().is(&class))
}

unsafe extern "C" fn traverse(wrapper: Ptr, visit: ffi::visitproc, arg: *mut c_void) -> c_int {
    let visit = |object: Ptr| match object.is_null() {
        true => 0,
        // SAFETY: the interpreter's promise: `visit` takes an object and that argument.
        false => unsafe { visit(object, arg) },
    };
    // SAFETY: the interpreter's promise; until it wraps something the rest may be all zeros.
    let this = unsafe {
        let answer = visit(ffi::Py_TYPE(wrapper).cast());
        let this: *mut Wrapper = wrapper.cast();
        if answer != 0 || (*this).made_with.is_null() {
            return answer;
        }
        Wrapper::of(wrapper)
    };
    let handle = match this.target == this.made_with {
        true => ptr::null_mut(),
        false => this.target,
    };
    // The collector has stopped the threads, and none stops with the lock. Were it taken, an object
    // that is not visited would not be collected, no more.
    let replacement = this.replacement.try_lock().ok().and_then(|object| *object);
    let replacement = replacement.map_or(ptr::null_mut(), NonNull::as_ptr);
    for object in [this.made_with, handle, replacement] {
        let answer = visit(object);
        if answer != 0 {
            return answer;
        }
    }
    this.methods.traverse(visit)
}

/// Drops what an in-place operator has put there. The rest stays, as in a tuple: it was there before
/// the wrapper, so there is no circle of references without something else that can be cleared.
unsafe extern "C" fn clear(wrapper: Ptr) -> c_int {
    // SAFETY: the interpreter's promise. Only a wrapper that has its object is known to the
    // collector, and so complete. The reference is dropped after unlocking.
    unsafe {
        let replacement = Wrapper::of(wrapper).lock().take();
        ffi::Py_XDECREF(replacement.map_or(ptr::null_mut(), NonNull::as_ptr));
    }
    0
}

/// How deeply wrappers may die inside each other.
const DEEPEST: usize = 50;

/// The wrappers that die in a thread.
#[derive(Clone, Copy)]
struct Dying {
    /// How many are doing so, each because of the one before.
    depth: usize,
    /// Those that wait for the others; each leads to the next by its field `weakrefs`.
    waiting: Ptr,
}

thread_local! {
    static DYING: Cell<Dying> = const {
        Cell::new(Dying { depth: 0, waiting: ptr::null_mut() })
    };
}

/// A wrapper of a wrapper of a wrapper... must not die by recursion, which could go as deep as the
/// stack allows, and deeper.
unsafe extern "C" fn dealloc(wrapper: Ptr) {
    // SAFETY: the interpreter's promise: nobody has the object any more. Those that wait are wrappers
    // whose weak references are cleared, and have nobody but the list.
    unsafe {
        ffi::PyObject_GC_UnTrack(wrapper.cast());
        ffi::PyObject_ClearWeakRefs(wrapper);
        let dying = DYING.get();
        if dying.depth == DEEPEST {
            *(*wrapper.cast::<Wrapper>()).weakrefs.get() = dying.waiting;
            let waiting = wrapper;
            DYING.set(Dying { waiting, ..dying });
            return;
        }
        set_depth(dying.depth + 1);
        free(wrapper);
        if dying.depth == 0 {
            while let Some(next) = NonNull::new(DYING.get().waiting) {
                let waiting = *(*next.cast::<Wrapper>().as_ptr()).weakrefs.get();
                DYING.set(Dying { depth: 1, waiting });
                free(next.as_ptr());
            }
        }
        set_depth(dying.depth);
    }
}

fn set_depth(depth: usize) {
    let dying = DYING.get();
    DYING.set(Dying { depth, ..dying });
}

/// # Safety
///
/// The wrapper has no references, is unknown to the collector, and not used after.
unsafe fn free(wrapper: Ptr) {
    // SAFETY: the caller's promise. Each reference is dropped once: the object and its handle, if
    // it has one, what took their place, the methods, and last the class, as for all instances of
    // classes made at run time.
    unsafe {
        let this: *mut Wrapper = wrapper.cast();
        let class = ffi::Py_TYPE(wrapper);
        let replacement = (*this).lock().take();
        ptr::drop_in_place(&raw mut (*this).methods);
        ptr::drop_in_place(&raw mut (*this).replacement);
        ffi::Py_XDECREF(replacement.map_or(ptr::null_mut(), NonNull::as_ptr));
        if (*this).target != (*this).made_with {
            decref((*this).target);
        }
        ffi::Py_XDECREF((*this).made_with);
        let free = (*class).tp_free.expect("every class has it");
        free(wrapper.cast());
        decref(class.cast());
    }
}

impl Names {
    fn of(class: &Bound<'_, PyAny>) -> PyResult<Self> {
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
        Ok(Self {
            own: own.unbind(),
            describing: describing.unbind(),
            read_only: read_only.unbind(),
        })
    }
}
