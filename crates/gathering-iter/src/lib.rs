//! Gathers numbered values from many threads, and returns them in the order of their numbers.
//!
//! Work is given to threads in pieces that are numbered from 0. Each thread inserts the result of a
//! piece when it is done. Readers get the results of pieces 0, 1, 2 and so on, each as soon as it
//! has been inserted.
//!
//! ```
//! use ft_gathering_iter::GatheringIter;
//! use std::{convert::Infallible, thread};
//!
//! let squares: GatheringIter<u64> = GatheringIter::new();
//! thread::scope(|scope| {
//!     for first in 0..4 {
//!         let squares = &squares;
//!         // The first thread computes the pieces 0, 4 and 8, the next one 1, 5 and 9, and so on.
//!         scope.spawn(move || {
//!             for n in (first..12).step_by(4) {
//!                 squares.insert(n, n * n).unwrap();
//!             }
//!         });
//!     }
//!     let in_order: Result<Vec<u64>, Infallible> = squares.drain(12).collect();
//!     assert_eq!(in_order, Ok((0..12).map(|n| n * n).collect()));
//! });
//! ```
//!
//! # Readers
//!
//! Each reader starts at key 0. Readers made by [`iter`](GatheringIter::iter) clone the values and
//! leave them in place, so each such reader sees all values. Readers made by
//! [`drain`](GatheringIter::drain) take the values out, and each value goes to exactly one of them.
//! Draining readers that are *in progress* at the same time share the work: a reader skips keys
//! that another one has taken. A reader is in progress from its first call until it has reached its
//! end, has failed, or is [closed](Reader::close) or dropped. When no draining reader is in
//! progress, the next one starts by waiting for key 0 to be inserted again.
//!
//! Several threads can also use one reader: each value goes to one of them.
//!
//! # How it works
//!
//! Keys are spread over shards. Each shard is a hash map behind a mutex, which is held for a few
//! instructions. If the next key of a reader is missing, the reader leaves a note in the shard,
//! under the same lock. The thread that inserts that key finds the note, and wakes only that
//! reader. In the same way a thread that has to wait for room in the
//! [window](GatheringIter::with_window) leaves a note at the one key that must be taken first. So
//! an insertion costs one lock of one shard, no matter which threads wait for which keys.
//!
//! No value is cloned, dropped or compared under a lock, with one exception: readers made by `iter`
//! clone under the lock of the shard.
//!
//! # Orderings
//!
//! Everything about a key (its value, notes, that it was taken, that it will never come) is written
//! under the lock of its shard, and the lock publishes it. There are two atomics: how far draining
//! readers have come, and whether gathering is over. Each is written before or under the lock of
//! every shard in which it makes a difference, and is read again under that lock before a thread
//! goes to sleep. Where a thread may see them before the lock has published them, they are written
//! with release and read with acquire.

#![forbid(unsafe_code)]

use std::{
    convert::Infallible,
    fmt,
    num::{NonZero, NonZeroU64},
    sync::{PoisonError, TryLockError},
    time::{Duration, Instant},
};

