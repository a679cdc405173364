//! Counts references inline, as the macros in Python's headers do.
//!
//! On the free-threaded build, PyO3 calls a function for each count, which is slower than some of
//! the operations in this crate. The layout of a count there is part of the interpreter's ABI
//! within a minor version: every C extension has it compiled in. The code below is used for the
//! versions and machines that `build.rs` names. All other builds use PyO3's functions.
//!
//! An object belongs to the thread that made it. This thread counts in `ob_ref_local`; all other
//! threads count in `ob_ref_shared`. An immortal object has all bits of `ob_ref_local` set, and is
//! not counted. The scheme is described in PEP 703 (Gross, 2023) and in *Biased reference counting*
//! (Choi, Shull and Torrellas, 2018).
//!
//! While the owning thread is attached, no other thread writes `ob_ref_local`. While it is
//! detached, the interpreter may merge the two counts on its behalf: the collector does so, and in
//! 3.14.9 and 3.15.1 so does another thread that gives up a reference. Afterwards the object has no
//! owner (`ob_tid` is 0). A thread that counts is attached and does not detach in between, so it
//! sees either the whole merge or none of it.
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
    /// The object is valid, and the thread is attached.
    #[inline]
    pub(crate) unsafe fn incref(object: *mut ffi::PyObject) {
        // SAFETY: the object is valid.
        let count = unsafe { &(*object).ob_ref_local };
        // Relaxed, here and below: the caller already has the object. If it belongs to this thread,
        // no other thread changes the count while this thread is attached, so the count is still
        // the loaded one when the next one is stored. If it belongs to another thread, the loaded
        // value is not used.
        match count.load(Relaxed) {
            IMMORTAL => {}
            // SAFETY: the object is valid.
            local if unsafe { is_own(object) } => count.store(local + 1, Relaxed),
            // SAFETY: the caller's promise.
            _ => unsafe { ffi::Py_INCREF(object) },
        }
    }

    /// Gives up a reference. This may run Python code if it is the last one.
    ///
    /// # Safety
    ///
    /// The reference is the caller's own, and the thread is attached.
    #[inline]
    pub(crate) unsafe fn decref(object: *mut ffi::PyObject) {
        // SAFETY: the object is valid. It stays so until the function returns if the count stays
        // above 0.
        let count = unsafe { &(*object).ob_ref_local };
        // Relaxed: as above.
        match count.load(Relaxed) {
            IMMORTAL => {}
            // SAFETY: the object is valid.
            local @ 2.. if unsafe { is_own(object) } => count.store(local - 1, Relaxed),
            // Also does what has to follow if it was the last reference.
            // SAFETY: the caller's promise.
            _ => unsafe { ffi::Py_DECREF(object) },
        }
    }

    /// Returns whether the current thread owns the object, and so counts in `ob_ref_local`.
    ///
    /// # Safety
    ///
    /// The object is valid.
    #[inline]
    unsafe fn is_own(object: *mut ffi::PyObject) -> bool {
        // SAFETY: the object is valid. The owning thread may give it up at any time, so the field
        // is read as an atomic. Relaxed: the answer to "is this thread the owner" changes only
        // through this thread's own actions, or while this thread is detached.
        unsafe { AtomicUsize::from_ptr(&raw mut (*object).ob_tid).load(Relaxed) == thread() }
    }

    /// Returns the value that stands for the current thread in `ob_tid`: its thread pointer, as in
    /// `_Py_ThreadId` of the headers.
    #[inline]
    fn thread() -> usize {
        let id;
        // SAFETY: this reads a register, or the word it points to. Every thread has this word, and
        // nothing changes it.
        unsafe {
            #[cfg(target_arch = "x86_64")]
            asm!("mov {}, fs:0", out(reg) id, options(pure, readonly, nostack, preserves_flags));
            #[cfg(target_arch = "aarch64")]
            asm!("mrs {}, tpidr_el0", out(reg) id, options(pure, nomem, nostack, preserves_flags));
        }
        id
    }
}
