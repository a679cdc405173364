//! Destructors for native thread-local data, run in order when a thread ends.
//!
//! C code keeps what belongs to a thread behind a thread-local pointer, and nothing frees it when
//! the thread ends. A thread that has [`register`]ed the variable and a destructor calls that with
//! the value which the variable has in the end:
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
//!     // The thread's variable is there until the thread has ended, and `free` fits its value.
//!     unsafe { ft_weave::register(BUFFER.with(Cell::as_ptr), Some(free)) }.unwrap();
//! })
//! .join()
//! .unwrap(); // `free` has been called.
//! ```
//!
//! Rust code can have a closure called, with nothing unsafe about it:
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
//! C code has the same through [`c`] and the header `ft_weave.h`.
//!
//! # What is guaranteed
//!
//! - Destructors run in the thread that registered them, when the operating system ends it,
//!   whoever started it and whichever way it ends; before a join of the thread returns.
//! - They run in the order of registration, over all variables and libraries that use this crate,
//!   each registration once.
//! - A destructor may register others and set values of keys: they have their turn when the list is
//!   done, in up to three more rounds. What is registered in the fourth is dropped.
//! - A list that is being run cannot be changed: while its thread ends, [`unregister`] and
//!   [`cancel`] find only what destructors have registered meanwhile. All functions can be called
//!   in a destructor.
//! - Nothing here touches the list of another thread, or waits for one. In the child of a fork the
//!   thread that forked has its list.
//! - What is short is an error: memory, or the one thread-specific key that the process needs.
//!
//! # What is not
//!
//! - The thread that ends the process does not end itself, and neither do those that still run then:
//!   theirs are not called. [`run_now`] calls them; a C program may register it with `atexit`.
//!   (A thread other than the main one that calls `exit` on Apple's systems is taken for ending.)
//! - No order is promised between these and the destructors of C++'s `thread_local`, of Rust's
//!   `thread_local!`, or of POSIX keys. Rust variables with a `Drop` have been dropped on some
//!   systems.
//! - A destructor that panics, or that a C++ exception leaves, ends the process.
//! - A library must not be unloaded while threads have destructors of it, and neither must the one
//!   that has this crate while threads have any.
//! - None of this may be called from a signal handler, or in the program's memory allocator.
//!
//! # Orderings
//!
//! Lists belong to their threads. What threads share is the table of [`Key`]s: a key's destructor is
//! published by the release of the slot's state, and read between two looks at that state, as with
//! a sequence lock, so that a thread that ends never takes the destructor of a later key in the same
//! place for that of its own.

pub mod c;
mod error;
mod hook;
mod keys;
mod locals;

pub use error::{KeyError, RegisterError};

/// What the models are about.
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

/// One registration, with which it can be taken back in its thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Registration(NonZeroU64);

impl Registration {
    fn next() -> Self {
        // A std atomic on purpose: it is no part of the models.
        static NEXT: AtomicU64 = AtomicU64::new(1);
        // Relaxed: each call gets another number, and that is all. It does not come around.
        let number = NEXT.fetch_add(1, Relaxed);
        Self(NonZeroU64::new(number).unwrap_or(NonZeroU64::MIN))
    }

    /// Returns its number, which no other registration of the process has.
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

/// What [`registered`] tells about a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registered {
    /// The registration.
    pub registration: Registration,
    /// The variable; null if there is none.
    pub variable: *mut *mut c_void,
    /// The address of the function; null for a closure, or for none.
    pub destructor: *const c_void,
    /// What [`register_with`] was given; null for all others.
    pub data: *mut c_void,
}

/// Has `destructor` called with the value that `variable` has when this thread ends.
///
/// The value is passed on as it is, null too. A variable may be registered any number of times, also
/// with the same destructor; it is called that often. Without a variable (null) or a destructor nothing
/// will be called.
///
/// # Errors
///
/// If memory is short, or thread-specific keys of the system; nothing is registered then.
///
/// # Safety
///
/// Until it is called, or the registration taken back,
///
/// - this thread can read `variable`, if it is not null,
/// - and call `destructor` with what it finds there, at its end and in [`run_now`].
pub unsafe fn register(
    variable: *mut *mut c_void,
    destructor: Option<Destructor>,
) -> Result<Registration, RegisterError> {
    add(Action::Value {
        variable,
        destructor,
    })
}

