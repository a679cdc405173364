//! What the C++ compiler uses for `thread_local` on Apple's systems: called when a thread ends, and
//! while its thread-local variables are still there.
//!
//! Destructors of thread-specific data come too late: the variables are such data themselves, and
//! may have been freed. `exit` calls these too, in the thread that calls it; the main thread is the
//! one that does.

use super::thread_end;
use crate::{Locals, RegisterError};
use std::{cell::Cell, ffi::c_void, ptr};

unsafe extern "C" {
    fn _tlv_atexit(call: unsafe extern "C" fn(*mut c_void), argument: *mut c_void);
}

thread_local! {
    // Without a destructor, so that it can be used to the end.
    static LOCALS: Cell<*mut Locals> = const { Cell::new(ptr::null_mut()) };
}

/// What this thread has, or null.
pub(super) fn get() -> *mut Locals {
    LOCALS.get()
}

/// Sets what this thread has, for which `thread_end` is called in the end, unless it is null.
pub(super) fn set(locals: *mut Locals) -> Result<(), RegisterError> {
    unsafe extern "C" fn destructor(locals: *mut c_void) {
        // SAFETY: it has no preconditions.
        let exits = unsafe { libc::pthread_main_np() } != 0;
        if !exits {
            // Were the variables reset after all, `set` would register it a second time.
            LOCALS.set(locals.cast());
            // SAFETY: `set` registered it in this thread, for one call.
            unsafe { thread_end(locals.cast()) };
        }
    }
    let before = LOCALS.replace(locals);
    // Once for each, as `thread_end` sets it again.
    if before.is_null() && !locals.is_null() {
        // SAFETY: the function takes what it is given here.
        unsafe { _tlv_atexit(destructor, locals.cast()) };
    }
    Ok(())
}
