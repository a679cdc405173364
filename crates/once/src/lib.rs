//! A value that is computed once, for threads and tasks.
//!
//! The first that asks a [`Once`] for its value computes it, and the others wait for it:
//!
//! ```
//! use ft_once::Once;
//! use std::{sync::atomic::{AtomicU32, Ordering::Relaxed}, thread};
//!
//! let (answer, calls) = (Once::new(), AtomicU32::new(0));
//! thread::scope(|scope| {
//!     for _ in 0..4 {
//!         scope.spawn(|| {
//!             let found = answer.get_or_init(|| calls.fetch_add(1, Relaxed) + 42);
//!             assert_eq!(*found, 42);
//!         });
//!     }
//! });
//! assert_eq!((answer.get(), calls.into_inner()), (Some(&42), 1));
//! ```
//!
//! A task awaits [`get_or_init_async`](Once::get_or_init_async):
//!
//! ```
//! # use ft_once::Once;
//! # async fn load() -> String { String::new() }
//! async fn settings(loaded: &Once<String>) -> &str {
//!     loaded.get_or_init_async(load).await
//! }
//! ```
//!
//! # Compared with others
//!
//! std's `OnceLock` and `once_cell` are for threads alone. In them, and in `async-lock`'s `OnceCell`, a
//! function that asks for its own value waits for ever. A computation that fails in an `OnceCell` of
//! `async-lock` wakes one of those that wait, but a newcomer may come first. Here the next in line is
//! the next to compute.
//!
//! # Computations that wait for each other
//!
//! A thread that asks for a value while it computes that value would wait for itself. So would
//! two threads that each compute what the other asks for. [`Waiting`] finds such circles, of any
//! length, before the last wait begins. `ft-concurrent-dict` and `ft-concurrent-cache` enter their
//! waits in the same list, so it finds circles that lead through several of them. It finds no circle
//! through a leader that lets another thread compute the value, and waits for that thread by other
//! means.
//!
//! # How it works
//!
//! A [semaphore](ft_semaphore) with one permit is the turn to compute. A computation that fails, or
//! whose task is dropped, gives the permit back, which wakes the next in line and nobody else. One
//! that succeeds stores the value, and then wakes all in line.
//!
//! # Costs and progress
//!
//! Reading a value that is there is one load. Otherwise taking the turn is a compare-exchange, or a
//! place in the line of the semaphore, in constant time. Storing the value wakes all in line, in
//! time proportional to their number. A thread that waits also looks for a circle: under a lock
//! that the whole process shares, it goes through the waits in progress, once for each computation
//! that it gets to. No lock is held while something is computed.
//!
//! # Orderings
//!
//! A flag tells that the value is there: setting it releases, and seeing it acquires. Whoever has the
//! value has seen the flag, because a waiter looks at it again when its turn comes. What a failed
//! computation did happens before the next one, because the permit is handed over.

mod flight;
mod party;
mod waits;

pub use flight::Flight;
pub use party::Party;
pub use waits::{Deadlock, Note, Waiting};

