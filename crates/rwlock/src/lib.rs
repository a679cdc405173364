//! A phase-fair readers-writer lock.
//!
//! [`RwLock`] guards a value, and has the interface of [`lock_api`] and parking_lot.
//! [`OwnedRwLock`] has no value and no guards; instead it knows the threads that hold it. Both
//! contain a [`RawRwLock`].
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
//! While readers hold the lock, a waiting writer keeps new readers out; threads that already read
//! may read again. When a writer releases the lock, all readers that are waiting by then get it
//! together, before the next writer. So reading and writing alternate when both are in demand. A
//! reader waits for at most one writer, after the present readers. A writer waits for at most one
//! batch of readers for each writer that came before it. Writers get the lock in the order in which
//! they came. This is the policy that Brandenburg and Anderson call phase-fair (*Reader-Writer
//! Synchronization for Shared-Memory Multiprocessor Real-Time Systems*, ECRTS 2009); the
//! implementation is a different one.
//!
//! A thread that releases the lock hands it to the threads whose turn it is, and wakes only those.
//! A thread that arrives while others wait does not overtake them, with one exception: a thread
//! that has to wait looks a few times whether the lock is free before it enters the line.
//!
//! A waiter that gives up at its deadline leaves no trace: threads that were only waiting because
//! of it go ahead.
//!
//! # How it works
//!
//! One word says who has the lock, and whether there is a line of waiting threads. While there is
//! no line, taking and releasing the lock are one read-modify-write each. The line is behind a
//! mutex. It consists of a queue of writers and a list of readers, each with a signal to wait for.
//!
//! # Orderings
//!
//! A thread that takes the lock acquires the word, and one that releases the lock releases the
//! word. Every other change of the word is a read-modify-write, so release sequences are never
//! interrupted. A thread in the line gets the lock by a signal, which releases and acquires too,
//! from a thread that has acquired the word or has had the lock itself.
//!
//! # Forks
//!
//! The child of a fork can use a lock that no other thread of its parent held. Threads that were
//! waiting for it exist only in the parent. A process that finds the line of another process starts
//! a new line.

mod error;
mod holds;
mod owned;
mod raw;

pub use error::{NotHeld, WouldDeadlock};
pub use owned::{OwnedRwLock, Waiter};
pub use raw::RawRwLock;

// Loom's atomics cannot be created in a constant. In this module there is nothing left to explore.
#[cfg(not(any(ft_loom, ft_shuttle)))]
mod guarded;
#[cfg(not(any(ft_loom, ft_shuttle)))]
pub use guarded::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The type must not be covariant: otherwise a short-lived reference that was put in could come out
/// as a long-lived one. So this example must not compile.
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
