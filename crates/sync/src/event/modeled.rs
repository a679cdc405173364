//! The queue of an event for loom: under a mutex, and small enough to explore.

use loom::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

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
    /// Ticket and whether it was notified, in the order of arrival.
    entries: Vec<(usize, bool)>,
}

/// A ticket for the line.
#[derive(Debug)]
pub(super) struct Place {
    queue: Arc<Inner>,
    /// Taken by `wait`.
    ticket: Option<usize>,
}

impl Queue {
    pub(super) fn notify(&self, count: usize) {
        self.0.notify(count);
    }

    pub(super) fn listen(&self) -> Place {
        let mut line = self.0.line.lock().unwrap();
        let ticket = line.next_ticket;
        line.next_ticket += 1;
        line.entries.push((ticket, false));
        drop(line);
        Place {
            queue: Arc::clone(&self.0),
            ticket: Some(ticket),
        }
    }
}

// Loom's types have no `Default`.
impl Default for Queue {
    fn default() -> Self {
        Self(Arc::new(Inner {
            line: Mutex::new(Line::default()),
            woken: Condvar::new(),
        }))
    }
}

impl Inner {
    fn notify(&self, count: usize) {
        let mut line = self.line.lock().unwrap();
        let waiting = line.entries.iter_mut().filter(|(_, notified)| !notified);
        for (_, notified) in waiting.take(count) {
            *notified = true;
        }
        drop(line);
        self.woken.notify_all();
    }
}

impl Place {
    /// Waits; deadlines never come.
    pub(super) fn wait(mut self, _deadline: Option<Instant>) -> bool {
        let ticket = self.ticket.take().expect("a listener waits once");
        let mut line = self.queue.line.lock().unwrap();
        while !line.leave_if_notified(ticket) {
            line = self.queue.woken.wait(line).unwrap();
        }
        true
    }
}

impl Line {
    fn leave_if_notified(&mut self, ticket: usize) -> bool {
        let place = self.place(ticket);
        let notified = self.entries[place].1;
        if notified {
            self.entries.remove(place);
        }
        notified
    }

    fn place(&self, ticket: usize) -> usize {
        let place = self.entries.iter().position(|entry| entry.0 == ticket);
        place.expect("only its holder gives a ticket up")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let mut line = self.queue.line.lock().unwrap();
        let place = line.place(ticket);
        let (_, notified) = line.entries.remove(place);
        drop(line);
        if notified {
            self.queue.notify(1);
        }
    }
}
