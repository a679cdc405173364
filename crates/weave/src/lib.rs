//! Destructors for native thread-local data, run in order when a thread ends.
//!
//! C code often keeps data of a thread behind a thread-local pointer, and nothing frees the data
//! when the thread ends. A thread can [`register`] the variable with a destructor. When the thread
//! ends, the destructor is called with the value that the variable has at that time:
//!
//! ```
//! use std::{cell::Cell, ffi::c_void, ptr, thread};
//!
//! thread_local! {
//!     static BUFFER: Cell<*mut c_void> = const { Cell::new(ptr::null_mut()) };
//! }
//!
//! unsafe extern "C" fn free(buffer: *mut c_void) {
//!     drop(unsafe { Box::from_raw(buffer.cast::<[u8; 4096]>()) });
//! }
//!
//! thread::spawn(|| {
//!     BUFFER.set(Box::into_raw(Box::new([0_u8; 4096])).cast());
//!     // The variable exists until the thread has ended, and `free` fits its value.
//!     unsafe { ft_weave::register(BUFFER.with(Cell::as_ptr), Some(free)) }.unwrap();
//! })
//! .join()
//! .unwrap(); // `free` has been called.
//! ```
//!
//! Rust code can register a closure, without any unsafe code:
//!
//! ```
//! use std::{sync::mpsc, thread};
//!
//! let (log, lines) = mpsc::channel();
//! thread::spawn(move || {
//!     let again = log.clone();
//!     ft_weave::at_thread_end(move || log.send("first").unwrap()).unwrap();
//!     ft_weave::at_thread_end(move || again.send("second").unwrap()).unwrap();
//! });
//! assert_eq!(lines.iter().collect::<Vec<_>>(), ["first", "second"]);
//! ```
//!
//! C code has the same functions through [`c`] and the header `ft_weave.h`.
//!
//! # What is guaranteed
//!
//! - Destructors run in the thread that registered them, when the operating system ends it, no
//!   matter what started the thread and how it ends. They run before a join of the thread returns.
//! - They run in the order of registration, over all variables and all libraries that use this
//!   crate, each registration once.
//! - A destructor may register other destructors and set values of keys. Those are run when the
//!   list is done, in up to three more rounds. What is registered in the fourth round is dropped.
//! - A list that is being run cannot be changed: while its thread ends, [`unregister`] and
//!   [`cancel`] only find what destructors have registered meanwhile. All functions can be called
//!   in a destructor.
//! - Nothing here accesses the list of another thread, or waits for another thread. In the child of
//!   a fork the thread that forked keeps its list.
//! - A shortage is reported as an error: of memory, or of the one thread-specific key that the
//!   process needs.
//!
//! # What is not guaranteed
//!
//! - The thread that ends the process does not itself end, and neither do threads that are still
//!   running then. Their destructors are not called. [`run_now`] calls them; a C program can
//!   register it with `atexit`. (On Apple's systems, a thread other than the main thread that calls
//!   `exit` is treated as if it ended.)
//! - There is no promised order between these destructors and those of C++'s `thread_local`, of
//!   Rust's `thread_local!`, or of POSIX keys. On some systems, Rust variables with a `Drop` have
//!   already been dropped.
//! - A destructor that panics, or that throws a C++ exception, ends the process.
//! - A library must not be unloaded while threads have destructors of it. The library that contains
//!   this crate must not be unloaded while threads have any destructors.
//! - None of this may be called from a signal handler, or in the program's memory allocator.
//!
//! # Costs and progress
//!
//! [`register`] and its relatives take amortized constant time, and a thread's end time in
//! proportion to its list. [`unregister`], [`cancel`] and [`registered`] go through the list.
//! Setting and reading the value of a [`Key`] take constant time, but the first value that a thread
//! sets may make room for those of smaller keys; [`Key::new`] looks for a free place among 1,024.
//! Each of these is a bounded number of steps, whatever other threads do, except for the allocator.
//!
//! # Orderings
//!
//! Lists belong to their threads. Threads share only the table of [`Key`]s. The destructor of a key
//! is published by the release of the slot's state, and is read between two looks at that state, as
//! with a sequence lock. So a thread that ends never mistakes the destructor of a later key in the
//! same place for that of its own key.

pub mod c;
mod error;
mod hook;
mod key;
mod keys;
mod locals;
mod registration;

pub use error::{KeyError, RegisterError};
pub use key::Key;
pub use registration::{Destructor, DestructorWith, Registered, Registration};

