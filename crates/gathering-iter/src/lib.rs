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
//! Keys are numbers without large gaps, so values lie in arrays. The keys are divided into segments of
//! 128, and a segment has a slot for each of its keys. A slot is a lock of one byte, which is held for
//! a few instructions, and room for a value. A thread that inserts finds the segment in a table
//! without a lock, and a reader remembers the segment that it reads from. So inserting and reading
//! a value is one exchange each, in memory that only threads at neighboring keys use.
//!
//! All else is done under one mutex: making segments, replacing values, waiting, ending. A reader
//! that finds its next key missing leaves a note, and marks the slot. The thread that inserts that
//! key finds the mark and then the note, and wakes that reader and no other. In the same way a
//! thread that has to wait for room in the [window](GatheringIter::with_window) leaves a note at the
//! one key that has to be taken first. So an insertion looks at one slot, however many threads wait
//! for other keys.
//!
//! When draining readers have taken all values of a segment, it is used again for other keys.
//! Segments are freed only at the end, so a thread that has found one may take its time. It looks at
//! the number of the segment once more when it has locked the slot, because from then on the number
//! does not change. Values whose keys are far away from all others do not get a segment: they are in
//! a `BTreeMap`, until there are enough of them or a reader comes.
//!
//! No value is cloned, dropped or compared under a lock, with one exception: readers made by `iter`
//! clone under the lock of the slot, and also under the mutex when they come to another segment or
//! had to wait for the value. The reason of a failure is cloned under the mutex.
//!
//! # Costs and progress
//!
//! To insert a value and to read one take constant time, and (amortized) so does making a segment;
//! a value whose key is far away takes logarithmic time in the number of such values.
//! [`len`](GatheringIter::len) and [`clear`](GatheringIter::clear) take time in proportion to the
//! segments that have values. Nothing here is lock-free. The lock of a slot is held for a few
//! instructions, or while a reader made by `iter` clones. So is the mutex; `len` and `clear` hold it
//! while they look at one slot after another, which keeps all others from it.
//!
//! The [`Event`](ft_sync::Event) on which readers and insertions wait is a type of `ft-sync`: a new
//! major version of that is one of this crate.
//!
//! # Deadlocks
//!
//! A reader waits for ever for a value that nobody inserts: [close](GatheringIter::close) the
//! gathering when no more values come, or let it [fail](GatheringIter::fail).
//!
//! With a window, an insertion waits until the value that is `window` keys before it is taken. It
//! waits for ever if no draining reader goes on, or if a value up to that one is missing which the
//! same thread would insert later. So give out the pieces of work in ascending order, and let each
//! thread insert its keys in ascending order.
//!
//! # Orderings
//!
//! All that is known about a key (its value, its mark, that it was taken, that it will never come) is
//! written under the lock of its slot, and that lock publishes it: it is taken with Acquire and
//! released with Release. If the key has no segment, the mutex does both. Two atomics say how far
//! draining readers have come, and whether gathering is over; a thread reads them again under the
//! lock of the slot before it decides something. Where a thread may see them before a lock has
//! published them, they are written with Release and read with Acquire.

mod error;
mod gathering;
mod insertion;
mod notes;
mod reader;
mod segment;
mod shared;
mod slot;
mod slow;

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

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
