//! Counting references without a call, as the macros in Python's headers do.
//!
//! On the free-threaded build, PyO3 calls a function for each count, which is slower than some of the
//! operations here. What a count looks like there is part of the interpreter's ABI within a minor
//! version: every extension in C has it compiled in. The code below is for the versions and machines
//! that `build.rs` names; all others get PyO3's.
//!
//! An object belongs to the thread that made it. That thread counts in `ob_ref_local`, which nobody
//! else writes; the others count in `ob_ref_shared`. An immortal object has all bits of
//! `ob_ref_local` set, and is not counted. After PEP 703 (Gross, 2023) and *Biased reference counting*
//! (Choi, Shull and Torrellas, 2018).

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
        // Relaxed, here and below: who counts knows of the object already, nobody but its own thread
        // changes this count, and the count's value stays what we have read.
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
        // SAFETY: the object is valid. Its thread may give it up at any time, so it is read as an
        // atomic. Relaxed: only we make it ours, or not ours any more.
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
