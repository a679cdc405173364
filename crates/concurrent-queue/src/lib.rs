//! A first-in first-out queue for many producers and many consumers.
//!
//! [`ConcurrentQueue`] is lock-free as long as nobody has to wait, unbounded or with an exact
//! bound, can be closed, and hands over items singly or many at a time. Whoever waits is parked,
//! with or without a deadline.
//!
//! Beside it are [`ConcurrentStack`], last in, first out, and [`PriorityQueue`], least out first, two
//! plain structures behind a lock; and [`TaskTracker`], which tells when everything that was
//! handed out is done. The rest of this page is about the queue.
//!
//! ```
//! use ft_concurrent_queue::ConcurrentQueue;
//! use std::{sync::Arc, thread};
//!
//! let queue = Arc::new(ConcurrentQueue::bounded(16));
//! let workers: Vec<_> = (0..2)
//!     .map(|_| {
//!         let queue = Arc::clone(&queue);
//!         // Ends when the queue is closed and empty.
//!         thread::spawn(move || queue.iter().sum::<u64>())
//!     })
//!     .collect();
//! for n in 1..=100 {
//!     queue.push(n)?;
//! }
//! queue.close();
//! let total: u64 = workers.into_iter().map(|worker| worker.join().unwrap()).sum();
//! assert_eq!(total, 5050);
//! # Ok::<(), ft_concurrent_queue::PushError<u64>>(())
//! ```
//!
//! # Order
//!
//! Items leave in the order of the slots that their pushes have claimed. So if one push returns
//! before another begins, its item leaves first; the items of one thread keep their order; pushes
//! that overlap can go either way. Nothing is lost or comes out twice, and a call that fails
//! leaves no trace.
//!
//! # How it works
//!
//! The queue is a list of segments, 64 slots each, linked as in the queue of Michael and Scott
//! (1996). Within a segment a push claims the next slot by advancing `tail`, then fills it; a pop
//! claims the next slot by advancing `head`, then empties it. Each slot is used once. This is the
//! [FAAArrayQueue] of Pedro Ramalhete and Andreia Correia, a simplification of the LCRQ of
//! Morrison and Afek (*Fast concurrent queues for x86 processors*, 2013), with two changes: slots
//! are claimed by compare-exchange instead of fetch-and-add, so that nothing is claimed beyond the
//! bound, after closing, or by a pop that finds nothing; and slots are claimed in runs.
//!
//! A pop may come to a slot that is claimed but not filled. It looks a while and then *burns* the
//! slot: the push that finds its slot burned takes its item to another one.
//!
//! [FAAArrayQueue]: https://concurrencyfreaks.blogspot.com/2016/11/faaarrayqueue-mpmc-lock-free-queue-part.html
//!
//! # Progress
//!
//! *Lock-free* are all `try_` methods, `len` and its kin, and `close`: a thread that stops
//! anywhere in a push or a pop keeps no other from pushing, popping or closing. When an exchange
//! on `head` or `tail` fails, another has succeeded. When a push is burned, a pop has moved on, and
//! that can repeat only to the end of the segment, because a segment is appended with the items of
//! whoever appends it already inside.
//!
//! *Spinning* happens in two places: a pop looks a hundred times at a slot that is being filled
//! before it burns it; and while [`peek`](ConcurrentQueue::peek) clones the first item, whoever
//! pops or peeks waits for the clone. The second is the one place where a thread that stops can hold
//! up another, so programs that never peek never see it.
//!
//! *Parking*: `push`, `pop` and their kin wait in line. Each item pushed wakes the one that waits
//! longest, each slot freed in a bounded queue likewise. A thread that comes along before the one
//! woken runs may take the item, and the one woken waits again, at the end of the line: that is
//! better for throughput than handing over, and not fair to the last degree.
//!
//! # Memory
//!
//! An empty queue has one segment. Segments that are used up are freed by [`crossbeam_epoch`]: in
//! batches, and not while a thread is stuck in the middle of an operation on some such queue. Items
//! are never kept there: they leave with the pop that takes them, and are dropped where its caller
//! likes.
//!
//! # Orderings
//!
//! - *Items* are published by the state of their slot: `FULL` is set with release by the push and
//!   read with acquire by a pop or peek. So what a thread did before a push happens before what
//!   another does after popping the item.
//! - *Positions* (`head` and `tail` in a segment) are advanced with acquire and release and read
//!   with acquire. A pop reads `head`, then `tail`; having seen a claim of a pop it sees the claim
//!   of the push that came before. A push reads `tail`, then, for the bound, `head`; having seen a
//!   claim of a push it sees those of the pops that had made room for it. Both positions only rise.
//!   So a value of `head` read early errs on the safe side of the bound, and the exchange on `tail`
//!   succeeds only if nothing was claimed since.
//! - *Segments* are published by the links to them (`next`, and the queue's `head` and `tail`), set
//!   with release, read with acquire.
//! - *Closing* is a single exchange: of `tail` in the last segment, after which no claim succeeds
//!   there and so it never is used up; or, if it is used up already, of its `next`, after which
//!   nothing can be appended. The release is acquired by whoever learns of it.
//! - *Waking* is the business of [`Event`]: a fence between filling the slot and looking for
//!   sleepers, and one between lying down and the last look at the queue.
//!
//! # Reclamation
//!
//! A segment can be reached from the queue's `head` and `tail` and from the segment before it.
//! `head` moves on only when every slot is claimed by pops, and only after `tail` has moved on, so
//! `tail` is never behind `head`; both only go forward. The thread that moves `head` on retires the
//! segment. Whoever pins later finds neither it nor one before it. Whoever pinned before and still
//! holds it, or one before it, keeps the epoch from advancing twice, and so the segment from being
//! freed, until it unpins. No reference to a segment outlives the pin under which it was read.

