//! A counter that many threads add to, and that is read now and then.
//!
//! ```
//! use ft_striped_counter::StripedCounter;
//! use std::thread;
//!
//! let requests = StripedCounter::new();
//! thread::scope(|scope| {
//!     for _ in 0..4 {
//!         scope.spawn(|| (0..1000).for_each(|_| requests.add(1)));
//!     }
//! });
//! assert_eq!(requests.sum(), 4000);
//! ```
//!
//! If threads add to one atomic integer at once, each addition waits for the cache line. Here,
//! threads that meet get a line each, so many threads add at the cost of one. Reading is slower: it
//! goes through all lines. Use an atomic integer if each addition has to know the result.
//!
//! # How it works
//!
//! The design follows `LongAdder` of Java (Doug Lea's `Striped64`). A new counter is one integer. An
//! exchange of it that fails means that two threads have met, and then the counter gets two stripes,
//! each in a cache line of its own. A thread adds to the stripe at its place, a number that it takes
//! along from counter to counter. If threads meet in a stripe, the counter gets twice as many, until
//! there is one for each processor; from then on one of the two moves to another place. So a counter
//! takes memory according to the threads that have met in it.
//!
//! In Java the stripes move to the larger table. Here the former tables stay as they are, and a sum
//! goes through all of them. So nothing is ever copied or freed while the counter lives, and all
//! tables together have less than twice the stripes of the last one.
//!
//! # What a sum means
//!
//! A sum counts each addition that happened before the call, and may or may not count one that is in
//! progress meanwhile. It is no snapshot: with additions of both signs, it may be a number that the
//! counter never had. If nothing negative is added, it lies between the value at the beginning of the
//! call and that at its end, and a later sum is never smaller. If no thread adds meanwhile, it is
//! exact.
//!
//! # Costs and progress
//!
//! An addition is a bounded number of steps, whatever other threads do. So it is wait-free where
//! the machine adds in one instruction, except that it allocates when the counter gets new stripes:
//! at most once for each doubling and thread. A sum waits for nobody, and takes time in proportion
//! to the stripes, of which there are fewer than four for each processor.
//!
//! # Orderings
//!
//! Each addition releases, and a sum acquires. So what a thread did before an addition happens before
//! what another thread does after a sum that counts it. All changes of a stripe are
//! read-modify-writes, which form one release sequence. So this holds for all additions that a sum
//! counts, and not only for the last one to each stripe.

mod place;
mod stripes;

use ft_sync::atomic::{
    AtomicI64, AtomicPtr,
    Ordering::{Acquire, Relaxed, Release},
};
use std::{fmt, iter, ptr};
use stripes::{Stripes, met};

/// An integer that threads add to without waiting for each other. See the [crate docs](crate).
///
/// Like the atomics of std, it wraps around at 64 bits.
///
/// The child of a fork can use the counter.
pub struct StripedCounter {
    /// What was added before threads met.
    base: AtomicI64,
    /// Null, or the largest table of stripes, which threads add to. It owns the smaller ones. It is
    /// only ever replaced by one that owns the former.
    stripes: AtomicPtr<Stripes>,
}

