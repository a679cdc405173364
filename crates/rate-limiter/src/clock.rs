//! The time that a limiter goes by.

use ft_sync::{
    Arc, Event,
    atomic::{AtomicU64, Ordering::Relaxed},
};
use std::time::{Duration, Instant};

/// A clock that stands still until it is advanced, for tests of programs that wait.
///
/// ```
/// use ft_rate_limiter::{ManualClock, RateLimiter};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let limiter = RateLimiter::with_clock(2.0, 1, &clock).unwrap();
/// assert_eq!(limiter.try_acquire(1), Ok(true));
/// assert_eq!(limiter.try_acquire(1), Ok(false));
/// clock.advance(Duration::from_millis(500));
/// assert_eq!(limiter.try_acquire(1), Ok(true));
/// ```
#[derive(Clone, Debug, Default)]
pub struct ManualClock(Arc<Manual>);

#[derive(Debug, Default)]
struct Manual {
    /// In nanoseconds. It never goes down.
    now: AtomicU64,
    /// Notified each time the clock is advanced.
    advanced: Event,
}

impl ManualClock {
    /// The largest time that a clock shows: more than two hundred years.
    pub const MAX: Duration = Duration::from_nanos(MAX_NOW);

    /// Creates a clock. It starts at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Advances the clock, and wakes all that wait for it.
    ///
    /// # Panics
    ///
    /// If the clock would show more than [`MAX`](Self::MAX).
    pub fn advance(&self, by: Duration) {
        let advanced = self.try_advance(by);
        advanced.expect("a clock goes on for at most two hundred years");
    }

    /// Advances the clock, and wakes all that wait for it. Returns `None`, and does nothing, if the
    /// clock would show more than [`MAX`](Self::MAX).
    pub fn try_advance(&self, by: Duration) -> Option<()> {
        let by = u64::try_from(by.as_nanos()).ok()?;
        let advanced = |now: u64| now.checked_add(by).filter(|&now| now <= MAX_NOW);
        // Relaxed, here and below: the time protects no data. The fences of the event order it and
        // the sleep of a waiter.
        let advanced = self.0.now.fetch_update(Relaxed, Relaxed, advanced);
        advanced.ok()?;
        self.0.advanced.notify_all();
        Some(())
    }

    /// Returns the time since the clock was created.
    pub fn now(&self) -> Duration {
        Duration::from_nanos(self.nanos())
    }

    fn nanos(&self) -> u64 {
        self.0.now.load(Relaxed)
    }
}

/// The largest time, in nanoseconds: more than two hundred years. So the sum of a time and
/// two of the longest bursts fits into 64 bits.
const MAX_NOW: u64 = 1 << 63;

/// The clock of a limiter.
#[derive(Debug)]
pub(crate) enum Clock {
    /// The system's monotonic clock, since this instant.
    System(Instant),
    Manual(ManualClock),
}

impl Clock {
    /// Returns the time in nanoseconds.
    #[inline]
    pub(crate) fn now(&self) -> u64 {
        match self {
            // It fits for centuries.
            Self::System(start) => start.elapsed().as_nanos() as u64,
            Self::Manual(clock) => clock.nanos(),
        }
    }

    /// Waits until this time, or until the deadline.
    pub(crate) fn sleep(&self, until: u64, deadline: Option<Instant>) {
        match self {
            Self::System(start) => {
                let wakes = start.checked_add(Duration::from_nanos(until));
                let wakes = wakes.into_iter().chain(deadline).min();
                // Nobody raises it. This wait looks at the clock a few times before it sleeps.
                ft_sync::Signal::new().wait_deadline(wakes);
            }
            Self::Manual(clock) => {
                let attempt = || (clock.nanos() >= until).then_some(());
                clock.0.advanced.wait_until(deadline, attempt);
            }
        }
    }

    /// Waits, as a task, until this time. `sleep` waits for the system's clock.
    pub(crate) async fn sleep_async<S: Future<Output = ()>>(
        &self,
        until: u64,
        sleep: impl FnOnce(Instant) -> S,
    ) {
        match self {
            Self::System(start) => {
                if let Some(until) = start.checked_add(Duration::from_nanos(until)) {
                    sleep(until).await;
                }
            }
            Self::Manual(clock) => {
                let attempt = || (clock.nanos() >= until).then_some(());
                clock.0.advanced.wait_until_async(attempt).await;
            }
        }
    }
}
