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
    /// Notifies up to `count` listeners and returns their number.
    pub(super) fn notify(&self, count: usize) -> usize {
        // Relaxed: our caller has passed the fence.
        self.0.get().notify(count.additional().relaxed())
    }

    pub(super) fn listen(&self) -> Place {
        Place(Some(self.0.get().listen()))
    }
}

/// A place in the queue; `None` once the listener has left it.
#[derive(Debug)]
pub(super) struct Place(Option<EventListener>);

impl Place {
    /// Waits for a notification and returns true; returns false if `deadline` passes first. The
    /// listener has then left the queue.
    pub(super) fn wait(&mut self, deadline: Option<Instant>) -> bool {
        match (self.0.take(), deadline) {
            (None, _) => false,
            (Some(listener), Some(deadline)) => listener.wait_deadline(deadline).is_some(),
            (Some(listener), None) => {
                listener.wait();
                true
            }
        }
    }

    /// Polls the listener. A notifier calls the waker while it holds the lock of the queue.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let listener = self.0.as_mut();
        listener.map_or(Poll::Ready(()), |listener| Pin::new(listener).poll(cx))
    }

    /// Leaves the queue, and returns whether the listener was notified while it was in there.
    pub(super) fn leave(mut self) -> bool {
        self.0.take().is_some_and(Listener::discard)
    }
}