use ft_semaphore::{Acquire as Place, Permit, Semaphore};
use ft_sync::{
    Arc, UnsafeCell,
    atomic::{
        AtomicBool,
        Ordering::{Acquire, Relaxed, Release},
    },
    uninterruptible,
};
use std::{
    fmt, mem,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

/// A value that is computed once.
///
/// If a computation fails, by an error, a panic or because its task is dropped, the next in line
/// computes. All threads and tasks wait in the same line, first come, first served. One that stops
/// waiting leaves no trace.
///
/// The child of a fork can use it if no other thread of the parent was inside one of its methods. If
/// a thread of the parent was computing the value, the child computes it anew.
pub struct Once<T> {
    /// Whether the value is there. It is set once, after the value was written.
    is_set: AtomicBool,
    /// Written once, under the lock of the flight, before `is_set`.
    value: UnsafeCell<Option<T>>,
    /// Its one permit is the turn to compute the value.
    turn: Semaphore,
    /// Who has that turn. It never lands: without a leader nobody waits for ever.
    flight: Arc<Flight>,
}

// SAFETY: threads share the value by reference, which needs `Sync`, and one thread may drop or take
// what another one has stored, which needs `Send`.
unsafe impl<T: Send + Sync> Sync for Once<T> {}
// The value is written whole or not at all, and so are the other fields.
impl<T: UnwindSafe + RefUnwindSafe> RefUnwindSafe for Once<T> {}
impl<T: UnwindSafe> UnwindSafe for Once<T> {}

/// What a turn has brought.
#[derive(Debug)]
pub enum Turn<'a, T> {
    /// The value is there.
    Ready(&'a T),
    /// The caller has to compute it.
    Leader(Leader<'a, T>),
}

impl<T> Once<T> {
    /// Creates one that has no value yet.
    pub fn new() -> Self {
        Self {
            is_set: AtomicBool::new(false),
            value: UnsafeCell::new(None),
            turn: Semaphore::new(1),
            flight: Arc::new(Flight::without_leader()),
        }
    }

    /// Returns the value, if it is there. This costs a load.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        // Acquire: pairs with the Release in `Leader::set`, so the value is seen whole.
        if !self.is_set.load(Acquire) {
            return None;
        }
        // SAFETY: once the flag is set, the value is only read, until `take` or `clear`, whose
        // callers ensure that no reference is left.
        self.value.with(|value| unsafe { (*value).as_ref() })
    }

    /// Returns the value, and computes it with `f` if it is not there.
    ///
    /// If several threads ask at once, one of them calls its `f`, with no lock held, and the others
    /// wait. If `f` panics, the next in line calls its own.
    ///
    /// # Panics
    ///
    /// If `f` asks for this value, or waits for another computation that does, directly or through
    /// others.
    #[inline]
    pub fn get_or_init(&self, f: impl FnOnce() -> T) -> &T {
        let Ok(value) = self.get_or_try_init(|| Ok::<T, std::convert::Infallible>(f()));
        value
    }

    /// Like [`get_or_init`](Self::get_or_init), with an `f` that may fail.
    ///
    /// # Errors
    ///
    /// That of `f`. Then the next in line calls its own.
    ///
    /// # Panics
    ///
    /// As for [`get_or_init`](Self::get_or_init).
    ///
    /// ```
    /// let limit = ft_once::Once::new();
    /// assert!(limit.get_or_try_init(|| "many".parse::<u8>()).is_err());
    /// assert_eq!(limit.get_or_try_init(|| "7".parse::<u8>()), Ok(&7));
    /// assert_eq!(limit.get_or_try_init(|| "8".parse::<u8>()), Ok(&7));
    /// ```
    #[inline]
    pub fn get_or_try_init<E>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        match self.get() {
            Some(value) => Ok(value),
            None => self.init(f),
        }
    }

    #[cold]
    fn init<E>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        let party = Party::thread();
        let turn = self.try_claim(Some(party)).unwrap_or_else(|| {
            let waiting = Waiting::begin(&self.flight, party, Note::new(()));
            let _waiting = waiting.unwrap_or_else(|deadlock| panic!("{deadlock}"));
            self.claim(Some(party)).wait()
        });
        match turn {
            Turn::Ready(value) => Ok(value),
            Turn::Leader(leader) => Ok(leader.set(f()?)),
        }
    }

    /// Returns the value, and computes it as a task if it is not there.
    ///
    /// If the future is dropped while it computes, the next in line computes.
    ///
    /// # Deadlocks
    ///
    /// A future that asks for the value that it computes waits for ever, and so do futures that
    /// wait for each other: tasks are not known here. Those that have a [`Party`] can use
    /// [`claim`](Self::claim) with a [`Waiting`].
    pub async fn get_or_init_async<F: Future<Output = T>>(&self, f: impl FnOnce() -> F) -> &T {
        let compute = async || Ok::<T, std::convert::Infallible>(f().await);
        let Ok(value) = self.get_or_try_init_async(compute).await;
        value
    }

    /// Like [`get_or_init_async`](Self::get_or_init_async), with a computation that may fail.
    ///
    /// # Errors
    ///
    /// That of the computation. Then the next in line computes.
    ///
    /// # Deadlocks
    ///
    /// As for [`get_or_init_async`](Self::get_or_init_async).
    pub async fn get_or_try_init_async<E, F: Future<Output = Result<T, E>>>(
        &self,
        f: impl FnOnce() -> F,
    ) -> Result<&T, E> {
        if let Some(value) = self.get() {
            return Ok(value);
        }
        match self.claim(None).await {
            Turn::Ready(value) => Ok(value),
            Turn::Leader(leader) => Ok(leader.set(f().await?)),
        }
    }

    /// Returns the value, or the duty to compute it. Returns `None` if someone else has that duty.
    ///
    /// `leader` is the caller, for [`Waiting`]. `None` means that nothing is known of it.
    pub fn try_claim(&self, leader: Option<Party>) -> Option<Turn<'_, T>> {
        self.forget_ancestor();
        match self.get() {
            Some(value) => Some(Turn::Ready(value)),
            None => Some(self.take_turn(self.turn.try_acquire()?, leader)),
        }
    }

    /// Returns a future of the value, or of the duty to compute it. A thread can also wait for it.
    pub fn claim(&self, leader: Option<Party>) -> Claim<'_, T> {
        Claim {
            once: self,
            leader,
            place: self.turn.acquire_async(),
        }
    }

    /// Returns the computation for which callers wait, for [`Waiting::begin`].
    pub fn flight(&self) -> &Arc<Flight> {
        &self.flight
    }

    /// Resumes a suspended duty, which must belong to this object.
    ///
    /// # Deadlocks
    ///
    /// If it belongs to another object, all callers that wait for the value of that object wait for ever.
    pub fn resume(&self, duty: Suspended) -> Leader<'_, T> {
        Leader {
            once: self,
            number: duty.0,
        }
    }

    /// Takes the value out.
    pub fn take(&mut self) -> Option<T> {
        // SAFETY: the exclusive reference leaves no other.
        unsafe { self.clear() }
    }

    /// Takes the value out, for a garbage collector.
    ///
    /// # Safety
    ///
    /// No reference to the value is left, and no other thread uses this object during the call.
    pub unsafe fn clear(&self) -> Option<T> {
        // Relaxed: no other thread uses this object.
        self.is_set.store(false, Relaxed);
        // SAFETY: the caller ensures it.
        self.value.with_mut(|value| unsafe { (*value).take() })
    }

    /// Uses a permit.
    fn take_turn(&self, permit: Permit<'_>, leader: Option<Party>) -> Turn<'_, T> {
        if let Some(value) = self.get() {
            return Turn::Ready(value);
        }
        permit.forget();
        Turn::Leader(Leader {
            once: self,
            number: self.flight.board(leader),
        })
    }

    /// Gives back the permit of a thread that this process does not have.
    fn forget_ancestor(&self) {
        if self.flight.leave_ancestor() {
            let released = self.turn.release();
            debug_assert!(released.is_ok(), "the leader had the permit");
        }
    }
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for Once<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Once").field(&self.get()).finish()
    }
}

