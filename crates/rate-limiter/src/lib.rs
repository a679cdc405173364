//! A fair and exact rate limiter for threads and tasks.
//!
//! A [`RateLimiter`] hands out permits at a steady rate, and a burst of them after a pause:
//!
//! ```
//! use ft_rate_limiter::{ManualClock, RateLimiter};
//! use std::time::Duration;
//!
//! // Ten permits a second, and up to three at once.
//! let clock = ManualClock::new();
//! let limiter = RateLimiter::with_clock(10.0, 3, &clock).unwrap();
//! assert_eq!(limiter.try_acquire(2), Ok(true));
//! assert_eq!(limiter.try_acquire(2), Ok(false));
//! clock.advance(Duration::from_millis(100));
//! assert_eq!(limiter.try_acquire(2), Ok(true));
//! ```
//!
//! Usually it goes by the system's monotonic clock. [`acquire`](RateLimiter::acquire) waits for
//! permits, and [`acquire_async`](RateLimiter::acquire_async) does so in a task.
//!
//! # How it works
//!
//! This is the generic cell rate algorithm (ITU-T I.371), which counts nothing. One word contains a
//! time: when the burst will be full again if nobody takes a permit. A permit moves that time ahead by
//! the interval between two permits, and is granted if the time is then no further ahead than the
//! length of a burst. So taking permits without waiting is one compare-exchange.
//!
//! Those that wait form a line. Only the first of them waits for the clock, and then takes its
//! permits. While there is a line, whoever comes later is refused or joins it.
//!
//! # Costs and progress
//!
//! Taking permits without waiting reads the clock, is lock-free and takes constant time. Entering
//! and leaving the line takes constant time under a mutex that is held for a few instructions. One
//! waiter at a time sleeps by the clock, and the others until it is their turn.
//!
//! # Orderings
//!
//! A limiter protects no data: it orders the grants, all of which change one word, and nothing else.
//! So all accesses to the word are relaxed.

#![forbid(unsafe_code)]

mod clock;
mod error;
mod turns;

pub use clock::ManualClock;
pub use error::{MoreThanBurst, RateError};

use clock::Clock;
use ft_sync::{
    atomic::{AtomicU64, Ordering::Relaxed},
    deadline_after, is_interrupted, uninterruptible,
};
use std::{
    fmt,
    time::{Duration, Instant},
};
use turns::{Queued, Turn, Turns};

/// The longest time that a burst can take, in nanoseconds: more than a hundred years.
const MAX_SPAN: u64 = 1 << 62;

/// Hands out permits, never more than a burst and what the rate allows.
///
/// In any period of `t` seconds it grants at most `burst + t * rate` permits, to all threads and
/// tasks together. A grant counts at the time at which the limiter looked at its clock, which is
/// during the call.
///
/// The interval between two permits is a whole number of nanoseconds, rounded up. So the actual rate
/// is lower than `rate` if that does not divide 10^9: by less than a thousandth up to a million
/// permits a second, by up to half near 10^9. It never exceeds 10^9 permits a second.
///
/// Waiters are served first come, first served, over all threads and tasks, however many permits
/// they ask for. A waiter that gives up leaves no trace: the next in line takes its place. While
/// anyone waits, [`try_acquire`](Self::try_acquire) gets nothing.
///
/// The child of a fork can use the limiter if no other thread of the parent was inside one of its
/// methods. It forgets the waiters of the parent. From the fork on, each process has a limiter of its
/// own.
pub struct RateLimiter {
    /// The time at which the burst will be full again, in nanoseconds of the clock. It never goes
    /// back.
    full_at: AtomicU64,
    /// The nanoseconds between two permits, at least 1.
    interval: u64,
    burst: u32,
    clock: Clock,
    turns: Turns,
}

impl RateLimiter {
    /// Creates a limiter that grants `rate` permits a second, and up to `burst` at once. The burst is
    /// full at first.
    ///
    /// # Errors
    ///
    /// [`RateError`].
    pub fn new(rate: f64, burst: u32) -> Result<Self, RateError> {
        Self::with(rate, burst, Clock::System(Instant::now()))
    }

