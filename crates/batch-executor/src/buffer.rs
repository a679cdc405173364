//! The buffer: claiming values, refilling the buffer, and waiting for that.

use std::{
    collections::TryReserveError,
    fmt,
    marker::PhantomData,
    mem::ManuallyDrop,
    num::NonZeroUsize,
    panic::{RefUnwindSafe, UnwindSafe},
    sync::PoisonError,
    time::Duration,
};

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

/// Values that are produced in batches and handed out to all threads. A caller that finds none left
/// produces the next batch.
///
/// It is a [`BatchExecutor`](crate::BatchExecutor) without the source: each call brings its own.
/// The [crate docs](crate) say what is promised.
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
    /// The position of the first value that was not handed out. It only rises: by one with each
    /// claimed value, and by the filler, which takes the first value of the new batch.
    ///
    /// It shares a cache line with the fields that follow, which every `take` reads: so the line is
    /// fetched once for all of them.
    next: AtomicU64,
    /// The position after the last value. It only rises, and only the filler changes it. No value
    /// is left when `next` is not below `end`. In the middle of publishing, `next` is one above
    /// `end`.
    end: AtomicU64,
    /// The values from `next` to `end`, and the unpublished values of the filler beyond.
    slots: Slots,
    /// The number of values in a batch.
    size: NonZeroUsize,
    /// The thread that is running its source, if there is one. This is locked for a few
    /// instructions, and never while a source runs.
    filler: Mutex<Option<ThreadId>>,
    /// Notified when the filler is done: once for each published value, and once more, for the next
    /// filler.
    filled: Event,
    /// Values are owned, and replaced through `&self`. So the type must be invariant in `T`.
    values: PhantomData<UnsafeCell<T>>,
}

// SAFETY: values move between threads, which `T: Send` allows, and are never shared. All other
// fields are `Sync`.
unsafe impl<T: Word + Send> Sync for BatchBuffer<T> {}

// A source that panics leaves the values that it has produced before, like one that fails.
impl<T: Word> UnwindSafe for BatchBuffer<T> {}
impl<T: Word> RefUnwindSafe for BatchBuffer<T> {}