/// As [`register`], for a destructor that is also passed `data`.
///
/// The variable may be null; then the value is, too.
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
///     // Nobody else touches the number before this thread has ended.
///     unsafe { ft_weave::register_with(ptr::null_mut(), add, data as *mut c_void) }.unwrap();
/// })
/// .join()
/// .unwrap();
/// assert_eq!(ended, 1);
/// ```
///
/// # Errors
///
/// As with [`register`].
///
/// # Safety
///
/// As with [`register`].
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

/// Has `call` called when this thread ends.
///
/// It is dropped without being called if the registration is cancelled, or if it is still there after
/// the last round. A closure that panics ends the process.
///
/// # Errors
///
/// As with [`register`].
pub fn at_thread_end(call: impl FnOnce() + 'static) -> Result<Registration, RegisterError> {
    add(Action::Call(Box::new(call)))
}

fn add(action: Action) -> Result<Registration, RegisterError> {
    hook::created(|locals| locals.register(action))?
}

/// Takes back all registrations of a variable in this thread, and returns how many there were.
///
/// The others stay in their order. A list that is being run is not changed.
pub fn unregister(variable: *mut *mut c_void) -> usize {
    hook::existing(|locals| locals.unregister(variable)).unwrap_or(0)
}

/// Takes back one registration, and tells whether it was there: made by this thread, not run and
/// not taken back before.
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
/// It does what would be done if the thread ended, and they are not called again then. Meant for the
/// main thread, which does not end, and for threads of a pool that become someone else's. In a
/// destructor, it runs what destructors have registered meanwhile.
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

/// A name for a value that each thread has for itself, and whose destructor is called when a thread
/// ends that has set it.
///
/// A thread that ends calls the destructors of its values after those it has registered, which may
/// still look at the values. Values that are null are passed over, and so are keys without
/// a destructor and those that were deleted. The value is null already when its destructor is called;
/// if that sets it again, it is called again, in up to four rounds.
///
/// Other than with the keys of POSIX, a number is not used again soon after its key was deleted.
///
/// ```
/// use ft_weave::Key;
/// use std::{ffi::c_void, ptr, thread};
///
/// unsafe extern "C" fn free(number: *mut c_void) {
///     drop(unsafe { Box::from_raw(number.cast::<u64>()) });
/// }
///
/// // Every value that is set below is one that `free` fits.
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
    /// How many keys a process can have at a time.
    pub const MAX: usize = keys::MAX;

    /// Makes a key, under which no thread has a value.
    ///
    /// # Errors
    ///
    /// If there are [`MAX`](Self::MAX) keys already. It looks at one place after the other, so it may also
    /// miss one that another thread frees behind its back.
    ///
    /// # Safety
    ///
    /// Until the key is deleted, and threads that were ending in that moment have ended, the
    /// destructor may be called with every value but null that is set, in the thread that set it,
    /// at its end and in [`run_now`].
    pub unsafe fn new(destructor: Option<Destructor>) -> Result<Self, KeyError> {
        // SAFETY: the caller's promise.
        unsafe { hook::KEYS.create(destructor) }.map(Self)
    }

    /// Deletes the key. Its values are forgotten, without their destructor being called; but one
    /// that a thread is about to call meanwhile is called.
    ///
    /// # Errors
    ///
    /// If it was deleted before.
    pub fn delete(self) -> Result<(), KeyError> {
        hook::KEYS.delete(self.0)
    }

    /// Sets this thread's value.
    ///
    /// # Errors
    ///
    /// If the key was deleted, or as with [`register`]; the value is what it was, then.
    pub fn set(self, value: *mut c_void) -> Result<(), KeyError> {
        hook::created(|locals| locals.set(&hook::KEYS, self.0, value))?
    }

    /// Returns this thread's value; null if it has set none, or the key was deleted.
    pub fn get(self) -> *mut c_void {
        hook::existing(|locals| locals.get(&hook::KEYS, self.0)).unwrap_or(std::ptr::null_mut())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.0).finish()
    }
}
