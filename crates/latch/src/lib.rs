//! A latch and wait group for threads and tasks.
//!
//! A [`Latch`] has a count. Threads and tasks wait until it is zero:
//!
//! ```
//! use ft_latch::Latch;
//! use std::thread;
//!
//! let loaded = Latch::new(3);
//! thread::scope(|scope| {
//!     for _ in 0..3 {
//!         scope.spawn(|| loaded.count_down(1).unwrap());
//!     }
//!     loaded.wait();
//!     assert!(loaded.is_open());
//! });
//! ```
//!
//! A wait group is a latch that counts up, too: count each piece of work before you hand it out.
//!
//! ```
//! # use ft_latch::Latch;
//! # use std::thread;
//! let work = Latch::new(0);
//! thread::scope(|scope| {
//!     for _ in 0..5 {
//!         work.add(1).unwrap();
//!         scope.spawn(|| work.count_down(1).unwrap());
//!     }
//!     work.wait();
//! });
//! assert_eq!(work.count(), 0);
//! ```
//!
//! A task awaits [`wait_async`](Latch::wait_async):
//!
//! ```
//! # use ft_latch::Latch;
//! async fn start(loaded: &Latch) {
//!     loaded.wait_async().await;
//! }
//! ```
//!
//! # How it works
//!
//! One word contains the count, and the number of times that it has become zero. A waiter remembers
//! that number, so its wait ends even if the count goes up again before the waiter looks.
//!
//! # Costs and progress
//!
//! Counting and looking take constant time and are lock-free: a load, or a compare-exchange loop.
//! Whoever makes the count zero takes a lock only if somebody waits, and wakes all waiters, in time
//! proportional to their number. The [`Event`](Latch::opened) and [`Case`](Latch::opening) are
//! types of `ft-sync`: a new major version of that is one of this crate.
//!
//! # Deadlocks
//!
//! A waiter waits for ever if the count never becomes zero: for example, if it would have to count
//! down itself, or if a piece of work panics before it has counted down.
//!
//! # Orderings
//!
//! Counting down releases, and seeing an open latch acquires. So what a thread did before it counted
//! down happens before what another thread does after its wait. All changes of the word are
//! read-modify-writes, which form one release sequence. So this holds for every thread that counted
//! down, and not only for the last one, and it does not matter whether the latch was closed again.

#![forbid(unsafe_code)]

mod error;

pub use error::{CountTooLarge, CountedTooFar};

use ft_sync::{
    Case, Event,
    atomic::{
        AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
    deadline_after, uninterruptible,
};
use std::{
    fmt,
    time::{Duration, Instant},
};

/// The number of times that the count has become zero is in units of this. The bits below are the
/// count.
const OPENING: u64 = 1 << 32;

/// A count that threads and tasks change, and wait for to become zero.
///
/// The latch is open while the count is zero. A wait ends once the latch has been open at any time
/// since the wait began, even if [`add`](Self::add) has closed it again. Opening it wakes all
/// waiters. A waiter that gives up, or a future that is dropped, leaves no trace.
///
/// The child of a fork can use the latch. It has the parent's count, and none of its waiters.
pub struct Latch {
    /// The count in the low 32 bits. The bits above count how often it has become zero, modulo 2^32:
    /// a waiter would miss an opening only if 2^32 of them came between two of its looks.
    word: AtomicU64,
    /// Notified each time the count becomes zero.
    opened: Event,
}

/// Tells whether a latch has been open since [`Latch::watch`] made this.
#[derive(Debug)]
pub struct Watch<'a> {
    latch: &'a Latch,
    since: Since,
}

/// A moment in the life of a latch. See [`Latch::now`].
///
/// It is the number of openings before that moment. An opening that had not ended does not count, so
/// that it differs from all later numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since(u32);

impl Watch<'_> {
    /// Returns whether the latch is open, or was open at any time since the watch began.
    #[inline]
    pub fn was_open(&self) -> bool {
        self.latch.was_open(self.since)
    }
}

fn count(word: u64) -> u32 {
    (word % OPENING) as u32
}

fn openings(word: u64) -> u32 {
    (word / OPENING) as u32
}

impl Latch {
    /// Creates a latch with this count.
    pub fn new(count: u32) -> Self {
        Self {
            word: AtomicU64::new(u64::from(count)),
            opened: Event::new(),
        }
    }

    /// Returns the count.
    #[inline]
    pub fn count(&self) -> u32 {
        // Acquire: see *Orderings*. It pairs with the Release in `count_down`.
        count(self.word.load(Acquire))
    }

