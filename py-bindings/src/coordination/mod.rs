//! Objects on which threads and coroutines wait for each other, or for their turn: `Event`, `Latch`,
//! `Barrier`, `Once` and `RateLimiter`.

use pyo3::prelude::*;

pub(crate) mod barrier;
mod count;
pub(crate) mod event;
pub(crate) mod latch;
pub(crate) mod once;
mod once_async;
pub(crate) mod rate_limiter;

/// Puts the faster entries in front of the methods.
pub(crate) fn speed_up(py: Python<'_>) -> PyResult<()> {
    event::speed_up(py)
}

/// Defers the reference counts of objects that hold nothing of the user's.
pub(crate) fn defer(py: Python<'_>) {
    event::defer(py);
    latch::defer(py);
    rate_limiter::defer(py);
}
