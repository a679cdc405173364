//! What the tests of the core crates share.
//!
//! It depends on none of these crates, so that even the unit tests of `ft-sync` can use it.

mod drops;
#[cfg(unix)]
mod fork;
mod threads;
mod time;

pub use drops::{Counted, Drops};
#[cfg(unix)]
pub use fork::in_child;
pub use threads::{start_together, until};
pub use time::{LONG, SHORT, passed, soon};
