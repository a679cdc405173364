//! How long an entry may be used.

use crate::clock::nanos;
use ft_sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// What is particular about one entry. What is not set is as the builder of the cache says.
///
/// A time of [`Duration::MAX`] means for ever.
///
/// ```
/// use ft_concurrent_cache::{ConcurrentCache, Terms};
/// use std::time::Duration;
///
/// let cache = ConcurrentCache::builder().max_weight(1_000).build();
/// let terms = Terms::new()
///     .weight(300)
///     .time_to_live(Duration::from_secs(60));
/// cache.insert_with("page", "<html>", terms);
/// assert_eq!(cache.weight(), 300);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    pub(crate) weight: Option<u64>,
    pub(crate) to_live: Option<Duration>,
    pub(crate) to_idle: Option<Duration>,
    pub(crate) to_refresh: Option<Duration>,
    pub(crate) stale: Option<Duration>,
}

impl Terms {
    /// Sets nothing.
    pub const fn new() -> Self {
        Self {
            weight: None,
            to_live: None,
            to_idle: None,
            to_refresh: None,
            stale: None,
        }
    }

    /// Sets the weight. If the cache is bounded by entries, it is ignored.
    #[must_use]
    pub const fn weight(mut self, weight: u64) -> Self {
        self.weight = Some(weight);
        self
    }

    /// Sets the time after which the entry expires. With zero it is not stored, unless it may be used
    /// [while it is renewed](Self::stale_while_revalidate).
    #[must_use]
    pub const fn time_to_live(mut self, time: Duration) -> Self {
        self.to_live = Some(time);
        self
    }

    /// Sets the time after which the entry expires if it was not read or written meanwhile. With zero
    /// it is not stored.
    ///
    /// The times of reads are stored with a resolution of 1/128 of this time, so that most reads
    /// write nothing. The entry may expire too early by that much.
    #[must_use]
    pub const fn time_to_idle(mut self, time: Duration) -> Self {
        self.to_idle = Some(time);
        self
    }

    /// Sets the time after which a caller that would compute the value is asked to renew it, while
    /// all others still get the old value.
    #[must_use]
    pub const fn refresh_after(mut self, time: Duration) -> Self {
        self.to_refresh = Some(time);
        self
    }

    /// Sets for how long after its expiry the value may be returned while one caller renews it.
    #[must_use]
    pub const fn stale_while_revalidate(mut self, time: Duration) -> Self {
        self.stale = Some(time);
        self
    }

    /// Fills in what is not set.
    pub(crate) fn or(&self, other: &Self) -> Self {
        Self {
            weight: self.weight.or(other.weight),
            to_live: self.to_live.or(other.to_live),
            to_idle: self.to_idle.or(other.to_idle),
            to_refresh: self.to_refresh.or(other.to_refresh),
            stale: self.stale.or(other.stale),
        }
    }

    /// Returns whether entries of these terms have times.
    #[inline]
    pub(crate) fn is_timed(&self) -> bool {
        let timed = |time: Option<Duration>| time.is_some_and(|time| time < Duration::MAX);
        timed(self.to_live) || timed(self.to_idle) || timed(self.to_refresh)
    }

    /// Returns whether the entry would have expired already.
    #[inline]
    pub(crate) fn is_dead(&self) -> bool {
        let zero = |time: Option<Duration>| time.is_some_and(|time| time.is_zero());
        zero(self.to_idle) || (zero(self.to_live) && self.stale.is_none_or(|time| time.is_zero()))
    }
}

/// When an entry expires. All times are in nanoseconds of the cache's clock.
pub(crate) struct Life {
    /// From when on somebody should renew the value.
    refresh: u64,
    /// From when on the value may be returned only while somebody renews it.
    expires: u64,
    /// From when on the value must not be returned.
    gone: u64,
    /// After how long without an access the entry is gone.
    idle: u64,
    /// The last access, but for 1/128 of `idle`.
    accessed: AtomicU64,
}

impl Life {
    /// Begins a life now.
    pub(crate) fn new(terms: &Terms, now: u64) -> Self {
        let after = |time: Option<Duration>, from: u64| {
            time.map_or(u64::MAX, |time| from.saturating_add(nanos(time)))
        };
        let expires = after(terms.to_live, now);
        Self {
            refresh: after(terms.to_refresh, now),
            expires,
            gone: expires.saturating_add(terms.stale.map_or(0, nanos)),
            idle: terms.to_idle.map_or(u64::MAX, nanos),
            accessed: AtomicU64::new(now),
        }
    }

    /// Returns from when on the entry is gone, if nobody reads it before.
    pub(crate) fn end(&self) -> u64 {
        // Relaxed: a time publishes nothing. An access that is not seen yet is concurrent.
        let accessed = self.accessed.load(Relaxed);
        self.gone.min(accessed.saturating_add(self.idle))
    }

    /// Returns whether the value must not be returned any more.
    pub(crate) fn is_over(&self, now: u64) -> bool {
        now >= self.end()
    }

    /// Returns whether the value may be returned without further ado.
    pub(crate) fn is_fresh(&self, now: u64) -> bool {
        now < self.expires && !self.is_over(now)
    }

    /// Returns whether somebody should renew the value.
    pub(crate) fn is_due(&self, now: u64) -> bool {
        now >= self.refresh.min(self.expires)
    }

    /// Notes an access.
    #[inline]
    pub(crate) fn touch(&self, now: u64) {
        if self.idle < u64::MAX {
            // Relaxed: as in `end`. Of two stores at once either may win: they differ by little.
            let accessed = self.accessed.load(Relaxed);
            if now.saturating_sub(accessed) >= (self.idle >> 7).max(1) {
                self.accessed.store(now, Relaxed);
            }
        }
    }
}
