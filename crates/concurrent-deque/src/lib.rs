//! A concurrent double-ended queue.
//!
//! [`ConcurrentDeque`] has the operations of [`VecDeque`] and of Python's `collections.deque`, each
//! as one atomic step: insertion of blocks that stay together, rotation, a maximum length, and
//! search by an equality that may fail or run any code. A thread that waits for an item is parked,
//! with or without a deadline.
//!
//! ```
//! use ft_concurrent_deque::ConcurrentDeque;
//! use std::thread;
//!
//! let deque = ConcurrentDeque::new();
//! let total: u64 = thread::scope(|scope| {
//!     let workers: Vec<_> = (0..2)
//!         .map(|_| scope.spawn(|| (0..50).map(|_| deque.pop_front_deadline(None).unwrap()).sum::<u64>()))
//!         .collect();
//!     for n in (1..=100).step_by(2) {
//!         deque.extend_back(vec![n, n + 1]);
//!     }
//!     workers.into_iter().map(|worker| worker.join().unwrap()).sum::<u64>()
//! });
//! assert_eq!(total, 5050);
//! ```
//!
//! # Guarantees
//!
//! - *Atomic.* Every method takes effect at one moment, for the whole deque. No thread sees half a
//!   block, an item missing during a rotation, or one item too many. This includes
//!   [`to_vec`](ConcurrentDeque::to_vec) and searches. What a thread did before it put an item in
//!   happens before what another thread does after taking it out.
//! - *Exact.* There are never more items than the maximum length. If an item has to leave for a new
//!   one, it is returned to the caller that put in the new one. All items that an operation takes
//!   out are returned; none is dropped inside.
//! - *Waking.* Each item that is put in wakes the thread that has waited longest. A thread that
//!   comes along before the woken thread runs may take the item. Then the woken thread waits again,
//!   at the end of the line.
//!
//! # How it works
//!
//! The deque is a [`VecDeque`] behind a [`Mutex`]. Under the mutex items are moved, cloned and
//! counted, and never dropped. The only foreign code that runs under it is [`Clone`],
//! [`Query::is_same`], and `==` in the plain searches for items that are [`Eq`]. This code must be
//! short and must not use the deque.
//!
//! A deque has two ends, but most deques have few items most of the time, and then both ends are in
//! the same place: with one lock for each end, most operations would take both. Lock-free deques
//! have to link nodes by several words that change together, and allocate for every item. They
//! cannot rotate, insert or copy atomically. An uncontended mutex costs two atomic exchanges, and
//! operations at the ends hold it for a few instructions.
//!
//! The other operations hold it longer, and delay other threads meanwhile:
//!
//! | operation | time under the lock |
//! | --- | --- |
//! | push, pop, get, set, len, clear, rotate by 1 | constant; when the buffer grows or shrinks, a copy of it: constant on average |
//! | extend | one move per item |
//! | rotate by k | at most min(k, len - k) moves |
//! | insert, remove at i | at most min(i, len - i) moves |
//! | search | several visits, each about four times as long as the one before: a look at the items already compared, and clones of the next batch |
//! | to_vec, repeat, reverse | one clone or move per item |
//!
//! A million moves of a word take about a millisecond.
//!
//! Operations are not lock-free: a thread that is suspended while it has the mutex holds up the
//! others, and an operation that takes long delays them. A wait for an item is on an
//! [`Event`], and one for the first of several things has [`Case`](ft_sync::Case)s. Both are types of
//! `ft-sync`: a new major version of that is one of this crate.
//!
//! # Search
//!
//! A comparison can be slow, can fail, and can call back into the deque. So comparisons run on
//! clones, without the lock. The search records the items that it has compared and their positions.
//! When it has the lock again, it walks over the deque. It skips the items that are still the same,
//! and clones the others to compare them next. It ends under the lock: at an item that is equal
//! while all items before it are known to be different, or at the end of the deque. So
//! [`try_remove`](ConcurrentDeque::try_remove) removes the item that is the first match at the
//! moment of its removal.
//!
//! Items are recognized by their positions on an endless line. An item keeps its position while
//! other items come and go at the ends, or are rotated from one end to the other. So other threads
//! cost a search one comparison for each item that they put in. If they insert or remove items in
//! the middle, or reverse the deque, the search compares the moved items again.
//!
//! [`VecDeque`]: std::collections::VecDeque

#![forbid(unsafe_code)]

use std::fmt;

use ft_sync::{Event, Mutex, MutexGuard};

