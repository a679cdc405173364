//! The C interface, as the header `ft_weave.h` declares it.
//!
//! Every function is a symbol of the library or program into which this crate is linked, and a
//! member of the table [`API`], for code that gets the table by other means. A C program links the
//! library that the following command makes, and defines `FT_WEAVE_STANDALONE` before it includes
//! the header:
//!
//! ```sh
//! cargo rustc --release --package ft-weave --crate-type cdylib   # or staticlib
//! ```
//!
//! Functions that return `int` return 0 or an error number, unless they say otherwise.

use crate::{
    Destructor, DestructorWith, Key, KeyError, RegisterError, Registered, Registration, cancel,
    hook, register, register_with, run_now, unregister,
};
use std::{
    ffi::{c_int, c_void},
    io::Write,
    num::NonZeroU64,
};

/// `wvls_key_t`: the type of the system's keys. The keys of this crate have other numbers; any of
/// them may be 0.
#[cfg(unix)]
pub type RawKey = libc::pthread_key_t;
/// `wvls_key_t`: the type of the system's keys. The keys of this crate have other numbers; any of
/// them may be 0.
#[cfg(not(unix))]
pub type RawKey = u32;

/// `ERROR_INVALID_PARAMETER` on Windows, else `EINVAL`.
const INVALID: c_int = if cfg!(windows) { 87 } else { libc::EINVAL };
/// `ERROR_NO_SYSTEM_RESOURCES` on Windows, else `EAGAIN`.
const EXHAUSTED: c_int = if cfg!(windows) { 1450 } else { libc::EAGAIN };

fn number(result: Result<(), KeyError>) -> c_int {
    match result {
        Ok(()) => 0,
        Err(KeyError::NoKey) => INVALID,
        Err(KeyError::Exhausted | KeyError::Register(RegisterError::NoHook)) => EXHAUSTED,
        Err(KeyError::Register(RegisterError::NoMemory)) => libc::ENOMEM,
    }
}

/// Creates a key: [`Key::new`]. Errors are numbers of the system.
///
/// # Safety
///
/// As with [`Key::new`]. In addition, `key` is null, which is an error, or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wvls_key_create(
    key: *mut RawKey,
    destructor: Option<Destructor>,
) -> c_int {
    if key.is_null() {
        return INVALID;
    }
    // SAFETY: promised by the caller.
    match unsafe { Key::new(destructor) } {
        Ok(new) => {
            // SAFETY: as above.
            unsafe { key.write(RawKey::from(new.0)) };
            0
        }
        Err(err) => number(Err(err)),
    }
}

/// Deletes a key: [`Key::delete`].
#[unsafe(no_mangle)]
pub extern "C" fn wvls_key_delete(key: RawKey) -> c_int {
    number(known(key).and_then(Key::delete))
}

/// Sets this thread's value: [`Key::set`].
///
/// # Safety
///
/// The value must fit the key's destructor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wvls_set_value(key: RawKey, value: *mut c_void) -> c_int {
    number(known(key).and_then(|key| key.set(value)))
}

/// Returns this thread's value: [`Key::get`].
#[unsafe(no_mangle)]
pub extern "C" fn wvls_get_value(key: RawKey) -> *mut c_void {
    known(key).map_or(std::ptr::null_mut(), Key::get)
}

// On some systems `RawKey` is smaller than our keys.
#[allow(clippy::useless_conversion)]
fn known(key: RawKey) -> Result<Key, KeyError> {
    key.try_into().map(Key).map_err(|_| KeyError::NoKey)
}

/// Like [`ft_weave_register`], for callers that cannot handle an error: it is reported on the
/// standard error stream.
///
/// # Safety
///
/// As with [`ft_weave_register`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn register_wvls_destructor(
    variable: *mut *mut c_void,
    destructor: Option<Destructor>,
) {
    // SAFETY: promised by the caller.
    if let Err(err) = unsafe { register(variable, destructor) } {
        let _ = writeln!(std::io::stderr(), "ft_weave: {err}");
    }
}

/// Like [`ft_weave_unregister`], but returns 1 if there were registrations of the variable, and
/// otherwise 0.
#[unsafe(no_mangle)]
pub extern "C" fn unregister_wvls_destructor(variable: *mut *mut c_void) -> c_int {
    (unregister(variable) > 0).into()
}

/// Registers a destructor: [`register`]. Writes the number of the registration to `id`, which may
/// be null.
///
/// # Safety
///
/// As with [`register`]. In addition, `id` is null or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ft_weave_register(
    variable: *mut *mut c_void,
    destructor: Option<Destructor>,
    id: *mut u64,
) -> c_int {
    // SAFETY: promised by the caller.
    unsafe { write_id(register(variable, destructor), id) }
}

