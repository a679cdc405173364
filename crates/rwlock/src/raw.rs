//! The lock itself: a word, and a line for those who wait.

use ft_sync::{
    Arc, Mutex, MutexGuard, PerProcess, Signal,
    atomic::{
        AtomicUsize,
        Ordering::{Acquire, Relaxed, Release},
    },
};
use std::{collections::VecDeque, mem, ptr, sync::PoisonError, time::Instant};

/// Somebody is in the line. Set and cleared with the line locked.
const QUEUED: usize = 0b01;
/// A writer has the lock.
const WRITER: usize = 0b10;
/// The rest counts the readers that have it.
const ONE_READER: usize = 0b100;

/// A phase-fair readers-writer lock without a value, which does not know who holds it.
///
/// See the [crate docs](crate) for who goes first.
#[derive(Debug)]
pub struct RawRwLock {
    /// Besides the bits above: never readers together with a writer. While somebody is in the line,
    /// readers may leave and nest; everything else is done with the line locked.
    state: AtomicUsize,
    line: PerProcess<Mutex<Line>>,
}

#[derive(Debug, Default)]
struct Line {
    readers: Vec<Arc<Signal>>,
    writers: VecDeque<Arc<Signal>>,
}

#[derive(Debug)]
struct Place<'a> {
    /// That of the process which took the place.
    line: &'a Mutex<Line>,
    signal: Arc<Signal>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Write,
}

impl Kind {
    /// What keeps one from just taking the lock.
    #[inline]
    fn blocking(self) -> usize {
        match self {
            Self::Read => WRITER | QUEUED,
            Self::Write => usize::MAX,
        }
    }
}

impl Line {
    fn is_empty(&self) -> bool {
        self.readers.is_empty() && self.writers.is_empty()
    }

    /// Whether one more may go ahead of those in the line.
    fn admits(&self, kind: Kind, state: usize) -> bool {
        match kind {
            Kind::Read => state & WRITER == 0 && self.writers.is_empty(),
            Kind::Write => state & !QUEUED == 0 && self.is_empty(),
        }
    }

    fn push(&mut self, kind: Kind) -> Arc<Signal> {
        let signal = Arc::new(Signal::new());
        let theirs = Arc::clone(&signal);
        match kind {
            Kind::Read => self.readers.push(theirs),
            Kind::Write => self.writers.push_back(theirs),
        }
        signal
    }

    /// Takes a place back; false if its turn has come already.
    fn remove(&mut self, kind: Kind, signal: &Arc<Signal>) -> bool {
        let is_it = |other: &Arc<Signal>| Arc::ptr_eq(other, signal);
        match kind {
            Kind::Read => {
                let place = self.readers.iter().position(is_it);
                place.map(|place| self.readers.remove(place)).is_some()
            }
            Kind::Write => {
                let place = self.writers.iter().position(is_it);
                place.and_then(|place| self.writers.remove(place)).is_some()
            }
        }
    }
}

/// What has the lock when one more has taken it.
fn taken(kind: Kind, state: usize) -> usize {
    match kind {
        // As many as threads can have calls on their stacks, or the program forgets its guards.
        Kind::Read => state.checked_add(ONE_READER).expect("too many readers"),
        Kind::Write => state | WRITER,
    }
}

impl Default for RawRwLock {
    fn default() -> Self {
        Self {
            state: AtomicUsize::new(0),
            line: PerProcess::new(),
        }
    }
}

impl RawRwLock {
    /// For statics, which loom has not.
    #[cfg(not(any(ft_loom, ft_shuttle)))]
    pub(crate) const fn unlocked() -> Self {
        Self {
            state: AtomicUsize::new(0),
            line: PerProcess::new(),
        }
    }

    /// Creates an unlocked lock.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the lock for reading if nobody writes or waits for it.
    #[inline]
    pub fn try_read(&self) -> bool {
        self.try_take(Kind::Read)
    }

    /// Takes the lock for writing if nobody has it.
    #[inline]
    pub fn try_write(&self) -> bool {
        self.try_take(Kind::Write)
    }

