//! What happens when a thread ends, whatever the system.

use crate::{error::RegisterError, keys::KEYS, locals::Locals};
use std::ptr;

/// Runs the destructors of the thread, whose word `set` sets.
///
/// # Safety
///
/// `locals` is the data of this thread, and the system has forgotten it, or is about to.
pub(super) unsafe fn thread_end(
    locals: *mut Locals,
    set: fn(*mut Locals) -> Result<(), RegisterError>,
) {
    // The destructors must find the list and the values of their thread. If the system refuses,
    // they start new ones, and the system will notice those when we return.
    let _ = set(locals);
    // SAFETY: promised by the caller.
    unsafe { &*locals }.run(&KEYS);
    let _ = set(ptr::null_mut());
    // SAFETY: it was made by `hook::created`, and the system has forgotten it. What is left of the
    // list after the last round is dropped without being called.
    drop(unsafe { Box::from_raw(locals) });
}
