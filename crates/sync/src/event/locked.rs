//! The queue of an event, under a mutex: small enough for loom and shuttle to explore.

use crate::{Arc, Condvar, Mutex, MutexGuard, thread};
use std::{
    sync::{LockResult, PoisonError},
    task::{Context, Poll, Waker},
    time::Instant,
};

#[derive(Debug)]
pub(super) struct Queue(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    line: Mutex<Line>,
    woken: Condvar,
}

#[derive(Debug, Default)]
struct Line {
    next_ticket: usize,
    /// In the order of arrival.
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    ticket: usize,
    notified: bool,
    /// The waker of a waiting task.
    waker: Option<Waker>,
}

/// A place in the queue, by its ticket.
#[derive(Debug)]
pub(super) struct Place {
    queue: Arc<Inner>,
    /// Taken when the wait is over.
    ticket: Option<usize>,
}

/// Shuttle's threads share one thread of the system: when one of them panics, a lock that another one leaves
/// meanwhile counts as poisoned. No code under this lock panics.
fn seen<G>(result: LockResult<G>) -> G {
    result.unwrap_or_else(PoisonError::into_inner)
}

impl Queue {
    /// Notifies up to `count` listeners and returns their number.
    pub(super) fn notify(&self, count: usize) -> usize {
        self.0.notify(count)
    }

    pub(super) fn listen(&self) -> Place {
        let mut line = self.0.lock();
        let ticket = line.next_ticket;
        line.next_ticket += 1;
        line.entries.push(Entry {
            ticket,
            notified: false,
            waker: None,
        });
        drop(line);
        Place {
            queue: Arc::clone(&self.0),
            ticket: Some(ticket),
        }
    }
}

// Not derived: loom's types have no `Default`.
impl Default for Queue {
    fn default() -> Self {
        Self(Arc::new(Inner {
            line: Mutex::new(Line::default()),
            woken: Condvar::new(),
        }))
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Line> {
        seen(self.line.lock())
    }

    fn notify(&self, count: usize) -> usize {
        let mut line = self.lock();
        let waiting = line.entries.iter_mut().filter(|entry| !entry.notified);
        let mut wakers = Vec::new();
        let mut notified = 0;
        for entry in waiting.take(count) {
            entry.notified = true;
            notified += 1;
            wakers.extend(entry.waker.take());
        }
        drop(line);
        self.woken.notify_all();
        wakers.into_iter().for_each(Waker::wake);
        notified
    }
}

impl Inner {
    /// Waits for any notification of the queue. Returns `None` after the deadline.
    #[cfg(any(ft_loom, ft_shuttle))]
    fn sleep<'a>(
        &self,
        line: MutexGuard<'a, Line>,
        _deadline: Option<Instant>,
    ) -> Option<MutexGuard<'a, Line>> {
        Some(seen(self.woken.wait(line)))
    }

    #[cfg(not(any(ft_loom, ft_shuttle)))]
    fn sleep<'a>(
        &self,
        line: MutexGuard<'a, Line>,
        deadline: Option<Instant>,
    ) -> Option<MutexGuard<'a, Line>> {
        let Some(deadline) = deadline else {
            return Some(seen(self.woken.wait(line)));
        };
        let left = deadline.checked_duration_since(Instant::now())?;
        Some(seen(self.woken.wait_timeout(line, left)).0)
    }
}

impl Place {
    /// Waits. Under loom deadlines never pass. Under shuttle they pass after one turn of the other
    /// threads, which is as long or as short as the schedule makes it.
    pub(super) fn wait(&mut self, deadline: Option<Instant>) -> bool {
        let ticket = self.ticket.expect("a listener waits once");
        if cfg!(ft_shuttle) && deadline.is_some() {
            thread::yield_now();
            let notified = self.queue.lock().leave_if_notified(ticket);
            if notified {
                self.ticket = None;
            }
            return notified;
        }
        let mut line = self.queue.lock();
        while !line.leave_if_notified(ticket) {
            line = match self.queue.sleep(line, deadline) {
                Some(line) => line,
                None => return false,
            };
        }
        drop(line);
        self.ticket = None;
        true
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let ticket = self
            .ticket
            .expect("a listener must not be polled after it was notified");
        let mut line = self.queue.lock();
        if line.leave_if_notified(ticket) {
            drop(line);
            self.ticket = None;
            return Poll::Ready(());
        }
        let place = line.place(ticket);
        line.entries[place].waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Place {
    /// Leaves the line, and returns whether the listener was notified while it was in there.
    pub(super) fn leave(mut self) -> bool {
        let Some(ticket) = self.ticket.take() else {
            return false;
        };
        let mut line = self.queue.lock();
        let place = line.place(ticket);
        line.entries.remove(place).notified
    }
}

impl Line {
    fn leave_if_notified(&mut self, ticket: usize) -> bool {
        let place = self.place(ticket);
        let notified = self.entries[place].notified;
        if notified {
            self.entries.remove(place);
        }
        notified
    }

    fn place(&self, ticket: usize) -> usize {
        let place = self.entries.iter().position(|entry| entry.ticket == ticket);
        place.expect("only its holder gives up a ticket")
    }
}
