//! What extensions written with [PyO3](pyo3) need in addition to PyO3, to work with and without the
//! GIL.
//!
//! The crate has four parts: a cell for shared state, [`Protected`]; waits that let other Python
//! threads run and that can be interrupted, [`wait`](wait()); one-time initialization that never
//! waits, [`RaceOnce`]; and a helper for build scripts, [`build`]. PyO3 already has everything
//! else, and this page says where.
//!
//! # From the GIL to free threading
//!
//! What relied on the GIL, and what replaces it on both builds:
//!
//! | What there was | The problem | What to use |
//! |---|---|---|
//! | `GILProtected`, `static mut` | gone; nothing keeps other threads out | [`Protected`], or a lock: [below](#shared-state) |
//! | `&mut self` in a class | "Already borrowed", from any thread, at any time | `#[pyclass(frozen)]` with [`Protected`], atomics or a lock |
//! | a lock, taken while attached | deadlock with the GIL, or with the garbage collector | [`MutexExt`], [`wait`](wait()): [below](#locks) |
//! | `GILOnceCell` | gone; it could create two values | [`RaceOnce`] if two are harmless, [`PyOnceLock`] if not: [below](#one-time-initialization) |
//! | long work | delays all other threads when they must stop | [`Python::detach`], as before |
//! | `list.get_item` and then `set_item` | other threads can get in between | [`with_critical_section`] on the list |
//! | `cfg` for one build | the code is not told | [`FREE_THREADED`], [`build`] |
//! | `abi3` | has no free-threaded variant before 3.15 | a wheel for each version, or PyO3's `abi3t` |
//! | a module that is not ready | turns the GIL on for the whole process | `#[pymodule(gil_used = true)]` until it is |
//!
//! Since 0.28, PyO3 assumes that modules are ready. It ensures that classes are [`Sync`], so safe
//! code is ready. Look for `unsafe` code that takes a [`Python`] token as a proof that no other
//! thread runs. The token only proves that this thread is *attached*, and many threads can be
//! attached at once.
//!
//! Names in older code and texts: to have the GIL is to be attached, `with_gil` is
//! [`Python::attach`], and `allow_threads` is [`Python::detach`].
//!
//! # Shared state
//!
//! In this order of preference:
//!
//! 1. *None.* State that does not change needs no protection.
//! 2. *Atomics*, for single numbers and flags.
//! 3. *A concurrent container*, for many entries that change independently: `ft-concurrent-dict`,
//!    `ft-concurrent-queue` and others of this family, `dashmap`, or Python's own `dict` and
//!    `list`, whose single operations are atomic.
//! 4. *[`Protected`]*, for state that is read more often than changed, or that is in use while
//!    Python code runs: handlers, settings, caches of a few entries, the state of an object.
//! 5. *A lock*, for state that is changed in place by a few lines that run no Python code.
//!
//! [`Protected`] hands out snapshots. It does not hand out references to its contents under a lock
//! that CPython takes away from a waiting thread. Such a lock, a critical section, does not keep
//! other threads out until it ends. While its thread runs Python code, or code in an inner critical
//! section, another thread may have the lock, and a reference would be to a value that changes.
//! That is why PyO3's [`with_critical_section`] gives no access to data; where PyO3 does give
//! access, for `PyMutex`, it is `unsafe`. A lock that is not taken away has another problem: as
//! soon as Python code runs under it, two threads can wait for each other.
//!
//! # Locks
//!
//! A thread that waits while it is attached delays every thread that needs the GIL, or, without a
//! GIL, every thread that needs all others to stop for a garbage collection or a fork. If one of
//! these threads owns the lock, that is a deadlock. PyO3 has the answer:
//! [`MutexExt::lock_py_attached`], [`RwLockExt`] and similar methods detach while they wait. They
//! support the locks of std and, with the features `parking_lot` and `lock_api`, those of
//! parking_lot and all that are made with lock_api, including `ft-rwlock`. All code that takes the
//! lock while attached must use them.
//!
#![forbid(unsafe_code)]
#![doc = concat!("```\n", include_str!("../examples/sensor.rs"), "```")]
//!
//! These methods do not prevent a deadlock if Python code runs while the lock is held. Python code
//! runs in unexpected places: in `==` and `hash`, and wherever a reference is dropped, because an
//! object may have a `__del__`. So:
//!
//! - Under a lock, use only Rust values. Cloning a reference is fine.
//! - Return removed values from under the lock, and drop them afterwards.
//! - Where Python code must run in between, use [`Protected`].
//!
//! These methods also do not check for signals: a user who presses Ctrl-C has to wait. For a wait
//! that may be long, use [`wait`](wait()), which takes any function that waits until a given
//! instant. With a [`Condvar`], lock the mutex inside of that function, too, so that the lock is
//! never held while detaching or attaching; the example of `wait` does that.
//!
//! In the child of a fork, a lock stays locked for ever if another thread held it, or had just been
//! given it. That applies to the locks of std, and also to those of Python objects, which critical
//! sections take. Everything in this crate, and the locks of `ft-rwlock` and `ft-interval-lock`,
//! are made to work in the child.
//!
//! # One-time initialization
//!
//! [`PyOnceLock`] creates a value exactly once, and detaches while it waits; [`OnceExt`] and
//! [`OnceLockExt`] do so for the types of std. [`RaceOnce`] never waits. Prefer it for an import, a
//! type or a table. Prefer PyOnceLock for actions that have an effect, such as starting a thread.
//! The best solution is to create the value when the module is initialized, since a module is
//! imported only once.
//!
//! # Libraries that are not thread-safe
//!
//! Put a library that only one thread at a time may use behind a [`Mutex`], taken as described
//! above. If the library calls back into Python, it must release the mutex for the call. If its
//! objects need the mutex even then, keep them on one thread, and let other threads send their
//! requests there.
//!
//! # Testing
//!
//! Run the tests with the free-threaded Python, and make sure that the GIL stays off: a module that
//! is not ready turns it on, with a warning, unless `PYTHON_GIL=0` is set. Then start several
//! threads at a `threading.Barrier`. The Python packages `ft_utils.testing` and
//! `pytest-run-parallel` do that.
//!
//! # Costs and progress
//!
//! [`Protected::get`](Protected::get) and [`RaceOnce::get`](RaceOnce::get) take constant time and wait
//! for no Python code. A change of a [`Protected`] allocates, and is repeated if another thread has
//! changed it meanwhile. [`RaceOnce`] never waits. [`wait`](wait()) detaches; on the main thread it
//! attaches again a few times a second, to look for signals.
//!
//! # Public dependency
//!
//! The types of PyO3 0.30 are in the interface, and promised: support of another version of PyO3 comes
//! with a new version of this crate that Cargo does not take for compatible.
//!
//! # At the end of the process
//!
//! When the interpreter is shutting down, [`Python::attach`] panics, and [`Python::try_attach`]
//! returns `None` instead. If a thread was detached before and then attaches again, it hangs. That
//! is right: there is no interpreter left in which it could do anything. However, before 3.14
//! CPython ends a daemon thread that is running Python code. If an extension has called that code,
//! the thread is unwound through the extension, which Rust forbids. No library can prevent that;
//! programs can, by joining their threads.
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
/// There may still be a GIL at run time, if a module or the user asked for it.
#[cfg(feature = "python")]
pub const FREE_THREADED: bool = cfg!(Py_GIL_DISABLED);