mod cases;
mod ends;
mod error;
mod find;
mod index;
mod query;
mod ring;
mod search;
mod whole;

pub use error::{Full, OutOfRange};
pub use query::Query;

use ring::Ring;

/// A concurrent double-ended queue.
///
/// The [crate docs](crate) describe guarantees and costs.
///
/// Where an index is signed, -1 is the last item and -2 the one before it, as in Python.
///
/// ```
/// use ft_concurrent_deque::ConcurrentDeque;
///
/// let deque: ConcurrentDeque<_> = (1..=5).collect();
/// deque.rotate(2);
/// assert_eq!(deque.to_vec(), [4, 5, 1, 2, 3]);
/// assert_eq!(deque.get(-1), Some(3));
/// assert!(deque.remove(&5));
/// assert_eq!(deque.position(&1), Some(1));
/// assert_eq!((deque.pop_front(), deque.pop_back()), (Some(4), Some(3)));
///
/// let last_two = ConcurrentDeque::with_maxlen(2);
/// assert_eq!(last_two.extend_back(vec![1, 2, 3]), [1]);
/// assert_eq!(last_two.push_front(0), Some(3));
/// assert_eq!(last_two.to_vec(), [0, 2]);
/// ```
///
/// # Deadlocks
///
/// Items are cloned under the lock: a `clone` that uses the deque waits for itself. Comparisons run
/// outside of the lock, and may do anything.
pub struct ConcurrentDeque<T> {
    /// Never contains more than `maxlen` items while it is unlocked.
    ring: Mutex<Ring<T>>,
    /// The maximum length. `usize::MAX` means no limit.
    maxlen: usize,
    /// Notified once for each item put in.
    not_empty: Event,
}

impl<T> ConcurrentDeque<T> {
    /// Creates an empty deque that takes any number of items.
    pub fn new() -> Self {
        Self::with_maxlen(None)
    }

    /// Creates an empty deque that keeps at most `maxlen` items. `None` means no limit.
    ///
    /// If an item is put in at one end of a full deque, the item at the other end is pushed out.
    /// With a maximum of 0 the new item is returned immediately.
    pub fn with_maxlen(maxlen: impl Into<Option<usize>>) -> Self {
        Self {
            ring: Mutex::new(Ring::new()),
            maxlen: maxlen.into().unwrap_or(usize::MAX),
            not_empty: Event::new(),
        }
    }

    /// Returns the maximum length, or `None` if there is none.
    pub fn maxlen(&self) -> Option<usize> {
        (self.maxlen != usize::MAX).then_some(self.maxlen)
    }

    /// Returns the number of items.
    pub fn len(&self) -> usize {
        self.ring().len()
    }

    /// Returns whether the deque is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the event that is notified of each item put in. It is for callers that wait in their
    /// own way.
    ///
    /// Listen first, then try, then wait. A listener that is dropped without having waited passes
    /// its notification on, so giving up needs no special care.
    pub fn not_empty(&self) -> &Event {
        &self.not_empty
    }

    /// Locks the items. The holder of the guard drops no item, calls no foreign code but `clone`,
    /// `==` and `is_same`, and does not wait.
    #[inline]
    fn ring(&self) -> MutexGuard<'_, Ring<T>> {
        // If a `clone` or `is_same` panics, the ring is still intact.
        self.ring.lock().unwrap_or_else(|err| err.into_inner())
    }
}

impl<T> Default for ConcurrentDeque<T> {
    /// Creates an empty deque that takes any number of items.
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<Vec<T>> for ConcurrentDeque<T> {
    fn from(items: Vec<T>) -> Self {
        let deque = Self::new();
        deque.extend_back(items);
        deque
    }
}

impl<T> FromIterator<T> for ConcurrentDeque<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Vec::from_iter(items).into()
    }
}

impl<T> fmt::Debug for ConcurrentDeque<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcurrentDeque")
            .field("len", &self.len())
            .field("maxlen", &self.maxlen())
            .finish_non_exhaustive()
    }
}

/// If the type were covariant, an item could be put in as a short-lived reference and taken out as
/// a long-lived one. So this must not compile.
///
/// ```compile_fail,E0597
/// use ft_concurrent_deque::ConcurrentDeque;
///
/// let deque: ConcurrentDeque<&'static str> = ConcurrentDeque::new();
/// let short = String::from("gone before it is popped");
/// let shorter: &ConcurrentDeque<&str> = &deque;
/// let _ = shorter.push_back(short.as_str());
/// ```
#[cfg(doctest)]
struct Invariance;

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
