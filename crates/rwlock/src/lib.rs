//! A phase-fair readers-writer lock.
//!
//! [`RwLock`] guards a value, and has the interface of [`lock_api`] and parking_lot.
//! [`OwnedRwLock`] has no value and no guards; instead it knows the threads and tasks that hold it.
//! Both contain a [`RawRwLock`]. Threads and tasks wait for it in one line.
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
//! mutex. It consists of a queue of writers and a list of readers, each with a signal, for which a
//! thread sleeps and a task is suspended.
//!
//! When readers meet at the word, the lock becomes *biased*: from then on readers do not count
//! themselves in the word, but announce themselves in memory of their own threads, which no other
//! thread writes ([`ft_sync::readers`]). So they do not slow each other down. A writer that meets
//! the bias locks the line, sets the bit that keeps new readers out, and then looks at what all
//! threads have announced. If it finds nobody, it has the lock, and the bias is over. Otherwise it
//! marks what it finds, and waits in line, or gives up. A reader whose announcement is marked calls
//! the line when it leaves, as the last counted reader does. A reader that announces itself too
//! late for the bit, but before the writer looks, has come before the writer if it is marked, and
//! withdraws otherwise. The design follows BRAVO (Dice and Kogan, "Biased Locking for Reader-Writer
//! Locks", 2019). There, readers may collide in a slot, every lock is biased from the start, and a
//! writer waits for readers by looking again and again.
//!
//! A thread announces up to four readings, of one lock or of several; it counts the others.
//!
//! # Costs and progress
//!
//! Taking and releasing the lock take constant time if nobody has to wait. A writer that meets the
//! bias also looks at the slots of all threads that have ever announced a reading. Otherwise a
//! thread enters the line in constant time, under a mutex that is held for a few instructions; a
//! release takes time in proportion to the threads that it hands the lock to, and a waiter that
//! gives up may be looked for in the line. A lock cannot be lock-free; *Who goes first* says for
//! whom one waits.
//!
//! # Public dependency
//!
//! [`RwLock`], its guards and the traits of [`RawRwLock`] are those of `lock_api` 0.4, so that the
//! lock can be used wherever one of parking_lot can. They are promised: another `lock_api` means a
//! new major version of this crate; so does another [`TaskToken`](ft_sync::TaskToken) of `ft-sync`.
//!
//! # Orderings
//!
//! A thread that takes the lock acquires the word, and one that releases the lock releases the
//! word. Every other change of the word is a read-modify-write, so release sequences are never
//! interrupted. A thread in the line gets the lock by a signal, which releases and acquires too,
//! from a thread that has acquired the word or has had the lock itself.
//!
//! An announcement and the bit of a writer are in one order, as [`ft_sync::readers::hold`]
//! describes. Withdrawing an announcement releases, and the writer that looks for it acquires.
//!
//! # Forks
//!
//! The child of a fork can use a lock that no other thread of its parent held. Threads that were
//! waiting for it exist only in the parent. A process that finds the line of another process starts
//! a new line. What other threads have announced is gone in the child.

mod error;
mod holds;
mod owned;
mod raw;
mod task_holds;
mod tasks;

pub use error::{NotHeld, WouldDeadlock};
pub use owned::{OwnedRwLock, Waiter};
pub use raw::{RawAcquire, RawRwLock};
pub use tasks::TaskWaiter;

// Loom's atomics cannot be created in a constant. In this module there is nothing left to explore.
#[cfg(not(any(ft_loom, ft_shuttle)))]
mod guarded;
#[cfg(not(any(ft_loom, ft_shuttle)))]
pub use guarded::{AsyncRwLock, RwLock, RwLockReadGuard, RwLockWriteGuard};

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

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
