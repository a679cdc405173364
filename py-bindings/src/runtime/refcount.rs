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
pub(crate) use inline::{decref, incref, incref_for_trying, try_incref};
#[cfg(not(counts_inline))]
pub(crate) use portable::{incref_for_trying, try_incref};
#[cfg(not(counts_inline))]
pub(crate) use pyo3::ffi::{Py_DECREF as decref, Py_INCREF as incref};

#[cfg(not(counts_inline))]
mod portable {
    use pyo3::ffi;

    /// As in `inline`. On a build with the GIL, this thread has not released the GIL since the object
    /// was alive.
    #[inline]
    pub(crate) unsafe fn try_incref(object: *mut ffi::PyObject) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            #[cfg(Py_GIL_DISABLED)]
            return ffi::PyUnstable_TryIncRef(object) == 1;
            #[cfg(not(Py_GIL_DISABLED))]
            {
                ffi::Py_INCREF(object);
                true
            }
        }
    }

    /// As in `inline`.
    #[inline]
    pub(crate) unsafe fn incref_for_trying(object: *mut ffi::PyObject) {
        // SAFETY: the caller's promise.
        unsafe {
            ffi::Py_INCREF(object);
            #[cfg(Py_GIL_DISABLED)]
            ffi::PyUnstable_EnableTryIncRef(object);
        }
    }
}

#[cfg(counts_inline)]
mod inline {
    use pyo3::ffi;
    use std::{
        arch::asm,
        sync::atomic::{
            AtomicIsize, AtomicUsize,
            Ordering::{Acquire, Relaxed, SeqCst},
        },
    };

    const IMMORTAL: u32 = u32::MAX;
    /// The low bits of `ob_ref_shared`: what may still happen to the object.
    const STATE: isize = 0b11;
    /// Threads without a reference may call `try_incref`: if the owning thread gives up its last
    /// reference, it looks at `ob_ref_shared` in one atomic step with ending the object's life.
    const MAYBE_WEAKREF: isize = 0b01;
    /// No thread owns the object: all references are counted in `ob_ref_shared`.
    const MERGED: isize = 0b11;
    /// One reference in `ob_ref_shared`.
    const ONE: isize = 0b100;

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

    /// Adds a reference to whatever object lives at an address; returns whether one does. In that case,
    /// it is counted before any later load; in the other one, all that happened before the object's
    /// death happens before the return. `_Py_TryIncref` of the interpreter does the same.
    ///
    /// # Safety
    ///
    /// The thread is attached, and since it last was at a safe point, an object was alive at this
    /// address that `incref_for_trying` was called for before.
    #[inline]
    pub(crate) unsafe fn try_incref(object: *mut ffi::PyObject) -> bool {
        // SAFETY: if the object has died, its memory is still that of a Python object: see
        // `atomics::reference`.
        let count = unsafe { &(*object).ob_ref_local };
        // Acquire: later loads see that the object is immortal, too. If it belongs to this thread, it
        // has not died since it was alive, as only this thread, or one that found this thread
        // detached, could have ended its life.
        match count.load(Acquire) {
            IMMORTAL => true,
            // SAFETY: as above.
            local if unsafe { is_own(object) } => {
                // Relaxed: as in `incref`.
                count.store(local + 1, Relaxed);
                true
            }
            // SAFETY: the caller's promise.
            _ => unsafe { try_incref_shared(object) },
        }
    }

    /// # Safety
    ///
    /// As for `try_incref`.
    #[inline]
    unsafe fn try_incref_shared(object: *mut ffi::PyObject) -> bool {
        // SAFETY: as in `try_incref`.
        let count = unsafe { &(*object).ob_ref_shared };
        // Acquire, here and below: pairs with the release by which the last reference was given up.
        let mut shared = count.load(Acquire);
        loop {
            // Without a reference, and without an owner that might have one. As 0 also in an object
            // that `incref_for_trying` was not called for, and so in a new one.
            if shared == 0 || shared == MERGED {
                return false;
            }
            match count.compare_exchange_weak(shared, shared + ONE, SeqCst, Acquire) {
                Ok(_) => return true,
                Err(now) => shared = now,
            }
        }
    }

    /// Adds a reference, and allows `try_incref` for the object from now on. The latter is what
    /// `_PyObject_SetMaybeWeakref` of the interpreter does.
    ///
    /// # Safety
    ///
    /// The object is valid, and the thread is attached.
    #[inline]
    pub(crate) unsafe fn incref_for_trying(object: *mut ffi::PyObject) {
        // SAFETY: the object is valid.
        let (local, shared) = unsafe { (&(*object).ob_ref_local, &(*object).ob_ref_shared) };
        // Relaxed, here and below: as in `incref`. What publishes the object to other threads also
        // publishes the state, which never becomes 0 again while there is a reference.
        let before = match local.load(Relaxed) {
            IMMORTAL => return,
            // SAFETY: the object is valid.
            count if unsafe { is_own(object) } => {
                local.store(count + 1, Relaxed);
                shared.load(Relaxed)
            }
            _ => shared.fetch_add(ONE, Relaxed),
        };
        if before & STATE == 0 {
            allow_trying(shared);
        }
    }

    #[cold]
    fn allow_trying(shared: &AtomicIsize) {
        // Another state that came in meanwhile allows it as well.
        let allow = |now| (now & STATE == 0).then_some(now | MAYBE_WEAKREF);
        // Relaxed: see the caller.
        let _ = shared.fetch_update(Relaxed, Relaxed, allow);
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
