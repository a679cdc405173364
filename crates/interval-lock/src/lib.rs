//! A fair lock whose holder lets others in now and then, as the GIL does.
//!
//! A thread with much to do takes the lock and calls [`poll`](IntervalLockGuard::poll) often. Most of
//! these calls cost next to nothing; when others wait, and the thread has had the lock for longer than
//! the interval, `poll` hands it over and takes it again. [`IntervalLock`] guards a value,
//! [`RawIntervalLock`] is without one and without guards.
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
//! Threads wait in a line, and get the lock in the order in which they came. Whoever gives the lock up
//! hands it to the first in the line, so nobody overtakes those who wait, least of all the thread that
//! had it last: a thread that cedes the lock gets it back after all who waited by then.
//!
//! A thread that finds the lock taken looks a few times, for some microseconds, whether it is free,
//! before it takes its place in the line. That keeps threads that use the lock briefly and often from
//! putting each other to sleep every time, which is the price of handing over.
//!
//! # Orderings
//!
//! The word is acquired by whoever takes the lock and released by whoever gives it up. Who was in the
//! line gets the lock by a signal, which releases and acquires too.
//!
//! # Forks
//!
//! The child of a fork can use a lock that no other thread of its parent had. Threads that waited for
//! it stayed in the parent: a process that finds a line of another one begins a new line.

mod error;
mod guarded;
mod raw;

pub use error::{AlreadyOwner, NotOwner};
pub use guarded::{IntervalLock, IntervalLockGuard};
pub use raw::{RawIntervalLock, Waiter};

/// What was put in as a short-lived reference would come out as a long-lived one: the type may not be
/// covariant, so this must not compile.
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
