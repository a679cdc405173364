//! The life cycle of a wrapper: how it is made and filled, how the collector sees it, and how it is
//! freed.

use super::{
    class::{class, handle, is_wrapper},
    containers,
    kept_methods::Methods,
    slots::Ptr,
    wrapper::Wrapper,
};
use crate::runtime::refcount::decref;
use pyo3::{ffi, prelude::*};
use std::{
    cell::Cell,
    ffi::{c_int, c_void},
    ptr::{self, NonNull},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

/// Makes a wrapper from the arguments `(wrapped)`.
pub(super) unsafe extern "C" fn new(class: *mut ffi::PyTypeObject, args: Ptr, kwargs: Ptr) -> Ptr {
    let mut object: Ptr = ptr::null_mut();
    let names = [c"wrapped".as_ptr(), ptr::null()];
    // Some Python versions declare this list as mutable, but none writes to it.
    let names = names.as_ptr().cast_mut().cast();
    // SAFETY: the interpreter's promise: the arguments are a tuple, and a dict or null. The format
    // says that one object, borrowed from them, is stored where the last argument points.
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

/// A wrapper that does not have its object yet, made in advance so that filling it cannot fail. No
/// other code knows it.
pub(crate) struct Vacant<'py>(Bound<'py, PyAny>);

impl<'py> Vacant<'py> {
    pub(crate) fn new(py: Python<'py>) -> PyResult<Self> {
        // SAFETY: the class was registered when the module was initialized.
        let vacant = unsafe { Self::of_class(py, class()) };
        vacant.ok_or_else(|| PyErr::fetch(py))
    }

    /// If the result is `None`, an exception is set.
    ///
    /// # Safety
    ///
    /// `class` is the wrapper class, or a subclass.
    unsafe fn of_class(py: Python<'py>, class: *mut ffi::PyTypeObject) -> Option<Self> {
        // SAFETY: the caller's promise. `tp_alloc` returns a new object of sufficient size, which
        // is all zeros after its head. The collector already knows it, and skips an object that
        // wraps nothing.
        unsafe {
            let alloc = (*class).tp_alloc.expect("every class has it");
            let object = NonNull::new(alloc(class, 0))?.as_ptr();
            // Until it wraps an object, no code may find it through the collector.
            ffi::PyObject_GC_UnTrack(object.cast());
            let this: *mut Wrapper = object.cast();
            (&raw mut (*this).vectorcall).write(containers::call);
            (&raw mut (*this).is_indirect).write(AtomicBool::new(false));
            (&raw mut (*this).replacement).write(Mutex::new(None));
            (&raw mut (*this).methods).write(Methods::new());
            Some(Self(Bound::from_owned_ptr(py, object)))
        }
    }

    /// Makes this the wrapper of an object.
    pub(crate) fn fill(self, object: Bound<'py, PyAny>) -> Bound<'py, PyAny> {
        let handle = handle(&object);
        let this: *mut Wrapper = self.0.as_ptr().cast();
        // SAFETY: the object is a wrapper, and no other code has it. It takes over the references.
        unsafe {
            // A wrapper of a wrapper takes the slow path, which limits the depth of nesting.
            let is_nested = is_wrapper(object.as_ptr());
            (*this).is_indirect.store(is_nested, Relaxed);
            (*this).made_with = object.into_ptr();
            (*this).target = handle.map_or((*this).made_with, Bound::into_ptr);
            ffi::PyObject_GC_Track(this.cast());
        }
        self.0
    }
}

pub(super) unsafe extern "C" fn traverse(
    wrapper: Ptr,
    visit: ffi::visitproc,
    arg: *mut c_void,
) -> c_int {
    let visit = |object: Ptr| match object.is_null() {
        true => 0,
        // SAFETY: the interpreter's promise: `visit` takes an object and this argument.
        false => unsafe { visit(object, arg) },
    };
    // SAFETY: the interpreter's promise. Until the wrapper has its object, the rest may be all
    // zeros.
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
    // The collector has stopped the threads, and none of them stops while it holds this lock. If
    // the lock were held, an object that is not visited would not be collected, and nothing worse
    // would happen.
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

/// Drops the object from an in-place operator. The others stay, as in a tuple: they existed before
/// the wrapper, so every circle of references contains another object that can be cleared.
pub(super) unsafe extern "C" fn clear(wrapper: Ptr) -> c_int {
    // SAFETY: the interpreter's promise. The collector knows only wrappers that have their object,
    // and these are complete. The reference is dropped after unlocking.
    unsafe {
        let replacement = Wrapper::of(wrapper).lock().take();
        ffi::Py_XDECREF(replacement.map_or(ptr::null_mut(), NonNull::as_ptr));
    }
    0
}

/// How deeply the freeing of wrappers may be nested.
const DEEPEST: usize = 50;

/// The wrappers that a thread is freeing.
#[derive(Clone, Copy)]
struct Dying {
    /// How many wrappers are being freed, each because of the one before.
    depth: usize,
    /// The wrappers that wait for the others to be freed. Each points to the next one in its field
    /// `weakrefs`.
    waiting: Ptr,
}

thread_local! {
    static DYING: Cell<Dying> = const {
        Cell::new(Dying { depth: 0, waiting: ptr::null_mut() })
    };
}

/// Frees a wrapper. Deeply nested wrappers must not be freed by recursion, which could overflow the
/// stack.
pub(super) unsafe extern "C" fn dealloc(wrapper: Ptr) {
    // SAFETY: the interpreter's promise: no code uses the object any more. The waiting ones are
    // wrappers whose weak references are cleared, and only the list still points to them.
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
/// The wrapper has no references, is unknown to the collector, and is not used afterwards.
unsafe fn free(wrapper: Ptr) {
    // SAFETY: the caller's promise. Each reference is dropped once: the object and its handle, if
    // it has one, the replacement, the methods, and last the class, as for all instances of heap
    // types.
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