    /// Creates a limiter that goes by this clock.
    ///
    /// # Errors
    ///
    /// [`RateError`].
    pub fn with_clock(rate: f64, burst: u32, clock: &ManualClock) -> Result<Self, RateError> {
        Self::with(rate, burst, Clock::Manual(clock.clone()))
    }

    fn with(rate: f64, burst: u32, clock: Clock) -> Result<Self, RateError> {
        if !(rate > 0.0 && rate.is_finite()) {
            return Err(RateError::Rate);
        }
        if burst == 0 {
            return Err(RateError::Burst);
        }
        let interval = (1e9 / rate).ceil();
        if interval * f64::from(burst) > MAX_SPAN as f64 {
            return Err(RateError::TooSlow);
        }
        Ok(Self {
            full_at: AtomicU64::new(0),
            // It is at least 1, also where the division has underflowed.
            interval: (interval as u64).max(1),
            burst,
            clock,
            turns: Turns::new(),
        })
    }

    /// Takes `n` permits, if they are there and nobody waits. Returns whether it took them.
    ///
    /// # Errors
    ///
    /// [`MoreThanBurst`].
    #[inline]
    pub fn try_acquire(&self, n: u32) -> Result<bool, MoreThanBurst> {
        let span = self.span(n)?;
        if self.turns.may_be_taken() && self.turns.are_taken() {
            return Ok(false);
        }
        Ok(self.take(span).is_ok())
    }

    /// Takes `n` permits, and waits for them if necessary.
    ///
    /// # Errors
    ///
    /// [`MoreThanBurst`].
    pub fn acquire(&self, n: u32) -> Result<(), MoreThanBurst> {
        uninterruptible(|| self.acquire_deadline(n, None)).map(drop)
    }

    /// Takes `n` permits, and waits for them for at most `timeout`. Returns whether it took them. A
    /// timeout that is too large for the clock means for ever.
    ///
    /// # Errors
    ///
    /// [`MoreThanBurst`].
    pub fn acquire_timeout(&self, n: u32, timeout: Duration) -> Result<bool, MoreThanBurst> {
        self.acquire_deadline(n, deadline_after(timeout))
    }

    /// Takes `n` permits, and waits for them until `deadline`. Returns whether it took them.
    ///
    /// # Errors
    ///
    /// [`MoreThanBurst`].
    pub fn acquire_deadline(
        &self,
        n: u32,
        deadline: Option<Instant>,
    ) -> Result<bool, MoreThanBurst> {
        Ok(self.try_acquire(n)? || self.wait_for(n)?.wait_deadline(deadline))
    }

    /// Takes `n` permits, and waits for them as a task.
    ///
    /// Only the first in line waits for the clock, by `sleep`: it returns a future that is ready at
    /// the given time, such as `|at| tokio::time::sleep_until(at.into())`. Dropping the future at any
    /// time takes nothing.
    ///
    /// # Deadlocks
    ///
    /// A future that was polled, and then is neither polled again nor dropped, keeps its place:
    /// those behind it wait until it is.
    ///
    /// # Errors
    ///
    /// [`MoreThanBurst`].
    pub async fn acquire_async<S: Future<Output = ()>>(
        &self,
        n: u32,
        mut sleep: impl FnMut(Instant) -> S,
    ) -> Result<(), MoreThanBurst> {
        if self.try_acquire(n)? {
            return Ok(());
        }
        let span = self.span(n)?;
        let _turn = self.turns.queue().await;
        while let Err(at) = self.take(span) {
            self.clock.sleep_async(at, &mut sleep).await;
        }
        Ok(())
    }

