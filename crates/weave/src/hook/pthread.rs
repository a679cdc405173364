//! Thread-specific data of POSIX: its destructors run when a thread ends, after those of C++'s
//! `thread_local` with glibc, while the thread-local variables are still there; never at `exit`.

use super::thread_end;
use crate::{Locals, RegisterError};
use std::{
    ffi::c_void,
    mem::MaybeUninit,
    ptr,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// The one key that this process needs, plus one; 0 before it is needed. A std atomic on purpose:
/// it is no part of the models.
static KEY: AtomicU64 = AtomicU64::new(0);

/// What this thread has, or null.
pub(super) fn get() -> *mut Locals {
    match key() {
        // SAFETY: it is a key, and never deleted.
        Some(key) => unsafe { libc::pthread_getspecific(key) }.cast(),
        None => ptr::null_mut(),
    }
}

/// Sets what this thread has, for which `thread_end` is called in the end, unless it is null.
pub(super) fn set(locals: *mut Locals) -> Result<(), RegisterError> {
    let key = match key() {
        Some(key) => key,
        None => make_key()?,
    };
    // SAFETY: it is a key, and never deleted.
    match unsafe { libc::pthread_setspecific(key, locals.cast()) } {
        0 => Ok(()),
        _ => Err(RegisterError::NoMemory),
    }
}

fn key() -> Option<libc::pthread_key_t> {
    // Relaxed: the number is all there is to it.
    let key = KEY.load(Relaxed).checked_sub(1)?;
    Some(key as libc::pthread_key_t)
}

/// Makes the key. Nobody waits for anybody here, so that a fork at any moment does no harm.
#[cold]
fn make_key() -> Result<libc::pthread_key_t, RegisterError> {
    unsafe extern "C" fn destructor(locals: *mut c_void) {
        // SAFETY: `set` stored it in this thread, and the system has set it to null.
        unsafe { thread_end(locals.cast()) };
    }
    let mut new = MaybeUninit::uninit();
    // SAFETY: the pointers are good.
    if unsafe { libc::pthread_key_create(new.as_mut_ptr(), Some(destructor)) } != 0 {
        return Err(RegisterError::NoHook);
    }
    // SAFETY: there was no error, so it is initialized.
    let new: libc::pthread_key_t = unsafe { new.assume_init() };
    // Relaxed: as in `key`.
    match KEY.compare_exchange(0, u64::from(new) + 1, Relaxed, Relaxed) {
        Ok(_) => Ok(new),
        Err(other) => {
            // SAFETY: ours, and never used.
            unsafe { libc::pthread_key_delete(new) };
            Ok((other - 1) as libc::pthread_key_t)
        }
    }
}
