//! The event for loom: a queue under a mutex, small enough to explore.
//!
//! The check of `listening` before the lock is as racy as in the real one. Without it the mutex
//! would order everything, and no model could miss a fence.

use loom::sync::{
    Arc, Condvar, Mutex,
    atomic::{
        AtomicUsize,
        Ordering::{Relaxed, SeqCst},
        fence,
    },
};

#[derive(Debug)]
pub(super) struct Event(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Listeners in `queue` that are not notified. Changes under the lock, is read without.
    listening: AtomicUsize,
    queue: Mutex<Queue>,
    woken: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    next_ticket: usize,
    /// Ticket and whether it was notified, in the order of arrival.
    entries: Vec<(usize, bool)>,
}

#[derive(Debug)]
pub(super) struct Listener {
    event: Arc<Inner>,
    /// Taken by `wait`.
    ticket: Option<usize>,
}

impl Event {
    pub(super) fn new() -> Self {
        Self(Arc::new(Inner {
            listening: AtomicUsize::new(0),
            queue: Mutex::new(Queue::default()),
            woken: Condvar::new(),
        }))
    }

    pub(super) fn notify(&self, count: usize) {
        // Pairs with the fence in `listen`: if the change of state comes first, the listener's
        // look sees it; if the listener comes first, its `listening` is seen here.
        fence(SeqCst);
        // Relaxed: ordered by the fence.
        if self.0.listening.load(Relaxed) > 0 {
            self.0.notify(count);
        }
    }

    pub(super) fn listen(&self) -> Listener {
        let mut queue = self.0.queue.lock().unwrap();
        let ticket = queue.next_ticket;
        queue.next_ticket += 1;
        queue.entries.push((ticket, false));
        // Relaxed: ordered by the fence below, and by the lock among listeners.
        self.0.listening.fetch_add(1, Relaxed);
        drop(queue);
        // Pairs with the fence in `notify`.
        fence(SeqCst);
        Listener {
            event: Arc::clone(&self.0),
            ticket: Some(ticket),
        }
    }
}

impl Default for Event {
    fn default() -> Self {
        Self::new()
    }
}

impl Inner {
    fn notify(&self, count: usize) {
        let mut queue = self.queue.lock().unwrap();
        let waiting = queue.entries.iter_mut().filter(|(_, notified)| !notified);
        let mut woken = 0;
        for (_, notified) in waiting.take(count) {
            *notified = true;
            woken += 1;
        }
        // Relaxed: under the lock.
        self.listening.fetch_sub(woken, Relaxed);
        drop(queue);
        self.woken.notify_all();
    }
}

impl Listener {
    pub(super) fn wait(mut self) {
        let ticket = self.ticket.take().expect("a listener waits once");
        let mut queue = self.event.queue.lock().unwrap();
        loop {
            let place = queue.entries.iter().position(|entry| entry.0 == ticket);
            let place = place.expect("only its listener removes a ticket");
            if queue.entries[place].1 {
                queue.entries.remove(place);
                return;
            }
            queue = self.event.woken.wait(queue).unwrap();
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket else { return };
        let mut queue = self.event.queue.lock().unwrap();
        let place = queue.entries.iter().position(|entry| entry.0 == ticket);
        let (_, notified) = queue
            .entries
            .remove(place.expect("only its listener removes a ticket"));
        if !notified {
            // Relaxed: under the lock.
            self.event.listening.fetch_sub(1, Relaxed);
        }
        drop(queue);
        if notified {
            self.event.notify(1);
        }
    }
}
