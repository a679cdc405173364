//! The queue itself, its state and its end.

use std::{
    fmt,
    num::NonZeroUsize,
    panic::{RefUnwindSafe, UnwindSafe},
    ptr,
};

use crossbeam_utils::CachePadded;
use ft_sync::{Event, atomic::AtomicPtr};

use crate::{
    block::{Block, Shape},
    end::End,
};

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
    /// Where pushes claim positions. Its event is that of new items.
    pub(crate) tail: CachePadded<Tail<T>>,
    /// Where pops claim positions, never beyond the tail. Its event is that of new room.
    pub(crate) head: CachePadded<Head<T>>,
}

/// What is in the cache line of pushes.
pub(crate) struct Tail<T> {
    pub(crate) end: End<T>,
    /// A block that was used up, for the next push that needs one. Null if there is none.
    pub(crate) spare: AtomicPtr<Block<T>>,
}

/// What is in the cache line of pops.
pub(crate) struct Head<T> {
    pub(crate) end: End<T>,
    /// The first block of the chain, which leads over that of the head to that of the tail. Blocks
    /// before that of the head are freed when all pops in them are over. Null before the first
    /// push, and while a thread is freeing.
    pub(crate) oldest: AtomicPtr<Block<T>>,
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
    /// # Panics
    ///
    /// If `capacity` is 0.
    pub fn bounded(capacity: usize) -> Self {
        let capacity = NonZeroUsize::new(capacity).expect("capacity must be positive");
        Self::with_capacity(Some(capacity))
    }

    pub(crate) fn with_capacity(capacity: Option<NonZeroUsize>) -> Self {
        let shape = capacity.map_or(Shape::CHAIN, |it| Shape::bounded::<T>(it.get()));
        Self {
            tail: CachePadded::new(Tail {
                end: End::new(capacity, shape),
                spare: AtomicPtr::new(ptr::null_mut()),
            }),
            head: CachePadded::new(Head {
                end: End::new(capacity, shape),
                oldest: AtomicPtr::new(ptr::null_mut()),
            }),
        }
    }

    /// Returns the bound, or `None` if there is none.
    pub fn capacity(&self) -> Option<usize> {
        self.tail.end.capacity.map(NonZeroUsize::get)
    }

    /// Returns the number of items.
    ///
    /// The result was true at some moment during the call, and so is exact if no other thread uses
    /// the queue.
    pub fn len(&self) -> usize {
        let mut tail = self.tail.end.load().position();
        loop {
            let head = self.head.end.load().position();
            let now = self.tail.end.load().position();
            // No push has claimed a position in between, so this was true at the moment when `head`
            // was exact.
            if now == tail {
                return (tail - head) as usize;
            }
            tail = now;
        }
    }

    /// Returns whether the queue is empty.
    pub fn is_empty(&self) -> bool {
        // If the tail is not beyond the head that we have read before, then nothing was between
        // them when we read the tail.
        let head = self.head.end.load().position();
        self.tail.end.load().position() <= head
    }

    /// Returns whether the queue has as many items as the bound allows.
    pub fn is_full(&self) -> bool {
        self.capacity() == Some(self.len())
    }

    /// Returns whether the queue was closed. It may still contain items.
    pub fn is_closed(&self) -> bool {
        self.tail.end.load().is_closed()
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
        let closed_here = self.tail.end.close();
        if closed_here {
            self.not_empty().notify_all();
            self.not_full().notify_all();
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
        &self.tail.end.changed
    }

    /// Returns the event that is notified of each slot freed in a bounded queue, and of closing.
    /// Use it like [`not_empty`](Self::not_empty).
    pub fn not_full(&self) -> &Event {
        &self.head.end.changed
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
