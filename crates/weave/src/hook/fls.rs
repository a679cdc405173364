//! Fiber-local storage of Windows. The callback is called when a thread ends, while its
//! thread-local variables still exist, and without the loader's lock, so that ending threads do not
//! wait for each other.
//!
//! A fiber counts as a thread. The callback is also called in the thread that ends the process; the
//! loader's flag tells that case apart.

use super::end::thread_end;
use crate::{error::RegisterError, locals::Locals};
use std::{
    ffi::c_void,
    ptr,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

const FLS_OUT_OF_INDEXES: u32 = u32::MAX;

#[link(name = "kernel32")]
unsafe extern "system" {
    fn FlsAlloc(callback: Option<unsafe extern "system" fn(*const c_void)>) -> u32;
    fn FlsFree(index: u32) -> i32;
    fn FlsGetValue(index: u32) -> *mut c_void;
    fn FlsSetValue(index: u32, value: *const c_void) -> i32;
}

#[link(name = "ntdll")]
unsafe extern "system" {
    fn RtlDllShutdownInProgress() -> u8;
}

/// The one index that this process needs. It is std's atomic on purpose: models need not explore
/// it.
static INDEX: AtomicU32 = AtomicU32::new(FLS_OUT_OF_INDEXES);

/// Returns the data of this thread, or null.
pub(super) fn get() -> *mut Locals {
    // Relaxed: nothing is published with the number.
    match INDEX.load(Relaxed) {
        FLS_OUT_OF_INDEXES => ptr::null_mut(),
        // SAFETY: it is an index, which is never freed.
        index => unsafe { FlsGetValue(index) }.cast(),
    }
}

/// Sets the data of this thread. If it is not null, `thread_end` is called with it when the thread
/// ends.
pub(super) fn set(locals: *mut Locals) -> Result<(), RegisterError> {
    // Relaxed: as above.
    let index = match INDEX.load(Relaxed) {
        FLS_OUT_OF_INDEXES => make_index()?,
        index => index,
    };
    // SAFETY: it is an index, which is never freed.
    match unsafe { FlsSetValue(index, locals.cast()) } {
        0 => Err(RegisterError::NoMemory),
        _ => Ok(()),
    }
}

#[cold]
fn make_index() -> Result<u32, RegisterError> {
    unsafe extern "system" fn callback(locals: *const c_void) {
        // SAFETY: the function has no preconditions.
        let exits = unsafe { RtlDllShutdownInProgress() } != 0;
        if !exits && !locals.is_null() {
            // SAFETY: `set` stored it in this thread, and the system forgets it after this call.
            unsafe { thread_end(locals.cast_mut().cast(), set) };
        }
    }
    // SAFETY: the callback has the type that the system expects.
    let new = unsafe { FlsAlloc(Some(callback)) };
    if new == FLS_OUT_OF_INDEXES {
        return Err(RegisterError::NoHook);
    }
    // Relaxed: as above.
    match INDEX.compare_exchange(FLS_OUT_OF_INDEXES, new, Relaxed, Relaxed) {
        Ok(_) => Ok(new),
        Err(other) => {
            // SAFETY: the index is ours, and was never used.
            unsafe { FlsFree(new) };
            Ok(other)
        }
    }
}
