//! Results for many threads from a function that only one thread at a time may run.
//!
//! A [`BatchExecutor`] calls its source a number of times in a row, keeps the results, and returns
//! them one by one, to any thread. A thread that finds no results left calls the source for the
//! next batch. The source need not be thread-safe, because no two threads call it at the same time.
//! A [`BatchBuffer`] is the same without the source: each call brings its own.
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
//! - Values are handed out in the order in which they were produced. (Two threads may still use
//!   their values in the opposite order.)
//! - The source runs on one thread at a time, and under no lock. It is called for a whole batch
//!   before any value of the batch is handed out, and the caller that ran it gets the first value.
//! - If the source fails, the caller that ran it gets the error. Later callers get the values that
//!   were produced before. When these are used up, the source is called again for a whole batch.
//! - If the source calls `load` on the thread that runs it, that call returns an error and does not
//!   deadlock.
//!
//! Threads that wait for another thread's batch are parked. When there are values, they are woken
//! in the order in which they came, but a thread that arrives at that moment may be faster.
//!
//! # Costs and progress
//!
//! Taking a value that is ready is lock-free and takes constant time. A caller that finds none runs
//! the source for a whole batch, and others are parked meanwhile; a mutex is held for a few
//! instructions to agree on who does it. Memory is allocated once, when the buffer is made. The
//! [`Event`] on which they are parked is a type of `ft-sync`: a new major version
//! of that is one of this crate.
//!
//! # Panics and deadlocks
//!
//! A source that panics has failed: the panic reaches the caller that ran it, and the values
//! produced before it are handed out.
//!
//! A source that waits for another thread must not wait for one that loads from the same executor:
//! that thread waits for the source. Only a call on the same thread is found out.
//!
//! # How it works
//!
//! Values are words in a ring (see [`Word`]), and have positions that count up for ever. `next` is
//! the position of the first value that was not handed out, `end` the position after the last
//! value. To take a value, a thread *first* reads the word at `next`, and *then* advances `next` by
//! compare-exchange, like a thief in the deque of Chase and Lev (*Dynamic circular work-stealing
//! deque*, 2005). If the exchange succeeds, no other thread had claimed the position, so its slot
//! was not overwritten and the word is valid. If it fails, the word may be anything, and is
//! discarded. So taking a value writes only `next`, and refilling need not wait for a thread that
//! has claimed a value and then stopped.
//!
//! Because positions never repeat, an exchange cannot mistake one batch for another.
//!
//! # Orderings
//!
//! The filler sets `end` with release, and threads that take values read it with acquire: that
//! publishes the words and what they point to. Threads that take values advance `next` with
//! release, and the next filler reads it with acquire: so all of them have read their words before
//! the filler writes new ones. Fillers follow one another under a lock. Waking is up to [`Event`].

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

/// A source of values, and the remaining values of its last batch.
///
/// The [crate docs](crate) say what is promised. The source is any `FnMut` that returns a `Result`;
/// it need not be `Sync`.
///
/// ```
/// use ft_batch_executor::{BatchExecutor, LoadError};
///
/// let mut readings = [Ok(20), Ok(21), Err("no contact"), Ok(19), Ok(18), Ok(17)].into_iter();
/// let sensor = BatchExecutor::new(3, || readings.next().unwrap());
/// assert_eq!(sensor.load(), Err(LoadError::Source("no contact")));
/// // No value is lost, and the next batch is a new attempt.
/// assert_eq!(sensor.load(), Ok(20));
/// assert_eq!(sensor.load(), Ok(21));
/// assert_eq!(sensor.load(), Ok(19));
/// assert_eq!(sensor.len(), 2);
/// ```
pub struct BatchExecutor<T: Word, F> {
    buffer: BatchBuffer<T>,
    /// Only the filler uses it.
    source: UnsafeCell<F>,
}

// SAFETY: one thread at a time uses the source, which `F: Send` allows. The values are those of a
// `BatchBuffer`.
unsafe impl<T: Word + Send, F: Send> Sync for BatchExecutor<T, F> {}

// A source that has panicked is called again. Whether that is safe is up to the source, as with
// `LazyLock`.
impl<T: Word, F: UnwindSafe> RefUnwindSafe for BatchExecutor<T, F> {}

impl<T: Word, E, F: FnMut() -> Result<T, E>> BatchExecutor<T, F> {
    /// Creates an executor for batches of `size` values. It does not call the source yet.
    ///
    /// # Panics
    ///
    /// If `size` is 0, or there is not enough memory for a batch.
    pub fn new(size: usize, source: F) -> Self {
        let size = NonZeroUsize::new(size).expect("size must be positive");
        let buffer = BatchBuffer::try_new(size).expect("not enough memory for a batch");
        Self {
            buffer,
            source: UnsafeCell::new(source),
        }
    }

    /// Returns the next value. If none is left, runs the source for a batch, or waits for the
    /// thread that does so.
    ///
    /// # Errors
    ///
    /// The source failed, or the source itself is the caller.
    #[inline]
    pub fn load(&self) -> Result<T, LoadError<E>> {
        self.buffer.load_with(|| self.call())
    }

    /// Like [`load`](Self::load), but does not wait for another thread.
    ///
    /// # Errors
    ///
    /// Another thread is running the source, the source failed, or the source itself is the caller.
    #[inline]
    pub fn try_load(&self) -> Result<T, TryLoadError<E>> {
        self.buffer.try_load_with(|| self.call())
    }

    /// Like [`load`](Self::load), but waits for another thread for at most `timeout`.
    ///
    /// The source is not interrupted.
    ///
    /// # Errors
    ///
    /// Another thread was running the source until the deadline, the source failed, or the source
    /// itself is the caller.
    pub fn load_timeout(&self, timeout: Duration) -> Result<T, LoadTimeoutError<E>> {
        self.buffer.load_timeout_with(timeout, || self.call())
    }

    fn call(&self) -> Result<T, E> {
        // SAFETY: the buffer calls this only for its filler, and there is one filler at a time:
        // even if the source calls this executor, that call is refused. Fillers follow one another
        // under a lock.
        self.source.with_mut(|source| unsafe { (*source)() })
    }
}

impl<T: Word, F> BatchExecutor<T, F> {
    /// Returns the number of values in a batch.
    pub fn size(&self) -> usize {
        self.buffer.size()
    }

    /// Returns the number of values that are ready. See [`BatchBuffer::len`].
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Returns whether no value is ready.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Returns the event that is notified when a thread is done with the source. See
    /// [`BatchBuffer::filled`].
    pub fn filled(&self) -> &Event {
        self.buffer.filled()
    }

    /// Returns the source. Remaining values are dropped.
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

/// The type must not be covariant: otherwise a short-lived reference that was put in could come out
/// as a long-lived one. So this example must not compile.
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

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
