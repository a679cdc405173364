//! The flag: one word, and an event for waiting threads and tasks.

use ft_sync::{
    Case, Event, Interrupt,
    atomic::{
        AtomicUsize,
        Ordering::{Relaxed, SeqCst},
    },
    uninterruptible,
};
use std::{fmt, pin::Pin, time::Instant};

/// This bit of the word says that the flag is set. The bits above count how often a set flag was
/// cleared.
const SET: usize = 0b1;

/// A `bool` that threads and tasks share, change in atomic steps, and can wait for.
///
/// Setting it costs one atomic instruction, plus a fence and a load to see that no thread waits. If
/// different threads use neighboring flags, wrap each in `crossbeam_utils::CachePadded`.
///
/// A wait ends once the flag has been set, even if it is cleared again before the waiting thread
/// looks.
///
/// ```
/// use ft_atomic_int::AtomicFlag;
///
/// let ready = AtomicFlag::new(false);
/// std::thread::scope(|scope| {
///     scope.spawn(|| ready.store(true));
///     ready.wait();
/// });
/// assert!(ready.load());
///
/// // If many threads do this, only the first one gets false.
/// let claimed = AtomicFlag::new(false);
/// assert!(!claimed.test_and_set());
/// assert!(claimed.test_and_set());
/// ```
pub struct AtomicFlag {
    /// The lowest bit says whether the flag is set. The bits above count how often it was cleared;
    /// the count never goes down.
    word: AtomicUsize,
    /// Notified when the flag is set.
    became_set: Event,
}

/// Tells whether a flag has been set since [`AtomicFlag::watch`] made this.
#[derive(Debug)]
pub struct Watch<'a> {
    flag: &'a AtomicFlag,
    /// The word when the watch began.
    since: usize,
}

impl Watch<'_> {
    /// Returns whether the flag is set, or was set at any time since the watch began.
    #[inline]
    pub fn was_set(&self) -> bool {
        let now = self.flag.word().load(SeqCst);
        // If the flag was clear when the watch began and is clear now, but was cleared in between,
        // then it was set in between.
        is_set(now) || now != self.since
    }
}

#[inline]
fn is_set(word: usize) -> bool {
    word & SET != 0
}

/// Returns the word after a flag with the given word was set to `value`.
#[inline]
fn after(word: usize, value: bool) -> usize {
    if value {
        word | SET
    } else {
        // Clearing a set flag carries into the count. A clear flag keeps its word.
        word.wrapping_add(SET) & !SET
    }
}

impl AtomicFlag {
    /// Creates a flag with this value.
    pub fn new(value: bool) -> Self {
        Self {
            word: AtomicUsize::new(usize::from(value)),
            became_set: Event::new(),
        }
    }

    #[inline]
    fn word(&self) -> &AtomicUsize {
        &self.word
    }

    /// Reads the flag.
    #[inline]
    pub fn load(&self) -> bool {
        is_set(self.word().load(SeqCst))
    }

    /// Writes the flag. Setting it wakes all waiting threads.
    #[inline]
    pub fn store(&self, value: bool) {
        self.exchange(value);
    }

    /// Sets the flag and returns the previous value.
    #[inline]
    pub fn test_and_set(&self) -> bool {
        let before = is_set(self.word().fetch_or(SET, SeqCst));
        if !before {
            self.became_set().notify_all();
        }
        before
    }

    /// Clears the flag.
    #[inline]
    pub fn clear(&self) {
        self.exchange(false);
    }

    /// Writes the flag and returns the previous value.
    ///
    /// This is a write even if it changes nothing: a thread that reads the flag afterwards sees
    /// what this thread did before. So a signal may be given twice.
    #[inline]
    pub fn exchange(&self, value: bool) -> bool {
        if value {
            return self.test_and_set();
        }
        let cleared = |word| Some(after(word, false));
        // Relaxed: an exchange always follows, and decides.
        let before = self.word().fetch_update(SeqCst, Relaxed, cleared);
        is_set(before.unwrap_or_else(|word| word))
    }

    /// Writes `new` if the flag is `expected`, and returns the previous value.
    ///
    /// # Errors
    ///
    /// The present value, if it is another one. In that case nothing has changed.
    #[inline]
    pub fn compare_exchange(&self, expected: bool, new: bool) -> Result<bool, bool> {
        let exchanged = |word| (is_set(word) == expected).then(|| after(word, new));
        let before = self.word().fetch_update(SeqCst, SeqCst, exchanged);
        if before.is_ok() && new && !expected {
            self.became_set().notify_all();
        }
        before.map(is_set).map_err(is_set)
    }

    /// Starts to watch whether the flag is set, for callers that wait in their own way.
    #[inline]
    pub fn watch(&self) -> Watch<'_> {
        let since = self.word().load(SeqCst);
        Watch { flag: self, since }
    }

    /// Waits until the flag is set, or has been set since the call.
    pub fn wait(&self) {
        uninterruptible(|| self.wait_deadline(None));
    }

    /// Like [`wait`](Self::wait), but waits until `deadline` at most. Returns whether the flag was
    /// set.
    ///
    /// Under loom deadlines never pass.
    pub fn wait_deadline(&self, deadline: Option<Instant>) -> bool {
        let watch = self.watch();
        let attempt = || watch.was_set().then_some(());
        self.became_set().wait_until(deadline, attempt).is_some()
    }

    /// Returns the case of a [`Select`](ft_sync::Select) that waits until the flag is set, or has been
    /// set since this call.
    pub fn setting(&self) -> Case<'_, impl FnMut() -> Option<()>> {
        let watch = self.watch();
        Case::new(&self.became_set, move || watch.was_set().then_some(()))
    }

    /// Like [`wait`](Self::wait), for tasks. Threads and tasks may wait for one flag at the same
    /// time.
    ///
    /// The wait begins with the first poll. The future can be dropped at any time.
    ///
    /// ```
    /// # use ft_atomic_int::AtomicFlag;
    /// async fn serve(stop: &AtomicFlag) {
    ///     stop.wait_async().await;
    ///     // The flag has been set.
    /// }
    /// ```
    pub async fn wait_async(&self) {
        let watch = self.watch();
        let attempt = || watch.was_set().then_some(());
        self.became_set().wait_until_async(attempt).await
    }

    /// Returns the event that is notified whenever a clear flag is set.
    pub fn became_set(&self) -> &Event {
        &self.became_set
    }
}

/// While the flag is set, it ends waits. See [`interruptible`](ft_sync::interruptible).
impl Interrupt for AtomicFlag {
    fn is_raised(&self) -> bool {
        self.load()
    }

    fn raised(&self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(self.became_set().listen())
    }
}

impl Default for AtomicFlag {
    /// Returns a clear flag.
    fn default() -> Self {
        Self::new(false)
    }
}

impl From<bool> for AtomicFlag {
    fn from(value: bool) -> Self {
        Self::new(value)
    }
}

impl fmt::Debug for AtomicFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AtomicFlag").field(&self.load()).finish()
    }
}
