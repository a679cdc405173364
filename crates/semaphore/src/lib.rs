//! A fair counting semaphore for threads and tasks.
//!
//! A [`Semaphore`] has a fixed number of permits. A thread or task that wants a permit while none
//! is free waits in a line, which threads and tasks share. Permits are handed to the first in line,
//! so a thread that comes later never overtakes, however fast it is.
//!
//! ```
//! use ft_semaphore::Semaphore;
//! use std::{thread, time::Duration};
//!
//! let seats = Semaphore::new(2);
//! thread::scope(|scope| {
//!     for _ in 0..5 {
//!         scope.spawn(|| {
//!             let _seat = seats.acquire();
//!             assert!(seats.available() < 2);
//!         });
//!     }
//! });
//! assert_eq!(seats.available(), 2);
//!
//! let (one, other) = (seats.acquire(), seats.acquire());
//! assert!(seats.try_acquire().is_none());
//! assert!(seats.acquire_timeout(Duration::from_millis(1)).is_none());
//! drop((one, other));
//! ```
//!
//! A task awaits [`acquire_async`](Semaphore::acquire_async):
//!
//! ```
//! # use ft_semaphore::Semaphore;
//! async fn fetch(connections: &Semaphore) {
//!     let _permit = connections.acquire_async().await;
//!     // The number of tasks in this place never exceeds the number of permits.
//! }
//! ```
//!
//! # How it works
//!
//! One word contains the number of free permits and a bit that says whether the line is not empty.
//! While the bit is set, no permit is free: a release serves the first in line, under a mutex, and
//! wakes it after unlocking the mutex. While the bit is clear, acquiring and releasing are one
//! compare-exchange each. The bit changes only under the mutex, together with the line.
//!
//! The mutex also protects the decision who gets a permit. A waiter that stops waiting locks the
//! mutex. It finds either that it is still in line, and leaves, or that it has been served, and
//! passes the permit on.
//!
//! # Orderings
//!
//! Taking a permit acquires what giving it back released. So what a holder did happens before what
//! the next holder of that permit does. All changes of the word are read-modify-writes, so one
//! acquire reads from every release before it, and not only from the last one.

#![forbid(unsafe_code)]

mod error;
mod line;

pub use error::ReleaseError;

