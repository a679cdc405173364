//! The lock itself: a word, an owner, and a line of waiting threads and tasks.

use crate::{AlreadyOwner, NotOwner};
use ft_sync::{
    Arc, Mutex, MutexGuard, PerProcess, Signal, TaskToken, ThreadToken,
    atomic::{
        AtomicU64, AtomicUsize,
        Ordering::{Acquire, Relaxed, Release},
    },
    uninterruptible,
};
use std::{
    collections::VecDeque,
    ptr,
    sync::{OnceLock, PoisonError},
    task::{Poll, Waker},
    time::{Duration, Instant},
};

/// A thread has the lock.
const LOCKED: usize = 0b01;
/// The line is not empty. Set and cleared with the line locked.
const QUEUED: usize = 0b10;

/// An interval that never ends.
const NEVER: u64 = u64::MAX;

type Line = VecDeque<Arc<Signal>>;

#[derive(Debug)]
pub(crate) struct Place<'a> {
    /// The line of the process in which the place was taken.
    line: &'a Mutex<Line>,
    signal: Arc<Signal>,
}

/// A fair lock without a value, which knows the thread or task that holds it.
///
/// The [crate docs](crate) say who goes first. The thread or task that holds the lock should call
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
/// # Deadlocks
///
/// If a thread or task ends without releasing the lock, the lock stays locked. A thread that has
/// the lock gets an error instead of waiting for itself. But it waits for ever if it waits for a
/// lock that a task has which only this thread runs.
#[derive(Debug)]
pub struct RawIntervalLock {
    /// Never QUEUED without LOCKED: a lock with a line is handed over, and not freed.
    state: AtomicUsize,
    /// The token of the thread or task that has the lock, or 0. A thread finds its own token here
    /// only if it has the lock, because it alone stores and removes its token. The same is true of a
    /// task.
    owner: AtomicU64,
    /// When the owner got the lock, as `now` tells it.
    since: AtomicU64,
    /// In microseconds, or `NEVER`.
    interval: AtomicU64,
    /// The thread that has waited longest comes first.
    line: PerProcess<Mutex<Line>>,
}

impl RawIntervalLock {
    /// Creates an unlocked lock.
    ///
    /// The interval is counted in whole microseconds. An interval of more than 500,000 years never
    /// ends.
    pub fn new(interval: Duration) -> Self {
        Self {
            state: AtomicUsize::new(0),
            owner: AtomicU64::new(0),
            since: AtomicU64::new(0),
            interval: AtomicU64::new(to_micros(interval)),
            line: PerProcess::new(),
        }
    }

    /// Returns how long a thread has the lock before [`poll`](Self::poll) hands it over. `None`
    /// means for ever.
    pub fn interval(&self) -> Option<Duration> {
        // Relaxed: nothing is published with it.
        let micros = self.interval.load(Relaxed);
        (micros != NEVER).then(|| Duration::from_micros(micros))
    }

    /// Changes the interval, also for the thread that has the lock at the moment.
    pub fn set_interval(&self, interval: Duration) {
        // Relaxed: as in `interval`.
        self.interval.store(to_micros(interval), Relaxed);
    }

    /// Takes the lock if nobody has it. Returns whether it did.
    #[inline]
    pub fn try_lock(&self) -> bool {
        self.try_lock_as(ThreadToken::current().get())
    }

    #[inline]
    pub(crate) fn try_lock_as(&self, owner: u64) -> bool {
        // Acquire: pairs with the Release of the previous owner.
        // Relaxed: on failure nothing has happened.
        let taken = (self.state.compare_exchange(0, LOCKED, Acquire, Relaxed)).is_ok();
        if taken {
            self.begin(owner);
        }
        taken
    }

    /// Takes the lock, and waits for it if necessary.
    ///
    /// # Errors
    ///
    /// If the calling thread has it.
    pub fn lock(&self) -> Result<(), AlreadyOwner> {
        if !self.try_lock() {
            let mut waiter = self.wait_to_lock()?;
            uninterruptible(|| waiter.wait_deadline(None));
        }
        Ok(())
    }

    /// Like [`lock`](Self::lock), but returns false if `deadline` passes first.
    ///
    /// # Errors
    ///
    /// As for [`lock`](Self::lock).
    pub fn lock_deadline(&self, deadline: Option<Instant>) -> Result<bool, AlreadyOwner> {
        Ok(self.try_lock() || self.wait_to_lock()?.wait_deadline(deadline))
    }

