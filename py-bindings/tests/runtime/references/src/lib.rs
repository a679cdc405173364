//! `refcount.rs` beside `Py_IncRef` and `Py_DecRef`, which the interpreter exports: each step of a
//! program is done by one or the other, and shows what is in the object's header then.
//!
//! An object is given by its address, so that a call of these functions holds no reference of its
//! own. As with `ctypes`, the caller promises that there is an object, that it gives up no more
//! references than it owns and the same call has added, and that no other thread lets the object die
//! before the call is over.

use pyo3::{exceptions::PyValueError, ffi, prelude::*, types::PyList};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

#[path = "../../../../src/runtime/refcount.rs"]
mod refcount;

/// `ob_tid`, `ob_ref_local` and `ob_ref_shared`.
type Counts = (usize, u32, isize);

/// Does each step, with no bytecode in between, and returns the counts before the first one and after
/// each.
///
/// | step | is |
/// |---|---|
/// | `+`, `-` | a reference more or less, by what is tested if `inline`, else by the interpreter |
/// | `<`, `>` | the same by the interpreter's functions in another thread, while this one is attached |
/// | `)` | as `>`, while this one is detached: the interpreter may merge the counts on its behalf |
/// | `e` | a reference more, and `?` is allowed from now on |
/// | `?` | a reference more, if the object can be counted by somebody who has none |
/// | `^` | sets the count of the object's own thread to one below that of an immortal object |
/// | `1` | sets that count to one |
///
/// The object adds something to `deaths` when it dies. The counts are None then, and this was the
/// last step.
#[pyfunction]
fn count(
    py: Python<'_>,
    address: usize,
    steps: &str,
    inline: bool,
    deaths: &Bound<'_, PyList>,
) -> PyResult<Vec<Option<Counts>>> {
    let (before, mut seen) = (deaths.len(), Vec::with_capacity(steps.len() + 1));
    // SAFETY: the caller promises that the object lives.
    seen.push(Some(unsafe { counts(address) }));
    for step in steps.chars() {
        if deaths.len() > before {
            return Err(PyValueError::new_err("it died before the last step"));
        }
        // SAFETY: the object lives, for it has not died, and we are attached. The caller promises
        // that each reference that is given up is one of its own or was added by an earlier step.
        unsafe {
            match (step, inline) {
                ('+', true) => refcount::incref(address as _),
                ('-', true) => refcount::decref(address as _),
                ('+', false) => ffi::Py_IncRef(address as _),
                ('-', false) => ffi::Py_DecRef(address as _),
                ('e', true) => refcount::incref_for_trying(address as _),
                ('?', true) => {
                    let _ = refcount::try_incref(address as _);
                }
                #[cfg(Py_3_14)]
                ('e', false) => {
                    ffi::Py_IncRef(address as _);
                    ffi::PyUnstable_EnableTryIncRef(address as _);
                }
                #[cfg(Py_3_14)]
                ('?', false) => {
                    let _ = ffi::PyUnstable_TryIncRef(address as _);
                }
                ('<', _) => elsewhere(|| ffi::Py_IncRef(address as _)),
                ('>', _) => elsewhere(|| ffi::Py_DecRef(address as _)),
                (')', _) => py.detach(|| elsewhere(|| ffi::Py_DecRef(address as _))),
                ('^', _) => set_local(address, u32::MAX - 1),
                ('1', _) => set_local(address, 1),
                _ => return Err(PyValueError::new_err(format!("no step: {step}"))),
            }
        }
        // SAFETY: the object lives, for it has not died.
        seen.push((deaths.len() == before).then(|| unsafe { counts(address) }));
    }
    Ok(seen)
}

/// Adds references and gives up as many, `times` times, by what is tested.
#[pyfunction]
fn back_and_forth(_py: Python<'_>, address: usize, times: usize) {
    for _ in 0..times {
        // SAFETY: the caller promises that the object lives, and we are attached. What is given up
        // was added here.
        unsafe {
            refcount::incref(address as _);
            refcount::incref(address as _);
            refcount::decref(address as _);
            refcount::decref(address as _);
        }
    }
}

