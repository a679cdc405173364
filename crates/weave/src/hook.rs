//! How a thread finds its data, and how it is notified when it ends.
//!
//! The [`Locals`] of a thread are reached through one word that the operating system keeps for the
//! thread. The system passes this word to [`thread_end`](end::thread_end) when the thread ends, no
//! matter what started the thread. There is no alternative: a `thread_local!` variable with a
//! `Drop` cannot be used again once it is dropped, but a destructor may well register another one;
//! and on Linux `exit` drops such variables of the thread that calls it.

use crate::{error::RegisterError, locals::Locals};

mod end;

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

/// Calls `f` with the data of this thread, if it has any.
pub(crate) fn existing<R>(f: impl FnOnce(&Locals) -> R) -> Option<R> {
    // SAFETY: a pointer that is not null was made by `created`, and was not freed by `thread_end`
    // yet. The data belongs to this thread alone, and all references to it are shared ones.
    unsafe { system::get().as_ref() }.map(f)
}

/// Calls `f` with the data of this thread, which is created if there is none.
pub(crate) fn created<R>(f: impl FnOnce(&Locals) -> R) -> Result<R, RegisterError> {
    let mut locals = system::get();
    if locals.is_null() {
        // This is a box, but creating it returns an error if there is no memory.
        let mut one = Vec::new();
        one.try_reserve_exact(1)
            .map_err(|_| RegisterError::NoMemory)?;
        one.push(Locals::default());
        locals = Box::into_raw(one.into_boxed_slice()).cast();
        if let Err(err) = system::set(locals) {
            // SAFETY: it was made above, and nobody else has it.
            drop(unsafe { Box::from_raw(locals) });
            return Err(err);
        }
    }
    // SAFETY: as in `existing`.
    Ok(f(unsafe { &*locals }))
}
