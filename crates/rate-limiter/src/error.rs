//! The errors of a rate limiter.

use std::{error::Error, fmt};

/// More permits were asked for than the limiter ever has at once. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoreThanBurst {
    /// The number of permits that the limiter has at most.
    pub burst: u32,
}

impl fmt::Display for MoreThanBurst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let burst = self.burst;
        write!(f, "asked for more permits than the burst, {burst}, at once")
    }
}

impl Error for MoreThanBurst {}

/// The arguments of [`RateLimiter::new`](crate::RateLimiter::new) make no limiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RateError {
    /// The rate is not a positive, finite number.
    Rate,
    /// The burst is zero.
    Burst,
    /// A burst would take more than a hundred years.
    TooSlow,
}

impl fmt::Display for RateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rate => "the rate must be positive and finite",
            Self::Burst => "the burst must be at least 1",
            Self::TooSlow => "the rate is too low for this burst",
        })
    }
}

impl Error for RateError {}
