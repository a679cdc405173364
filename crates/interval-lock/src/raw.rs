//! The lock itself: a word, an owner, and a line for those who wait.

use crate::{AlreadyOwner, NotOwner};
use ft_sync::{
    Arc, Mutex, MutexGuard, PerProcess, Signal, ThreadToken, UnsafeCell,
    atomic::{
        AtomicU64, AtomicUsize,
        Ordering::{Acquire, Relaxed, Release},
    },
};
use std::{
    collections::VecDeque,
    panic::RefUnwindSafe,
    ptr,
    sync::PoisonError,
    time::{Duration, Instant},
};

/// Somebody has the lock.
const LOCKED: usize = 0b01;
/// Somebody is in the line. Set and cleared with the line locked.
const QUEUED: usize = 0b10;

/// An interval that never ends.
const NEVER: u64 = u64::MAX;

type Line = VecDeque<Arc<Signal>>;

#[derive(Debug)]
struct Place<'a> {
    /// That of the process which took the place.
    line: &'a Mutex<Line>,
    signal: Arc<Signal>,
}

/// A fair lock without a value, which knows the thread that holds it.
///
/// See the [crate docs](crate) for who goes first. A thread that holds it calls
/// [`poll`](Self::poll) now and then.
///
/// ```
/// use ft_interval_lock::{AlreadyOwner, NotOwner, RawIntervalLock};
/// use std::time::Duration;
///
/// let lock = RawIntervalLock::new(Duration::from_millis(5));
/// lock.lock()?;
/// assert_eq!(lock.lock(), Err(AlreadyOwner));
/// assert!(!lock.poll()?, "nobody waits");
/// lock.unlock()?;
/// assert_eq!(lock.unlock(), Err(NotOwner));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A thread that ends without giving it up leaves it locked.
#[derive(Debug)]
pub struct RawIntervalLock {
    /// Never QUEUED without LOCKED: a lock with a line is handed over, not freed.
    state: AtomicUsize,
    /// The token of the thread that has the lock, or 0. Only that thread ever finds its own token
    /// here: it alone puts it in and takes it out.
    owner: AtomicU64,
    /// When the owner got the lock. The owner's alone.
    since: UnsafeCell<Option<Instant>>,
    /// In microseconds, or `NEVER`.
    interval: AtomicU64,
    /// The longest waiting first.
    line: PerProcess<Mutex<Line>>,
}

// SAFETY: `since` is used only by the thread that has the lock; what it does there happens before
// whatever the next owner does.
unsafe impl Sync for RawIntervalLock {}

// No foreign code runs in here.
impl RefUnwindSafe for RawIntervalLock {}

impl RawIntervalLock {
    /// Creates an unlocked lock.
    ///
    /// The interval counts in whole microseconds; one of more than 500,000 years never ends.
    pub fn new(interval: Duration) -> Self {
        Self {
            state: AtomicUsize::new(0),
            owner: AtomicU64::new(0),
            since: UnsafeCell::new(None),
            interval: AtomicU64::new(to_micros(interval)),
            line: PerProcess::new(),
        }
    }

    /// Returns how long a thread has the lock before [`poll`](Self::poll) hands it over; `None` is
    /// for ever.
    pub fn interval(&self) -> Option<Duration> {
        // Relaxed: nothing comes with it.
        let micros = self.interval.load(Relaxed);
        (micros != NEVER).then(|| Duration::from_micros(micros))
    }

    /// Changes the interval, also for the thread that has the lock now.
    pub fn set_interval(&self, interval: Duration) {
        // Relaxed: as in `interval`.
        self.interval.store(to_micros(interval), Relaxed);
    }

    /// Takes the lock if nobody has it.
    #[inline]
    pub fn try_lock(&self) -> bool {
        // Acquire: pairs with the Release of the owner before.
        // Relaxed: on failure nothing has happened.
        let taken = (self.state.compare_exchange(0, LOCKED, Acquire, Relaxed)).is_ok();
        if taken {
            self.begin();
        }
        taken
    }

    /// Takes the lock, waiting for it.
    ///
    /// # Errors
    ///
    /// If the calling thread has it.
    pub fn lock(&self) -> Result<(), AlreadyOwner> {
        self.lock_deadline(None).map(drop)
    }