    /// Returns whether the count is zero.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.count() == 0
    }

    /// Counts down by `n`. If the count becomes zero, wakes all waiters.
    ///
    /// # Errors
    ///
    /// [`CountedTooFar`] if the count is smaller than `n`.
    ///
    /// ```
    /// use ft_latch::{CountedTooFar, Latch};
    ///
    /// let latch = Latch::new(2);
    /// assert_eq!(latch.count_down(3), Err(CountedTooFar { count: 2 }));
    /// assert_eq!(latch.count_down(2), Ok(()));
    /// ```
    pub fn count_down(&self, n: u32) -> Result<(), CountedTooFar> {
        let counted = |word: u64| {
            count(word).checked_sub(n)?;
            let left = word - u64::from(n);
            // The upper half may wrap, and then the carry is lost.
            let opens = n > 0 && count(left) == 0;
            Some(left.wrapping_add(if opens { OPENING } else { 0 }))
        };
        // Release: see *Orderings*. It pairs with the Acquire of those that see the latch open.
        // Relaxed: an exchange always follows, or nothing changes.
        match self.word.fetch_update(Release, Relaxed, counted) {
            Ok(before) => {
                if n > 0 && count(before) == n {
                    self.opened.notify_all();
                }
                Ok(())
            }
            Err(word) => Err(CountedTooFar { count: count(word) }),
        }
    }

    /// Counts up by `n`.
    ///
    /// Threads that began to wait while the count was zero, or were waiting when it became zero, do
    /// not wait for what is added here.
    ///
    /// # Errors
    ///
    /// [`CountTooLarge`] if the sum exceeds `u32::MAX`.
    pub fn add(&self, n: u32) -> Result<(), CountTooLarge> {
        let counted = |word: u64| {
            count(word).checked_add(n)?;
            Some(word + u64::from(n))
        };
        // Relaxed: it publishes nothing, and is part of the release sequence.
        let added = self.word.fetch_update(Relaxed, Relaxed, counted);
        added.map(drop).map_err(|_| CountTooLarge)
    }

    /// Waits until the count is zero, or has been zero since the call.
    pub fn wait(&self) {
        uninterruptible(|| self.wait_deadline(None));
    }

    /// Like [`wait`](Self::wait), but waits for at most `timeout`. Returns whether the latch was open.
    /// A timeout that is too large for the clock means for ever.
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        // This avoids reading the clock when there is no need to wait.
        self.is_open() || self.wait_deadline(deadline_after(timeout))
    }

    /// Like [`wait`](Self::wait), but waits until `deadline` at most. Returns whether the latch was
    /// open.
    ///
    /// Under loom deadlines never pass.
    pub fn wait_deadline(&self, deadline: Option<Instant>) -> bool {
        let watch = self.watch();
        let attempt = || watch.was_open().then_some(());
        self.opened.wait_until(deadline, attempt).is_some()
    }

    /// Waits, as a task, until the count is zero, or has been zero since the first poll.
    pub async fn wait_async(&self) {
        let watch = self.watch();
        let attempt = || watch.was_open().then_some(());
        self.opened.wait_until_async(attempt).await;
    }

    /// Starts to watch whether the latch is open, for callers that wait in their own way.
    #[inline]
    pub fn watch(&self) -> Watch<'_> {
        let since = self.now();
        Watch { latch: self, since }
    }

    /// Returns this moment, for callers that cannot hold a [`Watch`].
    #[inline]
    pub fn now(&self) -> Since {
        // Relaxed: nothing is learned from it.
        let word = self.word.load(Relaxed);
        let is_open = u32::from(count(word) == 0);
        Since(openings(word).wrapping_sub(is_open))
    }

    /// Returns whether the latch is open, or was open at any time since that moment.
    #[inline]
    pub fn was_open(&self, since: Since) -> bool {
        // Acquire: as in `count`.
        openings(self.word.load(Acquire)) != since.0
    }

    /// Returns the case of a [`Select`](ft_sync::Select) that waits until the count is zero, or has
    /// been zero since this call.
    pub fn opening(&self) -> Case<'_, impl FnMut() -> Option<()>> {
        let watch = self.watch();
        Case::new(&self.opened, move || watch.was_open().then_some(()))
    }

    /// Returns the event that is notified whenever the count becomes zero.
    pub fn opened(&self) -> &Event {
        &self.opened
    }
}

impl fmt::Debug for Latch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Latch").field(&self.count()).finish()
    }
}

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
