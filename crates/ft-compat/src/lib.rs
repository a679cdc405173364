//! What extensions written with [PyO3](pyo3) need beside PyO3 to work with and without the GIL.
//!
//! It has four things: a cell for shared state, [`Protected`]; waits that let Python go on and can
//! be interrupted, [`wait`](wait()); one-time initialization that never waits, [`RaceOnce`]; and a
//! helper for build scripts, [`build`]. The rest is in PyO3 already, and this page says where.
//!
//! # From the GIL to free threading
//!
//! What relied on the GIL, and what takes its place on both builds:
//!
//! | What there was | The problem | What to use |
//! |---|---|---|
//! | `GILProtected`, `static mut` | gone; nothing keeps other threads out | [`Protected`], or a lock: [below](#shared-state) |
//! | `&mut self` in a class | "Already borrowed", from any thread, at any time | `#[pyclass(frozen)]` with [`Protected`], atomics or a lock |
//! | a lock, taken while attached | deadlock with the GIL, or with the garbage collector | [`MutexExt`], [`wait`](wait()): [below](#locks) |
//! | `GILOnceCell` | gone; it could make two values | [`RaceOnce`] if that may be, [`PyOnceLock`] if not: [below](#one-time-initialization) |
//! | long work | holds up all other threads when they must stop | [`Python::detach`], as ever |
//! | `list.get_item` and then `set_item` | others come in between | [`with_critical_section`] on the list |
//! | `cfg` for one build | the code is not told | [`FREE_THREADED`], [`build`] |
//! | `abi3` | has no free-threaded variant before 3.15 | a wheel for each version, or PyO3's `abi3t` |
//! | a module that is not ready | turns the GIL on for the whole process | `#[pymodule(gil_used = true)]` until it is |
//!
//! PyO3 assumes since 0.28 that modules are ready. It sees to it that classes are [`Sync`], so that
//! safe code is. What remains to be looked for is `unsafe` code that takes a [`Python`] token for a
//! proof that no other thread runs. It is a proof that this thread is *attached*, and many can be
//! at once.
//!
//! The names in older code and texts mean: to have the GIL is to be attached, `with_gil` is
//! [`Python::attach`], `allow_threads` is [`Python::detach`].
//!
//! # Shared state
//!
//! In this order of preference:
//!
//! 1. *None.* What does not change needs no protection.
//! 2. *Atomics*, for single numbers and flags.
//! 3. *A concurrent container*, for many entries of which each changes on its own:
//!    `ft-concurrent-dict`, `ft-concurrent-queue` and others of this family, `dashmap`, or Python's
//!    own `dict` and `list`, whose single operations are atomic.
//! 4. *[`Protected`]*, for anything that is read more than changed, or while which Python code has
//!    to run: handlers, settings, caches of a few entries, the state of an object.
//! 5. *A lock*, for state that changes in place, by a few lines that run no Python code.
//!
//! Why does [`Protected`] hand out snapshots, and not references to what is in it, under a lock
//! that CPython takes away from a thread that waits? Because such a lock, a critical section, does
//! not keep other threads out until it ends. While its thread runs Python code, or code in an inner
//! critical section, another thread may have it, and a reference would be to a value that changes
//! under it. That is why PyO3's [`with_critical_section`] gives no access to data, and where it
//! does so, for `PyMutex`, that is `unsafe`. And a lock that is not taken away can be waited for by
//! two threads that each have what the other one needs, as soon as Python code runs under it.
//!
//! # Locks
//!
//! A thread that waits while it is attached holds up every thread that needs the GIL, or, without
//! one, that needs all others to stop: for a garbage collection, or a fork. If the lock's owner is
//! one of these, that is a deadlock. PyO3 has the answer: [`MutexExt::lock_py_attached`],
//! [`RwLockExt`] and their like detach while they wait, for the locks of std, and
//! with the features `parking_lot` and `lock_api` for those of parking_lot and all that are made
//! with lock_api, `ft-rwlock` among them. All who take the lock while attached must use them.
//!
#![forbid(unsafe_code)]
#![doc = concat!("```\n", include_str!("../examples/sensor.rs"), "```")]
//!
//! What they do not do is to prevent a deadlock if Python code runs while the lock is taken. Python
//! code runs where one does not expect it: in `==` and `hash`, and wherever a reference is dropped,
//! because an object may have a `__del__`. So:
//!
//! - Under a lock, touch Rust values only. Cloning a reference is fine.
//! - What leaves is returned out of the lock, and dropped after that.
//! - Where Python code must run in between, use [`Protected`].
//!
//! And they do not look for signals: a user who presses Ctrl-C waits. For a wait that may be long,
//! use [`wait`](wait()), which takes any function that waits until some instant. With a
//! [`Condvar`], take the mutex inside of it, too, so that it is never taken across detaching or
//! attaching; its example does that.
//!
//! In the child of a fork, a lock that another thread had stays locked for ever, or that another
//! thread was just given. That is so for the locks of std, and also for those of Python objects,
//! which critical sections take. Everything in this crate, and the locks of `ft-rwlock` and
//! `ft-interval-lock`, are made to work in the child.
//!
//! # One-time initialization
//!
//! [`PyOnceLock`] makes a value exactly once, and detaches while it waits; [`OnceExt`] and
//! [`OnceLockExt`] do so for what std has. [`RaceOnce`] waits for nobody. For an import, a type or a
//! table prefer that; for what has an effect, such as starting a thread, prefer PyOnceLock. Best of
//! all is to have it done when the module is initialized: imports are made once anyway.
//!
//! # Libraries that are not thread-safe
//!
//! A library that may be used by one thread at a time is to be behind a [`Mutex`], taken as above;
//! one that calls back into Python must let go of it for that. If its objects cannot do without it,
//! keep them on one thread, and have the others send their requests there.
//!
//! # Testing
//!
//! Run the tests with the free-threaded Python, and see to it that the GIL stays off: a module that
//! is not ready turns it on, with a warning, unless there is `PYTHON_GIL=0`. Then start several
//! threads at a `threading.Barrier`. Python's `ft_utils.testing` and `pytest-run-parallel` do that.
//!
//! # At the end of the process
//!
//! When the interpreter is going, [`Python::attach`] panics, and [`Python::try_attach`] says so
//! instead. A thread that has detached before and comes back then hangs, which is right: nothing it
//! could do has a place to be done. But before 3.14 CPython ends a daemon thread that is in Python
//! code, and if an extension has called that code, the thread is unwound through the extension,
//! which Rust forbids. No library can help that; programs can, by joining their threads.
//!
//! [`Condvar`]: std::sync::Condvar
//! [`Mutex`]: std::sync::Mutex
//! [`MutexExt`]: pyo3::sync::MutexExt
//! [`MutexExt::lock_py_attached`]: pyo3::sync::MutexExt::lock_py_attached
//! [`OnceExt`]: pyo3::sync::OnceExt
//! [`OnceLockExt`]: pyo3::sync::OnceLockExt
//! [`PyOnceLock`]: pyo3::sync::PyOnceLock
//! [`Python`]: pyo3::Python
//! [`Python::attach`]: pyo3::Python::attach
//! [`Python::detach`]: pyo3::Python::detach
//! [`Python::try_attach`]: pyo3::Python::try_attach
//! [`RwLockExt`]: pyo3::sync::RwLockExt
//! [`with_critical_section`]: pyo3::sync::critical_section::with_critical_section
#![cfg_attr(
    not(feature = "build"),
    doc = "[`build`]: https://docs.rs/ft-compat/latest/ft_compat/build/"
)]

#[cfg(feature = "build")]
pub mod build;
#[cfg(feature = "python")]
mod once;
#[cfg(feature = "python")]
mod protected;
#[cfg(feature = "python")]
mod section;
#[cfg(feature = "python")]
mod wait;

#[cfg(feature = "python")]
pub use once::RaceOnce;
#[cfg(feature = "python")]
pub use protected::{Changed, Protected, Snapshot};
#[cfg(feature = "python")]
pub use wait::{Slices, Timeout, prepare, wait};

/// Whether the module is built for a Python without the GIL.
///
/// There may be a GIL at run time all the same: if a module asked for it, or the user.
#[cfg(feature = "python")]
pub const FREE_THREADED: bool = cfg!(Py_GIL_DISABLED);