use std::{
    fmt,
    num::NonZeroUsize,
    panic::{RefUnwindSafe, UnwindSafe},
};

use crossbeam_epoch::{self as epoch, Atomic};
use crossbeam_utils::CachePadded;
use ft_sync::Event;

mod error;
mod heap;
mod iter;
mod links;
mod pop;
mod priority;
mod push;
mod quiescent;
mod segment;
mod stack;
mod tasks;

pub use error::{
    PopError, PopTimeoutError, PriorityPopError, PriorityPushError, PushError, PushTimeoutError,
    TryPopError, TryPushError, TryPushManyError,
};
pub use iter::{IntoIter, Iter, TryIter};
pub use priority::{Natural, Order, PriorityQueue, Turn};
pub use stack::ConcurrentStack;
pub use tasks::{Attempt, TaskTracker, TooManyDone};

use segment::Segment;

/// A first-in first-out queue for many producers and many consumers.
///
/// See the [crate docs](crate) for order, progress and fairness.
///
/// ```
/// use ft_concurrent_queue::{ConcurrentQueue, TryPopError};
///
/// let queue = ConcurrentQueue::unbounded();
/// queue.push("a")?;
/// queue.push("b")?;
/// assert_eq!(queue.peek(), Some("a"));
/// assert_eq!(queue.pop(), Ok("a"));
/// queue.close();
/// assert_eq!(queue.pop(), Ok("b"));
/// assert_eq!(queue.try_pop(), Err(TryPopError::Closed));
/// # Ok::<(), ft_concurrent_queue::PushError<&str>>(())
/// ```
pub struct ConcurrentQueue<T> {
    /// The segment to pop from, never null. Goes forward only, and never beyond `tail`.
    head: CachePadded<Atomic<Segment<T>>>,
    /// The segment to push to or one before it, never null. Goes forward only.
    tail: CachePadded<Atomic<Segment<T>>>,
    /// The most slots that pushes may have claimed beyond those that pops have; `None`: no limit.
    capacity: Option<NonZeroUsize>,
    /// Signaled once per item pushed, and to all by closing.
    not_empty: Event,
    /// Signaled once per slot freed if there is a bound, and to all by closing.
    not_full: Event,
}

