//! The computation of a value that others may wait for.

use crate::party::Party;
use ft_sync::{
    Event,
    atomic::{AtomicBool, Ordering::Relaxed},
};

/// A computation in progress.
#[derive(Debug)]
pub struct Flight {
    /// Set once, when the leader is done, with or without a value.
    pub(crate) landed: AtomicBool,
    pub(crate) changed: Event,
    /// The process of the leader. A child that was forked meanwhile does not have the leader's
    /// thread.
    pub(crate) process: u32,
    pub(crate) leader: Party,
}

impl Flight {
    /// Returns whether the leader is done, with or without a value.
    pub fn has_landed(&self) -> bool {
        // Relaxed: a caller that sees the flag claims again, under locks, and learns the outcome
        // there. The fences of `changed` ensure that a waiting caller sees the flag.
        self.landed.load(Relaxed)
    }

    /// Returns the event that is signaled when the leader is done.
    pub fn changed(&self) -> &Event {
        &self.changed
    }

    /// Returns whether the leader is the calling thread, or a task of it. If so, a wait of the
    /// thread would never end. [`Waiting`](crate::Waiting) also considers what the leader waits
    /// for.
    pub fn is_led_by_me(&self) -> bool {
        self.leader.is_here()
    }

    /// Returns the party that computes the value.
    pub fn leader(&self) -> Party {
        self.leader
    }
}
