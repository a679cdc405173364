//! The buffer: claiming values, filling it anew, waiting for that.

use std::{
    collections::TryReserveError,
    fmt,
    marker::PhantomData,
    mem::ManuallyDrop,
    num::NonZeroUsize,
    panic::{RefUnwindSafe, UnwindSafe},
    sync::PoisonError,
    time::{Duration, Instant},
};

use crossbeam_utils::CachePadded;
use ft_sync::{
    Event, Mutex, MutexGuard, UnsafeCell,
    atomic::{
        AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
    deadline_after,
    thread::{self, ThreadId},
};

use crate::{LoadError, LoadTimeoutError, TryLoadError, Word, slots::Slots};

/// Values that are produced in batches by whoever finds none left, and handed out to all.
///
/// It is a [`BatchExecutor`](crate::BatchExecutor) without the source: each call brings its own.
/// See the [crate docs](crate) for what is promised.
///
/// ```
/// use ft_batch_executor::BatchBuffer;
/// use std::{convert::Infallible, num::NonZeroUsize};
///
/// let buffer = BatchBuffer::try_new(NonZeroUsize::new(3).unwrap())?;
/// let mut numbers = 0..;
/// let mut source = || Ok::<usize, Infallible>(numbers.next().unwrap());
/// assert_eq!(buffer.load_with(&mut source), Ok(0));
/// assert_eq!(buffer.len(), 2);
/// assert_eq!(buffer.take(), Some(1));
/// assert_eq!(buffer.take(), Some(2));
/// assert_eq!(buffer.take(), None);
/// # Ok::<(), std::collections::TryReserveError>(())
/// ```
pub struct BatchBuffer<T: Word> {
    /// The position of the first value that is still to be handed out. Only rises: by one with
    /// each value claimed, and by the filler, who takes the first value of the new batch.
    next: CachePadded<AtomicU64>,
    /// The position after the last value produced. Only rises, and only by the filler. No value is
    /// left when `next` is not below it; in the midst of publishing `next` is one above.
    end: AtomicU64,
    /// The values from `next` to `end`, and what the filler has produced beyond.
    slots: Slots,
    /// Values in a batch.
    size: NonZeroUsize,
    /// The thread that is running its source, if there is one. Locked for a few instructions, and
    /// never while a source runs.
    filler: Mutex<Option<ThreadId>>,
    /// Signaled when the filler is done: once for each value published, and once more, for the
    /// next filler.
    filled: Event,
    /// Owned, and replaced through `&self`: hence invariant in `T`.
    values: PhantomData<UnsafeCell<T>>,
}

// SAFETY: values move between threads, which `T: Send` allows, and are never shared. All else in
// here is `Sync`.
unsafe impl<T: Word + Send> Sync for BatchBuffer<T> {}

// A source that panics leaves the values before it, as one that fails does.
impl<T: Word> UnwindSafe for BatchBuffer<T> {}
impl<T: Word> RefUnwindSafe for BatchBuffer<T> {}

impl<T: Word> BatchBuffer<T> {
    /// Creates an empty buffer for batches of `size`.
    ///
    /// # Errors
    ///
    /// There is no room for a batch. (Systems that overcommit find out when it is filled.)
    pub fn try_new(size: NonZeroUsize) -> Result<Self, TryReserveError> {
        Ok(Self {
            next: CachePadded::new(AtomicU64::new(0)),
            end: AtomicU64::new(0),
            slots: Slots::new(size.get())?,
            size,
            filler: Mutex::new(None),
            filled: Event::new(),
            values: PhantomData,
        })
    }

    /// Returns the number of values in a batch.
    pub fn size(&self) -> usize {
        self.size.get()
    }

    /// Returns the number of values that are ready to be taken.
    ///
    /// Exact when nobody is at work on the buffer; else it was true at some moment of the call.
    pub fn len(&self) -> usize {
        // Acquire: pairs with the Release in `publish`: `next` is not older than `end`. So if
        // there was a new batch in between, this is 0, and there was a moment without values.
        let end = self.end.load(Acquire);
        // Relaxed: a look.
        end.saturating_sub(self.next.load(Relaxed)) as usize
    }

    /// Returns whether no value is ready to be taken.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the next value, or `None` if none is left. Lock-free.
    #[inline]
    pub fn take(&self) -> Option<T> {
        // Relaxed: with a position that is out of date the exchange fails.
        let mut next = self.next.load(Relaxed);
        loop {
            // Acquire: pairs with the Release in `publish`, so that the word is there, and what
            // it points to.
            if next >= self.end.load(Acquire) {
                return None;
            }
            // SAFETY: `next` is below `end`, so it was set before `end` was raised.
            let word = unsafe { self.slots.get(next) };
            // Release: the word is read before the position is seen to be claimed. It pairs with
            // the Acquire in `begin`, after which the slot is written again.
            // Relaxed: on failure the word is forgotten.
            match (self.next).compare_exchange_weak(next, next + 1, Release, Relaxed) {
                // SAFETY: the position was not claimed before, so the slot was not used again, and
                // the word is the one that was published. It is claimed only once.
                Ok(_) => return Some(unsafe { T::from_raw(word) }),
                Err(now) => next = now,
            }
        }
    }

    /// Returns the next value; if none is left, calls `source` as often as a batch has values.
    ///
    /// # Errors
    ///
    /// As [`BatchExecutor::try_load`](crate::BatchExecutor::try_load).
    #[inline]
    pub fn try_load_with<E>(
        &self,
        source: impl FnMut() -> Result<T, E>,
    ) -> Result<T, TryLoadError<E>> {
        match self.take() {
            Some(value) => Ok(value),
            None => self.fill_slow(source),
        }
    }

    /// As [`try_load_with`](Self::try_load_with), waiting while another thread is filling.
    ///
    /// # Errors
    ///
    /// As [`BatchExecutor::load`](crate::BatchExecutor::load).
    pub fn load_with<E>(&self, source: impl FnMut() -> Result<T, E>) -> Result<T, LoadError<E>> {
        match self.wait(None, source) {
            Ok(value) => Ok(value),
            Err(TryLoadError::Source(err)) => Err(LoadError::Source(err)),
            Err(TryLoadError::Reentrant) => Err(LoadError::Reentrant),
            Err(TryLoadError::Busy) => unreachable!("without a deadline it waits"),
        }
    }

    /// As [`load_with`](Self::load_with), waiting no longer than `timeout`. The source takes its
    /// time.
    ///
    /// # Errors
    ///
    /// As [`BatchExecutor::load_timeout`](crate::BatchExecutor::load_timeout).
    pub fn load_timeout_with<E>(
        &self,
        timeout: Duration,
        source: impl FnMut() -> Result<T, E>,
    ) -> Result<T, LoadTimeoutError<E>> {
        match self.wait(deadline_after(timeout), source) {
            Ok(value) => Ok(value),
            Err(TryLoadError::Source(err)) => Err(LoadTimeoutError::Source(err)),
            Err(TryLoadError::Reentrant) => Err(LoadTimeoutError::Reentrant),
            Err(TryLoadError::Busy) => Err(LoadTimeoutError::Timeout),
        }
    }

    fn wait<E>(
        &self,
        deadline: Option<Instant>,
        mut source: impl FnMut() -> Result<T, E>,
    ) -> Result<T, TryLoadError<E>> {
        let attempt = || match self.try_load_with(&mut source) {
            Err(TryLoadError::Busy) => None,
            answer => Some(answer),
        };
        let answer = self.filled.wait_until(deadline, attempt);
        answer.unwrap_or(Err(TryLoadError::Busy))
    }

    /// The event that is notified when a thread is done with filling: for callers that wait in
    /// their own way.
    ///
    /// Listen first, then call [`try_load_with`](Self::try_load_with), and wait if that is
    /// [`Busy`](TryLoadError::Busy). A woken listener must call it again: it may be the one that
    /// has to fill next. One that goes without having waited hands on its notification.
    pub fn filled(&self) -> &Event {
        &self.filled
    }

    /// Calls `visit` with every value that is ready to be taken, in order, until it returns an
    /// error.
    ///
    /// Takes no lock and allocates nothing: made for garbage collectors that look for references
    /// while the world is stopped. Values of a batch that is being produced belong to the thread
    /// that does it, and are not visited.
    ///
    /// # Errors
    ///
    /// What `visit` returns.
    ///
    /// # Safety
    ///
    /// From before this call until it returns, no other thread is inside any method of this
    /// buffer, other than in a source or waiting, and what other threads did to it happens before.
    /// `visit` does not use the buffer.
    pub unsafe fn for_each_quiescent<E>(
        &self,
        visit: &mut dyn FnMut(&T) -> Result<(), E>,
    ) -> Result<(), E> {
        // Relaxed: what others did happens before, says the caller.
        for position in self.next.load(Relaxed)..self.end.load(Relaxed) {
            // SAFETY: below `end`, so it was set; not claimed, so the word is a value, which stays
            // where it is, and is not dropped here.
            let value = ManuallyDrop::new(unsafe { T::from_raw(self.slots.get(position)) });
            visit(&value)?;
        }
        Ok(())
    }

    #[cold]
    fn fill_slow<E>(&self, mut source: impl FnMut() -> Result<T, E>) -> Result<T, TryLoadError<E>> {
        let mut filling = match self.begin()? {
            Begun::Taken(value) => return Ok(value),
            Begun::Filling(filling) => filling,
        };
        for _ in 0..self.size() {
            // What was produced is published on the way out, whether by an error or a panic.
            filling.push(source().map_err(TryLoadError::Source)?);
        }
        Ok(filling.finish())
    }

    /// Makes the calling thread the filler, unless there is one, or no need.
    fn begin<E>(&self) -> Result<Begun<'_, T>, TryLoadError<E>> {
        let me = thread::current().id();
        let mut filler = self.filler();
        match *filler {
            Some(id) if id == me => return Err(TryLoadError::Reentrant),
            Some(_) => return Err(TryLoadError::Busy),
            None => {}
        }
        // Another may have filled the buffer since we looked. Having the lock, we see what it
        // published; if all of that is gone, nobody can take anything until we publish.
        if let Some(value) = self.take() {
            return Ok(Begun::Taken(value));
        }
        *filler = Some(me);
        drop(filler);
        Ok(Begun::Filling(Filling {
            buffer: self,
            // Acquire: pairs with the Release in `take`, for every claim since the last batch: a
            // run of exchanges is one release sequence. So all slots are read before we write.
            start: self.next.load(Acquire),
            produced: 0,
            taken: 0,
        }))
    }

    fn filler(&self) -> MutexGuard<'_, Option<ThreadId>> {
        // Nothing that could panic leaves it half-changed.
        self.filler.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Begun<'a, T: Word> {
    Taken(T),
    Filling(Filling<'a, T>),
}

/// A new batch in the making. When it goes, the values that it has are published.
struct Filling<'a, T: Word> {
    buffer: &'a BatchBuffer<T>,
    /// The position of its first value, where `next` and `end` stand until it is published.
    start: u64,
    /// How many values it has.
    produced: u64,
    /// How many of them, the first ones, the filler has taken for itself: 0 or 1.
    taken: u64,
}