use ft_sync::{
    Mutex, MutexGuard, Signal,
    atomic::{
        AtomicUsize,
        Ordering::{Acquire as Acq, Relaxed, Release},
    },
    deadline_after,
};
use line::{Line, Standing};
// A waker is made from std's `Arc`, also under loom and shuttle.
use std::{
    fmt, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

/// Set while the line is not empty.
const QUEUED: usize = 0b1;

/// One free permit. The bits above [`QUEUED`] count free permits.
const PERMIT: usize = 0b10;

/// A counting semaphore that serves in the order of arrival.
///
/// Permits are handed out strictly first come, first served, over all threads and tasks. There are
/// never more than [`limit`](Self::limit) of them. A waiter can stop waiting at any moment: it
/// leaves in constant time, and takes no permit with it.
///
/// The child of a fork can use the semaphore if no other thread of the parent was inside one of its
/// methods. The child forgets the waiters of the parent. Permits that were held in the parent are
/// also held in the child.
pub struct Semaphore {
    /// The number of free permits, in units of [`PERMIT`], and [`QUEUED`], which is set only while
    /// none is free.
    state: AtomicUsize,
    /// The total number of permits. There are never more free ones.
    limit: usize,
    /// The waiters. Empty if and only if [`QUEUED`] is clear.
    line: Mutex<Line>,
}

impl Semaphore {
    /// The largest number of permits that a semaphore can have.
    pub const MAX_PERMITS: usize = usize::MAX >> 1;

    /// Creates a semaphore with `permits` permits, all of them free. With 0, a thread that wants
    /// one waits for ever, or until its deadline.
    ///
    /// # Panics
    ///
    /// If there are more than [`MAX_PERMITS`](Self::MAX_PERMITS).
    pub fn new(permits: usize) -> Self {
        assert!(permits <= Self::MAX_PERMITS, "too many permits");
        Self {
            state: AtomicUsize::new(permits * PERMIT),
            limit: permits,
            line: Mutex::new(Line::new()),
        }
    }

    /// Takes a permit, if one is free and the line is empty.
    #[inline]
    pub fn try_acquire(&self) -> Option<Permit<'_>> {
        self.take().then(|| Permit(self))
    }

    /// Takes a permit, and waits for one if necessary.
    pub fn acquire(&self) -> Permit<'_> {
        let permit = self.acquire_until(None);
        permit.expect("a wait without a deadline ends with a permit")
    }

    /// Takes a permit, and waits for one for at most `timeout`. A timeout that is too large for the
    /// clock means for ever.
    pub fn acquire_timeout(&self, timeout: Duration) -> Option<Permit<'_>> {
        // This avoids reading the clock when there is no need to wait.
        self.try_acquire()
            .or_else(|| self.acquire_until(deadline_after(timeout)))
    }

    /// Takes a permit, and waits for one until `deadline`. Under loom every deadline has already
    /// passed.
    pub fn acquire_deadline(&self, deadline: Instant) -> Option<Permit<'_>> {
        self.acquire_until(Some(deadline))
    }

    #[inline]
    fn acquire_until(&self, deadline: Option<Instant>) -> Option<Permit<'_>> {
        self.try_acquire()
            .or_else(|| self.acquire_async().wait_deadline(deadline))
    }

    /// Returns a future that takes a permit, and waits in line for one if necessary.
    ///
    /// The future enters the line when it is first polled.
    pub fn acquire_async(&self) -> Acquire<'_> {
        Acquire {
            semaphore: self,
            place: None,
        }
    }

    /// Gives back a permit that was [forgotten](Permit::forget).
    ///
    /// If the line is not empty, hands the permit to the first waiter, and wakes it after unlocking
    /// the mutex.
    ///
    /// # Errors
    ///
    /// [`ReleaseError`] if all permits are free. In that case nothing changes.
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
    pub fn release(&self) -> Result<(), ReleaseError> {
        loop {
            // Relaxed: the exchange decides.
            let mut state = self.state.load(Relaxed);
            while state & QUEUED == 0 {
                if state / PERMIT >= self.limit {
                    return Err(ReleaseError);
                }
                // Release: pairs with the Acquire of the threads that take permits.
                // Relaxed: a failure decides nothing.
                match (self.state).compare_exchange_weak(state, state + PERMIT, Release, Relaxed) {
                    Ok(_) => return Ok(()),
                    Err(other) => state = other,
                }
            }
            let mut line = self.lock();
            let served = line.serve();
            self.clear_if_empty(&line);
            drop(line);
            if let Some(waker) = served {
                waker.wake();
                return Ok(());
            }
            // The last waiter has left the line meanwhile.
        }
    }

    /// Returns the number of permits that are free at this moment.
    pub fn available(&self) -> usize {
        // Relaxed: the result may be outdated as soon as it is returned.
        self.state.load(Relaxed) / PERMIT
    }

    /// Returns whether no permit is free at this moment, so that acquiring one would have to wait.
    pub fn is_locked(&self) -> bool {
        self.available() == 0
    }

    /// Returns the total number of permits, free or not.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Returns the number of waiters at this moment.
    pub fn waiting(&self) -> usize {
        self.lock().len()
    }

    /// Takes a permit if one is free. In that case the line is empty.
    #[inline]
    fn take(&self) -> bool {
        // Relaxed: the exchange decides.
        let mut state = self.state.load(Relaxed);
        while state >= PERMIT {
            // Acquire: pairs with the Release of the threads that give permits back.
            // Relaxed: a failure decides nothing.
            match (self.state).compare_exchange_weak(state, state - PERMIT, Acq, Relaxed) {
                Ok(_) => return true,
                Err(other) => state = other,
            }
        }
        false
    }

    /// Takes a permit if one is free. Otherwise sets [`QUEUED`]; the caller, who has locked the
    /// line, then joins it.
    fn take_or_queue(&self) -> bool {
        // Relaxed: the exchange decides.
        let mut state = self.state.load(Relaxed);
        while state & QUEUED == 0 {
            let is_free = state >= PERMIT;
            let new = if is_free { state - PERMIT } else { QUEUED };
            // Acquire: as in `take`.
            // Relaxed: a failure decides nothing.
            //
            // A thread that sees the bit locks the line, which orders everything else.
            match (self.state).compare_exchange_weak(state, new, Acq, Relaxed) {
                Ok(_) => return is_free,
                Err(other) => state = other,
            }
        }
        false
    }

    /// Clears [`QUEUED`] if the line is empty, after a waiter may have left it.
    fn clear_if_empty(&self, line: &MutexGuard<'_, Line>) {
        if line.len() == 0 {
            // Relaxed: nothing is published. A thread that still sees the bit locks the line.
            self.state.fetch_and(!QUEUED, Relaxed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        loop {
            let mut line = self.line.lock().unwrap();
            let forgotten = line.forget_ancestors();
            if forgotten.is_empty() {
                return line;
            }
            self.clear_if_empty(&line);
            // Unlock before the wakers are dropped.
            drop(line);
        }
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore")
            .field("available", &self.available())
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// A permit. Dropping it gives the permit back.
#[derive(Debug)]
#[must_use = "the permit is given back at once if this is dropped"]
pub struct Permit<'a>(&'a Semaphore);

impl Permit<'_> {
    /// Keeps the permit taken. [`Semaphore::release`] can give it back.
    pub fn forget(self) {
        mem::forget(self);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        // This fails if another thread has released our permit; then it has been given back
        // already.
        let _ = self.0.release();
    }
}

/// The future of [`acquire_async`](Semaphore::acquire_async): a place in line.
///
/// A thread can also wait for it, with [`wait_deadline`](Self::wait_deadline). It can be dropped at
/// any time without losing a permit: a permit that was handed to it goes to the next in line.
///
/// Its wakers are called, cloned and dropped outside of all locks.
///
/// # Deadlocks
///
/// A future that was polled, and then is neither polled again nor dropped, keeps its place: a
/// permit that is handed to it stays there, and is lost to all later waiters. So [`mem::forget`] of
/// such a future loses a permit, and a task that awaits several things should drop the future
/// before it waits for something else.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is polled"]
pub struct Acquire<'a> {
    semaphore: &'a Semaphore,
    /// The place in line. It is `Some` from the first poll that finds no permit until the poll that
    /// finds one.
    place: Option<usize>,
}

