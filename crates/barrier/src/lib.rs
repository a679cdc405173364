//! A barrier for threads and tasks.
//!
//! At a [`Barrier`] a fixed number of parties, threads or tasks, wait for each other. When all have
//! come, all go on, and the barrier waits for the next round:
//!
//! ```
//! use ft_barrier::Barrier;
//! use std::thread;
//!
//! let barrier = Barrier::new(3);
//! thread::scope(|scope| {
//!     for _ in 0..3 {
//!         scope.spawn(|| {
//!             for _round in 0..10 {
//!                 // Each party gets its own index below 3.
//!                 let index = barrier.wait().unwrap();
//!                 assert!(index < 3);
//!             }
//!         });
//!     }
//! });
//! ```
//!
//! A task awaits [`wait_async`](Barrier::wait_async):
//!
//! ```
//! # use ft_barrier::{Barrier, BrokenBarrier};
//! async fn step(barrier: &Barrier) -> Result<(), BrokenBarrier> {
//!     barrier.wait_async().await?;
//!     Ok(())
//! }
//! ```
//!
//! In each round, one of the parties leads: it opens the barrier for all. To do something before
//! that, [`enter`](Barrier::enter) the barrier, and open it yourself:
//!
//! ```
//! # use ft_barrier::{Barrier, BrokenBarrier, Entry};
//! fn step(barrier: &Barrier, merge: impl FnOnce()) -> Result<(), BrokenBarrier> {
//!     let entry = barrier.enter().wait()?;
//!     if let Entry::Lead(_) = entry {
//!         // All others wait until this is done. If it panics, the barrier breaks.
//!         merge();
//!     }
//!     entry.open()?;
//!     Ok(())
//! }
//! ```
//!
//! # Broken barriers
//!
//! A barrier breaks if a deadline passes while parties wait, if the leader gives up instead of
//! opening it, or by [`abort`](Barrier::abort). Then all waits end with [`BrokenBarrier`], and so
//! does every later one, until [`reset`](Barrier::reset).
//!
//! # Costs and progress
//!
//! Everything happens under one mutex. A party holds it for a few instructions when it comes, looks
//! or leaves. The party that opens, breaks or resets the barrier holds it for time in proportion to
//! the parties that wait, and wakes them after unlocking. So no operation is lock-free, but apart
//! from the wait for other parties none waits for long.
//!
//! # Orderings
//!
//! A mutex protects everything. What a party did before it came happens before what any other
//! party of the same round does after its wait.

#![forbid(unsafe_code)]

mod error;
mod state;

pub use error::BrokenBarrier;