    #[inline]
    pub(crate) fn try_take(&self, kind: Kind) -> bool {
        let mut state = match kind {
            // Relaxed: the exchange below is what counts.
            Kind::Read => self.state.load(Relaxed),
            // The one state that lets a writer in. A look would fetch the word for reading, and the
            // exchange then once more for writing.
            Kind::Write => 0,
        };
        while state & kind.blocking() == 0 {
            // Acquire: pairs with the Releases of those who had the lock before.
            // Relaxed: on failure we look again.
            match (self.state).compare_exchange_weak(state, taken(kind, state), Acquire, Relaxed) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        state == QUEUED && self.try_take_slow(kind)
    }

    /// As `try_take`, for one who tries again and again: those who have the lock want the word too.
    fn look_and_take(&self, kind: Kind) -> bool {
        // Relaxed: the exchange is what counts.
        let state = self.state.load(Relaxed);
        (state & kind.blocking() == 0 || state == QUEUED) && self.try_take(kind)
    }

    /// Nobody has the lock, but somebody is in the line: either the last holder is about to call
    /// them, or they stayed behind when the process forked.
    #[cold]
    fn try_take_slow(&self, kind: Kind) -> bool {
        let line = self.line();
        self.take_or(&line, kind, |state| state)
    }

    /// Takes the lock for reading if a reader has it, though writers wait, or if nobody has it or
    /// waits for it.
    ///
    /// This succeeds for a thread that has the lock for reading already; that is what it is for.
    pub fn try_read_recursive(&self) -> bool {
        // Relaxed: the exchange below is what counts.
        let mut state = self.state.load(Relaxed);
        while state & WRITER == 0 && state >= ONE_READER {
            let taken = taken(Kind::Read, state);
            // Acquire, Relaxed: as in `try_take`.
            match (self.state).compare_exchange_weak(state, taken, Acquire, Relaxed) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        self.try_read()
    }

    /// Takes the lock for reading, waiting for it until `deadline`; false if that passes.
    #[inline]
    pub fn read_deadline(&self, deadline: Option<Instant>) -> bool {
        self.try_read() || self.wait_slow(Kind::Read, deadline)
    }

    /// Takes the lock for writing, waiting for it until `deadline`; false if that passes.
    #[inline]
    pub fn write_deadline(&self, deadline: Option<Instant>) -> bool {
        self.try_write() || self.wait_slow(Kind::Write, deadline)
    }

    #[cold]
    fn wait_slow(&self, kind: Kind, deadline: Option<Instant>) -> bool {
        self.waiter(kind).wait_deadline(deadline)
    }

    pub(crate) fn waiter(&self, kind: Kind) -> RawWaiter<'_> {
        RawWaiter {
            lock: self,
            kind,
            place: None,
        }
    }

    /// Gives up one reading.
    ///
    /// # Safety
    ///
    /// There must be one, which nobody else gives up.
    #[inline]
    pub unsafe fn unlock_read(&self) {
        // Release: pairs with the Acquire of the writer that comes next, or of `call_next`, which
        // hands over to it. Other readers leave by read-modify-writes too, which are one release
        // sequence with this one.
        let before = self.state.fetch_sub(ONE_READER, Release);
        if before == ONE_READER | QUEUED {
            self.end_reading();
        }
    }

    #[cold]
    fn end_reading(&self) {
        let mut line = self.line();
        // Perhaps somebody else has done it, and the lock is in other hands by now.
        self.call_next(&mut line, Kind::Write).raise(line);
    }

    /// Gives up the writing.
    ///
    /// # Safety
    ///
    /// There must be one, which nobody else gives up.
    #[inline]
    pub unsafe fn unlock_write(&self) {
        // Release: pairs with the Acquire of whoever takes the lock next.
        // Relaxed: on failure nothing has happened.
        if (self.state.compare_exchange(WRITER, 0, Release, Relaxed)).is_err() {
            self.end_writing(0);
        }
    }

    /// Turns the writing into a reading: no other writer comes in between, and the readers that
    /// wait come in as well.
    ///
    /// # Safety
    ///
    /// As for [`unlock_write`](Self::unlock_write).
    pub unsafe fn downgrade(&self) {
        // As in `unlock_write`.
        if (self
            .state
            .compare_exchange(WRITER, ONE_READER, Release, Relaxed))
        .is_err()
        {
            self.end_writing(ONE_READER);
        }
    }

    #[cold]
    fn end_writing(&self, instead: usize) {
        let mut line = self.line();
        // Release: pairs with the Acquire of readers that come by themselves. From here to the end
        // of `call_next` the lock may be free, but nobody can take it who has not locked the line.
        self.state.fetch_add(instead.wrapping_sub(WRITER), Release);
        self.call_next(&mut line, Kind::Read).raise(line);
    }

    /// Hands the lock to those in the line whose turn it is, if it is anybody's: `first` says who
    /// goes first if both could.
    fn call_next(&self, line: &mut Line, first: Kind) -> Called {
        // Acquire: pairs with the Releases of those who had the lock; the signal passes it on.
        let state = self.state.load(Acquire);
        let mut called = Called::default();
        let mut change = 0;
        if state & WRITER == 0 {
            if first == Kind::Read || line.writers.is_empty() {
                called.readers = mem::take(&mut line.readers);
                change = called.readers.len() * ONE_READER;
            }
            // Nobody comes in meanwhile: the line is locked, QUEUED is set, and without a reader
            // there is none to nest.
            if state < ONE_READER && called.readers.is_empty() {
                called.writer = line.writers.pop_front();
                change = if called.writer.is_some() { WRITER } else { 0 };
            }
        }
        if state & QUEUED != 0 && line.is_empty() {
            change = change.wrapping_sub(QUEUED);
        }
        // Relaxed: those called are told by their signals; those who come by themselves find here
        // the release sequences of those who left.
        self.state.fetch_add(change, Relaxed);
        called
    }

    /// Takes the lock, if those in the line do not come first; else changes the state to what
    /// `otherwise` says.
    fn take_or(&self, line: &Line, kind: Kind, otherwise: impl Fn(usize) -> usize) -> bool {
        // Relaxed: the exchange below is what counts.
        let mut state = self.state.load(Relaxed);
        loop {
            let admitted = line.admits(kind, state);
            let next = if admitted {
                // After a fork it may be set though the line is empty.
                let queued = if line.is_empty() { 0 } else { QUEUED };
                taken(kind, state & !QUEUED) | queued
            } else {
                otherwise(state)
            };
            // Acquire, Relaxed: as in `try_take`.
            match (self.state).compare_exchange_weak(state, next, Acquire, Relaxed) {
                Ok(_) => return admitted,
                Err(now) => state = now,
            }
        }
    }

    /// Takes the lock, or a place in the line.
    #[cold]
    fn take_or_queue(&self, kind: Kind) -> Option<Place<'_>> {
        let here = self.line.get();
        let mut line = locked(here);
        // Whoever has the lock now will find the bit when they leave, and then wait for the line.
        let taken = self.take_or(&line, kind, |state| state | QUEUED);
        (!taken).then(|| Place {
            line: here,
            signal: line.push(kind),
        })
    }