impl<'a> Acquire<'a> {
    /// Waits until a permit comes, or until `deadline`.
    ///
    /// If no permit has come, the future stays in line, so that the caller can do something else
    /// and then call this again. Under loom every deadline has already passed.
    pub fn wait_deadline(&mut self, deadline: Option<Instant>) -> Option<Permit<'a>> {
        let served = Arc::new(Signal::new());
        let permit = self.look(Waker::from(Arc::clone(&served)));
        permit.or_else(|| {
            served.wait_deadline(deadline);
            self.look(Waker::from(served))
        })
    }

    /// Takes the permit if there is one. Otherwise `waker` will be woken when there is one.
    fn look(&mut self, waker: Waker) -> Option<Permit<'a>> {
        let semaphore = self.semaphore;
        let mut line = semaphore.lock();
        if let Some(place) = self.place {
            let standing = line.standing(place);
            if standing == Standing::Waiting {
                let old = line.replace_waker(place, waker);
                drop(line);
                drop(old);
                return None;
            }
            line.leave(place);
            self.place = None;
            if standing == Standing::Served {
                drop(line);
                return Some(Permit(semaphore));
            }
        }
        if !semaphore.take_or_queue() {
            self.place = Some(line.join(waker));
            return None;
        }
        drop(line);
        Some(Permit(semaphore))
    }
}

impl<'a> Future for Acquire<'a> {
    type Output = Permit<'a>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Permit<'a>> {
        let permit = self.get_mut().look(cx.waker().clone());
        permit.map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Acquire<'_> {
    fn drop(&mut self) {
        let Some(place) = self.place else { return };
        let mut line = self.semaphore.lock();
        let standing = line.standing(place);
        let waker = line.leave(place);
        self.semaphore.clear_if_empty(&line);
        drop(line);
        drop(waker);
        if standing == Standing::Served {
            drop(Permit(self.semaphore));
        }
    }
}