use crossbeam_utils::CachePadded;
use ft_sync::{
    Arc, Mutex, MutexGuard,
    atomic::{
        AtomicU8, AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
    deadline_after,
};

mod error;
mod insertion;
mod reader;
mod shard;

pub use error::{InsertError, NextError, Refusal};
pub use insertion::Insertion;
pub use reader::Reader;

use shard::Shard;

/// The largest number of shards, whatever number is asked for.
const MAX_SHARDS: usize = 1024;

/// Gathers values by key from many threads, for readers that get them in the order of the keys.
///
/// `E` is the type of the reason that readers get when gathering has [failed](Self::fail).
///
/// This is a handle: its clones share the same values. The [crate docs](crate) explain how readers
/// share.
///
/// ```
/// use ft_gathering_iter::{GatheringIter, InsertError, NextError, Refusal};
///
/// let gathering = GatheringIter::<_, String>::new();
/// gathering.insert(1, 'b')?;
/// let reader = gathering.drain(10);
/// assert_eq!(reader.try_next(), Err(NextError::Missing));
/// gathering.insert(0, 'a')?;
/// assert_eq!(reader.try_next(), Ok('a'));
/// assert_eq!(reader.try_next(), Ok('b'));
///
/// gathering.close();
/// assert_eq!(reader.try_next(), Err(NextError::Ended));
/// let (value, reason) = ('c', Refusal::Closed);
/// assert_eq!(gathering.insert(2, 'c'), Err(InsertError { value, reason }));
/// # Ok::<(), InsertError<char, String>>(())
/// ```
pub struct GatheringIter<V, E = Infallible>(Arc<Shared<V, E>>);

/// The state that all handles and readers share.
pub(crate) struct Shared<V, E> {
    /// The shards; their number is a power of two.
    shards: Box<[CachePadded<Mutex<Shard<V>>>]>,
    /// How far ahead of `taken` a key may be. `None` means no limit.
    window: Option<NonZeroU64>,
    /// The draining readers in progress have taken every key below this, and none has taken this
    /// key. It rises by one, under the lock of the key that it was; it returns to 0 when no
    /// draining reader is in progress.
    taken: CachePadded<AtomicU64>,
    /// The number of draining readers in progress.
    draining: Mutex<usize>,
    /// [`OPEN`], [`FAILED`] or [`CLOSED`]; changed under the lock of `failure`.
    state: AtomicU8,
    /// The reason, while the state is `FAILED`.
    failure: Mutex<Option<E>>,
}

/// Values may come.
const OPEN: u8 = 0;
/// Values may come, but a thread that would wait for one gets the failure instead.
const FAILED: u8 = 1;
/// No more values will come.
const CLOSED: u8 = 2;

/// Says whether a thread may wait for something to happen.
pub(crate) enum Prospect<E> {
    Open,
    Failed(E),
    Closed,
}

impl<V, E> GatheringIter<V, E> {
    /// Creates an instance that accepts any key at any time.
    pub fn new() -> Self {
        Self::with_shards(default_shards(), None)
    }

    /// Creates an instance that accepts a key only if it is less than `window` ahead of the next
    /// key that draining readers have to take. So there are never more than `window` unread values.
    ///
    /// The next key of a draining reader is always within the window. While no draining reader is
    /// in progress, the window begins at 0. Readers made by [`iter`](Self::iter) do not move it.
    ///
    /// ```
    /// use ft_gathering_iter::{GatheringIter, InsertError, Refusal};
    ///
    /// let gathering: GatheringIter<_> = GatheringIter::with_window(2.try_into().unwrap());
    /// let reader = gathering.drain(10);
    /// gathering.try_insert(1, 'b').unwrap();
    /// let (value, reason) = ('c', Refusal::Full);
    /// assert_eq!(gathering.try_insert(2, 'c'), Err(InsertError { value, reason }));
    ///
    /// gathering.try_insert(0, 'a').unwrap();
    /// assert_eq!(reader.try_next(), Ok('a'));
    /// assert_eq!(gathering.try_insert(2, 'c'), Ok(None));
    /// ```
    pub fn with_window(window: NonZeroU64) -> Self {
        Self::with_shards(default_shards(), Some(window))
    }

    /// Like [`new`](Self::new) or [`with_window`](Self::with_window), for about `shards` threads at
    /// once.
    ///
    /// The number is rounded up to a power of two, and kept between 1 and 1024.
    pub fn with_shards(shards: usize, window: Option<NonZeroU64>) -> Self {
        let shards = shards.clamp(1, MAX_SHARDS).next_power_of_two();
        let shard = |_| CachePadded::new(Mutex::new(Shard::new()));
        Self(Arc::new(Shared {
            shards: (0..shards).map(shard).collect(),
            window,
            taken: CachePadded::new(AtomicU64::new(0)),
            draining: Mutex::new(0),
            state: AtomicU8::new(OPEN),
            failure: Mutex::new(None),
        }))
    }

    /// Returns the window, or `None` if there is none.
    pub fn window(&self) -> Option<NonZeroU64> {
        self.0.window
    }

    /// Returns the number of values, by adding up the shards one after another.
    pub fn len(&self) -> usize {
        let shards = self.0.shards.iter();
        shards.map(|shard| lock(shard).values.len()).sum()
    }

    /// Returns whether each shard was empty at the moment when it was looked at.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes and returns all values, shard by shard and in no particular order. Readers in
    /// progress wait for them to be inserted again.
    pub fn clear(&self) -> Vec<V> {
        let mut values = Vec::new();
        for shard in &self.0.shards {
            let taken = std::mem::take(&mut lock(shard).values);
            values.extend(taken.into_values());
        }
        values
    }

    /// Returns a reader that takes out the values of keys below `end`, in order.
    pub fn drain(&self, end: u64) -> Reader<V, E> {
        Reader::new(&self.0, end, None)
    }

    /// Returns a reader that clones the values of keys below `end`, in order.
    ///
    /// # Deadlocks
    ///
    /// A value is cloned under the lock of its shard. A `clone` that uses this object waits for
    /// itself.
    pub fn iter(&self, end: u64) -> Reader<V, E>
    where
        V: Clone,
    {
        Reader::new(&self.0, end, Some(V::clone))
    }

    /// Declares that no more values will come. Returns whether this call did so; it does not if
    /// gathering has ended before, in any way.
    ///
    /// Readers get the values up to the first missing key, and then end. All insertions are
    /// refused, including those that are waiting for room.
    pub fn close(&self) -> bool {
        self.0.end(CLOSED, None)
    }

    /// Declares that some value will not come, and why. Returns whether this call did so; it does
    /// not if gathering has ended before, in any way.
    ///
    /// Readers get the values up to the first missing key, and then the reason. Insertions are
    /// still accepted, except those that would have to wait for room.
    pub fn fail(&self, reason: E) -> bool {
        self.0.end(FAILED, Some(reason))
    }

    /// Withdraws a [`fail`](Self::fail), and returns its reason. Readers wait again, except those
    /// that have already ended with the reason.
    pub fn clear_failure(&self) -> Option<E> {
        let mut failure = lock(&self.0.failure);
        let reason = failure.take();
        if reason.is_some() {
            // Relaxed: nothing else is published with it.
            self.0.state.store(OPEN, Relaxed);
        }
        reason
    }

    /// Returns the reason, if gathering has failed.
    pub fn failure(&self) -> Option<E>
    where
        E: Clone,
    {
        lock(&self.0.failure).clone()
    }

    /// Returns whether gathering was closed.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Calls `value` with every value, and `failure` with the reason of a failure, until one
    /// returns an error. It waits for no lock: what another thread is using at the moment is left
    /// out.
    ///
    /// This is for garbage collectors, which run while no other thread does. The functions must not
    /// use this object.
    ///
    /// # Errors
    ///
    /// The first error of one of the functions.
    pub fn visit<X>(
        &self,
        value: impl Fn(&V) -> Result<(), X>,
        failure: impl Fn(&E) -> Result<(), X>,
    ) -> Result<(), X> {
        for shard in &self.0.shards {
            if let Some(shard) = try_lock(shard) {
                shard.values.values().try_for_each(&value)?;
            }
        }
        match try_lock(&self.0.failure) {
            Some(reason) => reason.iter().try_for_each(failure),
            None => Ok(()),
        }
    }
}

/// Insertion.
impl<V, E: Clone> GatheringIter<V, E> {
    /// Stores a value, and returns the unread value that it replaces, if any. Waits while the key
    /// is beyond the window.
    ///
    /// # Errors
    ///
    /// [`Refusal::Closed`]; or [`Refusal::Failed`] if it had to wait.
    pub fn insert(&self, key: u64, value: V) -> Result<Option<V>, InsertError<V, E>> {
        self.insert_wait(key, value, || None)
    }

    /// Stores a value if the key is within the window, and returns the unread value that it
    /// replaces, if any.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    #[inline]
    pub fn try_insert(&self, key: u64, value: V) -> Result<Option<V>, InsertError<V, E>> {
        match self.0.admit(key, None) {
            Ok(()) => self.0.store(key, value),
            Err(reason) => Err(InsertError { value, reason }),
        }
    }

    /// Like [`insert`](Self::insert), but waits for at most `timeout`. A timeout that is too large
    /// for the clock means for ever.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub fn insert_timeout(
        &self,
        key: u64,
        value: V,
        timeout: Duration,
    ) -> Result<Option<V>, InsertError<V, E>> {
        self.insert_wait(key, value, || deadline_after(timeout))
    }

    /// Like [`insert`](Self::insert), but waits until `deadline` at most.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub fn insert_deadline(
        &self,
        key: u64,
        value: V,
        deadline: Instant,
    ) -> Result<Option<V>, InsertError<V, E>> {
        self.insert_wait(key, value, || Some(deadline))
    }

    /// Returns an insertion, for callers that wait for room in their own way.
    pub fn insertion(&self, key: u64, value: V) -> Insertion<'_, V, E> {
        Insertion::new(&self.0, key, value)
    }

    #[inline]
    fn insert_wait(
        &self,
        key: u64,
        value: V,
        deadline: impl FnOnce() -> Option<Instant>,
    ) -> Result<Option<V>, InsertError<V, E>> {
        let InsertError { value, reason } = match self.try_insert(key, value) {
            Ok(replaced) => return Ok(replaced),
            Err(refused) => refused,
        };
        match reason {
            Refusal::Full => self.insertion(key, value).wait(deadline()),
            reason => Err(InsertError { value, reason }),
        }
    }
}

