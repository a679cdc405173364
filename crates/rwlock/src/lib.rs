//! A phase-fair readers-writer lock.
//!
//! [`RwLock`] guards a value, and is used as that of [`lock_api`] or parking_lot. [`OwnedRwLock`] is
//! without a value and without guards, and knows the threads that hold it instead. Both are a
//! [`RawRwLock`] inside.
//!
//! ```
//! use ft_rwlock::RwLock;
//!
//! let config = RwLock::new(vec!["a"]);
//! assert_eq!(config.read().len(), 1);
//! config.write().push("b");
//! assert_eq!(*config.read(), ["a", "b"]);
//! ```
//!
//! # Who goes first
//!
//! While somebody reads, a writer that waits keeps new readers out; present ones may nest. When a
//! writer leaves, all readers that waited by then come in, together, before the next writer. So
//! reading and writing take turns when both are in demand: a reader waits for one writing at most,
//! after the present readings; a writer waits for at most one batch of readers for each writer that
//! came before it. Writers go in the order in which they came. That is the policy of Brandenburg
//! and Anderson (*Reader-Writer Synchronization for Shared-Memory Multiprocessor Real-Time
//! Systems*, ECRTS 2009), which they call phase-fair; the implementation is not theirs.
//!
//! Who leaves hands the lock over to those whose turn it is, and wakes them and nobody else. A thread
//! that comes along while others wait does not overtake them, except that one which has to wait looks
//! a few times whether the lock is free before it takes its place in the line.
//!
//! A waiter that gives up, because of its deadline, leaves no trace: those who waited because of it
//! alone go ahead.
//!
//! # How it works
//!
//! One word tells who has the lock, and whether there is a line. While there is none, taking the lock
//! and giving it up are one read-modify-write each. The line is behind a mutex: a queue of writers, a
//! list of readers, each of them with a signal of their own to wait for.
//!
//! # Orderings
//!
//! Taking acquires the word, giving up releases it, and every other change to it is a
//! read-modify-write, so release sequences are never cut. A thread that was in the line gets the
//! lock from one that has acquired the word, or has had the lock itself, by a signal, which
//! releases and acquires too.
//!
//! # Forks
//!
//! The child of a fork can use a lock that no other thread of its parent had. Threads that waited for
//! it stayed in the parent: a process that finds a line of another one begins a new line.

mod error;
mod holds;
mod owned;
mod raw;

pub use error::{NotHeld, WouldDeadlock};
pub use owned::{OwnedRwLock, Waiter};
pub use raw::RawRwLock;

// Loom's atomics cannot be made in a constant, and nothing is left here to explore.
#[cfg(not(any(ft_loom, ft_shuttle)))]
mod guarded;
#[cfg(not(any(ft_loom, ft_shuttle)))]
pub use guarded::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What was put in as a short-lived reference would come out as a long-lived one: the type may not be
/// covariant, so this must not compile.
///
/// ```compile_fail,E0597
/// use ft_rwlock::RwLock;
///
/// let lock: RwLock<&'static str> = RwLock::new("long");
/// let short = String::from("gone before it is read");
/// let shorter: &RwLock<&str> = &lock;
/// *shorter.write() = short.as_str();
/// ```
#[cfg(doctest)]
struct Invariance;
