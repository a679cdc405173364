//! Waits that an interrupt ends.

use ft_sync::{
    Case, Event, Interrupt, Select, Signal, deadline_after, interruptible, is_interrupted,
    uninterruptible,
};
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

/// The interrupt counts again after a wait that it must not end, also if that panics.
#[test]
fn uninterruptible_waits() {
    let stop = Arc::new(Stop::default());
    stop.raise();
    interruptible(Arc::clone(&stop) as _, || {
        uninterruptible(|| {
            assert!(!is_interrupted());
            let soon = deadline_after(Duration::from_millis(2));
            assert!(!Event::new().listen().wait_deadline(soon));
            assert_eq!(
                soon.map(|soon| soon <= std::time::Instant::now()),
                Some(true)
            );
            // As always, the innermost counts.
            interruptible(Arc::clone(&stop) as _, || assert!(is_interrupted()));
            assert!(!is_interrupted());
        });
        assert!(is_interrupted());
        let panics = || {
            uninterruptible(|| panic!("as planned"));
        };
        std::panic::catch_unwind(panics).expect_err("it panics");
        assert!(is_interrupted());
    });
    uninterruptible(|| assert!(!is_interrupted()));
    assert_eq!(Arc::strong_count(&stop), 1);
}

/// What has to return something goes on until it has it.
#[test]
fn waits_that_must_succeed() {
    let stop = Arc::new(Stop::default());
    stop.raise();
    let (event, mut looks) = (Event::new(), 0);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let (event, done) = (&event, &done);
        let waiter = scope.spawn(move || {
            interruptible(stop, || {
                let look = || {
                    looks += 1;
                    (looks == 30).then_some(looks)
                };
                let first = event.wait_for(look);
                let case = Case::new(event, || (looks == 30).then_some(looks));
                let seen = (first, Select::new().case(case).wait());
                done.store(true, SeqCst);
                seen
            })
        });
        while !done.load(SeqCst) {
            event.notify(1);
            thread::yield_now();
        }
        assert_eq!(waiter.join().unwrap(), (30, 30));
    });
}

#[test]
fn deadlines_pass() {
    interruptible(Arc::new(Stop::default()), || {
        let soon = deadline_after(Duration::from_millis(5));
        assert!(!Signal::new().wait_deadline(soon));
        assert!(!Event::new().listen().wait_deadline(soon));
    });
}
