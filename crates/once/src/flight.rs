//! The computation of a value that others may wait for.

use crate::party::Party;
use ft_sync::{
    Event, Mutex, MutexGuard,
    atomic::{AtomicBool, Ordering::Relaxed},
    process_id,
};

/// A computation in progress, or one that may begin.
#[derive(Debug)]
pub struct Flight {
    /// Set once, when the computation is over.
    landed: AtomicBool,
    changed: Event,
    /// Set once, by [`Flight::outdate`].
    outdated: AtomicBool,
    lead: Mutex<Lead>,
}

/// Who leads a flight.
#[derive(Debug)]
struct Lead {
    /// `None` if nobody leads, or someone of whom nothing is known.
    party: Option<Party>,
    /// The process of the leader. A child that was forked meanwhile does not have the leader's
    /// thread. 0 if nobody leads.
    process: u32,
    /// Counts the leaders.
    number: u64,
}

impl Flight {
    /// Begins a computation, which this party leads. `None` stands for a party of which nothing is
    /// known: nobody will find that it waits for itself.
    pub fn new(leader: Option<Party>) -> Self {
        let flight = Self::without_leader();
        flight.board(leader);
        flight
    }

    pub(crate) fn without_leader() -> Self {
        Self {
            landed: AtomicBool::new(false),
            changed: Event::new(),
            outdated: AtomicBool::new(false),
            lead: Mutex::new(Lead {
                party: None,
                process: 0,
                number: 0,
            }),
        }
    }

    /// Makes the party the leader. Returns the number of its lead.
    pub(crate) fn board(&self, party: Option<Party>) -> u64 {
        let mut lead = self.lead();
        lead.party = party;
        lead.process = process_id();
        lead.number += 1;
        lead.number
    }

    /// Ends the lead with this number, and returns true. Returns false if it has ended already.
    pub(crate) fn leave(&self, number: u64) -> bool {
        let mut lead = self.lead();
        let leads = lead.number == number && lead.process != 0;
        if leads {
            lead.party = None;
            lead.process = 0;
        }
        leads
    }

    /// Ends the lead of a thread that this process does not have, because the process is a child of
    /// that thread's process. Returns whether there was one.
    pub(crate) fn leave_ancestor(&self) -> bool {
        let mut lead = self.lead();
        let is_gone = lead.process != 0
            && lead.process != process_id()
            && !lead.party.is_some_and(Party::is_here);
        if is_gone {
            lead.party = None;
            lead.process = 0;
        }
        is_gone
    }

    /// Calls `f`, which must not panic, while no other thread is in such a call.
    pub(crate) fn exclusively(&self, f: impl FnOnce()) {
        let _lead = self.lead();
        f();
    }

    /// Ends the computation, with or without a value, and wakes all that wait for that.
    pub fn land(&self) {
        // Relaxed: see `has_landed`.
        self.landed.store(true, Relaxed);
        self.changed.notify_all();
    }

    /// Returns whether the computation is over, with or without a value.
    pub fn has_landed(&self) -> bool {
        // Relaxed: a caller that sees the flag claims again, under locks, and learns the outcome
        // there. The fences of `changed` ensure that a waiting caller sees the flag.
        self.landed.load(Relaxed)
    }

    /// Returns the event that is signaled when the computation is over.
    pub fn changed(&self) -> &Event {
        &self.changed
    }

    /// Returns whether the leader is the calling thread, or a task of it. If so, a wait of the
    /// thread would never end. [`Waiting`](crate::Waiting) also considers what the leader waits
    /// for.
    pub fn is_led_by_me(&self) -> bool {
        self.leader().is_some_and(Party::is_here)
    }

    /// Returns whether the leader belongs to this process, and not to an ancestor of it.
    pub fn is_of_this_process(&self) -> bool {
        self.lead().process == process_id()
    }

    /// Notes that the value should not be kept, because what it is computed from has changed.
    ///
    /// This is for containers that are built on a dictionary, such as a cache: they ask
    /// [`is_outdated`](Self::is_outdated) before they store the value. A dictionary itself stores
    /// it all the same.
    pub fn outdate(&self) {
        // Relaxed: whoever asks does so under the lock under which the value is stored. A thread
        // that outdates the flight and then removes the value, under the same lock, finds the value
        // there, or is seen.
        self.outdated.store(true, Relaxed);
    }

    /// Returns whether [`outdate`](Self::outdate) was called.
    pub fn is_outdated(&self) -> bool {
        // Relaxed: see `outdate`.
        self.outdated.load(Relaxed)
    }

    /// Returns the party that computes the value, if one does and is known.
    pub fn leader(&self) -> Option<Party> {
        self.lead().party
    }

    fn lead(&self) -> MutexGuard<'_, Lead> {
        // Nothing panics while this lock is held.
        self.lead
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
