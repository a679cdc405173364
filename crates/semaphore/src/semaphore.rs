//! The semaphore, and its permits.

use crate::{ReleaseError, queue::Queue};
use ft_sync::{
    Mutex, MutexGuard,
    atomic::{
        AtomicUsize,
        Ordering::{Acquire, Relaxed, Release},
    },
};
use std::{fmt, mem, task::Waker};

/// Set while there is a queue. Then the word counts no permits.
const QUEUED: usize = 0b01;

/// One free permit. The bits above [`QUEUED`] count free permits.
const PERMIT: usize = 0b10;

/// The word while a thread with the mutex counts permits anew. A thread that sees it waits for the mutex.
const CHANGING: usize = QUEUED | PERMIT;

/// A counting semaphore that serves in the order of arrival.
///
/// Permits are handed out strictly first come, first served, over all threads and tasks. There are
/// never more than [`limit`](Self::limit) of them. A waiter can stop waiting at any moment: it
/// leaves in constant time, and takes no permit with it.
///
/// The child of a fork can use the semaphore if no other thread of the parent was inside one of its
/// methods. The child forgets the waiters of the parent. Permits that were held in the parent are
/// also held in the child.
///
/// # Deadlocks
///
/// The semaphore does not know who has permits. A thread that has some and waits for more waits for
/// ever if nobody else can release enough: take what you need at once
/// ([`acquire_many`](Self::acquire_many)).
pub struct Semaphore {
    /// The number of free permits, in units of [`PERMIT`]; or [`QUEUED`], or [`CHANGING`].
    state: AtomicUsize,
    /// The total number of permits. It changes with the queue locked, while the word is
    /// [`CHANGING`].
    limit: AtomicUsize,
    /// Nobody waits, and no permit is counted here, while [`QUEUED`] is clear.
    queue: Mutex<Queue>,
}

impl Semaphore {
    /// The largest number of permits that a semaphore can have.
    pub const MAX_PERMITS: usize = usize::MAX >> 1;

