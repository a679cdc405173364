//! Behavior seen from outside.

use ft_latch::{CountTooLarge, CountedTooFar, Latch};
use ft_sync::Select;
use ft_test_support::{LONG, SHORT, passed, start_together, until};
use proptest::prelude::*;
use std::{
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

#[test]
fn counts() {
    let latch = Latch::new(2);
    assert_eq!((latch.count(), latch.is_open()), (2, false));
    latch.add(3).unwrap();
    latch.count_down(4).unwrap();
    assert_eq!(latch.count_down(2), Err(CountedTooFar { count: 1 }));
    assert_eq!(format!("{latch:?}"), "Latch(1)");
    latch.count_down(0).unwrap();
    latch.count_down(1).unwrap();
    assert!(latch.is_open());
    assert!(latch.wait_timeout(Duration::ZERO));
}

#[test]
fn largest_count() {
    let latch = Latch::new(u32::MAX);
    assert_eq!(latch.add(1), Err(CountTooLarge));
    latch.add(0).unwrap();
    latch.count_down(u32::MAX).unwrap();
    latch.add(u32::MAX).unwrap();
    assert_eq!(latch.count(), u32::MAX);
}

#[test]
fn errors_tell() {
    let far = CountedTooFar { count: 3 }.to_string();
    assert_eq!(far, "counted down by more than the count, 3");
    assert!(CountTooLarge.to_string().contains("4294967295"));
}

/// Counting down by nothing opens nothing.
#[test]
fn zero_is_no_opening() {
    let latch = Latch::new(0);
    let watch = latch.watch();
    latch.count_down(0).unwrap();
    latch.add(1).unwrap();
    // It was open when this watch began.
    assert!(watch.was_open());
    let watch = latch.watch();
    latch.count_down(0).unwrap();
    assert!(!watch.was_open());
}

#[test]
fn an_opening_is_not_missed() {
    let latch = Latch::new(1);
    let watch = latch.watch();
    assert!(!watch.was_open());
    latch.count_down(1).unwrap();
    latch.add(1).unwrap();
    assert!(watch.was_open());
    assert!(!latch.watch().was_open());
}

#[test]
fn deadlines_pass() {
    let latch = Latch::new(1);
    let start = Instant::now();
    assert!(!latch.wait_timeout(SHORT));
    assert!(start.elapsed() >= SHORT);
    assert!(!latch.wait_deadline(passed()));
    latch.count_down(1).unwrap();
    assert!(latch.wait_timeout(LONG));
}

#[test]
fn tasks_wait() {
    let latch = Latch::new(1);
    let mut cx = Context::from_waker(Waker::noop());
    let mut task = pin!(latch.wait_async());
    let mut quitter = Box::pin(latch.wait_async());
    assert!(task.as_mut().poll(&mut cx).is_pending());
    assert!(quitter.as_mut().poll(&mut cx).is_pending());
    drop(quitter);
    latch.count_down(1).unwrap();
    latch.add(1).unwrap();
    assert_eq!(task.as_mut().poll(&mut cx), Poll::Ready(()));
}

#[test]
fn all_waiters_are_woken() {
    const ROUNDS: usize = if cfg!(miri) { 3 } else { 300 };
    let (started, passed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let latches: Vec<_> = (0..ROUNDS).map(|_| Latch::new(2)).collect();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for latch in &latches {
                    started.fetch_add(1, SeqCst);
                    latch.wait();
                    passed.fetch_add(1, SeqCst);
                }
            });
        }
        for (round, latch) in latches.iter().enumerate() {
            until(|| started.load(SeqCst) == 3 * (round + 1));
            latch.count_down(1).unwrap();
            assert_eq!(passed.load(SeqCst), 3 * round);
            latch.count_down(1).unwrap();
            // It is closed again; those who waited pass all the same.
            latch.add(1).unwrap();
            latch.count_down(1).unwrap();
        }
    });
    assert_eq!(passed.load(SeqCst), 3 * ROUNDS);
}

/// A case of a choice sees an opening since it was made.
#[test]
fn first_to_open() {
    let [one, other] = [1, 1].map(Latch::new);
    let mut first = Select::new()
        .case(one.opening().map(|()| "one"))
        .case(other.opening().map(|()| "other"));
    assert_eq!(first.try_now(), None);
    thread::scope(|scope| {
        scope.spawn(|| {
            other.count_down(1).unwrap();
            other.add(1).unwrap();
        });
        assert_eq!(first.wait(), "other");
    });
}

/// Threads that count up and down at once end where they began.
#[test]
fn nothing_is_lost() {
    let latch = Latch::new(0);
    start_together(4, |_| {
        for _ in 0..1_000 {
            latch.add(2).unwrap();
            latch.count_down(1).unwrap();
            latch.count_down(1).unwrap();
        }
    });
    assert_eq!(latch.count(), 0);
    latch.wait();
}

#[cfg(unix)]
#[test]
fn forks() {
    let latch = Latch::new(1);
    let mut cx = Context::from_waker(Waker::noop());
    let mut task = pin!(latch.wait_async());
    assert!(task.as_mut().poll(&mut cx).is_pending());
    assert!(ft_test_support::in_child(|| {
        latch.count_down(1).unwrap();
        latch.wait_timeout(LONG)
    }));
    assert_eq!(latch.count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Any steps of one thread, compared with a number.
    #[test]
    fn as_the_model(start in 0_u32..4, steps in prop::collection::vec((any::<bool>(), 0_u32..4), 0..60)) {
        let latch = Latch::new(start);
        let (mut count, mut opened) = (start, start == 0);
        let watch = latch.watch();
        for (up, n) in steps {
            if up {
                latch.add(n).unwrap();
                count += n;
            } else {
                let left = count.checked_sub(n);
                prop_assert_eq!(latch.count_down(n).is_ok(), left.is_some());
                count = left.unwrap_or(count);
                opened |= n > 0 && left == Some(0);
            }
            prop_assert_eq!(latch.count(), count);
            prop_assert_eq!(watch.was_open(), opened);
        }
    }
}
