//! A queue with two kinds of handles, which is closed when the last handle of one kind is dropped.
//!
//! Consumers of a [`ConcurrentQueue`] learn that no more items come when somebody closes it. Here the
//! last [`Sender`] does that. When the last [`Receiver`] is dropped, the items that are left are
//! dropped, and pushes fail.
//!
//! ```
//! use ft_concurrent_queue::channel;
//! use std::thread;
//!
//! let (sender, receiver) = channel::bounded(16);
//! for n in 0..2 {
//!     let sender = sender.clone();
//!     thread::spawn(move || (0..10).try_for_each(|k| sender.push(10 * n + k)));
//! }
//! drop(sender);
//! // Ends when both threads have ended.
//! assert_eq!(receiver.iter().sum::<i32>(), 190);
//! ```

use crate::{
    ConcurrentQueue, Iter, PopError, PopTimeoutError, PushError, PushTimeoutError, TryIter,
    TryPopError, TryPushError, TryPushManyError,
};
use ft_sync::{
    Arc,
    atomic::{
        AtomicUsize,
        Ordering::{AcqRel, Relaxed},
    },
};
use std::{
    collections::VecDeque,
    fmt,
    time::{Duration, Instant},
};

/// Creates a channel for any number of items.
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    of(ConcurrentQueue::unbounded())
}

/// Creates a channel that never holds more than `capacity` items.
///
/// # Panics
///
/// If `capacity` is 0.
pub fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    of(ConcurrentQueue::bounded(capacity))
}

fn of<T>(queue: ConcurrentQueue<T>) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared {
        queue,
        senders: AtomicUsize::new(1),
        receivers: AtomicUsize::new(1),
    });
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

struct Shared<T> {
    queue: ConcurrentQueue<T>,
    senders: AtomicUsize,
    receivers: AtomicUsize,
}

/// The right to push. Clone it for each producer; when the last clone is dropped, the channel is closed.
pub struct Sender<T>(Arc<Shared<T>>);

/// The right to pop. Clone it for each consumer; when the last clone is dropped, the channel is closed,
/// and its items are dropped.
pub struct Receiver<T>(Arc<Shared<T>>);

/// Defines methods that are those of the queue.
macro_rules! of_queue {
    ($handle:ident: $($name:ident($($arg:ident: $kind:ty),*) -> $result:ty;)*) => {
        impl<T> $handle<T> {$(
            #[doc = concat!("Does what [`ConcurrentQueue::", stringify!($name), "`] does.")]
            #[inline]
            pub fn $name(&self, $($arg: $kind),*) -> $result {
                self.0.queue.$name($($arg),*)
            }
        )*}
    };
}

of_queue! { Sender:
    try_push(item: T) -> Result<(), TryPushError<T>>;
    push(item: T) -> Result<(), PushError<T>>;
    push_timeout(item: T, timeout: Duration) -> Result<(), PushTimeoutError<T>>;
    push_deadline(item: T, deadline: Instant) -> Result<(), PushTimeoutError<T>>;
    push_async(item: T) -> impl Future<Output = Result<(), PushError<T>>>;
    try_push_many(items: &mut VecDeque<T>) -> Result<usize, TryPushManyError>;
    len() -> usize;
    is_empty() -> bool;
    is_full() -> bool;
    is_closed() -> bool;
    capacity() -> Option<usize>;
}

of_queue! { Receiver:
    try_pop() -> Result<T, TryPopError>;
    pop() -> Result<T, PopError>;
    pop_timeout(timeout: Duration) -> Result<T, PopTimeoutError>;
    pop_deadline(deadline: Instant) -> Result<T, PopTimeoutError>;
    pop_async() -> impl Future<Output = Result<T, PopError>>;
    try_pop_many(max: usize, out: &mut Vec<T>) -> Result<usize, TryPopError>;
    iter() -> Iter<'_, T>;
    try_iter() -> TryIter<'_, T>;
    len() -> usize;
    is_empty() -> bool;
    is_full() -> bool;
    is_closed() -> bool;
    capacity() -> Option<usize>;
}

macro_rules! counted {
    ($handle:ident, $count:ident, $last:expr) => {
        impl<T> Clone for $handle<T> {
            fn clone(&self) -> Self {
                // Relaxed: our own handle keeps the count above zero. It cannot overflow, because the
                // count of the `Arc` would, too.
                self.0.$count.fetch_add(1, Relaxed);
                Self(Arc::clone(&self.0))
            }
        }

        impl<T> Drop for $handle<T> {
            fn drop(&mut self) {
                // AcqRel: pairs with itself. What the other handles did comes before the closing, so
                // no item is refused that was pushed before, and whoever finds the channel closed
                // sees what their threads have written.
                if self.0.$count.fetch_sub(1, AcqRel) == 1 {
                    $last(&self.0.queue);
                }
            }
        }

        impl<T> fmt::Debug for $handle<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($handle))
                    .field(&self.0.queue)
                    .finish()
            }
        }
    };
}

counted!(Sender, senders, |queue: &ConcurrentQueue<T>| queue.close());
counted!(Receiver, receivers, |queue: &ConcurrentQueue<T>| drop(
    queue.close_and_drain()
));

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}
