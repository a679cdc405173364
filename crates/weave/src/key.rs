//! Keys for values that each thread has for itself.

use crate::{
    error::KeyError,
    hook,
    keys::{self, KEYS},
    registration::Destructor,
};
use std::{ffi::c_void, fmt};

/// A key for a value that each thread has for itself. When a thread that has set the value ends,
/// the key's destructor is called.
///
/// A thread that ends first calls its registered destructors, which can still read the values, and
/// then the destructors of its values. It skips values that are null, keys without a destructor,
/// and deleted keys. The value is already null when its destructor is called. If the destructor
/// sets the value again, it is called again, in up to four rounds.
///
/// Unlike a POSIX key, a number is not reused soon after its key was deleted.
///
/// ```
/// use ft_weave::Key;
/// use std::{ffi::c_void, ptr, thread};
///
/// unsafe extern "C" fn free(number: *mut c_void) {
///     drop(unsafe { Box::from_raw(number.cast::<u64>()) });
/// }
///
/// // `free` fits every value that is set below.
/// let key = unsafe { Key::new(Some(free)) }.unwrap();
/// thread::spawn(move || {
///     assert_eq!(key.get(), ptr::null_mut());
///     key.set(Box::into_raw(Box::new(7_u64)).cast()).unwrap();
///     assert_eq!(unsafe { *key.get().cast::<u64>() }, 7);
/// })
/// .join()
/// .unwrap(); // `free` has been called.
/// key.delete().unwrap();
/// assert!(key.delete().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key(pub(crate) u32);

impl Key {
    /// The largest number of keys that a process can have at a time.
    pub const MAX: usize = keys::MAX;

    /// Creates a key. No thread has a value under it.
    ///
    /// # Errors
    ///
    /// If there are [`MAX`](Self::MAX) keys already. The search looks at one place after another,
    /// so it may miss a place that another thread frees behind it.
    ///
    /// # Safety
    ///
    /// Until the key is deleted, and threads that were ending at that moment have ended, the
    /// destructor may be called with every value that is set and not null, in the thread that set
    /// it, at the end of that thread and in [`run_now`](crate::run_now).
    pub unsafe fn new(destructor: Option<Destructor>) -> Result<Self, KeyError> {
        // SAFETY: promised by the caller.
        unsafe { KEYS.create(destructor) }.map(Self)
    }

    /// Deletes the key. Its values are forgotten without a call of their destructor. If a thread is
    /// just about to call the destructor, however, it is still called.
    ///
    /// # Errors
    ///
    /// If the key was deleted before.
    pub fn delete(self) -> Result<(), KeyError> {
        KEYS.delete(self.0)
    }

    /// Sets this thread's value.
    ///
    /// # Errors
    ///
    /// If the key was deleted, or as with [`register`](crate::register). In that case the value is
    /// unchanged.
    pub fn set(self, value: *mut c_void) -> Result<(), KeyError> {
        hook::created(|locals| locals.set(&KEYS, self.0, value))?
    }

    /// Returns this thread's value. It is null if the thread has set none, or if the key was
    /// deleted.
    pub fn get(self) -> *mut c_void {
        hook::existing(|locals| locals.get(&KEYS, self.0)).unwrap_or(std::ptr::null_mut())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.0).finish()
    }
}
