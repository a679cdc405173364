//! Models of waits that an interrupt ends.
#![cfg(ft_loom)]

use ft_sync::{
    Event, Interrupt, Signal,
    atomic::{AtomicBool, Ordering::Relaxed},
    interruptible, thread,
};
use loom_tests::{check, data::Data, threads::pair};
use std::{pin::Pin, sync::Arc, task::Waker};

/// An interrupt that is raised once.
struct Stop {
    raised: AtomicBool,
    event: Event,
}

impl Stop {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            raised: AtomicBool::new(false),
            event: Event::new(),
        })
    }

    fn raise(&self) {
        // Relaxed: the fence in `notify` comes after.
        self.raised.store(true, Relaxed);
        self.event.notify_all();
    }
}

impl Interrupt for Stop {
    fn is_raised(&self) -> bool {
        // Relaxed: the fence in `listen` comes before.
        self.raised.load(Relaxed)
    }

    fn raised(&self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(self.event.listen())
    }
}

/// A thread that waits for an event does not sleep through the interrupt.
#[test]
fn ends_the_wait_for_an_event() {
    check(|| {
        let stop = Stop::new();
        let theirs = Arc::clone(&stop);
        let stopper = thread::spawn(move || theirs.raise());
        let event = Event::new();
        assert!(!interruptible(stop, || event.listen().wait_deadline(None)));
        stopper.join().unwrap();
    });
}

/// A thread that waits for a signal does not sleep through the interrupt.
#[test]
fn ends_the_wait_for_a_signal() {
    check(|| {
        let stop = Stop::new();
        let theirs = Arc::clone(&stop);
        let stopper = thread::spawn(move || theirs.raise());
        let signal = Signal::new();
        assert!(!interruptible(stop, || signal.wait_deadline(None)));
        stopper.join().unwrap();
    });
}

/// A thread that can be interrupted, but is not, is woken by the event.
#[test]
fn event_wakes_a_thread_that_could_be_interrupted() {
    check(|| {
        let (theirs, event) = pair(Event::new());
        let listener = event.listen();
        let notifier = thread::spawn(move || theirs.notify(1));
        assert!(interruptible(Stop::new(), || listener.wait_deadline(None)));
        notifier.join().unwrap();
    });
}

/// A thread that can be interrupted, but is not, is woken by the signal, and sees what came before.
#[test]
fn signal_wakes_a_thread_that_could_be_interrupted() {
    check(|| {
        let signal = Arc::new(Signal::new());
        let waker = Waker::from(Arc::clone(&signal));
        let (theirs, ours) = pair(Data::new(0));
        let other = thread::spawn(move || {
            theirs.write(7);
            waker.wake();
        });
        assert!(interruptible(Stop::new(), || signal.wait_deadline(None)));
        assert_eq!(ours.read(), 7);
        other.join().unwrap();
    });
}

/// A thread that is interrupted at the moment of a notification takes it, or passes it on.
#[test]
fn interrupted_listener_hands_on() {
    check(|| {
        let stop = Stop::new();
        let (theirs, event) = pair(Event::new());
        let (first, second) = (event.listen(), event.listen());
        let notifier = thread::spawn(move || theirs.notify(1));
        let raised = Arc::clone(&stop);
        let stopper = thread::spawn(move || raised.raise());
        if interruptible(stop, || first.wait_deadline(None)) {
            event.notify(1);
        }
        second.wait();
        notifier.join().unwrap();
        stopper.join().unwrap();
    });
}

/// A signal that is raised beside the interrupt is seen, now or later: what it hands over is not lost.
#[test]
fn signal_beside_the_interrupt() {
    check(|| {
        let stop = Stop::new();
        let signal = Arc::new(Signal::new());
        let waker = Waker::from(Arc::clone(&signal));
        let raised = Arc::clone(&stop);
        let stopper = thread::spawn(move || raised.raise());
        let other = thread::spawn(move || waker.wake());
        if !interruptible(stop, || signal.wait_deadline(None)) {
            assert!(signal.wait_deadline(None));
        }
        assert!(signal.is_raised());
        stopper.join().unwrap();
        other.join().unwrap();
    });
}