// SAFETY: the queue owns its items and moves them between threads, which `T: Send` allows. `&T` is
// lent to `clone` in `peek`, to one thread at a time and never while another has the item, so
// `T: Sync` is not needed; `for_each_quiescent` lends it while no other thread does anything here.
unsafe impl<T: Send> Send for ConcurrentQueue<T> {}
// SAFETY: as above; all that is shared besides the items is atomic or immutable.
unsafe impl<T: Send> Sync for ConcurrentQueue<T> {}

// A clone that panics leaves the item where it is.
impl<T> UnwindSafe for ConcurrentQueue<T> {}
impl<T> RefUnwindSafe for ConcurrentQueue<T> {}

impl<T> ConcurrentQueue<T> {
    /// Creates a queue that takes any number of items.
    pub fn unbounded() -> Self {
        Self::with_capacity(None)
    }

    /// Creates a queue that never holds more than `capacity` items.
    ///
    /// A push in progress counts as an item, and a pop makes room when it begins to take its item.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0.
    pub fn bounded(capacity: usize) -> Self {
        let capacity = NonZeroUsize::new(capacity).expect("capacity must be positive");
        Self::with_capacity(Some(capacity))
    }

    fn with_capacity(capacity: Option<NonZeroUsize>) -> Self {
        let first = Atomic::new(Segment::new(0));
        Self {
            // Relaxed: nobody else knows it yet.
            tail: CachePadded::new(first.clone()),
            head: CachePadded::new(first),
            capacity,
            not_empty: Event::new(),
            not_full: Event::new(),
        }
    }

    /// Returns the bound, or `None` if there is none.
    pub fn capacity(&self) -> Option<usize> {
        self.capacity.map(NonZeroUsize::get)
    }

    /// Returns the number of items: those whose push has claimed a place, less those that a pop
    /// has claimed.
    ///
    /// Exact when nobody is at work on the queue. While others are, it was true at some moment of
    /// the call, never exceeds the capacity, and counts pushes that are not finished.
    pub fn len(&self) -> usize {
        let guard = &epoch::pin();
        let mut tail = self.end(guard).position();
        loop {
            let head = self.popped(guard);
            let now = self.end(guard).position();
            // Nothing was claimed by pushes in between, so this held when `head` was exact.
            if now == tail {
                return (tail - head) as usize;
            }
            tail = now;
        }
    }

    /// Returns whether there is no item, as [`len`](Self::len) counts.
    pub fn is_empty(&self) -> bool {
        self.front(&epoch::pin()).is_err()
    }

    /// Returns whether there are as many items, as [`len`](Self::len) counts, as the bound allows.
    pub fn is_full(&self) -> bool {
        self.capacity() == Some(self.len())
    }

    /// Returns whether the queue was closed. Items may be left in it.
    pub fn is_closed(&self) -> bool {
        self.end(&epoch::pin()).closed
    }

    /// Closes the queue and returns whether this call did it: no push succeeds any more, and pops
    /// find what is left and then an error. Wakes all that wait.
    ///
    /// ```
    /// use ft_concurrent_queue::{ConcurrentQueue, PopError, PushError};
    ///
    /// let queue: ConcurrentQueue<_> = [1].into_iter().collect();
    /// assert!(queue.close());
    /// assert!(!queue.close());
    /// assert_eq!(queue.push(2), Err(PushError(2)));
    /// assert_eq!(queue.pop(), Ok(1));
    /// assert_eq!(queue.pop(), Err(PopError));
    /// ```
    pub fn close(&self) -> bool {
        let closed_here = self.close_quietly();
        if closed_here {
            self.not_empty.notify_all();
            self.not_full.notify_all();
        }
        closed_here
    }

