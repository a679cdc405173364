//! Results of a function that only one thread may run, for many threads.
//!
//! A [`BatchExecutor`] calls its source some number of times in a row, keeps the results, and hands
//! them out one by one, to any thread. Who finds none left calls the source for the next batch;
//! the source need not be thread-safe, because no two threads are in it at once. A
//! [`BatchBuffer`] is the same without the source, which comes with each call.
//!
//! ```
//! use ft_batch_executor::BatchExecutor;
//! use std::convert::Infallible;
//!
//! let mut last = 0;
//! let tickets = BatchExecutor::new(64, || {
//!     last += 1;
//!     Ok::<usize, Infallible>(last)
//! });
//! let mut seen = std::thread::scope(|scope| {
//!     let threads = [(); 4].map(|()| {
//!         scope.spawn(|| (0..100).map(|_| tickets.load().unwrap()).collect::<Vec<_>>())
//!     });
//!     threads.map(|thread| thread.join().unwrap()).concat()
//! });
//! seen.sort();
//! assert!(seen.into_iter().eq(1..=400));
//! ```
//!
//! # What is promised
//!
//! - Every value that the source returns is handed out exactly once, or dropped with the buffer.
//! - They are handed out in the order in which they were produced. (What two threads do with
//!   theirs may be seen the other way round.)
//! - The source runs on one thread at a time, and under no lock. It is called for a whole batch
//!   before any value of it is handed out, and the caller that ran it gets the first one.
//! - If the source fails, the caller that ran it gets the error. The values produced before are
//!   handed out to those that come next, and when they are gone the source is asked again, for a
//!   whole batch.
//! - If the source calls `load` on the thread that runs it, that is an error, not a deadlock.
//!
//! Threads that wait for another's batch are parked. When there are values they are woken in the
//! order in which they came, but one that comes along just then may be faster.
//!
//! # How it works
//!
//! Values are words in a ring (see [`Word`]), and have positions that count up for ever. `next` is
//! the first one not handed out, `end` the one after the last. To take a value, a thread *first*
//! reads the word at `next` and *then* advances `next` by compare-exchange, like a thief in the
//! deque of Chase and Lev (*Dynamic circular work-stealing deque*, 2005). If that succeeds, nobody
//! else had claimed the position, so its slot was not written again, and the word is good; if it
//! fails, the word may be any, and is forgotten. So taking a value writes nothing but `next`, and
//! refilling need not wait for a thread that has claimed a value and stopped.
//!
//! Because positions never come again, an exchange cannot mistake one batch for another.
//!
//! # Orderings
//!
//! `end` is set with release by the filler and read with acquire by those who take: that publishes
//! the words and what they point to. `next` is advanced with release by those who take and read
//! with acquire by the next filler: all have read their words before it writes new ones. Fillers
//! follow one another under a lock. Waking is the business of [`Event`].

use std::{
    fmt,
    num::NonZeroUsize,
    panic::{RefUnwindSafe, UnwindSafe},
    time::Duration,
};

use ft_sync::{Event, UnsafeCell};

mod buffer;
mod error;
mod slots;
mod word;

pub use buffer::BatchBuffer;
pub use error::{LoadError, LoadTimeoutError, TryLoadError};
pub use word::Word;

/// A source of values, and those of its last batch that are left.
///
/// See the [crate docs](crate) for what is promised. The source is any `FnMut` that returns a
/// `Result`; it need not be `Sync`.
///
/// ```
/// use ft_batch_executor::{BatchExecutor, LoadError};
///
/// let mut readings = [Ok(20), Ok(21), Err("no contact"), Ok(19), Ok(18), Ok(17)].into_iter();
/// let sensor = BatchExecutor::new(3, || readings.next().unwrap());
/// assert_eq!(sensor.load(), Err(LoadError::Source("no contact")));
/// // Nothing is lost, and the next batch is a new attempt.
/// assert_eq!(sensor.load(), Ok(20));
/// assert_eq!(sensor.load(), Ok(21));
/// assert_eq!(sensor.load(), Ok(19));
/// assert_eq!(sensor.len(), 2);
/// ```
pub struct BatchExecutor<T: Word, F> {
    buffer: BatchBuffer<T>,
    /// Used by the filler only.
    source: UnsafeCell<F>,
}

