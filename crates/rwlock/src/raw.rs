//! The lock itself: a word, and a line of waiting threads.

use ft_sync::{
    Arc, Mutex, MutexGuard, PerProcess, Signal,
    atomic::{
        AtomicUsize,
        Ordering::{Acquire, Relaxed, Release},
    },
};
use std::{collections::VecDeque, mem, ptr, sync::PoisonError, time::Instant};

/// The line is not empty. Set and cleared with the line locked.
const QUEUED: usize = 0b01;
/// A writer has the lock.
const WRITER: usize = 0b10;
/// The bits above count the readers that have the lock.
const ONE_READER: usize = 0b100;

/// A phase-fair readers-writer lock without a value, which does not know the threads that hold it.
///
/// The [crate docs](crate) say who goes first.
#[derive(Debug)]
pub struct RawRwLock {
    /// Consists of the bits above. There are never readers together with a writer. While the line
    /// is not empty, readers may leave, and may read again; every other change requires locking the
    /// line.
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
    /// The line of the process in which the place was taken.
    line: &'a Mutex<Line>,
    signal: Arc<Signal>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Write,
}

impl Kind {
    /// Returns the bits of the state that keep a thread from simply taking the lock.
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

    /// Returns whether a new thread may go ahead of those in the line.
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

    /// Gives up a place. Returns false if its turn has come already.
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

/// Returns the state after one more thread has taken the lock.
fn taken(kind: Kind, state: usize) -> usize {
    match kind {
        // It overflows only if threads have that many calls on their stacks, or if the program
        // forgets its guards.
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
    /// For statics. Loom has no constant constructor.
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

    /// Takes the lock for reading if no writer has it or waits for it. Returns whether it did.
    #[inline]
    pub fn try_read(&self) -> bool {
        self.try_take(Kind::Read)
    }

    /// Takes the lock for writing if nobody has it. Returns whether it did.
    #[inline]
    pub fn try_write(&self) -> bool {
        self.try_take(Kind::Write)
    }

    #[inline]
    pub(crate) fn try_take(&self, kind: Kind) -> bool {
        let mut state = match kind {
            // Relaxed: the exchange below decides.
            Kind::Read => self.state.load(Relaxed),
            // The only state that lets a writer in. A load would fetch the cache line for reading,
            // and the exchange would then fetch it again for writing.
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

    /// Like `try_take`, for a thread that tries repeatedly: it first looks, because the threads
    /// that have the lock need the word, too.
    fn look_and_take(&self, kind: Kind) -> bool {
        // Relaxed: the exchange decides.
        let state = self.state.load(Relaxed);
        (state & kind.blocking() == 0 || state == QUEUED) && self.try_take(kind)
    }

    /// Called when nobody has the lock, but the line was not empty. Either the last holder is about
    /// to call the threads in the line, or they exist only in the parent of a fork.
    #[cold]
    fn try_take_slow(&self, kind: Kind) -> bool {
        let line = self.line();
        self.take_or(&line, kind, |state| state)
    }

    /// Takes the lock for reading if a reader has it, even if writers wait, or if nobody has it or
    /// waits for it. Returns whether it did.
    ///
    /// This is for threads that already have the lock for reading: for them it succeeds.
    pub fn try_read_recursive(&self) -> bool {
        // Relaxed: the exchange below decides.
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

    /// Takes the lock for reading, and waits for it until `deadline`. Returns false if that passes
    /// first.
    #[inline]
    pub fn read_deadline(&self, deadline: Option<Instant>) -> bool {
        self.try_read() || self.wait_slow(Kind::Read, deadline)
    }

    /// Takes the lock for writing, and waits for it until `deadline`. Returns false if that passes
    /// first.
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

    /// Releases one reading.
    ///
    /// # Safety
    ///
    /// There must be a reading that nobody else releases.
    #[inline]
    pub unsafe fn unlock_read(&self) {
        // Release: pairs with the Acquire of the next writer, or with that of `call_next`, which
        // hands the lock to it. Other readers also leave by read-modify-writes, which form one
        // release sequence with this one.
        let before = self.state.fetch_sub(ONE_READER, Release);
        if before == ONE_READER | QUEUED {
            self.end_reading();
        }
    }

    #[cold]
    fn end_reading(&self) {
        let mut line = self.line();
        // Another thread may have done this already, and the lock may have other holders by now.
        self.call_next(&mut line, Kind::Write).raise(line);
    }

    /// Releases the writing.
    ///
    /// # Safety
    ///
    /// There must be a writing that nobody else releases.
    #[inline]
    pub unsafe fn unlock_write(&self) {
        // Release: pairs with the Acquire of the thread that takes the lock next.
        // Relaxed: on failure nothing has happened.
        if (self.state.compare_exchange(WRITER, 0, Release, Relaxed)).is_err() {
            self.end_writing(0);
        }
    }

    /// Turns the writing into a reading. No other writer gets in between, and waiting readers get
    /// in, too.
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
        // Release: pairs with the Acquire of readers that take the lock without waiting. From here
        // to the end of `call_next` the lock may be free, but only a thread that has locked the
        // line can take it.
        self.state.fetch_add(instead.wrapping_sub(WRITER), Release);
        self.call_next(&mut line, Kind::Read).raise(line);
    }

    /// Hands the lock to the threads in the line whose turn it is, if any. `first` says whether
    /// readers or writers go first if both could.
    fn call_next(&self, line: &mut Line, first: Kind) -> Called {
        // Acquire: pairs with the Releases of those who had the lock. The signals pass it on.
        let state = self.state.load(Acquire);
        let mut called = Called::default();
        let mut change = 0;
        if state & WRITER == 0 {
            if first == Kind::Read || line.writers.is_empty() {
                called.readers = mem::take(&mut line.readers);
                change = called.readers.len() * ONE_READER;
            }
            // No other thread gets in meanwhile: the line is locked and QUEUED is set, and since
            // there is no reader, none can read again.
            if state < ONE_READER && called.readers.is_empty() {
                called.writer = line.writers.pop_front();
                change = if called.writer.is_some() { WRITER } else { 0 };
            }
        }
        if state & QUEUED != 0 && line.is_empty() {
            change = change.wrapping_sub(QUEUED);
        }
        // Relaxed: the called threads are synchronized by their signals. Threads that take the lock
        // without waiting find the release sequences of those who left in this word.
        self.state.fetch_add(change, Relaxed);
        called
    }

    /// Takes the lock if the threads in the line do not come first, and returns whether it did. If
    /// not, changes the state to `otherwise` of it.
    fn take_or(&self, line: &Line, kind: Kind, otherwise: impl Fn(usize) -> usize) -> bool {
        // Relaxed: the exchange below decides.
        let mut state = self.state.load(Relaxed);
        loop {
            let admitted = line.admits(kind, state);
            let next = if admitted {
                // After a fork, QUEUED may be set although the line is empty.
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
        // The threads that have the lock now will find the bit when they release it, and then lock
        // the line.
        let taken = self.take_or(&line, kind, |state| state | QUEUED);
        (!taken).then(|| Place {
            line: here,
            signal: line.push(kind),
        })
    }

    /// Gives up a place in the line. If the lock has been handed to it meanwhile, releases the
    /// lock.
    #[cold]
    fn leave(&self, kind: Kind, place: &Place<'_>) {
        let here = self.line.get();
        if !ptr::eq(place.line, here) && !place.signal.is_raised() {
            // The place belongs to the parent of a fork, and so does the lock.
            return;
        }
        let mut line = locked(here);
        if line.remove(kind, &place.signal) {
            // Threads that were only waiting because of us can go on.
            return self.call_next(&mut line, Kind::Write).raise(line);
        }
        drop(line);
        // SAFETY: we are no longer in the line of this process, or our signal was raised in another
        // process. So the lock was handed to us, and nobody else will release it.
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

    /// Returns the number of readings.
    pub fn readers(&self) -> usize {
        // Relaxed: a snapshot that decides nothing.
        self.state.load(Relaxed) / ONE_READER
    }

    /// Returns the number of threads that wait for reading.
    pub fn readers_waiting(&self) -> usize {
        if self.has_line() {
            self.line().readers.len()
        } else {
            0
        }
    }

    /// Returns the number of threads that wait for writing.
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

    /// Returns whether a thread has the lock for writing.
    pub fn is_write_locked(&self) -> bool {
        // Relaxed: as in `readers`.
        self.state.load(Relaxed) & WRITER != 0
    }
}

fn locked(line: &Mutex<Line>) -> MutexGuard<'_, Line> {
    // A panic leaves the line as it was: it can only come from allocating or counting.
    line.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Threads that were given the lock, and that must be told.
#[derive(Default)]
#[must_use]
struct Called {
    readers: Vec<Arc<Signal>>,
    writer: Option<Arc<Signal>>,
}

impl Called {
    /// Raises their signals, after unlocking the line, which they may want to lock.
    fn raise(self, line: MutexGuard<'_, Line>) {
        drop(line);
        self.writer.iter().for_each(|signal| signal.raise());
        self.readers.iter().for_each(|signal| signal.raise());
    }
}

/// A waiter for the lock. It has a place in the line from the first wait on.
///
/// Dropping it gives up the place. If the lock has been handed to it meanwhile, the lock goes to
/// the next waiter.
#[derive(Debug)]
pub(crate) struct RawWaiter<'a> {
    lock: &'a RawRwLock,
    kind: Kind,
    place: Option<Place<'a>>,
}

impl RawWaiter<'_> {
    /// Waits until the lock is taken, and returns true; the caller must release it. Returns false
    /// if `deadline` passes first.
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

    /// A lock that was released and has a line whose first thread is not called yet, or whose line
    /// was left behind in a fork.
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

    /// Two threads release the lock and find the line. The second one finds that nothing is left to
    /// do.
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