    /// Gives up a place in the line, and what came to it meanwhile.
    #[cold]
    fn leave(&self, kind: Kind, place: &Place<'_>) {
        let here = self.line.get();
        if !ptr::eq(place.line, here) && !place.signal.is_raised() {
            // It stayed behind when the process forked, and the lock with whoever had it.
            return;
        }
        let mut line = locked(here);
        if line.remove(kind, &place.signal) {
            // Those who waited for us alone need not any more.
            return self.call_next(&mut line, Kind::Write).raise(line);
        }
        drop(line);
        // SAFETY: we are no longer in the line of this process, or were told in another one, so we
        // were called, and nobody else knows.
        unsafe { self.unlock(kind) }
    }

    /// # Safety
    ///
    /// As for `unlock_read` or `unlock_write`.
    unsafe fn unlock(&self, kind: Kind) {
        match kind {
            // SAFETY: promised by the caller.
            Kind::Read => unsafe { self.unlock_read() },
            // SAFETY: promised by the caller.
            Kind::Write => unsafe { self.unlock_write() },
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        locked(self.line.get())
    }

    /// Returns how many have the lock for reading.
    pub fn readers(&self) -> usize {
        // Relaxed: a snapshot, which decides nothing.
        self.state.load(Relaxed) / ONE_READER
    }

    /// Returns how many wait for reading.
    pub fn readers_waiting(&self) -> usize {
        if self.has_line() {
            self.line().readers.len()
        } else {
            0
        }
    }

    /// Returns how many wait for writing.
    pub fn writers_waiting(&self) -> usize {
        if self.has_line() {
            self.line().writers.len()
        } else {
            0
        }
    }

    fn has_line(&self) -> bool {
        // Relaxed: as in `readers`.
        self.state.load(Relaxed) & QUEUED != 0
    }

    /// Tells whether somebody has the lock for writing.
    pub fn is_write_locked(&self) -> bool {
        // Relaxed: as in `readers`.
        self.state.load(Relaxed) & WRITER != 0
    }
}

fn locked(line: &Mutex<Line>) -> MutexGuard<'_, Line> {
    // A panic leaves it as it was: it can only come from allocating or counting.
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Those who were given the lock, and do not know it yet.
#[derive(Default)]
#[must_use]
struct Called {
    readers: Vec<Arc<Signal>>,
    writer: Option<Arc<Signal>>,
}

impl Called {
    /// Tells them, after unlocking the line, which they may want to lock.
    fn raise(self, line: MutexGuard<'_, Line>) {
        drop(line);
        self.writer.iter().for_each(|signal| signal.raise());
        self.readers.iter().for_each(|signal| signal.raise());
    }
}

/// Somebody who waits for the lock, in line from the first wait on.
///
/// Dropping it gives up the place; if the turn has come meanwhile, it goes to the next.
#[derive(Debug)]
pub(crate) struct RawWaiter<'a> {
    lock: &'a RawRwLock,
    kind: Kind,
    place: Option<Place<'a>>,
}

