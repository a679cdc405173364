//! The life of a wrapper: how it is made and filled, what the collector sees, how it dies.

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

/// Parses `(wrapped)`.
pub(super) unsafe extern "C" fn new(class: *mut ffi::PyTypeObject, args: Ptr, kwargs: Ptr) -> Ptr {
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

pub(super) unsafe extern "C" fn traverse(
    wrapper: Ptr,
    visit: ffi::visitproc,
    arg: *mut c_void,
) -> c_int {
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
pub(super) unsafe extern "C" fn clear(wrapper: Ptr) -> c_int {
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
pub(super) unsafe extern "C" fn dealloc(wrapper: Ptr) {
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