    /// Creates a semaphore with `permits` permits, all of them free. With 0, a thread that wants
    /// one waits until there is a larger [limit](Self::set_limit), or until its deadline.
    ///
    /// # Panics
    ///
    /// If there are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    pub fn new(permits: usize) -> Self {
        Self::with_limit(permits, permits)
    }

    /// Creates a semaphore with `limit` permits, of which `free` are free. The others are out, and
    /// can be [released](Self::release).
    ///
    /// # Panics
    ///
    /// If there are more than [`MAX_PERMITS`](Self::MAX_PERMITS), or if more than `limit` are free.
    ///
    /// ```
    /// use ft_semaphore::Semaphore;
    ///
    /// let ready = Semaphore::with_limit(0, 2);
    /// assert!(ready.try_acquire().is_none());
    /// ready.release().unwrap();
    /// assert!(ready.try_acquire().is_some());
    /// ```
    pub fn with_limit(free: usize, limit: usize) -> Self {
        assert!(limit <= Self::MAX_PERMITS, "too many permits");
        assert!(free <= limit, "more permits are free than there are");
        Self {
            state: AtomicUsize::new(free * PERMIT),
            limit: AtomicUsize::new(limit),
            queue: Mutex::default(),
        }
    }

    /// Takes a permit, if one is free and nobody waits.
    #[inline]
    pub fn try_acquire(&self) -> Option<Permit<'_>> {
        self.try_acquire_many(1)
    }

    /// Takes `n` permits at once, if they are free and nobody waits. No permits can be had at any
    /// time.
    #[inline]
    pub fn try_acquire_many(&self, n: usize) -> Option<Permit<'_>> {
        self.take(n).then(|| self.permit(n))
    }

    /// Gives back a permit that was [forgotten](Permit::forget).
    ///
    /// If others wait, hands the permit to the first in line, and wakes it after unlocking the
    /// mutex.
    ///
    /// # Errors
    ///
    /// [`ReleaseError`] if all permits are free. In that case nothing changes. (If the limit is
    /// lowered at the same moment, it may be the former limit that counts. Then more permits may be
    /// free than the limit allows; releasing only what was taken never leads there.)
    ///
    /// ```
    /// use ft_semaphore::{ReleaseError, Semaphore};
    ///
    /// let semaphore = Semaphore::new(1);
    /// semaphore.acquire().forget();
    /// assert_eq!(semaphore.release(), Ok(()));
    /// assert_eq!(semaphore.release(), Err(ReleaseError));
    /// assert_eq!(semaphore.available(), 1);
    /// ```
    #[inline]
    pub fn release(&self) -> Result<(), ReleaseError> {
        self.release_many(1)
    }

    /// Gives back `n` permits at once.
    ///
    /// # Errors
    ///
    /// [`ReleaseError`] if fewer are out. In that case nothing changes.
    pub fn release_many(&self, n: usize) -> Result<(), ReleaseError> {
        // Relaxed: the exchange decides.
        let mut state = self.state.load(Relaxed);
        while state & QUEUED == 0 {
            // Relaxed: it may be another limit than the one that belongs to `state`. So only the mutex
            // can tell that there are too many.
            let out = self.limit.load(Relaxed).saturating_sub(state / PERMIT);
            if n > out {
                break;
            }
            // Release: pairs with the Acquire of the threads that take permits.
            // Relaxed: a failure decides nothing.
            match (self.state).compare_exchange_weak(state, state + n * PERMIT, Release, Relaxed) {
                Ok(_) => return Ok(()),
                Err(other) => state = other,
            }
        }
        self.release_slow(n)
    }

    #[cold]
    fn release_slow(&self, n: usize) -> Result<(), ReleaseError> {
        let mut queue = self.lock();
        self.enter(&mut queue);
        // Relaxed: it changes under the mutex.
        let out = (self.limit.load(Relaxed) + queue.owed).saturating_sub(queue.saved);
        let fits = n <= out;
        if fits {
            queue.add(n);
        }
        self.settle(queue);
        if fits { Ok(()) } else { Err(ReleaseError) }
    }

    /// Adds `n` permits, which are free.
    ///
    /// # Panics
    ///
    /// If there are more than [`MAX_PERMITS`](Self::MAX_PERMITS) then.
    pub fn add_permits(&self, n: usize) {
        let added = self.change_limit(|limit| {
            let sum = limit.checked_add(n);
            sum.filter(|&sum| sum <= Self::MAX_PERMITS)
        });
        assert!(added, "too many permits");
    }

    /// Changes the total number of permits.
    ///
    /// If it becomes larger, those who wait are served. If it becomes smaller, permits that are free
    /// are gone at once, and others when they are released: nobody gets a permit until fewer than
    /// `limit` are out.
    ///
    /// # Panics
    ///
    /// If `limit` is larger than [`MAX_PERMITS`](Self::MAX_PERMITS).
    ///
    /// ```
    /// use ft_semaphore::Semaphore;
    ///
    /// let semaphore = Semaphore::new(1);
    /// let permit = semaphore.acquire();
    /// semaphore.set_limit(3);
    /// assert_eq!(semaphore.available(), 2);
    /// semaphore.set_limit(0);
    /// drop(permit);
    /// assert!(semaphore.try_acquire().is_none());
    /// ```
    pub fn set_limit(&self, limit: usize) {
        assert!(limit <= Self::MAX_PERMITS, "too many permits");
        self.change_limit(|_| Some(limit));
    }

    /// Replaces the limit by what `change` makes of it. Returns false if that is nothing.
    #[cold]
    fn change_limit(&self, change: impl FnOnce(usize) -> Option<usize>) -> bool {
        let mut queue = self.lock();
        // Relaxed: it changes under the mutex.
        let before = self.limit.load(Relaxed);
        // A panic in here would poison the mutex, so the caller has to panic.
        let Some(limit) = change(before) else {
            return false;
        };
        self.enter(&mut queue);
        // Relaxed: as above.
        self.limit.store(limit, Relaxed);
        match limit.checked_sub(before) {
            Some(more) => queue.add(more),
            None => queue.remove(before - limit),
        }
        self.settle(queue);
        true
    }

    /// Returns the number of permits that are free at this moment. Those that are set aside for the
    /// first in line are not.
    pub fn available(&self) -> usize {
        self.state() / PERMIT
    }

    /// Returns whether no permit is free at this moment, so that acquiring one would have to wait.
    pub fn is_locked(&self) -> bool {
        self.available() == 0
    }

    /// Returns the total number of permits, free or not.
    pub fn limit(&self) -> usize {
        // Relaxed: the result may be outdated as soon as it is returned.
        self.limit.load(Relaxed)
    }

    /// Returns the number of waiters at this moment.
    pub fn waiting(&self) -> usize {
        self.lock().waiting()
    }

    pub(crate) fn permit(&self, n: usize) -> Permit<'_> {
        Permit { semaphore: self, n }
    }

    /// Returns permits, and drops the waker, which is not needed. If that panics, the permits go back.
    pub(crate) fn permit_instead_of(&self, waker: Waker, n: usize) -> Permit<'_> {
        let permit = self.permit(n);
        drop(waker);
        permit
    }

    /// Takes permits if they are free. In that case there is no queue.
    #[inline]
    fn take(&self, n: usize) -> bool {
        let mut state = self.state();
        while state / PERMIT >= n {
            if state & QUEUED != 0 {
                return n == 0;
            }
            // Acquire: pairs with the Release of the threads that give permits back.
            // Relaxed: a failure decides nothing.
            match (self.state).compare_exchange_weak(state, state - n * PERMIT, Acquire, Relaxed) {
                Ok(_) => return true,
                Err(_) => state = self.state(),
            }
        }
        false
    }

    /// Returns the word, when it is not [`CHANGING`].
    #[inline]
    fn state(&self) -> usize {
        // Relaxed: an exchange decides, or the result may be outdated as soon as it is returned.
        let state = self.state.load(Relaxed);
        if state == CHANGING {
            self.state_when_changed()
        } else {
            state
        }
    }

    #[cold]
    fn state_when_changed(&self) -> usize {
        let _queue = self.lock();
        // Relaxed: it changes under the mutex.
        self.state.load(Relaxed)
    }

    /// Takes permits if they are free. Otherwise makes sure that there is a queue; the caller, who
    /// has locked it, then joins the line.
    pub(crate) fn take_or_queue(&self, queue: &mut Queue, n: usize) -> bool {
        if n == 0 {
            return true;
        }
        // Relaxed: the exchange decides.
        let mut state = self.state.load(Relaxed);
        while state & QUEUED == 0 {
            let free = state / PERMIT;
            let is_enough = free >= n;
            let new = if is_enough {
                state - n * PERMIT
            } else {
                QUEUED
            };
            // Acquire: as in `take`. Permits that are saved pass it on by the mutex.
            // Relaxed: a failure decides nothing.
            match (self.state).compare_exchange_weak(state, new, Acquire, Relaxed) {
                Ok(_) => {
                    if !is_enough {
                        queue.saved = free;
                    }
                    return is_enough;
                }
                Err(other) => state = other,
            }
        }
        false
    }

    /// Counts permits in the queue from here on. Threads that look at the word wait for
    /// [`settle`](Self::settle): to them, permits that are free are never away for a moment.
    fn enter(&self, queue: &mut Queue) {
        // Relaxed: permits are free here only while nobody waits. So they go back into the word, and
        // the read-modify-writes do not interrupt the release sequences of those who released them.
        let before = self.state.swap(CHANGING, Relaxed);
        queue.saved += before / PERMIT;
    }

    /// Serves those for whom there are enough permits, and ends the queue if it is not needed any
    /// more.
    pub(crate) fn settle(&self, mut queue: MutexGuard<'_, Queue>) {
        let served = queue.serve();
        let new = if queue.is_needed() {
            QUEUED
        } else {
            mem::take(&mut queue.saved) * PERMIT
        };
        // Release: publishes what those did who gave back the permits that were saved.
        self.state.swap(new, Release);
        drop(queue);
        served.wake();
    }

    /// Locks the queue.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Queue> {
        loop {
            let mut queue = self.queue.lock().unwrap();
            let Some(forgotten) = queue.forget_ancestors() else {
                return queue;
            };
            self.enter(&mut queue);
            // Unlock before the wakers are dropped.
            self.settle(queue);
            drop(forgotten);
        }
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore")
            .field("available", &self.available())
            .field("limit", &self.limit())
            .finish_non_exhaustive()
    }
}

/// A permit, or several. Dropping it gives them back.
#[derive(Debug)]
#[must_use = "the permit is given back at once if this is dropped"]
pub struct Permit<'a> {
    semaphore: &'a Semaphore,
    n: usize,
}

impl Permit<'_> {
    /// Returns the number of permits.
    pub fn count(&self) -> usize {
        self.n
    }

    /// Keeps the permits taken. [`Semaphore::release`] can give them back.
    pub fn forget(self) {
        mem::forget(self);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        // This fails if another thread has released our permits; then they have been given back
        // already.
        let _ = self.semaphore.release_many(self.n);
    }
}