impl<T: Word> Filling<'_, T> {
    fn push(&mut self, value: T) {
        let position = self.start + self.produced;
        // SAFETY: fillers follow one another, under the lock of `filler`, and each begins where the
        // one before it has ended.
        unsafe { self.buffer.slots.set(position, value.into_raw()) };
        self.produced += 1;
    }

    /// Takes the first value and publishes the others.
    fn finish(mut self) -> T {
        self.taken = 1;
        // SAFETY: a batch has at least one value, and this was the first to be set. Nobody has
        // claimed it, and since `publish` sets `next` behind it, nobody will.
        unsafe { T::from_raw(self.buffer.slots.get(self.start)) }
    }

    fn publish(&self) {
        // Relaxed: published by the store to `end`. Nobody has a claim in between: as long as they
        // see the old `end` there is nothing to claim, and with the new one they see this.
        (self.buffer.next).store(self.start + self.taken, Relaxed);
        // Release: pairs with the Acquire in `take`, for the words and what they point to.
        (self.buffer.end).store(self.start + self.produced, Release);
    }
}

impl<T: Word> Drop for Filling<'_, T> {
    fn drop(&mut self) {
        self.publish();
        *self.buffer.filler() = None;
        // Whoever is woken takes a value, becomes the filler, or finds that there is one already,
        // who will wake others. Those that come along and take values meanwhile leave more of the
        // woken for the last two.
        let left = (self.produced - self.taken) as usize;
        self.buffer.filled.notify(left + 1);
    }
}

impl<T: Word> Drop for BatchBuffer<T> {
    fn drop(&mut self) {
        while let Some(value) = self.take() {
            drop(value);
        }
    }
}

impl<T: Word> fmt::Debug for BatchBuffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchBuffer")
            .field("size", &self.size())
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
