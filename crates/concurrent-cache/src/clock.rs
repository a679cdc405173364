//! The clock by which entries expire.

use ft_sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

/// A clock that never goes back.
///
/// The cache reads it only if an entry may expire, or if the time of computations is counted. It may
/// read it while it holds a lock, so the clock must not use the cache.
pub trait Clock {
    /// Returns the time that has passed since any fixed moment.
    fn now(&self) -> Duration;
}

/// The clock of the system, which is [`Instant`].
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    #[inline]
    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that moves only when it is told to. Its clones show the same time.
///
/// ```
/// use ft_concurrent_cache::{ConcurrentCache, ManualClock};
/// use std::time::Duration;
///
/// let clock = ManualClock::default();
/// let cache = ConcurrentCache::builder()
///     .max_entries(100)
///     .time_to_live(Duration::from_secs(60))
///     .clock(clock.clone())
///     .build();
/// cache.insert("answer", 42);
/// clock.advance(Duration::from_secs(59));
/// assert_eq!(cache.get("answer"), Some(42));
/// clock.advance(Duration::from_secs(1));
/// assert_eq!(cache.get("answer"), None);
/// ```
#[derive(Clone, Default)]
pub struct ManualClock {
    // std's, on purpose: it is shared by test and cache, not by the cache's threads.
    nanos: Arc<AtomicU64>,
}

impl ManualClock {
    /// Moves the clock forward. It stops after 584 years.
    pub fn advance(&self, time: Duration) {
        let advanced = |now: u64| Some(now.saturating_add(nanos(time)));
        // Relaxed, here and below: a time publishes nothing.
        let _ = self.nanos.fetch_update(Relaxed, Relaxed, advanced);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Relaxed))
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ManualClock").field(&self.now()).finish()
    }
}

/// Returns a time in nanoseconds. What is beyond 584 years is for ever.
pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