    /// Closes the queue and takes out what is left, except what other pops are faster to take.
    ///
    /// Pops after that find the queue closed and empty.
    ///
    /// ```
    /// use ft_concurrent_queue::{ConcurrentQueue, PopError};
    ///
    /// let queue: ConcurrentQueue<_> = (1..=3).collect();
    /// assert_eq!(queue.close_and_drain(), [1, 2, 3]);
    /// assert_eq!(queue.pop(), Err(PopError));
    /// ```
    pub fn close_and_drain(&self) -> Vec<T> {
        self.close();
        let mut left = Vec::new();
        // Ends when a pop finds nothing, and nothing comes any more. That there was nothing from
        // the start is no error here.
        let _ = self.try_pop_many(usize::MAX, &mut left);
        left
    }

    /// Returns an iterator that pops, waiting for items, until the queue is closed and empty.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(self)
    }

    /// Returns an iterator that pops until the queue is empty.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter(self)
    }

    /// The event that is notified of each item pushed, and of closing: for callers that wait in
    /// their own way.
    ///
    /// Listen first, then try, then wait. A listener that goes without having waited hands on its
    /// notification, so giving up needs no care.
    ///
    /// ```
    /// use ft_concurrent_queue::{ConcurrentQueue, TryPopError};
    ///
    /// fn pop_with(queue: &ConcurrentQueue<u8>, idle: impl Fn()) -> Result<u8, TryPopError> {
    ///     loop {
    ///         let listener = queue.not_empty().listen();
    ///         match queue.try_pop() {
    ///             Err(TryPopError::Empty) => idle(),
    ///             done => return done,
    ///         }
    ///         listener.wait();
    ///     }
    /// }
    ///
    /// let queue: ConcurrentQueue<_> = [7].into_iter().collect();
    /// assert_eq!(pop_with(&queue, || println!("waiting")), Ok(7));
    /// ```
    pub fn not_empty(&self) -> &Event {
        &self.not_empty
    }

    /// The event that is notified of each place that becomes free in a bounded queue, and of
    /// closing; used like [`not_empty`](Self::not_empty).
    pub fn not_full(&self) -> &Event {
        &self.not_full
    }

    /// Tells those who wait for room that pops have claimed `slots` more, by a `SeqCst` exchange.
    #[inline]
    fn freed(&self, slots: usize) {
        if self.capacity.is_some() {
            self.not_full.notify_after_swap(slots);
        }
    }
}

impl<T> Default for ConcurrentQueue<T> {
    /// Creates an unbounded queue.
    fn default() -> Self {
        Self::unbounded()
    }
}

impl<T> fmt::Debug for ConcurrentQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcurrentQueue")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// What was put in as a short-lived reference would come out as a long-lived one: no type here may be
/// covariant, so these must not compile.
///
/// ```compile_fail,E0597
/// use ft_concurrent_queue::ConcurrentQueue;
///
/// let queue: ConcurrentQueue<&'static str> = ConcurrentQueue::unbounded();
/// let short = String::from("gone before it is popped");
/// let shorter: &ConcurrentQueue<&str> = &queue;
/// let _ = shorter.try_push(short.as_str());
/// ```
///
/// ```compile_fail,E0597
/// use ft_concurrent_queue::ConcurrentStack;
///
/// let stack: ConcurrentStack<&'static str> = ConcurrentStack::unbounded();
/// let short = String::from("gone before it is popped");
/// let shorter: &ConcurrentStack<&str> = &stack;
/// let _ = shorter.try_push(short.as_str());
/// ```
///
/// ```compile_fail,E0597
/// use ft_concurrent_queue::PriorityQueue;
///
/// let queue: PriorityQueue<&'static str> = PriorityQueue::unbounded();
/// let short = String::from("gone before it is popped");
/// let shorter: &PriorityQueue<&str> = &queue;
/// let _ = shorter.try_push(short.as_str());
/// ```
#[cfg(doctest)]
struct Invariance;