    /// As [`lock`](Self::lock); false if `deadline` passes first.
    pub fn lock_deadline(&self, deadline: Option<Instant>) -> Result<bool, AlreadyOwner> {
        Ok(self.try_lock() || self.wait_to_lock()?.wait_deadline(deadline))
    }

    /// Begins to wait, after [`try_lock`](Self::try_lock) has failed.
    ///
    /// # Errors
    ///
    /// As for [`lock`](Self::lock).
    pub fn wait_to_lock(&self) -> Result<Waiter<'_>, AlreadyOwner> {
        if self.is_owner() {
            return Err(AlreadyOwner);
        }
        Ok(Waiter {
            lock: self,
            place: None,
        })
    }

    /// Gives the lock up, to the thread that waits longest.
    ///
    /// # Errors
    ///
    /// If the calling thread does not have it. Nothing has happened then.
    #[inline]
    pub fn unlock(&self) -> Result<(), NotOwner> {
        self.end()?;
        self.release();
        Ok(())
    }

    /// Lets all who wait have the lock, one after the other, and takes it again; false if nobody
    /// waits. The interval begins anew in any case.
    ///
    /// # Errors
    ///
    /// As for [`unlock`](Self::unlock).
    pub fn cede(&self) -> Result<bool, NotOwner> {
        let waiter = self.begin_cede()?;
        Ok(waiter.is_some_and(|mut waiter| waiter.wait_deadline(None)))
    }

    /// As [`cede`](Self::cede) if the calling thread has had the lock for longer than the interval
    /// and others wait; else returns false.
    ///
    /// It looks at the clock only while others wait.
    ///
    /// # Errors
    ///
    /// As for [`unlock`](Self::unlock).
    #[inline]
    pub fn poll(&self) -> Result<bool, NotOwner> {
        Ok(self.is_due()? && self.cede()?)
    }

    /// Tells whether [`poll`](Self::poll) would hand the lock over.
    ///
    /// # Errors
    ///
    /// As for [`unlock`](Self::unlock).
    #[inline]
    pub fn is_due(&self) -> Result<bool, NotOwner> {
        if !self.is_owner() {
            return Err(NotOwner);
        }
        Ok(self.has_line() && self.has_expired())
    }

    #[cold]
    fn has_expired(&self) -> bool {
        let Some(interval) = self.interval() else {
            return false;
        };
        // SAFETY: our caller has found that this thread has the lock.
        let since = self.since.with(|since| unsafe { *since });
        interval.is_zero() || since.is_none_or(|since| since.elapsed() > interval)
    }

    /// Hands the lock over and lines up for it; `None`, with the lock still taken, if nobody waits.
    ///
    /// # Errors
    ///
    /// As for [`unlock`](Self::unlock).
    pub fn begin_cede(&self) -> Result<Option<Waiter<'_>>, NotOwner> {
        self.end()?;
        Ok(if self.has_line() {
            self.cede_slow()
        } else {
            self.begin();
            None
        })
    }

    #[cold]
    fn cede_slow(&self) -> Option<Waiter<'_>> {
        let here = self.line.get();
        let mut line = locked(here);
        let Some(next) = line.pop_front() else {
            // They stayed behind when the process forked.
            self.settle(&line);
            self.begin();
            return None;
        };
        let ours = join(here, &mut line);
        drop(line);
        next.raise();
        Some(Waiter {
            lock: self,
            place: Some(ours),
        })
    }

    /// Tells whether somebody has the lock.
    pub fn is_locked(&self) -> bool {
        // Relaxed: a snapshot, which decides nothing.
        self.state.load(Relaxed) != 0
    }

    /// Tells whether the calling thread has the lock.
    #[inline]
    pub fn is_owner(&self) -> bool {
        // Relaxed: see the field.
        self.owner.load(Relaxed) == ThreadToken::current().get()
    }

    /// Returns how many wait.
    pub fn waiters(&self) -> usize {
        if self.has_line() {
            self.line().len()
        } else {
            0
        }
    }

    #[inline]
    fn has_line(&self) -> bool {
        // Relaxed: as in `is_locked`. The owner may come to know a moment later.
        self.state.load(Relaxed) & QUEUED != 0
    }

    /// The calling thread has got the lock.
    #[inline]
    fn begin(&self) {
        // Relaxed: see the field.
        (self.owner).store(ThreadToken::current().get(), Relaxed);
        let now = Instant::now();
        // SAFETY: this thread has the lock, and nobody who had it before looks any more.
        (self.since).with_mut(|since| unsafe { *since = Some(now) });
    }

    /// The calling thread is about to give the lock up.
    #[inline]
    fn end(&self) -> Result<(), NotOwner> {
        if !self.is_owner() {
            return Err(NotOwner);
        }
        // Relaxed: see the field.
        self.owner.store(0, Relaxed);
        Ok(())
    }

    /// Gives up a lock that has no owner any more, or not yet.
    #[inline]
    fn release(&self) {
        // Release: pairs with the Acquire of whoever takes it next.
        // Relaxed: on failure nothing has happened.
        if (self.state.compare_exchange(LOCKED, 0, Release, Relaxed)).is_err() {
            self.hand_over();
        }
    }

    #[cold]
    fn hand_over(&self) {
        let mut line = self.line();
        match line.pop_front() {
            Some(next) => {
                self.settle(&line);
                drop(line);
                next.raise();
            }
            // As in `cede_slow`. Release: as in `release`.
            None => self.state.store(0, Release),
        }
    }

    /// Clears QUEUED if the line is empty.
    fn settle(&self, line: &Line) {
        if line.is_empty() {
            // Relaxed: who has the lock does not change, and who takes it next acquires what they
            // release when they give it up.
            self.state.fetch_and(!QUEUED, Relaxed);
        }
    }

    /// Takes the lock, or a place in the line.
    #[cold]
    fn take_or_queue(&self) -> Option<Place<'_>> {
        let here = self.line.get();
        let mut line = locked(here);
        // Acquire: as in `try_lock`. Whoever has the lock now will find the bit when they give it
        // up, and then wait for the line.
        if self.state.fetch_or(LOCKED | QUEUED, Acquire) == 0 {
            self.settle(&line);
            return None;
        }
        Some(join(here, &mut line))
    }

    /// Gives up a place in the line, and the lock, if it came meanwhile.
    #[cold]
    fn leave(&self, place: &Place<'_>) {
        let here = self.line.get();
        if !ptr::eq(place.line, here) && !place.signal.is_raised() {
            // It stayed behind when the process forked, and the lock with whoever had it.
            return;
        }
        let mut line = locked(here);
        let is_ours = |other: &Arc<Signal>| Arc::ptr_eq(other, &place.signal);
        if let Some(index) = line.iter().position(is_ours) {
            line.remove(index);
            return self.settle(&line);
        }
        drop(line);
        self.release();
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        locked(self.line.get())
    }
}

