//! How long tests wait.

use std::time::{Duration, Instant};

/// A timeout that a test waits for.
pub const SHORT: Duration = Duration::from_millis(20);

/// A timeout that no test reaches unless something is broken: long enough for a machine that is
/// busy.
pub const LONG: Duration = Duration::from_secs(30);

/// A deadline that a test waits for.
pub fn soon() -> Option<Instant> {
    Some(Instant::now() + Duration::from_millis(5))
}

/// A deadline that has passed: what waits until then returns at once.
pub fn passed() -> Option<Instant> {
    Some(Instant::now())
}
