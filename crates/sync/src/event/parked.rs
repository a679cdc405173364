//! The queue of an event in normal builds: that of [`event_listener`], made safe to use after a
//! fork.

use crate::PerProcess;
use event_listener::{EventListener, IntoNotification, Listener};
use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

/// The child of a fork gets a copy of the queue with threads that do not exist there, and perhaps
/// with its lock held by one of them. So each process has its own queue.
#[derive(Debug, Default)]
pub(super) struct Queue(PerProcess<event_listener::Event>);

impl Queue {
    pub(super) fn notify(&self, count: usize) {
        // Relaxed: our caller has passed the fence.
        self.0.get().notify(count.additional().relaxed());
    }

    pub(super) fn listen(&self) -> Place {
        Place(self.0.get().listen())
    }
}

#[derive(Debug)]
pub(super) struct Place(EventListener);

impl Place {
    /// Waits for a notification and returns true; returns false if `deadline` passes first.
    pub(super) fn wait(self, deadline: Option<Instant>) -> bool {
        match deadline {
            Some(deadline) => self.0.wait_deadline(deadline).is_some(),
            None => {
                self.0.wait();
                true
            }
        }
    }

    /// Polls the listener. A notifier calls the waker while it holds the lock of the queue.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx)
    }
}