fn locked(line: &Mutex<Line>) -> MutexGuard<'_, Line> {
    // A panic leaves it as it was: it can only come from allocating.
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the last place in `line`, which is what is `here`.
fn join<'a>(here: &'a Mutex<Line>, line: &mut Line) -> Place<'a> {
    let signal = Arc::new(Signal::new());
    line.push_back(Arc::clone(&signal));
    Place { line: here, signal }
}

fn to_micros(interval: Duration) -> u64 {
    u64::try_from(interval.as_micros()).unwrap_or(NEVER)
}

/// A thread that waits for a [`RawIntervalLock`], in line from the first wait on.
///
/// Waiting can be done in several steps. Dropping the waiter gives up the place; if its turn has come
/// meanwhile, the lock goes to the next.
#[derive(Debug)]
pub struct Waiter<'a> {
    lock: &'a RawIntervalLock,
    place: Option<Place<'a>>,
}

impl Waiter<'_> {
    /// Waits until the calling thread has the lock, and returns true; false if `deadline` passes
    /// first.
    ///
    /// Once it has returned true the waiter is of no more use.
    pub fn wait_deadline(&mut self, deadline: Option<Instant>) -> bool {
        if self.place.is_none() {
            if ft_sync::spin(|| self.lock.try_lock().then_some(())).is_some() {
                return true;
            }
            self.place = self.lock.take_or_queue();
        }
        let come = (self.place.as_ref()).is_none_or(|place| place.signal.wait_deadline(deadline));
        if come {
            self.place = None;
            self.lock.begin();
        }
        come
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        if let Some(place) = &self.place {
            self.lock.leave(place);
        }
    }
}
