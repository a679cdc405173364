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
//! - *Waking* is up to [`Event`](ft_sync::Event): there is a fence between filling the slot and
//!   looking for sleeping threads, and another one between starting to listen and the last look at
//!   the queue.
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

mod error;
mod heap;
mod iter;
mod links;
mod pop;
mod priority;
mod push;
mod queue;
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
pub use queue::ConcurrentQueue;
pub use stack::ConcurrentStack;
pub use tasks::{Attempt, TaskTracker, TooManyDone};

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