impl<T: Word> BatchBuffer<T> {
    /// Creates an empty buffer for batches of `size` values.
    ///
    /// # Errors
    ///
    /// There is not enough memory for a batch. (Systems that overcommit memory only notice when the
    /// batch is filled.)
    pub fn try_new(size: NonZeroUsize) -> Result<Self, TryReserveError> {
        Ok(Self {
            next: AtomicU64::new(0),
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
    /// The result is exact if no other thread uses the buffer. Otherwise it was true at some moment
    /// during the call.
    pub fn len(&self) -> usize {
        // Acquire: pairs with the Release in `publish`, so `next` is not older than `end`. If a new
        // batch came in between, the result is 0, and there was a moment without values.
        let end = self.end.load(Acquire);
        // Relaxed: this is only a snapshot.
        end.saturating_sub(self.next.load(Relaxed)) as usize
    }

    /// Returns whether no value is ready to be taken.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the next value, or `None` if none is left. It is lock-free.
    #[inline]
    pub fn take(&self) -> Option<T> {
        // Relaxed: if the position is outdated, the exchange fails.
        let mut next = self.next.load(Relaxed);
        loop {
            // Acquire: pairs with the Release in `publish`, so the word is visible, and so is what
            // it points to.
            if next >= self.end.load(Acquire) {
                return None;
            }
            // SAFETY: `next` is below `end`, so the slot was set before `end` was raised.
            let word = unsafe { self.slots.get(next) };
            // Release: the word must be read before another thread can see that the position is
            // claimed. It pairs with the Acquire in `begin`, after which the slot is written again.
            // Relaxed: on failure the word is discarded.
            match (self.next).compare_exchange_weak(next, next + 1, Release, Relaxed) {
                // SAFETY: the position had not been claimed, so the slot has not been reused, and
                // the word is the one that was published. A position is claimed only once.
                Ok(_) => return Some(unsafe { T::from_raw(word) }),
                Err(now) => next = now,
            }
        }
    }

    /// Returns the next value. If none is left, calls `source` once for each value of a batch.
    ///
    /// # Errors
    ///
    /// See [`BatchExecutor::try_load`](crate::BatchExecutor::try_load).
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

    /// Like [`try_load_with`](Self::try_load_with), but waits while another thread is filling the
    /// buffer.
    ///
    /// # Errors
    ///
    /// See [`BatchExecutor::load`](crate::BatchExecutor::load).
    pub fn load_with<E>(
        &self,
        mut source: impl FnMut() -> Result<T, E>,
    ) -> Result<T, LoadError<E>> {
        match self.filled.wait_for(|| self.look(&mut source)) {
            Ok(value) => Ok(value),
            Err(TryLoadError::Source(err)) => Err(LoadError::Source(err)),
            Err(TryLoadError::Reentrant) => Err(LoadError::Reentrant),
            Err(TryLoadError::Busy) => unreachable!("a wait without a deadline does not time out"),
        }
    }

    /// Like [`load_with`](Self::load_with), but waits for at most `timeout`. That does not limit
    /// the time that `source` takes.
    ///
    /// # Errors
    ///
    /// See [`BatchExecutor::load_timeout`](crate::BatchExecutor::load_timeout).
    pub fn load_timeout_with<E>(
        &self,
        timeout: Duration,
        mut source: impl FnMut() -> Result<T, E>,
    ) -> Result<T, LoadTimeoutError<E>> {
        let deadline = deadline_after(timeout);
        let answer = self.filled.wait_until(deadline, || self.look(&mut source));
        match answer.unwrap_or(Err(TryLoadError::Busy)) {
            Ok(value) => Ok(value),
            Err(TryLoadError::Source(err)) => Err(LoadTimeoutError::Source(err)),
            Err(TryLoadError::Reentrant) => Err(LoadTimeoutError::Reentrant),
            Err(TryLoadError::Busy) => Err(LoadTimeoutError::Timeout),
        }
    }

    fn look<E>(
        &self,
        source: &mut impl FnMut() -> Result<T, E>,
    ) -> Option<Result<T, TryLoadError<E>>> {
        match self.try_load_with(source) {
            Err(TryLoadError::Busy) => None,
            answer => Some(answer),
        }
    }

    /// Returns the event that is notified when a thread is done with filling the buffer. It is for
    /// callers that wait in their own way.
    ///
    /// Listen first, then call [`try_load_with`](Self::try_load_with), and wait if that returns
    /// [`Busy`](TryLoadError::Busy). A woken listener must call it again: it may be the one that
    /// has to fill the buffer next. A listener that is dropped without having waited passes its
    /// notification on.
    pub fn filled(&self) -> &Event {
        &self.filled
    }

    /// Calls `visit` with every value that is ready to be taken, in order, until it returns an
    /// error.
    ///
    /// It takes no lock and allocates nothing. It is meant for garbage collectors that look for
    /// references while all other threads are stopped. Values of a batch that is being produced
    /// belong to the thread that produces it, and are not visited.
    ///
    /// # Errors
    ///
    /// The error of `visit`.
    ///
    /// # Safety
    ///
    /// From before this call until it returns, no other thread is inside any method of this buffer,
    /// except in a source or waiting, and everything that other threads did to the buffer happens
    /// before this call. `visit` does not use the buffer.
    pub unsafe fn for_each_quiescent<E>(
        &self,
        visit: &mut dyn FnMut(&T) -> Result<(), E>,
    ) -> Result<(), E> {
        // Relaxed: the caller promises that everything that others did happens before.
        for position in self.next.load(Relaxed)..self.end.load(Relaxed) {
            // SAFETY: the position is below `end`, so it was set. It is not claimed, so the word is
            // a value. The value stays where it is, and is not dropped here.
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
            // The values produced so far are published when `filling` is dropped, also after an
            // error or a panic.
            filling.push(source().map_err(TryLoadError::Source)?);
        }
        Ok(filling.finish())
    }

    /// Makes the calling thread the filler, unless there is one already, or there are values.
    fn begin<E>(&self) -> Result<Begun<'_, T>, TryLoadError<E>> {
        let me = thread::current().id();
        let mut filler = self.filler();
        match *filler {
            Some(id) if id == me => return Err(TryLoadError::Reentrant),
            Some(_) => return Err(TryLoadError::Busy),
            None => {}
        }
        // Another thread may have filled the buffer since we looked. Since we hold the lock, we see
        // what it published. If all of that is gone, no thread can take anything until we publish.
        if let Some(value) = self.take() {
            return Ok(Begun::Taken(value));
        }
        *filler = Some(me);
        drop(filler);
        Ok(Begun::Filling(Filling {
            buffer: self,
            // Acquire: pairs with the Release in `take`, for every claim since the last batch: a
            // run of exchanges is one release sequence. So all slots are read before we write them.
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

/// A new batch that is being produced. When this is dropped, the values produced so far are
/// published.
struct Filling<'a, T: Word> {
    buffer: &'a BatchBuffer<T>,
    /// The position of the first value of the batch. `next` and `end` both have this value until
    /// the batch is published.
    start: u64,
    /// How many values have been produced.
    produced: u64,
    /// How many of them, from the first on, the filler has taken for itself: 0 or 1.
    taken: u64,
}

impl<T: Word> Filling<'_, T> {
    fn push(&mut self, value: T) {
        let position = self.start + self.produced;
        // SAFETY: fillers follow one another under the lock of `filler`, and each begins where the
        // previous one ended.
        unsafe { self.buffer.slots.set(position, value.into_raw()) };
        self.produced += 1;
    }

    /// Takes the first value, and publishes the others.
    fn finish(mut self) -> T {
        self.taken = 1;
        // SAFETY: a batch has at least one value, and this was the first to be set. No thread has
        // claimed it, and none will, because `publish` sets `next` behind it.
        unsafe { T::from_raw(self.buffer.slots.get(self.start)) }
    }

    fn publish(&self) {
        // Relaxed: the store to `end` publishes it. No thread can claim a value in between: a
        // thread that sees the old `end` finds no value, and a thread that sees the new `end` also
        // sees this store.
        (self.buffer.next).store(self.start + self.taken, Relaxed);
        // Release: pairs with the Acquire in `take`, for the words and what they point to.
        (self.buffer.end).store(self.start + self.produced, Release);
    }
}

impl<T: Word> Drop for Filling<'_, T> {
    fn drop(&mut self) {
        self.publish();
        *self.buffer.filler() = None;
        // A woken thread takes a value, becomes the filler, or finds that there is a filler
        // already, which will wake others. If other threads take values meanwhile, more of the
        // woken threads are in the last two cases.
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
