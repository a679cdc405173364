//! How a thread finds what it has, and is called when it ends.
//!
//! A thread's [`Locals`] hang off one word that the operating system keeps for it, and that the
//! system hands to [`thread_end`] when the thread ends, whoever made it. Nothing else will do:
//! variables of `thread_local!` with a `Drop` cannot be used again once they are dropped, where a
//! destructor may well register another, and on Linux `exit` drops those of the thread that calls
//! it.

use crate::{Locals, RegisterError, keys::Keys};
use std::{ptr, sync::LazyLock};

#[cfg(windows)]
mod fls;
#[cfg(windows)]
use fls as system;

#[cfg(target_vendor = "apple")]
mod tlv;
#[cfg(target_vendor = "apple")]
use tlv as system;

#[cfg(not(any(windows, target_vendor = "apple")))]
mod pthread;
#[cfg(not(any(windows, target_vendor = "apple")))]
use pthread as system;

/// The keys of this process. Made without allocating, at their first use.
pub(crate) static KEYS: LazyLock<Keys<{ crate::keys::MAX }>> = LazyLock::new(Keys::new);

/// Calls `f` with what this thread has, if it has anything.
pub(crate) fn existing<R>(f: impl FnOnce(&Locals) -> R) -> Option<R> {
    // SAFETY: not null means made by `created`, and not freed by `thread_end` yet. It is this
    // thread's alone, and all references to it are shared ones.
    unsafe { system::get().as_ref() }.map(f)
}

/// Calls `f` with what this thread has, which from then on has something.
pub(crate) fn created<R>(f: impl FnOnce(&Locals) -> R) -> Result<R, RegisterError> {
    let mut locals = system::get();
    if locals.is_null() {
        // A box, but for the error if there is no memory.
        let mut one = Vec::new();
        one.try_reserve_exact(1)
            .map_err(|_| RegisterError::NoMemory)?;
        one.push(Locals::default());
        locals = Box::into_raw(one.into_boxed_slice()).cast();
        if let Err(err) = system::set(locals) {
            // SAFETY: made above, and nobody else has it.
            drop(unsafe { Box::from_raw(locals) });
            return Err(err);
        }
    }
    // SAFETY: as in `existing`.
    Ok(f(unsafe { &*locals }))
}

/// Runs the thread's destructors.
///
/// # Safety
///
/// `locals` is what this thread has, and the system has forgotten it or will.
unsafe extern "C" fn thread_end(locals: *mut Locals) {
    // The destructors find the list and the values of their thread. Should the system refuse, they
    // start new ones, which the system will notice when we return.
    let _ = system::set(locals);
    // SAFETY: the caller's promise.
    unsafe { &*locals }.run(&KEYS);
    let _ = system::set(ptr::null_mut());
    // SAFETY: made by `created`, and forgotten. What is left of the list, after so many rounds, is
    // dropped without being called.
    drop(unsafe { Box::from_raw(locals) });
}
