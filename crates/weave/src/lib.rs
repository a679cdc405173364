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
//! # Orderings
//!
//! Lists belong to their threads. Threads share only the table of [`Key`]s. The destructor of a key
//! is published by the release of the slot's state, and is read between two looks at that state, as
//! with a sequence lock. So a thread that ends never mistakes the destructor of a later key in the
//! same place for that of its own key.

pub mod c;
mod error;
mod hook;
mod keys;
mod locals;

pub use error::{KeyError, RegisterError};

/// What the models test.
#[doc(hidden)]
pub mod parts {
    pub use crate::{keys::Keys, locals::Locals};
}

use locals::{Action, Locals};
use std::{
    ffi::c_void,
    fmt,
    num::NonZeroU64,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// A function that is called with the value of a variable, or of a key, when a thread ends.
pub type Destructor = unsafe extern "C" fn(value: *mut c_void);

/// A function that is called with the value of a variable, and with data of its own.
pub type DestructorWith = unsafe extern "C" fn(value: *mut c_void, data: *mut c_void);

/// One registration. Its thread can cancel the registration with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Registration(NonZeroU64);

impl Registration {
    fn next() -> Self {
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

/// A registration as reported by [`registered`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registered {
    /// The registration.
    pub registration: Registration,
    /// The variable, or null if there is none.
    pub variable: *mut *mut c_void,
    /// The address of the function. It is null for a closure, or if there is none.
    pub destructor: *const c_void,
    /// The data that was given to [`register_with`], or null for all other registrations.
    pub data: *mut c_void,
}

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
    hook::existing(|locals| locals.run(&hook::KEYS)).unwrap_or(0)
}

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
pub struct Key(u32);

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
    /// it, at the end of that thread and in [`run_now`].
    pub unsafe fn new(destructor: Option<Destructor>) -> Result<Self, KeyError> {
        // SAFETY: promised by the caller.
        unsafe { hook::KEYS.create(destructor) }.map(Self)
    }

    /// Deletes the key. Its values are forgotten without a call of their destructor. If a thread is
    /// just about to call the destructor, however, it is still called.
    ///
    /// # Errors
    ///
    /// If the key was deleted before.
    pub fn delete(self) -> Result<(), KeyError> {
        hook::KEYS.delete(self.0)
    }

    /// Sets this thread's value.
    ///
    /// # Errors
    ///
    /// If the key was deleted, or as with [`register`]. In that case the value is unchanged.
    pub fn set(self, value: *mut c_void) -> Result<(), KeyError> {
        hook::created(|locals| locals.set(&hook::KEYS, self.0, value))?
    }

    /// Returns this thread's value. It is null if the thread has set none, or if the key was
    /// deleted.
    pub fn get(self) -> *mut c_void {
        hook::existing(|locals| locals.get(&hook::KEYS, self.0)).unwrap_or(std::ptr::null_mut())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.0).finish()
    }
}