/// The duty to compute the value. If it is dropped without [`set`](Leader::set), the next in line
/// gets it.
///
/// For [`Waiting`], its party is the one that was given when it was claimed, even if another thread
/// sets the value. A thread that claims the duty, sends it away and then waits for the value would be
/// refused, as if it waited for itself. It can claim the duty for `None`.
///
/// # Deadlocks
///
/// If it is forgotten ([`mem::forget`]), all others wait for ever.
#[must_use = "the next in line computes the value if this is dropped"]
pub struct Leader<'a, T> {
    once: &'a Once<T>,
    /// The number of this lead.
    number: u64,
}

/// The duty of a [`Leader`] without the reference to the object.
///
/// # Deadlocks
///
/// If it is dropped without being [resumed](Once::resume), all others wait for ever.
#[derive(Debug)]
#[must_use]
pub struct Suspended(u64);

impl<'a, T> Leader<'a, T> {
    /// Stores the value, and wakes all that wait for it. Returns the value that is there.
    ///
    /// That is another value only in the child of a fork: if this thread was computing when it
    /// forked, another thread of the child may have computed the value meanwhile.
    pub fn set(self, value: T) -> &'a T {
        let (once, mut value) = (self.once, Some(value));
        once.flight.exclusively(|| {
            // Relaxed: it is set under this lock.
            if !once.is_set.load(Relaxed) {
                // SAFETY: nobody reads the value before the flag is set, and nobody else writes it
                // under this lock.
                once.value.with_mut(|slot| unsafe { *slot = value.take() });
                // Release: pairs with the Acquire in `get`.
                once.is_set.store(true, Release);
            }
        });
        // An unused value is dropped here, outside of the lock.
        drop(value);
        if self.end() {
            // The permits that are handed to those in line mean nothing any more, but wake them. The
            // last one stays, and whoever takes it finds the value.
            while once.turn.release().is_ok() {}
        }
        mem::forget(self);
        let stored = once.get();
        stored.expect("the value was stored, by this thread or another one")
    }

    /// Releases the reference to the object and keeps the duty, until it is
    /// [resumed](Once::resume).
    pub fn suspend(self) -> Suspended {
        let number = self.number;
        mem::forget(self);
        Suspended(number)
    }

    /// Ends the lead. Returns whether it had not ended yet.
    fn end(&self) -> bool {
        self.once.flight.leave(self.number)
    }
}

