//! A fair counting semaphore for threads and tasks.
//!
//! A [`Semaphore`] has a number of permits. A thread or task that wants a permit while none is free
//! waits in a line, which threads and tasks share. Permits are handed to the first in line, so a
//! thread that comes later never overtakes, however fast it is. One that wants many permits at once
//! does not starve: what is released is set aside for it when it is first in line. The number of
//! permits can change while the semaphore is in use.
//!
//! ```
//! use ft_semaphore::Semaphore;
//! use std::{thread, time::Duration};
//!
//! let seats = Semaphore::new(2);
//! thread::scope(|scope| {
//!     for _ in 0..5 {
//!         scope.spawn(|| {
//!             let _seat = seats.acquire();
//!             assert!(seats.available() < 2);
//!         });
//!     }
//! });
//! assert_eq!(seats.available(), 2);
//!
//! let (one, other) = (seats.acquire(), seats.acquire());
//! assert!(seats.try_acquire().is_none());
//! assert!(seats.acquire_timeout(Duration::from_millis(1)).is_none());
//! drop((one, other));
//! ```
//!
//! A task awaits [`acquire_async`](Semaphore::acquire_async):
//!
//! ```
//! # use ft_semaphore::Semaphore;
//! async fn fetch(connections: &Semaphore) {
//!     let _permit = connections.acquire_async().await;
//!     // The number of tasks in this place never exceeds the number of permits.
//! }
//! ```
//!
//! # How it works
//!
//! One word contains the number of free permits and a bit that says whether there is a queue. While
//! the bit is clear, acquiring and releasing are one compare-exchange each. While it is set, permits
//! are counted under a mutex: a release saves them for the first in line, serves those for whom
//! there are enough, and wakes them after unlocking the mutex. The bit changes only under the mutex,
//! together with the queue. There is also a queue, perhaps of nobody, while more permits are out
//! than there should be, because the limit was lowered.
//!
//! The mutex also protects the decision who gets a permit. A waiter that stops waiting locks the
//! mutex. It finds either that it is still in line, and leaves, or that it has been served, and
//! passes the permit on.
//!
//! # Costs and progress
//!
//! While nobody waits, acquiring and releasing are lock-free and take constant time. While somebody
//! does, they take constant time under the mutex, which is held for a few instructions, plus time
//! in proportion to the waiters that a release serves. A waiter that gives up leaves in constant
//! time. Nobody overtakes.
//!
//! # Orderings
//!
//! Taking a permit acquires what giving it back released. So what a holder did happens before what
//! the next holder of that permit does. All changes of the word are read-modify-writes, so one
//! acquire reads from every release before it, and not only from the last one.

#![forbid(unsafe_code)]

mod acquire;
mod error;
mod owned;
mod queue;
mod semaphore;

pub use acquire::Acquire;
pub use error::ReleaseError;
pub use owned::OwnedPermit;
pub use semaphore::{Permit, Semaphore};

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