use ft_sync::{Mutex, MutexGuard, Signal, deadline_after, uninterruptible};
use state::{Came, End, Looked, Place, State};
// A waker is made from std's `Arc`, also under loom and shuttle.
use std::{
    fmt, mem,
    ops::Deref,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

/// A barrier that parties pass together, again and again.
///
/// A party that stops waiting, because its future is dropped, leaves no trace: the barrier waits for
/// another one. If more parties come than fit into a round, they wait for the next round, first come,
/// first served.
///
/// The child of a fork can use the barrier if no other thread of the parent was inside one of its
/// methods. The child forgets the parties of the parent.
///
/// # Deadlocks
///
/// A party waits for ever, unless it has a deadline, if the other parties never come: for example,
/// if fewer threads run than there are parties, or if the leader waits for another party of its
/// round before it has opened the barrier. [`abort`](Self::abort) ends such waits.
pub struct Barrier {
    parties: usize,
    state: Mutex<State>,
}

impl Barrier {
    /// Creates a barrier for this number of parties.
    ///
    /// # Panics
    ///
    /// If the number is zero.
    pub fn new(parties: usize) -> Self {
        assert!(parties > 0, "a barrier needs a party");
        Self {
            parties,
            state: Mutex::new(State::new()),
        }
    }

    /// Waits until all parties have come. Returns a number below [`parties`](Self::parties) that no
    /// other party of the same round gets.
    ///
    /// # Errors
    ///
    /// [`BrokenBarrier`].
    pub fn wait(&self) -> Result<usize, BrokenBarrier> {
        self.wait_deadline(None)
    }

    /// Like [`wait`](Self::wait), but waits for at most `timeout`, and then breaks the barrier. A
    /// timeout that is too large for the clock means for ever.
    ///
    /// # Errors
    ///
    /// [`BrokenBarrier`].
    pub fn wait_timeout(&self, timeout: Duration) -> Result<usize, BrokenBarrier> {
        self.wait_deadline(deadline_after(timeout))
    }

    /// Like [`wait`](Self::wait), but waits until `deadline` at most, and then breaks the barrier.
    /// Under loom every deadline has already passed.
    ///
    /// # Errors
    ///
    /// [`BrokenBarrier`].
    pub fn wait_deadline(&self, deadline: Option<Instant>) -> Result<usize, BrokenBarrier> {
        let mut enter = self.enter();
        let entered = enter.wait_deadline(deadline);
        entered.unwrap_or_else(|| enter.give_up())?.open()
    }

    /// Waits, as a task, until all parties have come.
    ///
    /// # Errors
    ///
    /// [`BrokenBarrier`].
    pub async fn wait_async(&self) -> Result<usize, BrokenBarrier> {
        self.enter().await?.open()
    }

    /// Returns a future that waits until all parties have come. One of them then leads.
    ///
    /// The future comes to the barrier when it is first polled.
    pub fn enter(&self) -> Enter<&Self> {
        Enter::new(self)
    }

    /// Breaks the barrier.
    pub fn abort(&self) {
        self.end_round(true);
    }

    /// Makes the barrier usable again if it is broken. If parties wait, their waits end with
    /// [`BrokenBarrier`].
    pub fn reset(&self) {
        self.end_round(false);
    }

    /// Returns whether the barrier is broken.
    pub fn is_broken(&self) -> bool {
        self.lock().is_broken()
    }

    /// Returns the number of parties of a round.
    pub fn parties(&self) -> usize {
        self.parties
    }

    /// Returns the number of parties that wait for others to come.
    pub fn waiting(&self) -> usize {
        self.lock().waiting()
    }

    fn end_round(&self, breaks: bool) {
        let mut state = self.lock();
        let woken = state.end_round(breaks);
        drop(state);
        wake(woken);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        loop {
            let mut state = self.state.lock().unwrap();
            let Some(forgotten) = state.forget_ancestors() else {
                return state;
            };
            // Unlock before the wakers are dropped.
            drop(state);
            drop(forgotten);
        }
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier")
            .field("parties", &self.parties)
            .field("waiting", &self.waiting())
            .field("is_broken", &self.is_broken())
            .finish_non_exhaustive()
    }
}

fn wake(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}

/// How a party gets through the barrier.
#[derive(Debug)]
#[must_use = "dropping the lead breaks the barrier"]
pub enum Entry<B: Deref<Target = Barrier>> {
    /// The barrier is open. The number is that of [`Barrier::wait`].
    Through(usize),
    /// All have come, and this party leads: it has to open the barrier.
    Lead(Turn<B>),
}

impl<B: Deref<Target = Barrier>> Entry<B> {
    /// Opens the barrier if this party leads. Returns the number of [`Barrier::wait`].
    ///
    /// # Errors
    ///
    /// As [`Turn::open`].
    pub fn open(self) -> Result<usize, BrokenBarrier> {
        match self {
            Self::Through(index) => Ok(index),
            Self::Lead(turn) => turn.open(),
        }
    }
}

/// The lead of one round. Dropping it breaks the barrier.
#[must_use = "dropping it breaks the barrier"]
pub struct Turn<B: Deref<Target = Barrier>> {
    barrier: B,
    round: u64,
    index: usize,
}

impl<B: Deref<Target = Barrier>> Turn<B> {
    /// Opens the barrier for all parties of the round. Returns the number of [`Barrier::wait`].
    ///
    /// # Errors
    ///
    /// [`BrokenBarrier`] if the barrier has been broken or reset meanwhile.
    pub fn open(mut self) -> Result<usize, BrokenBarrier> {
        let round = mem::replace(&mut self.round, NO_ROUND);
        let mut state = self.barrier.lock();
        let woken = state.open(round, self.barrier.parties);
        drop(state);
        wake(woken.ok_or(BrokenBarrier)?);
        Ok(self.index)
    }
}

/// No round has this number.
const NO_ROUND: u64 = u64::MAX;

impl<B: Deref<Target = Barrier>> Drop for Turn<B> {
    fn drop(&mut self) {
        let mut state = self.barrier.lock();
        let woken = state.give_up_lead(self.round);
        drop(state);
        wake(woken);
    }
}

impl<B: Deref<Target = Barrier>> fmt::Debug for Turn<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").finish_non_exhaustive()
    }
}