impl<T> Drop for Leader<'_, T> {
    fn drop(&mut self) {
        if self.end() {
            let released = self.once.turn.release();
            debug_assert!(released.is_ok(), "the leader had the permit");
        }
    }
}

impl<T> fmt::Debug for Leader<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leader").finish_non_exhaustive()
    }
}

/// The future of [`Once::claim`]: a place in line.
///
/// It can be dropped at any time: if the turn to compute was handed to it, that goes to the next in
/// line. It enters the line when it is first polled. Its wakers are called, cloned and dropped
/// outside of all locks.
///
/// # Deadlocks
///
/// As those of a semaphore's [future](ft_semaphore::Acquire): drop it rather than keep it unpolled.
#[must_use = "a future does nothing unless it is polled"]
pub struct Claim<'a, T> {
    once: &'a Once<T>,
    leader: Option<Party>,
    place: Place<'a>,
}

impl<'a, T> Claim<'a, T> {
    /// Waits for the turn.
    pub fn wait(mut self) -> Turn<'a, T> {
        let turn = uninterruptible(|| self.wait_deadline(None));
        turn.expect("a wait without a deadline ends with a turn")
    }

    /// Waits for the turn, or until `deadline`.
    ///
    /// After the deadline it stays in line, so that the caller can do something else and then call
    /// this again. Under loom every deadline has already passed.
    pub fn wait_deadline(&mut self, deadline: Option<Instant>) -> Option<Turn<'a, T>> {
        self.once.forget_ancestor();
        // Another one that has just found the value may have the permit for a moment.
        if let Some(value) = self.once.get() {
            return Some(Turn::Ready(value));
        }
        let permit = self.place.wait_deadline(deadline)?;
        Some(self.once.take_turn(permit, self.leader))
    }
}

impl<'a, T> Future for Claim<'a, T> {
    type Output = Turn<'a, T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Turn<'a, T>> {
        let this = self.get_mut();
        this.once.forget_ancestor();
        // As in `wait_deadline`.
        if let Some(value) = this.once.get() {
            return Poll::Ready(Turn::Ready(value));
        }
        let polled = Pin::new(&mut this.place).poll(cx);
        polled.map(|permit| this.once.take_turn(permit, this.leader))
    }
}

impl<T> fmt::Debug for Claim<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").finish_non_exhaustive()
    }
}

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