/// What the models test.
#[doc(hidden)]
pub mod parts {
    pub use crate::{keys::Keys, locals::Locals};
}

use keys::KEYS;
use locals::Action;
use std::ffi::c_void;

/// Registers `destructor`. When this thread ends, it is called with the value that `variable` has
/// at that time.
///
/// The value is passed as it is, even if it is null. A variable may be registered any number of
/// times, even with the same destructor, which is then called that often. If the variable is null,
/// or without a destructor, nothing will be called.
///
/// # Errors
///
/// If memory is short, or if the system has no thread-specific key left. In that case nothing is
/// registered.
///
/// # Safety
///
/// Until the destructor is called, or the registration is taken back,
///
/// - this thread can read `variable`, if it is not null,
/// - and can call `destructor` with the value that it finds there, at the end of the thread and in
///   [`run_now`].
pub unsafe fn register(
    variable: *mut *mut c_void,
    destructor: Option<Destructor>,
) -> Result<Registration, RegisterError> {
    add(Action::Value {
        variable,
        destructor,
    })
}

/// Like [`register`], for a destructor that is also passed `data`.
///
/// The variable may be null; then the value is null, too.
///
/// ```
/// use std::{ffi::c_void, ptr, thread};
///
/// unsafe extern "C" fn add(_value: *mut c_void, data: *mut c_void) {
///     unsafe { *data.cast::<i32>() += 1 };
/// }
///
/// let mut ended = 0;
/// let data = &raw mut ended as usize;
/// thread::spawn(move || {
///     // Nobody else accesses the number before this thread has ended.
///     unsafe { ft_weave::register_with(ptr::null_mut(), add, data as *mut c_void) }.unwrap();
/// })
/// .join()
/// .unwrap();
/// assert_eq!(ended, 1);
/// ```
///
/// # Errors
///
/// See [`register`].
///
/// # Safety
///
/// See [`register`].
pub unsafe fn register_with(
    variable: *mut *mut c_void,
    destructor: DestructorWith,
    data: *mut c_void,
) -> Result<Registration, RegisterError> {
    add(Action::With {
        variable,
        destructor,
        data,
    })
}

/// Registers a closure that is called when this thread ends.
///
/// The closure is dropped without being called if the registration is cancelled, or if it is still
/// there after the last round. A closure that panics ends the process.
///
/// # Errors
///
/// See [`register`].
pub fn at_thread_end(call: impl FnOnce() + 'static) -> Result<Registration, RegisterError> {
    add(Action::Call(Box::new(call)))
}

fn add(action: Action) -> Result<Registration, RegisterError> {
    hook::created(|locals| locals.register(action))?
}

/// Takes back all registrations of a variable in this thread, and returns their number.
///
/// The others stay in their order. A list that is being run is not changed.
pub fn unregister(variable: *mut *mut c_void) -> usize {
    hook::existing(|locals| locals.unregister(variable)).unwrap_or(0)
}

/// Takes back one registration. Returns whether it existed: it was made by this thread, and neither
/// run nor taken back before.
///
/// ```
/// let registration = ft_weave::at_thread_end(|| unreachable!()).unwrap();
/// assert!(ft_weave::cancel(registration));
/// assert!(!ft_weave::cancel(registration));
/// ```
pub fn cancel(registration: Registration) -> bool {
    hook::existing(|locals| locals.cancel(registration)).unwrap_or(false)
}

/// Returns this thread's registrations, in order.
pub fn registered() -> Vec<Registered> {
    let mut found = Vec::new();
    hook::existing(|locals| locals.each(|it| found.push(it)));
    found
}

/// Runs this thread's destructors now, and returns how many were called.
///
/// It does what would be done if the thread ended; the destructors are not called again when the
/// thread ends. It is meant for the main thread, which does not end, and for threads of a pool that
/// are handed to another user. When it is called in a destructor, it runs what destructors have
/// registered meanwhile.
///
/// ```
/// use std::{cell::Cell, rc::Rc};
///
/// let called = Rc::new(Cell::new(false));
/// let flag = Rc::clone(&called);
/// ft_weave::at_thread_end(move || flag.set(true)).unwrap();
/// assert_eq!(ft_weave::run_now(), 1);
/// assert!(called.get());
/// ```
pub fn run_now() -> usize {
    hook::existing(|locals| locals.run(&KEYS)).unwrap_or(0)
}

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