// SAFETY: the source is used by one thread at a time, which `F: Send` allows, the values are
// those of a `BatchBuffer`.
unsafe impl<T: Word + Send, F: Send> Sync for BatchExecutor<T, F> {}

// A source that panics is called again: whether that is safe is up to it, as with `LazyLock`.
impl<T: Word, F: UnwindSafe> RefUnwindSafe for BatchExecutor<T, F> {}

impl<T: Word, E, F: FnMut() -> Result<T, E>> BatchExecutor<T, F> {
    /// Creates an executor for batches of `size`. The source is not called yet.
    ///
    /// # Panics
    ///
    /// If `size` is 0, or there is no room for a batch.
    pub fn new(size: usize, source: F) -> Self {
        let size = NonZeroUsize::new(size).expect("size must be positive");
        let buffer = BatchBuffer::try_new(size).expect("no room for a batch");
        Self {
            buffer,
            source: UnsafeCell::new(source),
        }
    }

    /// Returns the next value, running the source for a batch if none is left, or waiting for the
    /// thread that does so.
    ///
    /// # Errors
    ///
    /// The source failed, or is the caller.
    #[inline]
    pub fn load(&self) -> Result<T, LoadError<E>> {
        self.buffer.load_with(|| self.call())
    }

    /// As [`load`](Self::load), without waiting for another thread.
    ///
    /// # Errors
    ///
    /// Another thread is running the source; it failed; it is the caller.
    #[inline]
    pub fn try_load(&self) -> Result<T, TryLoadError<E>> {
        self.buffer.try_load_with(|| self.call())
    }

    /// As [`load`](Self::load), waiting for another thread no longer than `timeout`.
    ///
    /// The source is not interrupted.
    ///
    /// # Errors
    ///
    /// Another thread was running the source until the deadline; it failed; it is the caller.
    pub fn load_timeout(&self, timeout: Duration) -> Result<T, LoadTimeoutError<E>> {
        self.buffer.load_timeout_with(timeout, || self.call())
    }

    fn call(&self) -> Result<T, E> {
        // SAFETY: the buffer calls this for its filler, and there is one at a time, even when the
        // source comes back to this executor, which is refused. Fillers follow one another under a
        // lock.
        self.source.with_mut(|source| unsafe { (*source)() })
    }
}

impl<T: Word, F> BatchExecutor<T, F> {
    /// Returns the number of values in a batch.
    pub fn size(&self) -> usize {
        self.buffer.size()
    }

    /// Returns the number of values that are ready; see [`BatchBuffer::len`].
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Returns whether no value is ready.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The event that is notified when a thread is done with the source; see
    /// [`BatchBuffer::filled`].
    pub fn filled(&self) -> &Event {
        self.buffer.filled()
    }

    /// Returns the source; values that are left are dropped.
    pub fn into_source(self) -> F {
        self.source.into_inner()
    }
}

impl<T: Word, F> fmt::Debug for BatchExecutor<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchExecutor")
            .field("size", &self.size())
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// What was put in as a short-lived reference would come out as a long-lived one: the type may not be
/// covariant, so this must not compile.
///
/// ```compile_fail,E0597
/// use ft_batch_executor::BatchBuffer;
/// use std::{convert::Infallible, num::NonZeroUsize};
///
/// let size = NonZeroUsize::new(2).unwrap();
/// let buffer: BatchBuffer<Box<&'static str>> = BatchBuffer::try_new(size).unwrap();
/// let short = String::from("gone before it is taken");
/// let shorter: &BatchBuffer<Box<&str>> = &buffer;
/// let _ = shorter.load_with(|| Ok::<_, Infallible>(Box::new(short.as_str())));
/// ```
#[cfg(doctest)]
struct Invariance;
