//! A double-ended queue that threads share.
//!
//! [`ConcurrentDeque`] has the operations of [`VecDeque`] and of Python's `collections.deque`, each
//! as one atomic step: blocks that stay together, rotation, insertion, a maximum length, search by
//! an equality that may fail or run any code. Whoever waits for an item is parked, with or without
//! a deadline.
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
//! - *Atomic.* Every method takes effect at one moment, for the whole deque: nobody sees half a
//!   block, an item missing while the others rotate, or one too many. This includes
//!   [`to_vec`](ConcurrentDeque::to_vec) and searches. What a thread did before it put an item in
//!   happens before what another does after taking it out.
//! - *Exact.* There are never more items than the maximum length. An item that has to go for
//!   another is handed back to whoever put that one in, as are all items that an operation takes
//!   out: none is dropped inside.
//! - *Waking.* Each item that comes in wakes the one that waits longest. A thread that comes along
//!   before the one woken runs may take the item; the one woken then waits again, at the end of
//!   the line.
//!
//! # How it works
//!
//! A [`VecDeque`] behind a [`Mutex`]. Under the mutex items are moved, cloned and counted, and never
//! dropped. The only foreign code that runs under it is [`Clone`] and [`Query::is_same`], and `==`
//! in the plain searches for items that are [`Eq`]; they must be short and must not use the deque.
//!
//! A deque has two ends, but few items most of the time, and then both ends are one place: with a
//! lock for each, most operations would take both. Lock-free ones have to link nodes by several
//! words that change together, allocate for every item, and cannot rotate, insert or copy
//! atomically. An uncontended mutex costs two atomic exchanges, and the end operations hold it for
//! a few instructions.
//!
//! The others hold it for longer, and hold up the rest meanwhile:
//!
//! | operation | time under the lock |
//! | --- | --- |
//! | push, pop, get, set, len, clear, rotate by 1 | constant; when the buffer grows or shrinks, a copy of it: constant on average |
//! | extend | one move per item |
//! | rotate by k | at most min(k, len - k) moves |
//! | insert, remove at i | at most min(i, len - i) moves |
//! | search | several times, each twice as long: a look at the items compared, and clones of as many others |
//! | to_vec, repeat, reverse | one clone or move per item |
//!
//! A million moves of a word take about a millisecond.
//!
//! # Search
//!
//! Comparing can be slow, can fail and can call back into the deque, so it happens without the
//! lock, on clones. The search notes the items that it has compared, and where they were. Back under
//! the lock it walks along: past those that are still the same ones, cloning the others to compare
//! them in their turn. It ends under the lock: at an item that is equal while all before it are
//! known to be different, or at the end of the deque. So
//! [`try_remove`](ConcurrentDeque::try_remove) removes the first match of the very moment in which
//! it removes it.
//!
//! Items are recognized by their position on a line on which those that stay keep their place while
//! others come and go at the ends, or are rotated from one to the other. So other threads cost a
//! search one comparison for each item that they put in. Those that insert or remove in the middle,
//! or reverse, make it compare again what has moved.

#![forbid(unsafe_code)]

use std::{
    collections::{TryReserveError, VecDeque},
    fmt,
    ops::Range,
    sync::TryLockError,
    time::{Duration, Instant},
};

use ft_sync::{Event, Mutex, MutexGuard, deadline_after};

mod error;
mod query;
mod ring;
mod search;

pub use error::{Full, OutOfRange};
pub use query::Query;

use ring::Ring;

/// A double-ended queue that threads share.
///
/// See the [crate docs](crate) for guarantees and costs.
///
/// Where an index is signed, -1 is the last item, -2 the one before, as in Python.
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
/// Items are cloned under the lock: a `clone` that uses the deque waits for itself. Comparisons are made
/// outside of it, and may do anything.
pub struct ConcurrentDeque<T> {
    /// Never holds more than `maxlen` items when unlocked.
    ring: Mutex<Ring<T>>,
    /// `usize::MAX`: no limit.
    maxlen: usize,
    /// Signaled once per item put in.
    not_empty: Event,
}

impl<T> ConcurrentDeque<T> {
    /// Creates an empty deque that takes any number of items.
    pub fn new() -> Self {
        Self::with_maxlen(None)
    }

    /// Creates an empty deque that keeps at most `maxlen` items; `None` is no limit.
    ///
    /// An item put in at one end of a full deque pushes out the one at the other end. With 0 it
    /// comes back at once.
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

