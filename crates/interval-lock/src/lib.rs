//! A fair lock whose holder lets other threads in now and then, like the GIL.
//!
//! A thread with much work takes the lock and calls [`poll`](IntervalLockGuard::poll) often. Most
//! of these calls cost almost nothing. If other threads wait, and the thread has had the lock for
//! longer than the interval, `poll` hands the lock over and takes it again. [`IntervalLock`] guards
//! a value; [`RawIntervalLock`] has no value and no guards.
//!
//! ```
//! use ft_interval_lock::IntervalLock;
//! use std::{thread, time::Duration};
//!
//! let total = IntervalLock::new(Duration::from_millis(1), 0_u64);
//! thread::scope(|scope| {
//!     for _ in 0..2 {
//!         scope.spawn(|| {
//!             let mut total = total.lock();
//!             for n in 0..10_000 {
//!                 *total += n;
//!                 total.poll();
//!             }
//!         });
//!     }
//! });
//! assert_eq!(*total.lock(), 99_990_000);
//! ```
//!
//! # Who goes first
//!
//! Threads and tasks wait in a line, and get the lock in the order in which they came. One that
//! releases the lock hands it to the first in the line, so nobody overtakes those who wait, not even
//! the thread that had the lock last: a thread that cedes the lock gets it back after all that were
//! waiting by then.
//!
//! A thread that finds the lock taken looks a few times, for some microseconds, whether the lock is
//! free, before it enters the line. Without this, threads that use the lock briefly and often would
//! put each other to sleep every time, because the lock is always handed over.
//!
//! # Costs and progress
//!
//! Without contention, taking and releasing the lock are one exchange each, and `poll` is two
//! loads. Otherwise they take constant time under the mutex of the line, which is held for a few
//! instructions. A waiter that gives up is looked for in the line, in time proportional to its
//! length. A lock cannot be lock-free; but whoever waits has only those before it in the line to
//! wait for.
//!
//! [`TaskToken`](ft_sync::TaskToken), by which a task is known, is a type of `ft-sync`: a new major
//! version of that is one of this crate.
//!
//! # Orderings
//!
//! A thread that takes the lock acquires the word, and one that releases the lock releases the
//! word. A thread in the line gets the lock by a signal, which releases and acquires too.
//!
//! # Forks
//!
//! The child of a fork can use a lock that no other thread of its parent held. Threads that were
//! waiting for it exist only in the parent. A process that finds the line of another process starts
//! a new line.

mod error;
mod guarded;
mod raw;
mod tasks;

pub use error::{AlreadyOwner, NotOwner};
pub use guarded::{IntervalLock, IntervalLockGuard};
pub use raw::{RawIntervalLock, Waiter};
pub use tasks::TaskWaiter;

/// The type must not be covariant: otherwise a short-lived reference that was put in could come out
/// as a long-lived one. So this example must not compile.
///
/// ```compile_fail,E0597
/// use ft_interval_lock::IntervalLock;
/// use std::time::Duration;
///
/// let lock: IntervalLock<&'static str> = IntervalLock::new(Duration::from_millis(5), "long");
/// let short = String::from("gone before it is read");
/// let shorter: &IntervalLock<&str> = &lock;
/// *shorter.lock() = short.as_str();
/// ```
#[cfg(doctest)]
struct Invariance;

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
