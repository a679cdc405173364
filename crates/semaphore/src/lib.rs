//! A fair counting semaphore for threads and tasks.
//!
//! A [`Semaphore`] has a fixed number of permits. Whoever wants one while there is none waits in a
//! line that threads and tasks share, and permits are handed to the first in line: who comes later
//! never overtakes, however fast it is.
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
//!     // At most as many tasks are here as there are permits.
//! }
//! ```
//!
//! # How it works
//!
//! One word holds the free permits and a bit that says whether somebody is in line. While the bit
//! is set no permit is free: a release serves the first in line, under a mutex, and wakes it
//! after leaving the mutex. Otherwise acquiring and releasing are one compare-exchange each. The bit
//! changes under the mutex alone, together with the line.
//!
//! The decision who gets a permit is made under the mutex: somebody who stops waiting finds there
//! that it is still in line, and leaves, or that it was served, and serves the next.
//!
//! # Orderings
//!
//! Taking a permit acquires what giving it back released: what a holder did happens before what the
//! next holder of that permit does. All changes of the word are read-modify-writes, so that one
//! acquires from every release before it, not just the last.

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

/// Set while somebody is in line.
const QUEUED: usize = 0b1;

/// One free permit; they are counted in the bits above [`QUEUED`].
const PERMIT: usize = 0b10;

/// A counting semaphore that serves in the order of arrival.
///
/// Permits are handed out strictly first come, first served, over all threads and tasks; there
/// are never more than [`limit`](Self::limit) of them. A waiter that stops waiting, at whatever
/// moment, leaves in constant time, and takes no permit with it.
///
/// In a child made by `fork` the semaphore can be used if no other thread of the parent was inside
/// one of its methods. The child forgets those who waited in the parent; permits held there are
/// held in the child, too.
pub struct Semaphore {
    /// Free permits, in units of [`PERMIT`], and [`QUEUED`], which goes with none free.
    state: AtomicUsize,
    /// How many permits there are; free ones are never more.
    limit: usize,
    /// Who waits. Empty if and only if [`QUEUED`] is clear.
    line: Mutex<Line>,
}

impl Semaphore {
    /// The most permits that a semaphore can have.
    pub const MAX_PERMITS: usize = usize::MAX >> 1;

    /// Creates a semaphore with so many permits, all free. With 0, whoever wants one waits for ever, or
    /// until the deadline.
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