impl<V, E> Shared<V, E> {
    /// Locks the shard of a key.
    #[inline]
    pub(crate) fn shard(&self, key: u64) -> MutexGuard<'_, Shard<V>> {
        // Neighboring keys are in different shards. On 32-bit machines the key is truncated, which
        // does no harm, because the mask is shorter.
        lock(&self.shards[key as usize & (self.shards.len() - 1)])
    }

    fn end(&self, state: u8, reason: Option<E>) -> bool {
        let mut failure = lock(&self.failure);
        // Relaxed: it is changed only under this lock.
        if self.state.load(Relaxed) != OPEN {
            drop(failure);
            return false;
        }
        *failure = reason;
        // Release: pairs with the Acquire in `is_closed`, for threads that see the state before the
        // locks below publish it.
        self.state.store(state, Release);
        drop(failure);
        for shard in &self.shards {
            let signals = lock(shard).ended();
            signals.give();
        }
        true
    }

    /// Tells a thread that has not found what it needs whether to wait for it.
    ///
    /// The caller must hold the lock of the shard in which it looked, and must leave its note under
    /// the same lock. If `end` has not reached this shard yet, it will find the note. If it has, it
    /// unlocked this shard before we locked it, so we see the new state.
    ///
    /// If we see the end, we also see everything that was inserted before it. An insertion that we
    /// do not see unlocks the shard after we do, and an end that follows such an insertion comes
    /// too late for us to see.
    #[inline]
    pub(crate) fn prospect(&self) -> Prospect<E>
    where
        E: Clone,
    {
        // Relaxed: when an end is seen, `ended` looks again, and acquires what came before the end.
        // The lock ensures that we see an end in time, as described above.
        if self.state.load(Relaxed) == OPEN {
            Prospect::Open
        } else {
            self.ended()
        }
    }

    #[cold]
    fn ended(&self) -> Prospect<E>
    where
        E: Clone,
    {
        match &*lock(&self.failure) {
            Some(reason) => Prospect::Failed(reason.clone()),
            None if self.is_closed() => Prospect::Closed,
            // A failure was withdrawn. If another end comes, it will find our note.
            None => Prospect::Open,
        }
    }

    #[inline]
    fn is_closed(&self) -> bool {
        // Acquire: pairs with the Release in `end`.
        self.state.load(Acquire) == CLOSED
    }
}