    /// Returns a waiter, for use after [`try_lock`](Self::try_lock) has failed.
    ///
    /// # Errors
    ///
    /// As for [`lock`](Self::lock).
    pub fn wait_to_lock(&self) -> Result<Waiter<'_>, AlreadyOwner> {
        if self.is_owner() {
            return Err(AlreadyOwner);
        }
        Ok(self.waiter(None))
    }

    /// Releases the lock, and hands it to the thread that has waited longest.
    ///
    /// # Errors
    ///
    /// If the calling thread does not have it. In that case nothing happens.
    #[inline]
    pub fn unlock(&self) -> Result<(), NotOwner> {
        self.end()?;
        self.release();
        Ok(())
    }

    pub(crate) fn waiter<'a>(&'a self, place: Option<Place<'a>>) -> Waiter<'a> {
        Waiter { lock: self, place }
    }

    /// Lets all waiting threads have the lock, one after the other, and takes it again. Returns
    /// false if no thread waits. The interval begins anew in either case.
    ///
    /// # Errors
    ///
    /// As for [`unlock`](Self::unlock).
    pub fn cede(&self) -> Result<bool, NotOwner> {
        let waiter = self.begin_cede()?;
        // A guard, if there is one, goes on as if it had the lock: so it must have it again.
        Ok(waiter.is_some_and(|mut waiter| uninterruptible(|| waiter.wait_deadline(None))))
    }

    /// Calls [`cede`](Self::cede) if the calling thread has had the lock for longer than the
    /// interval and other threads wait. Otherwise returns false.
    ///
    /// It reads the clock only while other threads wait.
    ///
    /// # Errors
    ///
    /// As for [`unlock`](Self::unlock).
    #[inline]
    pub fn poll(&self) -> Result<bool, NotOwner> {
        Ok(self.is_due()? && self.cede()?)
    }

    /// Returns whether [`poll`](Self::poll) would hand the lock over.
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
    pub(crate) fn has_expired(&self) -> bool {
        // Relaxed: as in `interval`.
        match self.interval.load(Relaxed) {
            NEVER => false,
            0 => true,
            // Relaxed: the owner has stored it.
            micros => (now().saturating_sub(self.since.load(Relaxed))) / 1000 >= micros,
        }
    }

    /// Hands the lock over and enters the line. If no thread waits, returns `None`, and the calling
    /// thread keeps the lock.
    ///
    /// # Errors
    ///
    /// As for [`unlock`](Self::unlock).
    pub fn begin_cede(&self) -> Result<Option<Waiter<'_>>, NotOwner> {
        self.end()?;
        let place = self.hand_round(ThreadToken::current().get());
        Ok(place.map(|place| self.waiter(Some(place))))
    }

    /// Hands the lock over, and returns a place in the line. If nobody waits, the lock goes back to
    /// the owner that has just ended.
    pub(crate) fn hand_round(&self, owner: u64) -> Option<Place<'_>> {
        if self.has_line() {
            self.hand_round_slow(owner)
        } else {
            self.begin(owner);
            None
        }
    }

    #[cold]
    fn hand_round_slow(&self, owner: u64) -> Option<Place<'_>> {
        let here = self.line.get();
        let mut line = locked(here);
        let Some(next) = line.pop_front() else {
            // The waiting threads exist only in the parent of a fork.
            self.settle(&line);
            self.begin(owner);
            return None;
        };
        let ours = join(here, &mut line);
        drop(line);
        next.raise();
        Some(ours)
    }

    /// Returns whether a thread has the lock.
    pub fn is_locked(&self) -> bool {
        // Relaxed: a snapshot that decides nothing.
        self.state.load(Relaxed) != 0
    }

    /// Returns whether the calling thread has the lock.
    #[inline]
    pub fn is_owner(&self) -> bool {
        // Relaxed: see the field.
        self.is_owned_by(ThreadToken::current().get())
    }

    /// Returns whether a task has the lock, so that a thread that runs tasks has to ask which of them
    /// it runs. A task that has the lock is told the truth.
    #[inline]
    pub fn has_task(&self) -> bool {
        // Relaxed: see the field.
        TaskToken::is_of_task(self.owner.load(Relaxed))
    }

    #[inline]
    pub(crate) fn is_owned_by(&self, owner: u64) -> bool {
        // Relaxed: see the field.
        self.owner.load(Relaxed) == owner
    }

    /// Returns the number of waiting threads.
    pub fn waiters(&self) -> usize {
        if self.has_line() {
            self.line().len()
        } else {
            0
        }
    }

    #[inline]
    pub(crate) fn has_line(&self) -> bool {
        // Relaxed: as in `is_locked`. The owner may learn of the line a moment later.
        self.state.load(Relaxed) & QUEUED != 0
    }

    /// Records who has the lock.
    #[inline]
    pub(crate) fn begin(&self, owner: u64) {
        // Relaxed, twice: see the field. Only the owner looks at the time.
        self.owner.store(owner, Relaxed);
        self.since.store(now(), Relaxed);
    }

    /// Records that the calling thread is about to release the lock.
    #[inline]
    fn end(&self) -> Result<(), NotOwner> {
        if !self.is_owner() {
            return Err(NotOwner);
        }
        // Relaxed: see the field.
        self.owner.store(0, Relaxed);
        Ok(())
    }

    /// Records that a task is about to release the lock.
    pub(crate) fn end_of(&self, task: TaskToken) -> Result<(), NotOwner> {
        // Relaxed, twice: see the field. It is one step, because nothing keeps callers from posing as
        // the same task in two threads.
        let ended = (self.owner).compare_exchange(task.get(), 0, Relaxed, Relaxed);
        ended.map(drop).map_err(|_| NotOwner)
    }

    /// Releases a lock that has no owner any more, or not yet.
    #[inline]
    pub(crate) fn release(&self) {
        // Release: pairs with the Acquire of the thread that takes it next.
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
            // The line was left meanwhile, or is empty for the same reason as in `hand_round_slow`.
            // Release: as in `release`.
            None => self.state.store(0, Release),
        }
    }

    /// Clears QUEUED if the line is empty.
    fn settle(&self, line: &Line) {
        if line.is_empty() {
            // Relaxed: the holder of the lock does not change. The thread that takes the lock next
            // acquires what the holder releases when it releases the lock.
            self.state.fetch_and(!QUEUED, Relaxed);
        }
    }

    /// Takes the lock, or a place in the line.
    #[cold]
    fn take_or_queue(&self) -> Option<Place<'_>> {
        let here = self.line.get();
        let mut line = locked(here);
        // Acquire: as in `try_lock`.
        //
        // The thread that has the lock now will find the bit when it releases the lock, and then
        // lock the line.
        if self.state.fetch_or(LOCKED | QUEUED, Acquire) == 0 {
            self.settle(&line);
            return None;
        }
        Some(join(here, &mut line))
    }

    /// Gives up a place in the line. If the lock has been handed to it meanwhile, releases the
    /// lock.
    #[cold]
    fn leave(&self, place: &Place<'_>) {
        if self.was_left_behind(place) {
            return;
        }
        let mut line = self.line();
        let is_ours = |other: &Arc<Signal>| Arc::ptr_eq(other, &place.signal);
        if let Some(index) = line.iter().position(is_ours) {
            line.remove(index);
            return self.settle(&line);
        }
        drop(line);
        self.release();
    }

    /// Returns whether the place belongs to the parent of a fork, and so does the lock.
    fn was_left_behind(&self, place: &Place<'_>) -> bool {
        !ptr::eq(place.line, self.line.get()) && !place.signal.is_raised()
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        locked(self.line.get())
    }
}