    /// Takes a permit, if one is free and nobody is in line.
    #[inline]
    pub fn try_acquire(&self) -> Option<Permit<'_>> {
        self.take().then(|| Permit(self))
    }

    /// Takes a permit, waiting for one if need be.
    pub fn acquire(&self) -> Permit<'_> {
        let permit = self.acquire_until(None);
        permit.expect("a wait without a deadline ends with a permit")
    }

    /// Takes a permit, waiting at most `timeout` for one; too large a timeout waits for ever.
    pub fn acquire_timeout(&self, timeout: Duration) -> Option<Permit<'_>> {
        // Saves the look at the clock when there is no need to wait.
        self.try_acquire()
            .or_else(|| self.acquire_until(deadline_after(timeout)))
    }

    /// Takes a permit, waiting until `deadline` for one. Under loom every deadline has passed.
    pub fn acquire_deadline(&self, deadline: Instant) -> Option<Permit<'_>> {
        self.acquire_until(Some(deadline))
    }

    #[inline]
    fn acquire_until(&self, deadline: Option<Instant>) -> Option<Permit<'_>> {
        self.try_acquire()
            .or_else(|| self.acquire_async().wait_deadline(deadline))
    }

    /// Returns a future that takes a permit, waiting in line for one if need be.
    ///
    /// Its place in line is the one it gets when it is first polled.
    pub fn acquire_async(&self) -> Acquire<'_> {
        Acquire {
            semaphore: self,
            place: None,
        }
    }

    /// Gives back a permit that was [forgotten](Permit::forget).
    ///
    /// Hands it to the first in line, if there is one, and wakes that after leaving the lock.
    ///
    /// # Errors
    ///
    /// [`ReleaseError`] if all permits are free; nothing is changed.
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
                // Release: pairs with the Acquire of those who take. Relaxed: a failure decides
                // nothing.
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
            // The last in line has gone since.
        }
    }

    /// Returns how many permits are free at this moment.
    pub fn available(&self) -> usize {
        // Relaxed: it is outdated when it is read.
        self.state.load(Relaxed) / PERMIT
    }

    /// Tells whether no permit is free at this moment, so that acquiring one would wait.
    pub fn is_locked(&self) -> bool {
        self.available() == 0
    }

    /// Returns how many permits there are, free or not.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Returns how many are in line at this moment.
    pub fn waiting(&self) -> usize {
        self.lock().len()
    }

    /// Takes a permit if one is free; then nobody is in line.
    #[inline]
    fn take(&self) -> bool {
        // Relaxed: the exchange decides.
        let mut state = self.state.load(Relaxed);
        while state >= PERMIT {
            // Acquire: pairs with the Release of those who give back. Relaxed: a failure decides
            // nothing.
            match (self.state).compare_exchange_weak(state, state - PERMIT, Acq, Relaxed) {
                Ok(_) => return true,
                Err(other) => state = other,
            }
        }
        false
    }

    /// Takes a permit if one is free, and else sets [`QUEUED`], for the caller, who has the lock,
    /// to join the line.
    fn take_or_queue(&self) -> bool {
        // Relaxed: the exchange decides.
        let mut state = self.state.load(Relaxed);
        while state & QUEUED == 0 {
            let is_free = state >= PERMIT;
            let new = if is_free { state - PERMIT } else { QUEUED };
            // Acquire: as in `take`. Relaxed: a failure decides nothing. Who sees the bit takes the
            // lock, and that orders the rest.
            match (self.state).compare_exchange_weak(state, new, Acq, Relaxed) {
                Ok(_) => return is_free,
                Err(other) => state = other,
            }
        }
        false
    }

    /// Keeps [`QUEUED`] true to the line, after somebody may have left it.
    fn clear_if_empty(&self, line: &MutexGuard<'_, Line>) {
        if line.len() == 0 {
            // Relaxed: nothing is published. Who sees the bit though it is clear takes the lock.
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
            // Before the wakers are dropped.
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

/// A permit that is given back when this is dropped.
#[derive(Debug)]
#[must_use = "the permit is given back at once"]
pub struct Permit<'a>(&'a Semaphore);

impl Permit<'_> {
    /// Keeps the permit taken; [`Semaphore::release`] gives it back.
    pub fn forget(self) {
        mem::forget(self);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        // It fails if somebody has released what was ours; then it is given back.
        let _ = self.0.release();
    }
}

/// The future of [`acquire_async`](Semaphore::acquire_async): a place in line.
///
/// A thread can wait for it too, with [`wait_deadline`](Self::wait_deadline). Whenever it is dropped,
/// no permit is lost: one that was handed to it goes to the next in line.
///
/// Its wakers are called, cloned and dropped outside of all locks.
///
/// # Deadlocks
///
/// A future that was polled and is neither polled again nor dropped keeps its place: the permit that comes to
/// it, and all that come after, stay there. So [`mem::forget`] of one is the loss of a permit, and a
/// task that awaits several things should drop the future before it waits for something else.
#[derive(Debug)]
#[must_use = "it waits only when it is polled"]
pub struct Acquire<'a> {
    semaphore: &'a Semaphore,
    /// The place, from the first look that finds no permit to the one that does.
    place: Option<usize>,
}

impl<'a> Acquire<'a> {
    /// Waits until a permit comes, or until `deadline`.
    ///
    /// Without a permit it stays in line, so that the caller can look after something else and
    /// then call this again. Under loom every deadline has passed.
    pub fn wait_deadline(&mut self, deadline: Option<Instant>) -> Option<Permit<'a>> {
        let served = Arc::new(Signal::new());
        let permit = self.look(Waker::from(Arc::clone(&served)));
        permit.or_else(|| {
            served.wait_deadline(deadline);
            self.look(Waker::from(served))
        })
    }

    /// Takes the permit if it is there; if not, `waker` will be woken when it is.
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