/// Registers a destructor that gets data: [`register_with`]. The destructor must not be null, which
/// is an error.
///
/// # Safety
///
/// As with [`register_with`] and [`ft_weave_register`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ft_weave_register_with(
    variable: *mut *mut c_void,
    destructor: Option<DestructorWith>,
    data: *mut c_void,
    id: *mut u64,
) -> c_int {
    let Some(destructor) = destructor else {
        return INVALID;
    };
    // SAFETY: promised by the caller.
    unsafe { write_id(register_with(variable, destructor, data), id) }
}

/// # Safety
///
/// `id` is null or can be written.
unsafe fn write_id(result: Result<Registration, RegisterError>, id: *mut u64) -> c_int {
    match result {
        Ok(registration) => {
            if !id.is_null() {
                // SAFETY: promised by the caller.
                unsafe { id.write(registration.get()) };
            }
            0
        }
        Err(err) => number(Err(err.into())),
    }
}

/// Takes back all registrations of a variable in this thread, and returns their number.
#[unsafe(no_mangle)]
pub extern "C" fn ft_weave_unregister(variable: *mut *mut c_void) -> usize {
    unregister(variable)
}

/// Takes back one registration: [`cancel`]. Returns 1 if it existed, and otherwise 0.
#[unsafe(no_mangle)]
pub extern "C" fn ft_weave_cancel(id: u64) -> c_int {
    let registration = NonZeroU64::new(id).map(Registration);
    registration.is_some_and(cancel).into()
}

/// A registration as reported by [`ft_weave_list`].
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The number of the registration.
    pub id: u64,
    /// The variable, or null.
    pub variable: *mut *mut c_void,
    /// The function, of either type, or null.
    pub destructor: *const c_void,
    /// The data that is passed to the function, or null.
    pub data: *mut c_void,
}

/// Writes up to `capacity` of this thread's registrations, in order, and returns how many there
/// are.
///
/// # Safety
///
/// `capacity` entries can be written to `entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ft_weave_list(entries: *mut Entry, capacity: usize) -> usize {
    let mut index = 0;
    let write = |it: Registered| {
        if index < capacity {
            let entry = Entry {
                id: it.registration.get(),
                variable: it.variable,
                destructor: it.destructor,
                data: it.data,
            };
            // SAFETY: promised by the caller.
            unsafe { entries.add(index).write(entry) };
            index += 1;
        }
    };
    hook::existing(|locals| locals.each(write)).unwrap_or(0)
}

/// Runs this thread's destructors now: [`run_now`]. Returns how many were called.
#[unsafe(no_mangle)]
pub extern "C" fn ft_weave_run_now() -> usize {
    run_now()
}

/// A table of the functions of this module; `ft_weave_api` in the header.
///
/// The table only grows, at its end. A reader compares `size`, and `version`, which changes if
/// growing is not enough.
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Api {
    /// The version of the table: 1.
    pub version: u32,
    /// The size of the table, in bytes.
    pub size: u32,
    pub key_create: unsafe extern "C" fn(*mut RawKey, Option<Destructor>) -> c_int,
    pub key_delete: extern "C" fn(RawKey) -> c_int,
    pub set_value: unsafe extern "C" fn(RawKey, *mut c_void) -> c_int,
    pub get_value: extern "C" fn(RawKey) -> *mut c_void,
    pub register: unsafe extern "C" fn(*mut *mut c_void, Option<Destructor>, *mut u64) -> c_int,
    pub register_with: unsafe extern "C" fn(
        *mut *mut c_void,
        Option<DestructorWith>,
        *mut c_void,
        *mut u64,
    ) -> c_int,
    pub unregister: extern "C" fn(*mut *mut c_void) -> usize,
    pub cancel: extern "C" fn(u64) -> c_int,
    pub list: unsafe extern "C" fn(*mut Entry, usize) -> usize,
    pub run_now: extern "C" fn() -> usize,
}

/// The table.
pub static API: Api = Api {
    version: 1,
    size: size_of::<Api>() as u32,
    key_create: wvls_key_create,
    key_delete: wvls_key_delete,
    set_value: wvls_set_value,
    get_value: wvls_get_value,
    register: ft_weave_register,
    register_with: ft_weave_register_with,
    unregister: ft_weave_unregister,
    cancel: ft_weave_cancel,
    list: ft_weave_list,
    run_now: ft_weave_run_now,
};