    /// Locks the items. Whoever holds the guard drops no item, calls nothing foreign but `clone`
    /// and `is_same`, and does not wait.
    #[inline]
    fn ring(&self) -> MutexGuard<'_, Ring<T>> {
        // A `clone` or `is_same` that panics leaves the ring whole.
        self.ring.lock().unwrap_or_else(|err| err.into_inner())
    }

    /// Returns the number of items.
    pub fn len(&self) -> usize {
        self.ring().len()
    }

    /// Returns whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts an item in at the back; returns the one that had to go for it, if any.
    #[inline]
    pub fn push_back(&self, item: T) -> Option<T> {
        self.push(item, Ring::pop_front, Ring::push_back)
    }

    /// Puts an item in at the front; returns the one that had to go for it, if any.
    #[inline]
    pub fn push_front(&self, item: T) -> Option<T> {
        self.push(item, Ring::pop_back, Ring::push_front)
    }

    #[inline]
    fn push(
        &self,
        item: T,
        make_room: impl FnOnce(&mut Ring<T>) -> Option<T>,
        push: impl FnOnce(&mut Ring<T>, T),
    ) -> Option<T> {
        if self.maxlen == 0 {
            return Some(item);
        }
        let mut ring = self.ring();
        let pushed_out = if ring.len() == self.maxlen {
            make_room(&mut ring)
        } else {
            None
        };
        push(&mut ring, item);
        drop(ring);
        self.not_empty.notify(1);
        pushed_out
    }

    /// Takes the item at the back.
    #[inline]
    pub fn pop_back(&self) -> Option<T> {
        self.ring().pop_back()
    }

    /// Takes the item at the front.
    #[inline]
    pub fn pop_front(&self) -> Option<T> {
        self.ring().pop_front()
    }

    /// Takes the item at the back, waiting for one until `deadline`, or for ever without one.
    pub fn pop_back_deadline(&self, deadline: Option<Instant>) -> Option<T> {
        self.not_empty.wait_until(deadline, || self.pop_back())
    }

    /// Takes the item at the front, waiting for one until `deadline`, or for ever without one.
    pub fn pop_front_deadline(&self, deadline: Option<Instant>) -> Option<T> {
        self.not_empty.wait_until(deadline, || self.pop_front())
    }

    /// Takes the item at the back, waiting for one for at most `timeout`.
    pub fn pop_back_timeout(&self, timeout: Duration) -> Option<T> {
        self.pop_back_deadline(deadline_after(timeout))
    }

    /// Takes the item at the front, waiting for one for at most `timeout`.
    pub fn pop_front_timeout(&self, timeout: Duration) -> Option<T> {
        self.pop_front_deadline(deadline_after(timeout))
    }

    /// The event that is notified of each item put in: for callers that wait in their own way.
    ///
    /// Listen first, then try, then wait. A listener that goes without having waited hands on its
    /// notification, so giving up needs no care.
    pub fn not_empty(&self) -> &Event {
        &self.not_empty
    }

    /// Appends items as one block; returns those that had to go, or found no room.
    ///
    /// ```
    /// use ft_concurrent_deque::ConcurrentDeque;
    ///
    /// let deque = ConcurrentDeque::with_maxlen(3);
    /// assert_eq!(deque.extend_back(vec![1, 2]), []);
    /// assert_eq!(deque.extend_back(vec![3, 4]), [1]);
    /// assert_eq!(deque.to_vec(), [2, 3, 4]);
    /// ```
    pub fn extend_back(&self, items: Vec<T>) -> Vec<T> {
        self.extend(items, |ring, items, excess, out| {
            out.extend(ring.drain_front(excess));
            ring.extend_back(items);
        })
    }

    /// Puts items in at the front as one block, one before the other, so that they end up in
    /// reverse order; returns those that had to go, or found no room.
    ///
    /// ```
    /// use ft_concurrent_deque::ConcurrentDeque;
    ///
    /// let deque: ConcurrentDeque<_> = [0].into_iter().collect();
    /// deque.extend_front(vec![1, 2, 3]);
    /// assert_eq!(deque.to_vec(), [3, 2, 1, 0]);
    /// ```
    pub fn extend_front(&self, items: Vec<T>) -> Vec<T> {
        self.extend(items, |ring, items, excess, out| {
            out.extend(ring.drain_back(excess));
            ring.extend_front(items);
        })
    }

    /// `put` takes the given number of items out at one end and puts in the others at the other.
    fn extend(
        &self,
        mut items: Vec<T>,
        put: impl FnOnce(&mut Ring<T>, std::vec::Drain<'_, T>, usize, &mut Vec<T>),
    ) -> Vec<T> {
        if items.is_empty() {
            return items;
        }
        // Were they put in one by one, only so many of them, the last, would stay.
        let too_many = items.len().saturating_sub(self.maxlen);
        let mut out: Vec<_> = items.drain(..too_many).collect();
        let count = items.len();
        // Memory is had, and given back, without the lock.
        if self.maxlen != usize::MAX {
            out.reserve(count);
        }
        let items_in = items.drain(..);
        let mut ring = self.ring();
        let excess = (ring.len() + count).saturating_sub(self.maxlen);
        put(&mut ring, items_in, excess, &mut out);
        drop(ring);
        self.not_empty.notify(count);
        out
    }

    /// Puts an item in before the one at `index`; beyond an end, at that end.
    ///
    /// # Errors
    ///
    /// Hands the item back if there is no room for it.
    ///
    /// ```
    /// use ft_concurrent_deque::{ConcurrentDeque, Full};
    ///
    /// let deque = ConcurrentDeque::with_maxlen(3);
    /// deque.extend_back(vec!['a', 'c']);
    /// assert_eq!(deque.insert(-1, 'b'), Ok(()));
    /// assert_eq!(deque.insert(0, 'd'), Err(Full('d')));
    /// assert_eq!(deque.to_vec(), ['a', 'b', 'c']);
    /// ```
    pub fn insert(&self, index: isize, item: T) -> Result<(), Full<T>> {
        let mut ring = self.ring();
        if ring.len() >= self.maxlen {
            drop(ring);
            return Err(Full(item));
        }
        let index = clamped(index, ring.len());
        ring.insert(index, item);
        drop(ring);
        self.not_empty.notify(1);
        Ok(())
    }

    /// Takes the item at `index`, if there is one.
    pub fn remove_at(&self, index: isize) -> Option<T> {
        let mut ring = self.ring();
        let index = resolved(index, ring.len())?;
        ring.remove(index)
    }

    /// Replaces the item at `index` and returns the old one.
    ///
    /// # Errors
    ///
    /// Hands the new one back if there is no old one.
    pub fn set(&self, index: isize, item: T) -> Result<T, OutOfRange<T>> {
        let mut ring = self.ring();
        match resolved(index, ring.len()) {
            Some(index) => Ok(ring.replace(index, item)),
            None => {
                drop(ring);
                Err(OutOfRange(item))
            }
        }
    }

    /// Takes out everything.
    ///
    /// ```
    /// use ft_concurrent_deque::ConcurrentDeque;
    ///
    /// let deque: ConcurrentDeque<_> = [1, 2].into_iter().collect();
    /// assert_eq!(deque.take(), [1, 2]);
    /// assert!(deque.is_empty());
    /// ```
    pub fn take(&self) -> VecDeque<T> {
        self.ring().take()
    }

    /// Moves the last `steps` items to the front, or, if negative, the first ones to the back.
    ///
    /// Steps count modulo the number of items.
    pub fn rotate(&self, steps: isize) {
        self.ring().rotate(steps);
    }

    /// Reverses the order.
    pub fn reverse(&self) {
        self.ring().reverse();
    }

    /// Calls `visit` with every item, in order, until it returns an error. If some thread is at
    /// work on the deque it does nothing.
    ///
    /// Waits for nobody and allocates nothing: made for garbage collectors that look for references
    /// while the world is stopped. `visit` must not use the deque.
    ///
    /// # Errors
    ///
    /// What `visit` returns.
    ///
    /// ```
    /// use ft_concurrent_deque::ConcurrentDeque;
    ///
    /// let deque: ConcurrentDeque<_> = (1..=5).collect();
    /// let mut seen = vec![];
    /// let result = deque.for_each_quiescent(|&n: &u32| {
    ///     seen.push(n);
    ///     if n < 3 { Ok(()) } else { Err("enough") }
    /// });
    /// assert_eq!(result, Err("enough"));
    /// assert_eq!(seen, [1, 2, 3]);
    /// ```
    pub fn for_each_quiescent<E>(&self, visit: impl FnMut(&T) -> Result<(), E>) -> Result<(), E> {
        let ring = match self.ring.try_lock() {
            Ok(ring) => ring,
            // As in `ring`.
            Err(TryLockError::Poisoned(err)) => err.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(()),
        };
        ring.iter().try_for_each(visit)
    }
}

