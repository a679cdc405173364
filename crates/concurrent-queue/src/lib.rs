//! A first-in first-out queue for many producers and many consumers.
//!
//! [`ConcurrentQueue`] is lock-free as long as nobody has to wait. It is unbounded, or has an exact
//! bound. It can be closed, and it transfers items one by one or many at a time. A thread that has
//! to wait is parked, with or without a deadline.
//!
//! The crate also has [`ConcurrentStack`] (last in, first out) and [`PriorityQueue`] (least out
//! first), two plain structures behind a lock, and [`TaskTracker`], which tells when everything
//! that was handed out is done. The rest of this page is about the queue.
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
//! before another one begins, its item leaves first, and the items of one thread keep their order.
//! Pushes that overlap may end up in either order. No item is lost or comes out twice, and a call
//! that fails leaves no trace.
//!
//! # How it works
//!
//! The queue is a list of segments with 64 slots each, linked as in the queue of Michael and Scott
//! (1996). Within a segment, a push claims the next slot by advancing `tail`, and then fills it. A
//! pop claims the next slot by advancing `head`, and then empties it. Each slot is used once. This
//! is the [FAAArrayQueue] of Pedro Ramalhete and Andreia Correia, a simplification of the LCRQ of
//! Morrison and Afek (*Fast concurrent queues for x86 processors*, 2013), with two changes. First,
//! slots are claimed by compare-exchange instead of fetch-and-add, so that no slot is claimed
//! beyond the bound, after closing, or by a pop that finds nothing. Second, a call can claim
//! several slots in a row.
//!
//! A pop may come to a slot that is claimed but not filled. It looks at the slot for a while, and
//! then *burns* it: a push that finds its slot burned takes its item to another slot.
//!
//! [FAAArrayQueue]: https://concurrencyfreaks.blogspot.com/2016/11/faaarrayqueue-mpmc-lock-free-queue-part.html
//!
//! # Progress
//!
//! All `try_` methods, `len`, `is_empty` and similar methods, and `close` are *lock-free*: a thread
//! that stops anywhere in a push or a pop does not keep other threads from pushing, popping or
//! closing. When an exchange on `head` or `tail` fails, another one has succeeded. When the slot of
//! a push is burned, a pop has moved on. That can repeat only up to the end of the segment, because
//! a push that appends a segment puts its items into the segment first.
//!
//! Threads *spin* in two places. A pop looks a hundred times at a slot that is being filled before
//! it burns the slot. And while [`peek`](ConcurrentQueue::peek) clones the first item, pops and
//! other peeks wait for the clone. Only in this second place can a thread that stops hold up other
//! threads, so programs that never peek are not affected.
//!
//! `push`, `pop` and the variants with a deadline *park* and wait in a queue of waiters. Each
//! pushed item wakes the thread that has waited longest; so does each freed slot of a bounded
//! queue. A thread that comes along before the woken thread runs may take the item. Then the woken
//! thread waits again, at the end of the queue of waiters. This gives more throughput than handing
//! items over directly, but it is not strictly fair.
//!
//! # Memory
//!
//! An empty queue has one segment. Used-up segments are freed by [`crossbeam_epoch`]: in batches,
//! and not while a thread is in the middle of an operation on any such queue. Items do not stay in
//! used-up segments: an item leaves with the pop that takes it, and the caller decides where to
//! drop it.
//!
//! # Orderings
//!
//! - *Items* are published by the state of their slot. The push sets `FULL` with release, and a pop
//!   or peek reads it with acquire. So what a thread did before a push happens before what another
//!   thread does after popping the item.
//! - *Positions* (`head` and `tail` of a segment) are advanced with acquire and release, and read
//!   with acquire. A pop reads `head` and then `tail`. If it has seen the claim of another pop, it
//!   also sees the claim of the push that came before. A push reads `tail` and then, for the bound,
//!   `head`. If it has seen the claim of another push, it also sees the claims of the pops that had
//!   made room for that push. Both positions only rise. So an outdated `head` can only make the
//!   queue look fuller than it is, and the exchange on `tail` succeeds only if no slot was claimed
//!   since `tail` was read.
//! - *Segments* are published by the links to them (`next`, and the `head` and `tail` of the
//!   queue). Links are set with release and read with acquire.
//! - *Closing* is a single exchange. If the last segment is not used up, the exchange is on its
//!   `tail`: after it no claim succeeds there, so the segment is never used up. Otherwise the
//!   exchange is on its `next`: after it no segment can be appended. Every thread that learns of
//!   the closing acquires what the exchange released.
//! - *Waking* is up to [`Event`]: there is a fence between filling the slot and looking for
//!   sleeping threads, and another one between starting to listen and the last look at the queue.
//!
//! # Reclamation
//!
//! A segment can be reached from the `head` and `tail` of the queue and from the segment before it.
//! `head` moves past a segment only when pops have claimed every slot of it, and only after `tail`
//! has moved past it, so `tail` is never behind `head`. Both only go forward. The thread that moves
//! `head` retires the segment. A thread that pins later finds neither this segment nor one before
//! it. A thread that pinned earlier, and still has this segment or one before it, keeps the epoch
//! from advancing twice until it unpins, and so keeps the segment from being freed. No reference to
//! a segment outlives the pin under which it was read.

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
/// The [crate docs](crate) describe order, progress and fairness.
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
    /// The segment to pop from, never null. It only moves forward, and never beyond `tail`.
    head: CachePadded<Atomic<Segment<T>>>,
    /// The segment to push to, or one before it; never null. It only moves forward.
    tail: CachePadded<Atomic<Segment<T>>>,
    /// How many slots pushes may have claimed beyond those that pops have claimed. `None` means no
    /// limit.
    capacity: Option<NonZeroUsize>,
    /// Notified once per pushed item. Closing notifies all listeners.
    not_empty: Event,
    /// Notified once per freed slot if there is a bound. Closing notifies all listeners.
    not_full: Event,
}