impl RawWaiter<'_> {
    /// Waits until the lock is taken, for the caller to unlock; false if `deadline` comes first.
    pub(crate) fn wait_deadline(&mut self, deadline: Option<Instant>) -> bool {
        if self.place.is_none() {
            if ft_sync::spin(|| self.lock.look_and_take(self.kind).then_some(())).is_some() {
                return true;
            }
            self.place = self.lock.take_or_queue(self.kind);
        }
        let come = (self.place.as_ref()).is_none_or(|place| place.signal.wait_deadline(deadline));
        if come {
            self.place = None;
        }
        come
    }
}

impl Drop for RawWaiter<'_> {
    fn drop(&mut self) {
        if let Some(place) = &self.place {
            self.lock.leave(self.kind, place);
        }
    }
}

#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod tests {
    use super::*;

    const KINDS: [Kind; 2] = [Kind::Read, Kind::Write];

    /// A lock that was given up and has a line, whose first is not called yet; or whose line stayed
    /// behind in a fork.
    fn given_up(line: &[Kind]) -> RawRwLock {
        let lock = RawRwLock::new();
        lock.state.store(QUEUED, Relaxed);
        for &kind in line {
            lock.line().push(kind);
        }
        lock
    }

    #[test]
    fn line_of_nobody() {
        let takes = [
            RawRwLock::try_take,
            RawRwLock::look_and_take,
            |lock: &RawRwLock, kind| lock.take_or_queue(kind).is_none(),
        ];
        for kind in KINDS {
            for take in takes {
                let lock = given_up(&[]);
                assert!(take(&lock, kind));
                let reads = kind == Kind::Read;
                assert_eq!(lock.readers(), usize::from(reads));
                assert_eq!(lock.is_write_locked(), !reads);
                // As if there had been no line.
                assert_eq!(take(&lock, Kind::Read), reads);
            }
        }
    }

    #[test]
    fn nobody_overtakes_a_writer() {
        let lock = given_up(&[Kind::Write]);
        for kind in KINDS {
            assert!(!lock.try_take(kind));
            assert!(!lock.look_and_take(kind));
        }
        assert!(!lock.try_read_recursive());
        assert_eq!((lock.readers(), lock.is_write_locked()), (0, false));
        assert_eq!(lock.writers_waiting(), 1);
    }

    #[test]
    fn readers_join_readers() {
        let lock = given_up(&[Kind::Read]);
        assert!(!lock.try_write());
        assert!(lock.try_read());
        assert_eq!((lock.readers(), lock.readers_waiting()), (1, 1));
    }

    /// Of two who leave and find the line, one comes second.
    #[test]
    fn line_that_is_done_with() {
        for lock in [given_up(&[]), RawRwLock::new()] {
            lock.end_reading();
            assert_eq!(lock.state.load(Relaxed), 0);
        }
    }

    #[test]
    fn looking_takes() {
        for kind in KINDS {
            let lock = RawRwLock::new();
            assert!(lock.look_and_take(kind));
            assert_eq!(lock.readers() > 0, kind == Kind::Read);
            assert_eq!(lock.is_write_locked(), kind == Kind::Write);
            assert!(!lock.look_and_take(Kind::Write));
        }
    }
}
