//! Thread-specific data of POSIX. Its destructors run when a thread ends, while its thread-local
//! variables still exist; with glibc they run after those of C++'s `thread_local`. They never run
//! at `exit`.

use super::end::thread_end;
use crate::{error::RegisterError, locals::Locals};
use std::{
    ffi::c_void,
    mem::MaybeUninit,
    ptr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// The one key that this process needs, plus one; 0 before it is needed. It is std's atomic on
/// purpose: models need not explore it.
static KEY: AtomicU64 = AtomicU64::new(0);

/// Returns the data of this thread, or null.
pub(super) fn get() -> *mut Locals {
    match key() {
        // SAFETY: it is a key, which is never deleted.
        Some(key) => unsafe { libc::pthread_getspecific(key) }.cast(),
        None => ptr::null_mut(),
    }
}

/// Sets the data of this thread. If it is not null, `thread_end` is called with it when the thread
/// ends.
pub(super) fn set(locals: *mut Locals) -> Result<(), RegisterError> {
    let key = match key() {
        Some(key) => key,
        None => make_key()?,
    };
    // SAFETY: it is a key, which is never deleted.
    match unsafe { libc::pthread_setspecific(key, locals.cast()) } {
        0 => Ok(()),
        _ => Err(RegisterError::NoMemory),
    }
}

fn key() -> Option<libc::pthread_key_t> {
    // Relaxed: nothing is published with the number.
    let key = KEY.load(Relaxed).checked_sub(1)?;
    Some(key as libc::pthread_key_t)
}

/// Creates the key. No thread waits for another one here, so that a fork at any moment does no
/// harm.
#[cold]
fn make_key() -> Result<libc::pthread_key_t, RegisterError> {
    unsafe extern "C" fn destructor(locals: *mut c_void) {
        // SAFETY: `set` stored it in this thread, and the system has set it to null.
        unsafe { thread_end(locals.cast(), set) };
    }
    let mut new = MaybeUninit::uninit();
    // SAFETY: both pointers are valid.
    if unsafe { libc::pthread_key_create(new.as_mut_ptr(), Some(destructor)) } != 0 {
        return Err(RegisterError::NoHook);
    }
    // SAFETY: there was no error, so the key is initialized.
    let new: libc::pthread_key_t = unsafe { new.assume_init() };
    // Relaxed: as in `key`.
    match KEY.compare_exchange(0, u64::from(new) + 1, Relaxed, Relaxed) {
        Ok(_) => Ok(new),
        Err(other) => {
            // SAFETY: the key is ours, and was never used.
            unsafe { libc::pthread_key_delete(new) };
            Ok((other - 1) as libc::pthread_key_t)
        }
    }
}