impl<T: Clone> ConcurrentDeque<T> {
    /// Returns a clone of the item at `index`, if there is one.
    #[inline]
    pub fn get(&self, index: isize) -> Option<T> {
        let ring = self.ring();
        let index = resolved(index, ring.len())?;
        ring.get(index).cloned()
    }

    /// Returns clones of all items, as they are at one moment.
    pub fn to_vec(&self) -> Vec<T> {
        self.slice(|len| 0..len)
    }

    /// Returns clones of some items, as they are at one moment: those in the range that `range`
    /// makes of their number.
    fn slice(&self, range: impl Fn(usize) -> Range<usize>) -> Vec<T> {
        let mut items = Vec::new();
        loop {
            let ring = self.ring();
            let range = range(ring.len());
            if range.len() <= items.capacity() {
                items.extend(ring.range(range).cloned());
                return items;
            }
            drop(ring);
            // Memory is had without the lock.
            items.reserve(range.len());
        }
    }

    /// Puts clones of the items behind them until everything is there `times` times; 0 or less
    /// takes out everything. Returns what had to go; copies that could not stay are not even made.
    ///
    /// # Errors
    ///
    /// If that is more than memory holds. Nothing has changed then.
    ///
    /// ```
    /// use ft_concurrent_deque::ConcurrentDeque;
    ///
    /// let deque: ConcurrentDeque<_> = [1, 2].into_iter().collect();
    /// deque.repeat(3)?;
    /// assert_eq!(deque.to_vec(), [1, 2, 1, 2, 1, 2]);
    /// assert!(deque.repeat(isize::MAX).is_err());
    /// assert_eq!(deque.len(), 6);
    /// # Ok::<(), std::collections::TryReserveError>(())
    /// ```
    pub fn repeat(&self, times: isize) -> Result<VecDeque<T>, TryReserveError> {
        let Some(more) = usize::try_from(times)
            .ok()
            .and_then(|times| times.checked_sub(1))
        else {
            return Ok(self.take());
        };
        // If a clone panics, those made before are dropped without the lock.
        let mut clones = Vec::new();
        let mut ring = self.ring();
        let before = ring.len();
        if before == 0 {
            return Ok(VecDeque::new());
        }
        // With so many copies the last `maxlen` items are the same as with more.
        let copies = more.min(self.maxlen.div_ceil(before));
        ring.append_copies(copies, &mut clones)?;
        let excess = ring.len().saturating_sub(self.maxlen);
        let pushed_out = ring.drain_front(excess).collect();
        let added = before.saturating_mul(copies);
        drop(ring);
        self.not_empty.notify(added);
        Ok(pushed_out)
    }

