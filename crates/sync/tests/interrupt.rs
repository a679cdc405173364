//! Waits that an interrupt ends.

use ft_sync::{Event, Interrupt, Signal, deadline_after, interruptible, is_interrupted};
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

#[derive(Default)]
struct Stop {
    raised: AtomicBool,
    event: Event,
}

impl Stop {
    fn raise(&self) {
        self.raised.store(true, SeqCst);
        self.event.notify_all();
    }
}

impl Interrupt for Stop {
    fn is_raised(&self) -> bool {
        self.raised.load(SeqCst)
    }

    fn raised(&self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(self.event.listen())
    }
}

#[test]
fn sleeping_threads_are_woken() {
    let stop = Arc::new(Stop::default());
    let event = Event::new();
    thread::scope(|scope| {
        let sleepers: Vec<_> = (0..20)
            .map(|n| {
                let (stop, event) = (Arc::clone(&stop), &event);
                scope.spawn(move || {
                    interruptible(stop, || match n % 3 {
                        0 => Signal::new().wait_deadline(None),
                        1 => event.listen().wait_deadline(None),
                        _ => event.listen().wait_deadline(deadline_after(Duration::MAX)),
                    })
                })
            })
            .collect();
        stop.raise();
        assert!(sleepers.into_iter().all(|it| !it.join().unwrap()));
    });
    // Nobody was left in the queue.
    let last = event.listen();
    event.notify(1);
    assert!(last.wait_deadline(None));
}

#[test]
fn what_need_not_sleep_succeeds() {
    let stop = Arc::new(Stop::default());
    stop.raise();
    let (event, signal) = (Event::new(), Signal::new());
    signal.raise();
    let listener = event.listen();
    event.notify(1);
    interruptible(stop, || {
        assert!(is_interrupted());
        assert!(signal.wait_deadline(None));
        assert!(listener.wait_deadline(None));
    });
    assert!(!is_interrupted());
}

/// Only the innermost interrupt counts, and the one around it counts again afterwards.
#[test]
fn nested_calls() {
    let (outer, inner) = (Arc::new(Stop::default()), Arc::new(Stop::default()));
    outer.raise();
    interruptible(Arc::clone(&outer) as _, || {
        interruptible(inner, || assert!(!is_interrupted()));
        assert!(is_interrupted());
        assert!(!Signal::new().wait_deadline(None));
    });
}

/// The interrupt does not outlive a panic.
#[test]
fn panics() {
    let stop = Arc::new(Stop::default());
    stop.raise();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        interruptible(Arc::clone(&stop) as _, || panic!("as planned"));
    }));
    assert!(caught.is_err());
    assert!(!is_interrupted());
    assert_eq!(Arc::strong_count(&stop), 1);
}

#[test]
fn deadlines_pass() {
    interruptible(Arc::new(Stop::default()), || {
        let soon = deadline_after(Duration::from_millis(5));
        assert!(!Signal::new().wait_deadline(soon));
        assert!(!Event::new().listen().wait_deadline(soon));
    });
}
