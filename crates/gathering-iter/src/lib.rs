//! Gathers numbered values from many threads, and hands them out in the order of their numbers.
//!
//! Threads are given pieces of work, which are numbered from 0. Each thread inserts the result of a
//! piece when it has it. Readers get the results of the pieces 0, 1, 2 and so on, each as soon as
//! it is there.
//!
//! ```
//! use ft_gathering_iter::GatheringIter;
//! use std::{convert::Infallible, thread};
//!
//! let squares: GatheringIter<u64> = GatheringIter::new();
//! thread::scope(|scope| {
//!     for first in 0..4 {
//!         let squares = &squares;
//!         // The first thread computes the pieces 0, 4, 8, the second one 1, 5, 9, and so on.
//!         scope.spawn(move || {
//!             for n in (first..12).step_by(4) {
//!                 squares.insert(n, n * n).unwrap();
//!             }
//!         });
//!     }
//!     let in_order: Result<Vec<u64>, Infallible> = squares.drain(12).collect();
//!     assert_eq!(in_order, Ok((0..12).map(|n| n * n).collect()));
//! });
//! ```
//!
//! # Readers
//!
//! Each reader starts at key 0. Readers made by [`iter`](GatheringIter::iter) clone the values and
//! leave them where they are, so each of these readers sees all values. Readers made by
//! [`drain`](GatheringIter::drain) take the values out, and each value goes to exactly one reader.
//! Draining readers that are *in progress* at the same time share the work: when one of them has
//! taken a key, the others pass over it. A reader is in progress from its first call until it has
//! reached its end, has failed, is [closed](Reader::close) or dropped. When no reader is in
//! progress, the next one waits for key 0 to be inserted again.
//!
//! Several threads may also use one reader: each value goes to one of them.
//!
//! # How it works
//!
//! Keys are spread over shards. Each shard is a hash map behind a mutex, which is held for a few
//! instructions. A reader that finds its next key missing leaves a note in the shard, under the
//! same lock. The thread that inserts that key finds the note, and wakes that reader and no other.
//! In the same way a thread that has to wait for room in the [window](GatheringIter::with_window)
//! leaves a note at the one key that has to be taken first. So an insertion locks one shard,
//! however many threads wait for other keys.
//!
//! No value is cloned, dropped or compared under a lock, with one exception: readers made by `iter`
//! clone under the lock of the shard.
//!
//! # Orderings
//!
//! All that is known about a key (its value, its notes, that it was taken, that it will never come)
//! is written under the lock of its shard, and the lock publishes it. Two atomics say how far
//! draining readers have come, and whether gathering is over. They are written before or under the
//! lock of each shard in which they make a difference, and a thread reads them again under that
//! lock before it sleeps. Where a thread may see them before the lock has published them, they are
//! written with Release and read with Acquire.

#![forbid(unsafe_code)]

mod error;
mod gathering;
mod insertion;
mod reader;
mod shard;
mod shared;

pub use error::{InsertError, NextError, Refusal};
pub use gathering::GatheringIter;
pub use insertion::Insertion;
pub use reader::Reader;

/// If the type were covariant, a value could be put in as a short-lived reference and read as a
/// long-lived one. So this must not compile.
///
/// ```compile_fail,E0597
/// use ft_gathering_iter::GatheringIter;
///
/// let gathering: GatheringIter<&'static str> = GatheringIter::new();
/// let short = String::from("gone before it is read");
/// let shorter: &GatheringIter<&str> = &gathering;
/// let _ = shorter.insert(0, short.as_str());
/// ```
#[cfg(doctest)]
struct Invariance;