    /// Returns the index of the first item that `query` matches; counted from the front, and as it
    /// is at the moment in which the search ends.
    ///
    /// Only items from index `start` to before `stop` count, both clamped to the length.
    ///
    /// # Errors
    ///
    /// That of the first comparison that fails.
    pub fn try_position<Q: Query<T>>(
        &self,
        query: &Q,
        start: isize,
        stop: isize,
    ) -> Result<Option<usize>, Q::Error> {
        let range = |len| {
            let stop = clamped(stop, len);
            clamped(start, len).min(stop)..stop
        };
        search::search(self, query, range, |_, index| index)
    }

    /// Takes the first item that `query` matches.
    ///
    /// # Errors
    ///
    /// That of the first comparison that fails; nothing is removed then.
    pub fn try_remove<Q: Query<T>>(&self, query: &Q) -> Result<Option<T>, Q::Error> {
        let removed = search::search(self, query, |len| 0..len, Ring::remove)?;
        Ok(removed.flatten())
    }

    /// Returns the number of items that `query` matches, among those that are there at one moment.
    ///
    /// # Errors
    ///
    /// That of the first comparison that fails.
    pub fn try_count<Q: Query<T>>(&self, query: &Q) -> Result<usize, Q::Error> {
        let mut count = 0;
        for item in &self.to_vec() {
            count += usize::from(query.matches(item)?);
        }
        Ok(count)
    }
}

impl<T: Clone + Eq> ConcurrentDeque<T> {
    /// Returns whether some item equals `item`.
    ///
    /// This and the next three compare under the lock, too: `==` must not use the deque. For items
    /// of which that cannot be said there are [`try_position`](Self::try_position) and its kin.
    pub fn contains(&self, item: &T) -> bool {
        self.position(item).is_some()
    }

    /// Returns the index of the first item that equals `item`.
    pub fn position(&self, item: &T) -> Option<usize> {
        self.ring().iter().position(|other| other == item)
    }

    /// Returns the number of items that equal `item`.
    pub fn count(&self, item: &T) -> usize {
        self.ring().iter().filter(|&other| other == item).count()
    }

    /// Removes the first item that equals `item`, and returns whether there was one.
    pub fn remove(&self, item: &T) -> bool {
        let mut ring = self.ring();
        let index = ring.iter().position(|other| other == item);
        let removed = index.and_then(|index| ring.remove(index));
        drop(ring);
        removed.is_some()
    }
}

/// Returns the place that an index from either end means, if it is one.
#[inline]
fn resolved(index: isize, len: usize) -> Option<usize> {
    let index = if index < 0 {
        len.checked_sub(index.unsigned_abs())?
    } else {
        index as usize
    };
    (index < len).then_some(index)
}

/// Returns the place that an index from either end means, or the end beyond which it is.
fn clamped(index: isize, len: usize) -> usize {
    if index < 0 {
        len.saturating_sub(index.unsigned_abs())
    } else {
        len.min(index as usize)
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

/// What was put in as a short-lived reference would come out as a long-lived one: the type may not be
/// covariant, so this must not compile.
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