fn locked(line: &Mutex<Line>) -> MutexGuard<'_, Line> {
    // A panic leaves the line as it was: it can only come from allocating.
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the last place in `line`, which is the locked content of `here`.
fn join<'a>(here: &'a Mutex<Line>, line: &mut Line) -> Place<'a> {
    let signal = Arc::new(Signal::new());
    line.push_back(Arc::clone(&signal));
    Place { line: here, signal }
}

/// Returns the nanoseconds since a moment that is the same in the whole process.
#[inline]
fn now() -> u64 {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    let time = FIRST.get_or_init(Instant::now).elapsed();
    // It overflows after 500 years. `as_nanos` counts in 128 bits, which takes longer.
    time.as_secs() * 1_000_000_000 + u64::from(time.subsec_nanos())
}

fn to_micros(interval: Duration) -> u64 {
    u64::try_from(interval.as_micros()).unwrap_or(NEVER)
}

/// A thread that waits for a [`RawIntervalLock`]. It has a place in the line from the first wait
/// on.
///
/// A wait can be done in several steps. Dropping the waiter gives up the place. If the lock has
/// been handed to it meanwhile, the lock goes to the next waiter.
#[derive(Debug)]
pub struct Waiter<'a> {
    lock: &'a RawIntervalLock,
    place: Option<Place<'a>>,
}

impl Waiter<'_> {
    /// Waits until the calling thread has the lock, and returns true; returns false if `deadline`
    /// passes first.
    ///
    /// A waiter that has returned true must not be used again.
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
            self.lock.begin(ThreadToken::current().get());
        }
        come
    }

    /// Does the same for a task: `waker` will be woken when it is worthwhile to poll again.
    pub(crate) fn poll(&mut self, waker: &Waker, task: TaskToken) -> Poll<()> {
        self.place.take_if(|place| self.lock.was_left_behind(place));
        if self.place.is_none() {
            self.place = self.lock.take_or_queue();
        }
        let place = self.place.as_ref();
        let come = place.map_or(Poll::Ready(()), |place| place.signal.poll(waker));
        if come.is_ready() {
            self.place = None;
            self.lock.begin(task.get());
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
