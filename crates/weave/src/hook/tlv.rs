//! The mechanism that the C++ compiler uses for `thread_local` on Apple's systems. The destructor
//! is called when a thread ends, while its thread-local variables still exist.
//!
//! Destructors of thread-specific data would run too late: the variables are such data themselves,
//! and may have been freed. `exit` also calls the destructor, in the thread that calls `exit`,
//! which is normally the main thread.

use super::end::thread_end;
use crate::{error::RegisterError, locals::Locals};
use std::{cell::Cell, ffi::c_void, ptr};

unsafe extern "C" {
    fn _tlv_atexit(call: unsafe extern "C" fn(*mut c_void), argument: *mut c_void);
}

thread_local! {
    // It has no destructor, so that it can be used to the end.
    static LOCALS: Cell<*mut Locals> = const { Cell::new(ptr::null_mut()) };
}

/// Returns the data of this thread, or null.
pub(super) fn get() -> *mut Locals {
    LOCALS.get()
}

/// Sets the data of this thread. If it is not null, `thread_end` is called with it when the thread
/// ends.
pub(super) fn set(locals: *mut Locals) -> Result<(), RegisterError> {
    unsafe extern "C" fn destructor(locals: *mut c_void) {
        // SAFETY: the function has no preconditions.
        let exits = unsafe { libc::pthread_main_np() } != 0;
        if !exits {
            // If the variables were reset after all, `set` would register the destructor a second
            // time.
            LOCALS.set(locals.cast());
            // SAFETY: `set` registered it in this thread, for one call.
            unsafe { thread_end(locals.cast(), set) };
        }
    }
    let before = LOCALS.replace(locals);
    // Register it only once, since `thread_end` sets it again.
    if before.is_null() && !locals.is_null() {
        // SAFETY: the arguments are those that the function expects.
        unsafe { _tlv_atexit(destructor, locals.cast()) };
    }
    Ok(())
}
