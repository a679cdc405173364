//! What a thread has registered, as it is told to users.

use std::{
    ffi::c_void,
    num::NonZeroU64,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// A function that is called with the value of a variable, or of a key, when a thread ends.
pub type Destructor = unsafe extern "C" fn(value: *mut c_void);

/// A function that is called with the value of a variable, and with data of its own.
pub type DestructorWith = unsafe extern "C" fn(value: *mut c_void, data: *mut c_void);

/// One registration. Its thread can cancel the registration with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Registration(pub(crate) NonZeroU64);

impl Registration {
    pub(crate) fn next() -> Self {
        // This is std's atomic on purpose: models need not explore it.
        static NEXT: AtomicU64 = AtomicU64::new(1);
        // Relaxed: it only matters that each call gets another number. The numbers never wrap
        // around.
        let number = NEXT.fetch_add(1, Relaxed);
        Self(NonZeroU64::new(number).unwrap_or(NonZeroU64::MIN))
    }

    /// Returns the number of the registration, which no other registration of the process has.
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

/// A registration as reported by [`registered`](crate::registered).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registered {
    /// The registration.
    pub registration: Registration,
    /// The variable, or null if there is none.
    pub variable: *mut *mut c_void,
    /// The address of the function. It is null for a closure, or if there is none.
    pub destructor: *const c_void,
    /// The data that was given to [`register_with`](crate::register_with), or null for all other
    /// registrations.
    pub data: *mut c_void,
}
