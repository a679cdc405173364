//! A first-in first-out queue for many producers and many consumers.
//!
//! [`ConcurrentQueue`] takes no lock as long as nobody has to wait. It is unbounded, or has an exact
//! bound. It can be closed, and it transfers items one by one or many at a time. A thread that has
//! to wait is parked, with or without a deadline.
//!
//! A [`Select`](ft_sync::Select) pops from the first queue that has an item, or does the first of
//! other things:
//!
//! ```
//! use ft_concurrent_queue::ConcurrentQueue;
//! use ft_sync::Select;
//!
//! let (urgent, normal) = (ConcurrentQueue::unbounded(), ConcurrentQueue::unbounded());
//! normal.push("read")?;
//! let first = Select::new()
//!     .case(urgent.popping().map(|job| ("urgent", job)))
//!     .case(normal.popping().map(|job| ("normal", job)))
//!     .wait();
//! assert_eq!(first, ("normal", Ok("read")));
//! # Ok::<(), ft_concurrent_queue::PushError<&str>>(())
//! ```
//!
//! In a [`channel`], the queue is closed when the last sender or receiver is dropped.
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
//! Items leave in the order of the positions that their pushes have claimed. So if one push returns
//! before another one begins, its item leaves first, and the items of one thread keep their order.
//! Pushes that overlap may end up in either order. No item is lost or comes out twice, and a call
//! that fails leaves no trace. The queue is linearizable: each call takes effect at one moment,
//! which for a push or a pop is its claim.
//!
//! # How it works
//!
//! Each end of the queue has a *position*, which counts the items that have been pushed, or popped.
//! A push claims the next position at the back by a compare-exchange, and then fills the slot of
//! that position. A pop claims the next position at the front, and then empties the slot. A call
//! can claim several positions in a row. The number of items is the distance of the two positions,
//! so a push sees before its claim whether there is room, and a pop whether there is an item.
//!
//! Slots are in blocks. How positions lead to slots depends on the bound:
//!
//! - Without a bound, or with a large one, the blocks are a *chain*: each has 32 slots. A push that
//!   claims the first position of a block appends that block, and a pop that claims it moves on to
//!   the block.
//! - A queue whose slots need up to 64 kB is a *ring* of one block, whose slots are used again in
//!   each lap.
//!
//! Every slot has a *stamp*, which tells for which position it was filled or emptied last. A pop
//! waits until the stamp says that its slot is filled. In a ring, a push waits until the stamp says
//! that the slot was emptied since the lap before.
//!
//! The chain is that of crossbeam's [`SegQueue`], in which a thread touches a block only after it
//! has claimed a position in it, so that no other protection is needed (crossbeam's
//! channels do the same). It differs in that a position can be the first of a block and not only
//! its last when the next block is needed, so that an empty queue has no block; and in how blocks
//! are freed (see *Reclamation* below). The stamps are those of Dmitry Vyukov's [bounded queue],
//! which [`ArrayQueue`] uses, too.
//!
//! [`SegQueue`]: https://docs.rs/crossbeam-queue/latest/crossbeam_queue/struct.SegQueue.html
//! [`ArrayQueue`]: https://docs.rs/crossbeam-queue/latest/crossbeam_queue/struct.ArrayQueue.html
//! [bounded queue]: https://www.1024cores.net/home/lock-free-algorithms/queues/bounded-mpmc-queue
//!
//! # Progress
//!
//! Every operation takes constant time (amortized), and a batch time in proportion to its items.
//! What takes longer, now and then, is the first push into a ring, which makes all of its slots, and
//! a pop that frees the blocks which a stalled pop had kept. `len`, `is_empty` and similar methods
//! never wait. Neither does a push or a pop that finds the queue full, empty or closed. A claim is
//! *lock-free*: when the exchange fails, another call has made its claim.
//!
//! After a claim, a call has a few instructions to do for each item. No user's code is among them,
//! and no allocation. A thread that the operating system suspends just there holds up others, which
//! *spin*, and let other threads run, until it goes on:
//!
//! - a pop waits for the push that has claimed the same position earlier;
//! - in a ring, a push waits for the pop that has claimed the same slot in the lap before;
//! - in a chain, pushes and `close` wait for the push that appends a block, and pops for the pop
//!   that moves on to one, both once in 32 positions;
//! - while [`peek`](ConcurrentQueue::peek) clones the first item, which is the user's code, pops
//!   and other peeks wait for the clone. Programs that never peek are not affected.
//!
//! So the queue as a whole is not lock-free, as `SegQueue`, `ArrayQueue` and crossbeam's channels
//! are not. A deadline limits how long a call waits for an item or for room; it does not limit the
//! moments above.
//!
//! `push`, `pop` and the variants with a deadline *park* and wait in a queue of waiters. Each
//! pushed item wakes the thread that has waited longest; so does each freed slot of a bounded
//! queue. A thread that comes along before the woken thread runs may take the item. Then the woken
//! thread waits again, at the end of the queue of waiters. This gives more throughput than handing
//! items over directly, but it is not strictly fair.
//!
//! # Deadlocks
//!
//! A `pop`, and a loop over [`iter`](ConcurrentQueue::iter), ends when the queue is closed and
//! empty: close it when no more items come. No handle does so when it is dropped.
//!
//! A thread that is the only one to pop must not `push` into a full queue: nobody makes room.
//!
//! # Memory
//!
//! A new queue has no block. A chain that has been used keeps up to two blocks that it does not
//! need: the last one, and a used one for the next push that needs a block. A block that is used up
//! is freed when the pops in it are over, by one of the next pops that move on to another block. A
//! ring has all of its slots from the first push on. Items do not stay in blocks: an item leaves
//! with the pop that takes it, and the caller decides where to drop it.
//!
//! # Orderings
//!
//! - *Items* are published by the stamp of their slot, which the push sets with release, and a pop
//!   or peek reads with acquire. So what a thread did before a push happens before what another
//!   thread does after popping the item. In the other direction, a pop sets the stamp with release
//!   when it has moved the item out, and whoever uses the slot again has read it with acquire.
//! - *Positions* are claimed with acquire and release, and read with acquire. A pop reads the front
//!   and then the back. If it has seen the claim of another pop, it also sees the claim of the push
//!   that came before. A push reads the back and then, for the bound, the front. If it has seen the
//!   claim of another push, it also sees the claims of the pops that had made room for that push.
//!   Both positions only rise. So an outdated front can only make the queue look fuller than it is,
//!   and an outdated back emptier; the exchange succeeds only if no position was claimed at the
//!   same end since it was read. That is also why each end can keep a note of how far the other one
//!   has come at least, and look there only when the note is not enough.
//! - *Blocks* are complete before a position in them is claimed, so a thread that has acquired the
//!   claim can use the block. The link to a block is set with release and read with acquire, because
//!   that is the last time that a push touches the block before, which may be freed then.
//! - *Closing* is a single exchange at the back, after which no claim succeeds there. Every thread
//!   that learns of the closing acquires what the exchange released.
//! - *Waking* is up to [`Event`](ft_sync::Event): the claim and the look for sleeping threads are
//!   sequentially consistent, and there is a fence between starting to listen and the last look at
//!   the queue.
//!
//! # Reclamation
//!
//! A thread reads the block of an end before its claim, and uses it only if the claim succeeds.
//! Then the position of that end has not changed in between, and neither has the block, which is
//! only changed by a thread that *holds* the end: that has claimed the first position of a block,
//! and sets a flag in the same exchange, which keeps others from claiming until it has stored the
//! new block. So the claim is in the block that was read.
//!
//! A pop that moves on to the next block tries to free older ones, the oldest first. It frees a
//! block when the stamps of all its slots say that they were emptied. Then every pop that had a
//! claim in this block is done with it, and every push was before. The only others that use a block
//! are those that hold an end and follow the link to the next block: the one at the front has moved
//! on, and the one at the back is done with the block once it has set its link, without which the
//! front could not have moved on. One thread at a time frees; others leave it to later pops. So a
//! thread that is suspended in the middle of a pop keeps its block, and those after it, from being
//! freed, and nothing else.

mod block;
mod cases;
mod chain;
pub mod channel;
mod end;
mod error;
mod heap;
mod iter;
mod pop;
mod priority;
mod push;
mod queue;
mod quiescent;
mod stack;
#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod stalled;
mod tasks;
mod waiting;

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

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
