//! The conditions under which a computed value may be stored.

use crate::cell::Version;
use ft_concurrent_dict::Flight;
use ft_sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What the table of claims holds: no value at all.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Never {}

/// The conditions under which a computed value may be stored.
#[derive(Clone, Copy)]
pub(crate) struct Duty<'a> {
    /// The value that it may replace.
    pub(crate) seen: Option<Version>,
    pub(crate) epoch: u64,
    pub(crate) flight: &'a Flight,
}

impl Duty<'_> {
    /// Returns whether the key was changed or removed since the computation began. It is called
    /// while the shard of the key is locked.
    pub(crate) fn is_outdated(&self, epoch: &AtomicU64) -> bool {
        // Relaxed: a thread that removes values first changes one of the two, and then locks the
        // shard. If it locks the shard after us, it removes what we store. Otherwise we see its
        // change.
        self.flight.is_outdated() || epoch.load(Relaxed) != self.epoch
    }
}