/// Locks a mutex. If it is poisoned, the `clone` of a value panicked while a thread held it, and
/// that thread had not changed anything.
#[inline]
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Like [`lock`], but returns `None` if another thread holds the mutex.
fn try_lock<T: ?Sized>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(err)) => Some(err.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

fn default_shards() -> usize {
    // Eight shards for each core: two of `n` threads rarely meet in one of `8 n` shards.
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    cores.saturating_mul(8)
}

impl<V, E> Clone for GatheringIter<V, E> {
    /// Returns another handle for the same values.
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V, E> Default for GatheringIter<V, E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V, E> fmt::Debug for GatheringIter<V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Relaxed: this is only for people to read.
        let state = match self.0.state.load(Relaxed) {
            OPEN => "open",
            FAILED => "failed",
            _ => "closed",
        };
        f.debug_struct("GatheringIter")
            .field("len", &self.len())
            .field("window", &self.0.window)
            .field("state", &format_args!("{state}"))
            .finish_non_exhaustive()
    }
}

/// The type must not be covariant: otherwise a short-lived reference that was put in could come out
/// as a long-lived one. So this example must not compile.
///
/// ```compile_fail,E0597
/// use ft_gathering_iter::GatheringIter;
///
/// let gathering: GatheringIter<&'static str> = GatheringIter::new();
/// let short = String::from("gone before it is read");
/// let shorter: &GatheringIter<&str> = &gathering;
/// let _ = shorter.insert(0, short.as_str());
/// ```
#[cfg(doctest)]
struct Invariance;