impl StripedCounter {
    /// Creates a counter of 0. It allocates nothing.
    pub fn new() -> Self {
        Self {
            base: AtomicI64::new(0),
            stripes: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Adds a number, which may be negative.
    #[inline]
    pub fn add(&self, n: i64) {
        if !self.add_at(place::current(), n) {
            place::move_on();
        }
    }

    /// Adds a number at a place. Returns false if another thread adds there, too, and the counter does
    /// not get further stripes. For models, where threads cannot keep their places.
    #[doc(hidden)]
    #[inline]
    pub fn add_at(&self, place: usize, n: i64) -> bool {
        let seen = self.stripes();
        // SAFETY: see `stripes`.
        let integer = unsafe { seen.as_ref() }.map_or(&self.base, |stripes| stripes.at(place));
        if met(integer, n) {
            // SAFETY: it comes from `stripes`.
            return unsafe { self.add_slow(seen, place, n) };
        }
        true
    }

    /// Adds a number after the thread has met another one in the stripes that it has seen.
    ///
    /// # Safety
    ///
    /// `seen` comes from [`stripes`](Self::stripes).
    #[cold]
    unsafe fn add_slow(&self, seen: *mut Stripes, place: usize, n: i64) -> bool {
        // SAFETY: see `stripes`.
        let (stripes, has_grown) = match unsafe { seen.as_ref() } {
            Some(stripes) if !stripes.may_grow() => (stripes, false),
            // SAFETY: the caller's promise.
            _ => (unsafe { self.grow(seen) }, true),
        };
        // Release: see *Orderings*. It pairs with the Acquire in `sum`.
        stripes.at(place).fetch_add(n, Release);
        has_grown
    }

    /// Returns a table that is larger than the one that this thread has seen.
    ///
    /// It takes a pointer because the new table keeps it, and frees the smaller table through it. A
    /// shared reference would not allow that.
    ///
    /// # Safety
    ///
    /// `seen` comes from [`stripes`](Self::stripes).
    unsafe fn grow(&self, seen: *mut Stripes) -> &Stripes {
        // SAFETY: a table that was seen lives as long as the counter, or becomes part of it below.
        let new = Box::into_raw(unsafe { Stripes::after(seen) });
        // Release: pairs with the Acquire in `stripes`, so the table is seen whole.
        // Acquire: pairs with the same Release by another thread. Its table is used then.
        match (self.stripes).compare_exchange(seen, new, Release, Acquire) {
            // SAFETY: the counter owns it now, and keeps it.
            Ok(_) => unsafe { &*new },
            Err(other) => {
                // SAFETY: no other thread has seen it. It gives up the smaller table, which belongs
                // to the counter.
                unsafe { Stripes::discard(new) };
                // SAFETY: the exchange has failed, so it is not `seen`; a table is only ever replaced
                // by another one, which the counter keeps.
                unsafe { &*other }
            }
        }
    }

    /// Returns the largest table. It is null, or points to a table that lives as long as the counter.
    #[inline]
    fn stripes(&self) -> *mut Stripes {
        // Acquire: pairs with the Release in `grow`, so the stripes are seen whole.
        self.stripes.load(Acquire)
    }
}

impl StripedCounter {
    /// Returns the sum of all additions. See [What a sum means](crate#what-a-sum-means).
    pub fn sum(&self) -> i64 {
        // Acquire: see *Orderings*. It pairs with the Release of each addition.
        self.total(|integer| integer.load(Acquire))
    }

    /// Returns the sum of all additions since the last reset, and starts again from 0.
    ///
    /// Each addition is counted by exactly one of all such calls and a last [`sum`](Self::sum), even
    /// if it is made meanwhile.
    ///
    /// ```
    /// # use ft_striped_counter::StripedCounter;
    /// let requests = StripedCounter::new();
    /// requests.add(3);
    /// assert_eq!(requests.sum_then_reset(), 3);
    /// assert_eq!(requests.sum(), 0);
    /// ```
    pub fn sum_then_reset(&self) -> i64 {
        // Acquire: as in `sum`. The exchange is part of the release sequence, so nothing is lost for
        // the next one.
        self.total(|integer| integer.swap(0, Acquire))
    }

    /// Adds up what `take` returns for each integer.
    fn total(&self, take: impl Fn(&AtomicI64) -> i64) -> i64 {
        // SAFETY: see `stripes`.
        let largest = unsafe { self.stripes().as_ref() };
        let tables = iter::successors(largest, |stripes| stripes.smaller());
        tables
            .flat_map(Stripes::all)
            .fold(take(&self.base), |sum, stripe| {
                sum.wrapping_add(take(stripe))
            })
    }
}

impl Default for StripedCounter {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for StripedCounter {
    fn drop(&mut self) {
        // Relaxed: nobody else has the counter, and whoever gave it up has released what it did.
        let stripes = self.stripes.load(Relaxed);
        if !stripes.is_null() {
            // SAFETY: it came from a box, and nobody uses it any more.
            drop(unsafe { Box::from_raw(stripes) });
        }
    }
}

impl fmt::Debug for StripedCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StripedCounter").field(&self.sum()).finish()
    }
}

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