    /// Begins to wait for `n` permits. The thread gets its place in line when it first waits.
    ///
    /// # Errors
    ///
    /// [`MoreThanBurst`].
    pub fn wait_for(&self, n: u32) -> Result<Wait<'_>, MoreThanBurst> {
        Ok(Wait {
            limiter: self,
            span: self.span(n)?,
            standing: Standing::Queued(self.turns.queue()),
        })
    }

    /// Takes the next `n` permits, ahead of all waiters. Returns for how long the caller has to wait
    /// before it may use them.
    ///
    /// # Errors
    ///
    /// [`MoreThanBurst`].
    pub fn reserve(&self, n: u32) -> Result<Duration, MoreThanBurst> {
        let span = self.span(n)?;
        let now = self.clock.now();
        let after = |full_at: u64| full_at.max(now).saturating_add(span);
        // Relaxed: see *Orderings*.
        let moved = |full_at| Some(after(full_at));
        let before = self.full_at.fetch_update(Relaxed, Relaxed, moved);
        let after = after(before.unwrap_or_else(|full_at| full_at));
        Ok(Duration::from_nanos(
            after.saturating_sub(self.length()).saturating_sub(now),
        ))
    }

    /// Returns the number of permits that are there at this moment. Others may be waiting for them.
    pub fn available(&self) -> u32 {
        let now = self.clock.now();
        // Relaxed: the result may be outdated as soon as it is returned.
        let ahead = self.full_at.load(Relaxed).saturating_sub(now);
        let left = self.length().saturating_sub(ahead) / self.interval;
        // It is at most the burst.
        left as u32
    }

    /// Returns the largest number of permits that can be taken at once.
    pub fn burst(&self) -> u32 {
        self.burst
    }

    /// Returns the time between two permits.
    pub fn interval(&self) -> Duration {
        Duration::from_nanos(self.interval)
    }

    /// Returns the number of waiters at this moment.
    pub fn waiting(&self) -> usize {
        self.turns.waiting()
    }

    /// The nanoseconds that it takes until these permits are there again.
    #[inline]
    fn span(&self, n: u32) -> Result<u64, MoreThanBurst> {
        let burst = self.burst;
        if n > burst {
            return Err(MoreThanBurst { burst });
        }
        Ok(u64::from(n) * self.interval)
    }

    /// The nanoseconds of a burst.
    #[inline]
    fn length(&self) -> u64 {
        u64::from(self.burst) * self.interval
    }

    /// Takes permits that come in this time. If they are not there, returns the time at which they
    /// will be.
    #[inline]
    fn take(&self, span: u64) -> Result<(), u64> {
        // The clock is read before the word. Then every grant in a period begins no earlier than the
        // period, and ends no later than a burst after it, whatever the order of the grants.
        let now = self.clock.now();
        let latest = now.saturating_add(self.length());
        // Relaxed, here and below: see *Orderings*.
        let mut full_at = self.full_at.load(Relaxed);
        loop {
            let new = full_at.max(now).saturating_add(span);
            if new > latest {
                return Err(new - self.length());
            }
            match (self.full_at).compare_exchange_weak(full_at, new, Relaxed, Relaxed) {
                Ok(_) => return Ok(()),
                Err(other) => full_at = other,
            }
        }
    }
}

impl fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiter")
            .field("interval", &self.interval())
            .field("burst", &self.burst)
            .field("available", &self.available())
            .finish_non_exhaustive()
    }
}

/// A thread that waits for permits, in slices of its own choice. Made by [`RateLimiter::wait_for`].
///
/// Dropping it gives up the place in line.
///
/// # Deadlocks
///
/// It keeps its place until it has its permits or is dropped: if it is kept and no longer waits,
/// those behind it wait for ever.
pub struct Wait<'a> {
    limiter: &'a RateLimiter,
    span: u64,
    standing: Standing<'a>,
}

enum Standing<'a> {
    Queued(Queued<'a>),
    First(#[expect(dead_code, reason = "held until it is dropped")] Turn<'a>),
    /// It has its permits.
    Done,
}

impl Wait<'_> {
    /// Waits until it has the permits, or until `deadline`. Returns whether it has them. If not, it
    /// keeps its place, so that the caller can do something else and then call this again.
    pub fn wait_deadline(&mut self, deadline: Option<Instant>) -> bool {
        let limiter = self.limiter;
        loop {
            match &mut self.standing {
                Standing::Done => return true,
                Standing::Queued(queued) => match queued.wait_deadline(deadline) {
                    Some(turn) => self.standing = Standing::First(turn),
                    None => return false,
                },
                Standing::First(_) => match limiter.take(self.span) {
                    Ok(()) => self.standing = Standing::Done,
                    Err(_) if has_passed(deadline) || is_interrupted() => return false,
                    Err(at) => limiter.clock.sleep(at, deadline),
                },
            }
        }
    }
}

impl fmt::Debug for Wait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").finish_non_exhaustive()
    }
}

fn has_passed(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| deadline <= Instant::now())
}

/// Its example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