/// The future of [`Barrier::enter`]: a party at the barrier.
///
/// A thread can also wait for it, with [`wait_deadline`](Self::wait_deadline). It can be dropped at
/// any time: then the barrier waits for another party. If all have come by then, the others do not
/// wait for it.
///
/// Its wakers are called, cloned and dropped outside of all locks.
///
/// # Deadlocks
///
/// A future that was polled, and then is neither polled again nor dropped, may have been chosen to
/// lead. Then the other parties wait until it is.
pub struct Enter<B: Deref<Target = Barrier> + Clone> {
    barrier: B,
    /// It is `Some` while this party waits.
    place: Option<Place>,
}

impl<B: Deref<Target = Barrier> + Clone> Enter<B> {
    /// Does what [`Barrier::enter`] does, with any pointer to the barrier, such as an [`Arc`].
    pub fn new(barrier: B) -> Self {
        Self {
            barrier,
            place: None,
        }
    }

    /// Waits until all parties have come.
    ///
    /// # Errors
    ///
    /// [`BrokenBarrier`].
    pub fn wait(&mut self) -> Result<Entry<B>, BrokenBarrier> {
        let entered = uninterruptible(|| self.wait_deadline(None));
        entered.expect("a wait without a deadline has a result")
    }

    /// Waits until all parties have come, or until `deadline`.
    ///
    /// After the deadline it returns `None`, and this party still waits, so that the caller can do
    /// something else and then call this again, or [`give_up`](Self::give_up). Under loom every
    /// deadline has already passed.
    pub fn wait_deadline(
        &mut self,
        deadline: Option<Instant>,
    ) -> Option<Result<Entry<B>, BrokenBarrier>> {
        let woken = Arc::new(Signal::new());
        let entered = self.look(Waker::from(Arc::clone(&woken)));
        entered.or_else(|| {
            woken.wait_deadline(deadline);
            self.look(Waker::from(woken))
        })
    }

    /// Returns what [`wait`](Self::wait) would return, if that would not wait. Otherwise breaks the
    /// barrier, as a deadline does.
    ///
    /// # Errors
    ///
    /// [`BrokenBarrier`].
    pub fn give_up(&mut self) -> Result<Entry<B>, BrokenBarrier> {
        let entered = self.look(Waker::noop().clone());
        entered.unwrap_or_else(|| {
            let mut state = self.barrier.lock();
            // It may have been let through since the look.
            let woken = match &self.place {
                Some(place) if state.waits(place) => state.end_round(true),
                _ => Vec::new(),
            };
            drop(state);
            wake(woken);
            let entered = self.look(Waker::noop().clone());
            entered.unwrap_or(Err(BrokenBarrier))
        })
    }

    /// Returns how this party gets through, if it does. Otherwise `waker` will be woken when it does.
    fn look(&mut self, waker: Waker) -> Option<Result<Entry<B>, BrokenBarrier>> {
        let mut state = self.barrier.lock();
        if let Some(place) = &self.place {
            match state.look(place, waker) {
                Looked::Waits(old) => {
                    drop(state);
                    drop(old);
                    return None;
                }
                Looked::Forgotten(waker) => {
                    self.place = None;
                    drop(state);
                    return self.look(waker);
                }
                Looked::Ended(end, waker) => {
                    self.place = None;
                    drop(state);
                    let entry = self.entry(end);
                    drop(waker);
                    return Some(entry);
                }
            }
        }
        let came = state.come(self.barrier.parties, waker);
        drop(state);
        match came {
            Came::Waits(place) => {
                self.place = Some(place);
                None
            }
            Came::Ended(end, waker) => {
                let entry = self.entry(end);
                drop(waker);
                Some(entry)
            }
        }
    }

    fn entry(&self, end: End) -> Result<Entry<B>, BrokenBarrier> {
        match end {
            End::Through(index) => Ok(Entry::Through(index)),
            End::Leads { round, index } => Ok(Entry::Lead(Turn {
                barrier: self.barrier.clone(),
                round,
                index,
            })),
            End::Broken => Err(BrokenBarrier),
        }
    }
}

impl<B: Deref<Target = Barrier> + Clone + Unpin> Future for Enter<B> {
    type Output = Result<Entry<B>, BrokenBarrier>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let entered = self.get_mut().look(cx.waker().clone());
        entered.map_or(Poll::Pending, Poll::Ready)
    }
}

impl<B: Deref<Target = Barrier> + Clone> Drop for Enter<B> {
    fn drop(&mut self) {
        let Some(place) = self.place.take() else {
            return;
        };
        let mut state = self.barrier.lock();
        let (waker, woken) = state.leave(&place, self.barrier.parties);
        drop(state);
        drop(waker);
        wake(woken);
    }
}

impl<B: Deref<Target = Barrier> + Clone> fmt::Debug for Enter<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enter")
            .field("waits", &self.place.is_some())
            .finish_non_exhaustive()
    }
}

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