// SAFETY: the queue owns its items and moves them between threads, which `T: Send` allows. `peek`
// lends `&T` to `clone`, in one thread at a time and never while another thread has the item, so
// `T: Sync` is not needed. `for_each_quiescent` lends `&T` while no other thread does anything
// here.
unsafe impl<T: Send> Send for ConcurrentQueue<T> {}
// SAFETY: as above. Everything else that is shared is atomic or immutable.
unsafe impl<T: Send> Sync for ConcurrentQueue<T> {}

// A clone that panics leaves the item in the queue.
impl<T> UnwindSafe for ConcurrentQueue<T> {}
impl<T> RefUnwindSafe for ConcurrentQueue<T> {}

impl<T> ConcurrentQueue<T> {
    /// Creates a queue that takes any number of items.
    pub fn unbounded() -> Self {
        Self::with_capacity(None)
    }

    /// Creates a queue that never holds more than `capacity` items.
    ///
    /// A push in progress counts as an item. A pop makes room as soon as it begins to take its
    /// item.
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
            // Relaxed: no other thread knows the queue yet.
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

    /// Returns the number of items: those whose push has claimed a slot, minus those that a pop has
    /// claimed.
    ///
    /// The result is exact if no other thread uses the queue. Otherwise it was true at some moment
    /// during the call. It never exceeds the capacity, and it includes pushes that are not
    /// finished.
    pub fn len(&self) -> usize {
        let guard = &epoch::pin();
        let mut tail = self.end(guard).position();
        loop {
            let head = self.popped(guard);
            let now = self.end(guard).position();
            // No push has claimed a slot in between, so this was true at the moment when `head` was
            // exact.
            if now == tail {
                return (tail - head) as usize;
            }
            tail = now;
        }
    }

    /// Returns whether the queue is empty, by the count of [`len`](Self::len).
    pub fn is_empty(&self) -> bool {
        self.front(&epoch::pin()).is_err()
    }

    /// Returns whether the queue has as many items as the bound allows, by the count of
    /// [`len`](Self::len).
    pub fn is_full(&self) -> bool {
        self.capacity() == Some(self.len())
    }

    /// Returns whether the queue was closed. It may still contain items.
    pub fn is_closed(&self) -> bool {
        self.end(&epoch::pin()).closed
    }

    /// Closes the queue, and returns whether this call closed it. After closing no push succeeds,
    /// and pops return the remaining items and then an error. All waiting threads are woken.
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

    /// Closes the queue and returns the remaining items, except those that other pops take first.
    ///
    /// Pops after this call find the queue closed and empty.
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
        // This ends when a pop finds nothing, since no further items come. A queue that was empty
        // from the start is not an error here.
        let _ = self.try_pop_many(usize::MAX, &mut left);
        left
    }

    /// Returns an iterator that pops until the queue is closed and empty, and waits for items.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(self)
    }

    /// Returns an iterator that pops until the queue is empty.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter(self)
    }

    /// Returns the event that is notified of each pushed item, and of closing. It is for callers
    /// that wait in their own way.
    ///
    /// Listen first, then try, then wait. A listener that is dropped without having waited passes
    /// its notification on, so giving up needs no special care.
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

    /// Returns the event that is notified of each slot freed in a bounded queue, and of closing.
    /// Use it like [`not_empty`](Self::not_empty).
    pub fn not_full(&self) -> &Event {
        &self.not_full
    }

    /// Notifies threads that wait for room that pops have claimed `slots` more, by a `SeqCst`
    /// exchange.
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

/// No type here may be covariant: otherwise a short-lived reference that was put in could come out
/// as a long-lived one. So these examples must not compile.
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
