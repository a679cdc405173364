//! The same for C, as the header `ft_weave.h` declares it.
//!
//! Every function is a symbol of whatever library or program this crate is linked into, and a member
//! of the table [`API`], for those who get that by other means. A C program links the library that
//! this makes, and defines `FT_WEAVE_STANDALONE` before it includes the header:
//!
//! ```sh
//! cargo rustc --release --package ft-weave --crate-type cdylib   # or staticlib
//! ```
//!
//! Functions that return `int` return 0 or the number of an error, unless they say otherwise.

use crate::{
    Destructor, DestructorWith, Key, KeyError, RegisterError, Registered, Registration, cancel,
    hook, register, register_with, run_now, unregister,
};
use std::{
    ffi::{c_int, c_void},
    io::Write,
    num::NonZeroU64,
};

/// `wvls_key_t`: the type of the system's keys. Ours are numbered otherwise; any may be 0.
#[cfg(unix)]
pub type RawKey = libc::pthread_key_t;
/// `wvls_key_t`: the type of the system's keys. Ours are numbered otherwise; any may be 0.
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

/// Makes a key: [`Key::new`]. An error is the system's number for it.
///
/// # Safety
///
/// As with [`Key::new`]; and `key` is null, which is an error, or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wvls_key_create(
    key: *mut RawKey,
    destructor: Option<Destructor>,
) -> c_int {
    if key.is_null() {
        return INVALID;
    }
    // SAFETY: the caller's promise.
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
/// The value fits the key's destructor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wvls_set_value(key: RawKey, value: *mut c_void) -> c_int {
    number(known(key).and_then(|key| key.set(value)))
}

/// Returns this thread's value: [`Key::get`].
#[unsafe(no_mangle)]
pub extern "C" fn wvls_get_value(key: RawKey) -> *mut c_void {
    known(key).map_or(std::ptr::null_mut(), Key::get)
}

// Not everywhere is it as large as ours.
#[allow(clippy::useless_conversion)]
fn known(key: RawKey) -> Result<Key, KeyError> {
    key.try_into().map(Key).map_err(|_| KeyError::NoKey)
}

/// As [`ft_weave_register`], for those who cannot do anything about an error: it is reported on the
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
    // SAFETY: the caller's promise.
    if let Err(err) = unsafe { register(variable, destructor) } {
        let _ = writeln!(std::io::stderr(), "ft_weave: {err}");
    }
}

/// As [`ft_weave_unregister`], but returns 1 if there were any registrations of the variable, else 0.
#[unsafe(no_mangle)]
pub extern "C" fn unregister_wvls_destructor(variable: *mut *mut c_void) -> c_int {
    (unregister(variable) > 0).into()
}

/// Registers a destructor: [`register`]. The registration's number is written to `id`, which may be
/// null.
///
/// # Safety
///
/// As with [`register`]; and `id` is null or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ft_weave_register(
    variable: *mut *mut c_void,
    destructor: Option<Destructor>,
    id: *mut u64,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { write_id(register(variable, destructor), id) }
}

/// Registers a destructor with data of its own: [`register_with`]. The destructor
/// must not be null, which is an error.
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
    // SAFETY: the caller's promise.
    unsafe { write_id(register_with(variable, destructor, data), id) }
}

/// # Safety
///
/// `id` is null or can be written.
unsafe fn write_id(result: Result<Registration, RegisterError>, id: *mut u64) -> c_int {
    match result {
        Ok(registration) => {
            if !id.is_null() {
                // SAFETY: the caller's promise.
                unsafe { id.write(registration.get()) };
            }
            0
        }
        Err(err) => number(Err(err.into())),
    }
}

/// Takes back all registrations of a variable in this thread, and returns how many there were.
#[unsafe(no_mangle)]
pub extern "C" fn ft_weave_unregister(variable: *mut *mut c_void) -> usize {
    unregister(variable)
}

/// Takes back one registration, and returns 1 if it was there, else 0: [`cancel`].
#[unsafe(no_mangle)]
pub extern "C" fn ft_weave_cancel(id: u64) -> c_int {
    let registration = NonZeroU64::new(id).map(Registration);
    registration.is_some_and(cancel).into()
}

/// What [`ft_weave_list`] tells about a registration.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its number.
    pub id: u64,
    /// The variable, or null.
    pub variable: *mut *mut c_void,
    /// The function, of one type or the other, or null.
    pub destructor: *const c_void,
    /// What the function is passed as its data, or null.
    pub data: *mut c_void,
}

/// Writes up to `capacity` of this thread's registrations, in order, and returns how many it has.
///
/// # Safety
///
/// So many can be written to `entries`.
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
            // SAFETY: the caller's promise.
            unsafe { entries.add(index).write(entry) };
            index += 1;
        }
    };
    hook::existing(|locals| locals.each(write)).unwrap_or(0)
}

/// Runs this thread's destructors now, and returns how many were called: [`run_now`].
#[unsafe(no_mangle)]
pub extern "C" fn ft_weave_run_now() -> usize {
    run_now()
}

/// The functions of this module in a table, `ft_weave_api` of the header.
///
/// It only ever grows, at its end; a reader compares `version`, which changes when that is not enough,
/// and `size`.
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Api {
    /// 1.
    pub version: u32,
    /// Of the table, in bytes.
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
