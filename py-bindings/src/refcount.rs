//! Counting references without a call, as the macros in Python's headers do.
//!
//! On the free-threaded build, PyO3 calls a function for each count, which is slower than some of the
//! operations here. What a count looks like there is part of the interpreter's ABI within a minor
//! version: every extension in C has it compiled in. The code below is for the versions and machines
//! that `build.rs` names; all others get PyO3's.
//!
//! An object belongs to the thread that made it. That thread counts in `ob_ref_local`; the others
//! count in `ob_ref_shared`. An immortal object has all bits of `ob_ref_local` set, and is not counted.
//! After PEP 703 (Gross, 2023) and *Biased reference counting* (Choi, Shull and Torrellas, 2018).
//!
//! Only its own thread writes `ob_ref_local` while that thread is attached. While it is detached, the
//! interpreter may merge the two counts in its place: the collector does, and so does, in 3.14.9 and
//! 3.15.1, another thread that gives up a reference. The object is nobody's then (`ob_tid` is 0). A
//! thread that counts is attached and does not let go in between, so it sees either all of that or
//! nothing.
//!
//! `tests/runtime/refcount/` compares this with `Py_IncRef` and `Py_DecRef`.

#[cfg(counts_inline)]
pub(crate) use inline::{decref, incref};
#[cfg(not(counts_inline))]
pub(crate) use pyo3::ffi::{Py_DECREF as decref, Py_INCREF as incref};

#[cfg(counts_inline)]
mod inline {
    use pyo3::ffi;
    use std::{
        arch::asm,
        sync::atomic::{AtomicUsize, Ordering::Relaxed},
    };

    const IMMORTAL: u32 = u32::MAX;

    /// Adds a reference.
    ///
    /// # Safety
    ///
    /// The object is valid, and the thread attached.
    #[inline]
    pub(crate) unsafe fn incref(object: *mut ffi::PyObject) {
        // SAFETY: the object is valid.
        let count = unsafe { &(*object).ob_ref_local };
        // Relaxed, here and below: the caller knows of the object already. If the object is this
        // thread's, nobody else changes the count while the thread is attached, so it is still what
        // we have read when we store the next one. If not, what we have read is not used.
        match count.load(Relaxed) {
            IMMORTAL => {}
            // SAFETY: the object is valid.
            local if unsafe { is_own(object) } => count.store(local + 1, Relaxed),
            // SAFETY: the caller's promise.
            _ => unsafe { ffi::Py_INCREF(object) },
        }
    }

    /// Gives a reference up, which may run Python code if it is the last one.
    ///
    /// # Safety
    ///
    /// The reference is the caller's own, and the thread attached.
    #[inline]
    pub(crate) unsafe fn decref(object: *mut ffi::PyObject) {
        // SAFETY: the object is valid, until the end if the count stays above 0.
        let count = unsafe { &(*object).ob_ref_local };
        // Relaxed: as above.
        match count.load(Relaxed) {
            IMMORTAL => {}
            // SAFETY: the object is valid.
            local @ 2.. if unsafe { is_own(object) } => count.store(local - 1, Relaxed),
            // With what follows if it was the last one.
            // SAFETY: the caller's promise.
            _ => unsafe { ffi::Py_DECREF(object) },
        }
    }

    /// Returns whether it is the current thread that counts in `ob_ref_local`.
    ///
    /// # Safety
    ///
    /// The object is valid.
    #[inline]
    unsafe fn is_own(object: *mut ffi::PyObject) -> bool {
        // SAFETY: the object is valid. Its thread may give it up at any time, so the field is read as
        // an atomic. Relaxed: whether it names this thread changes only by what this thread does, or
        // while it is detached.
        unsafe { AtomicUsize::from_ptr(&raw mut (*object).ob_tid).load(Relaxed) == thread() }
    }

    /// Who the current thread is in `ob_tid`: its thread pointer, as in `_Py_ThreadId` of the headers.
    #[inline]
    fn thread() -> usize {
        let id;
        // SAFETY: reads a register, or the word it points to, which every thread has and nobody changes.
        unsafe {
            #[cfg(target_arch = "x86_64")]
            asm!("mov {}, fs:0", out(reg) id, options(pure, readonly, nostack, preserves_flags));
            #[cfg(target_arch = "aarch64")]
            asm!("mrs {}, tpidr_el0", out(reg) id, options(pure, nomem, nostack, preserves_flags));
        }
        id
    }
}
