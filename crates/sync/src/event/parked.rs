//! The queue of an event outside of loom: that of [`event_listener`], made safe to use after a fork.
//!
//! A process that forks hands its child a queue of threads that do not exist there, perhaps with its
//! lock held by one of them. So each queue knows its process, and a child makes its own.

use event_listener::{EventListener, IntoNotification, Listener};
use std::{
    pin::Pin,
    process, ptr,
    sync::atomic::{
        AtomicPtr,
        Ordering::{AcqRel, Acquire},
    },
    task::{Context, Poll},
    time::Instant,
};

#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Null until somebody listens; then of this process, or, after a fork, of an ancestor.
    line: AtomicPtr<Line>,
}

#[derive(Debug)]
struct Line {
    process: u32,
    event: event_listener::Event,
}

impl Queue {
    pub(super) fn notify(&self, count: usize) {
        // Relaxed: the fence was our caller's.
        self.line().event.notify(count.additional().relaxed());
    }

    pub(super) fn listen(&self) -> Place {
        Place(self.line().event.listen())
    }

    /// Returns the line of this process. Asking for the process costs a system call, but less than
    /// the waiting or waking that follows.
    fn line(&self) -> &Line {
        let process = process::id();
        // Acquire, here and below: pairs with the Release of the exchange that set it.
        let mut current = self.line.load(Acquire);
        loop {
            // SAFETY: not null means made by `Box::into_raw` below; what was once set is freed by
            // `drop` alone, or never.
            if let Some(line) = unsafe { current.as_ref() } {
                if line.process == process {
                    return line;
                }
            }
            let new = Box::into_raw(Box::new(Line {
                process,
                event: event_listener::Event::new(),
            }));
            match (self.line).compare_exchange(current, new, AcqRel, Acquire) {
                // The ancestor's line, if that is what we replaced, is never freed: threads that
                // are no more may be in it. It costs a forked process its memory.
                Ok(_) => current = new,
                Err(other) => {
                    // SAFETY: `new` was not published, so it is still ours.
                    drop(unsafe { Box::from_raw(new) });
                    current = other;
                }
            }
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        let line = *self.line.get_mut();
        // SAFETY: made by `Box::into_raw`, and nobody else uses it: whoever listens borrows the
        // event. An ancestor's line stays, for the reason given in `line`.
        if unsafe { line.as_ref() }.is_some_and(|line| line.process == process::id()) {
            // SAFETY: as above.
            drop(unsafe { Box::from_raw(line) });
        }
        *self.line.get_mut() = ptr::null_mut();
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