/// Adds so many references, which the caller owns then, by what is tested.
#[pyfunction]
fn add(_py: Python<'_>, address: usize, times: usize) {
    for _ in 0..times {
        // SAFETY: the caller promises that the object lives, and we are attached.
        unsafe { refcount::incref(address as _) };
    }
}

/// Gives up so many references of the caller's, by what is tested.
#[pyfunction]
fn give_up(_py: Python<'_>, address: usize, times: usize) {
    for _ in 0..times {
        // SAFETY: the caller promises that it owns so many references; so the object lives at each
        // of them, and we are attached.
        unsafe { refcount::decref(address as _) };
    }
}

/// Has the object counted so that the collector alone frees it, and tells whether it is from now on.
#[cfg(Py_3_14)]
#[pyfunction]
fn defer(object: &Bound<'_, PyAny>) -> bool {
    unsafe extern "C" {
        fn PyUnstable_Object_EnableDeferredRefcount(object: *mut ffi::PyObject) -> std::ffi::c_int;
    }
    // SAFETY: the signature is that of the header `cpython/object.h`; we are attached, and the object
    // lives.
    unsafe { PyUnstable_Object_EnableDeferredRefcount(object.as_ptr()) == 1 }
}

/// Calls a function in a thread of its own, which is attached meanwhile.
///
/// With a GIL, the caller must not be: there is no other way for that thread to get it. Without,
/// whoever waits attached like this holds up a collection, but the tests have turned them off.
fn elsewhere(function: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        scope.spawn(|| Python::attach(|_| function()));
    });
}

/// What ends `stay_attached`.
#[pyclass(frozen)]
struct Leave(AtomicBool);

#[pymethods]
impl Leave {
    #[new]
    fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    fn give(&self) {
        self.0.store(true, SeqCst);
    }

    /// Waits in a call that does nothing, as one that computes something would.
    ///
    /// It tells whether leave was given, for it ends anyway after `seconds`.
    fn stay_attached(&self, seconds: f64) -> bool {
        let end = Instant::now() + Duration::from_secs_f64(seconds);
        while !self.0.load(SeqCst) && Instant::now() < end {
            std::thread::yield_now();
        }
        self.0.load(SeqCst)
    }
}

/// What the header of an object says.
///
/// # Safety
///
/// There is an object at the address.
#[cfg(Py_GIL_DISABLED)]
unsafe fn counts(address: usize) -> Counts {
    use std::sync::atomic::AtomicUsize;

    let object = address as *mut ffi::PyObject;
    // SAFETY: the object lives. Any thread may change these, each atomically.
    unsafe {
        (
            AtomicUsize::from_ptr(&raw mut (*object).ob_tid).load(SeqCst),
            (*object).ob_ref_local.load(SeqCst),
            (*object).ob_ref_shared.load(SeqCst),
        )
    }
}

/// Nothing is counted apart here.
///
/// # Safety
///
/// There is an object at the address.
#[cfg(not(Py_GIL_DISABLED))]
unsafe fn counts(address: usize) -> Counts {
    // SAFETY: the object lives.
    (0, 0, unsafe { ffi::Py_REFCNT(address as _) })
}

/// # Safety
///
/// There is an object at the address, and if this is less than the references that it has, then it is
/// set back before they are given up.
#[cfg_attr(not(Py_GIL_DISABLED), expect(unused_variables))]
unsafe fn set_local(address: usize, count: u32) {
    #[cfg(Py_GIL_DISABLED)]
    // SAFETY: the object lives.
    unsafe {
        (*(address as *mut ffi::PyObject))
            .ob_ref_local
            .store(count, SeqCst);
    }
}

/// What is tested, and the functions that it is to be like.
#[pymodule(gil_used = false)]
mod ft_references_extension {
    use super::*;

    #[cfg(Py_3_14)]
    #[pymodule_export]
    use super::defer;
    #[pymodule_export]
    use super::{Leave, add, back_and_forth, count, give_up};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("COUNTS_INLINE", cfg!(counts_inline))
    }
}
