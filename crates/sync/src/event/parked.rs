//! The queue of an event outside of loom: that of [`event_listener`], made safe to use after a fork.

use crate::PerProcess;
use event_listener::{EventListener, IntoNotification, Listener};
use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

/// A process that forks hands its child a queue of threads that do not exist there, perhaps with its
/// lock held by one of them. So each process has its own.
#[derive(Debug, Default)]
pub(super) struct Queue(PerProcess<event_listener::Event>);

impl Queue {
    pub(super) fn notify(&self, count: usize) {
        // Relaxed: the fence was our caller's.
        self.0.get().notify(count.additional().relaxed());
    }

    pub(super) fn listen(&self) -> Place {
        Place(self.0.get().listen())
    }
}

#[derive(Debug)]
pub(super) struct Place(EventListener);

impl Place {
    /// Waits; false if `deadline` comes first.
    pub(super) fn wait(self, deadline: Option<Instant>) -> bool {
        match deadline {
            Some(deadline) => self.0.wait_deadline(deadline).is_some(),
            None => {
                self.0.wait();
                true
            }
        }
    }

    /// Polls; the waker is called under the lock of the line.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx)
    }
}
