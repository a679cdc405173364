//! Models of `ft-rate-limiter`. Time is a clock that the models advance.
#![cfg(ft_loom)]

use ft_rate_limiter::{ManualClock, RateLimiter};
use ft_sync::{Arc, thread};
use loom_tests::{
    check,
    threads::{pair, spawn},
};
use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

const INTERVAL: Duration = Duration::from_secs(1);

/// A limiter of one permit a second, whose burst has been taken.
fn empty(burst: u32) -> (RateLimiter, ManualClock) {
    let clock = ManualClock::new();
    let limiter = RateLimiter::with_clock(1.0, burst, &clock).unwrap();
    assert_eq!(limiter.try_acquire(burst), Ok(true));
    (limiter, clock)
}

fn look<F: Future>(future: &mut Pin<Box<F>>) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    matches!(future.as_mut().poll(&mut context), Poll::Ready(_))
}

async fn no_sleep(_at: Instant) {
    unreachable!("it goes by a manual clock")
}

/// Of two threads that try, one gets the one permit.
#[test]
fn one_permit() {
    check(|| {
        let clock = ManualClock::new();
        let (theirs, ours) = pair(RateLimiter::with_clock(1.0, 1, &clock).unwrap());
        let other = thread::spawn(move || theirs.try_acquire(1).unwrap());
        let got = ours.try_acquire(1).unwrap();
        assert!(got != other.join().unwrap());
        assert_eq!(ours.available(), 0);
    });
}

/// While the clock is advanced, two threads get no more than there is by then, and one of them can.
#[test]
fn while_the_clock_goes_on() {
    check(|| {
        let (limiter, clock) = empty(1);
        let ours = Arc::new(limiter);
        let others = [(); 2].map(|()| spawn(&ours, |it| it.try_acquire(1).unwrap()));
        clock.advance(INTERVAL);
        let got = others.map(|it| it.join().unwrap());
        assert!(got != [true, true]);
        let left = ours.try_acquire(1).unwrap();
        assert!(left != got.contains(&true));
    });
}

/// A thread that waits is not left asleep when its permit comes.
#[test]
fn wait_for_the_clock() {
    check(|| {
        let (limiter, clock) = empty(1);
        let ours = Arc::new(limiter);
        let other = spawn(&ours, |it| it.acquire(1).unwrap());
        clock.advance(INTERVAL);
        other.join().unwrap();
        assert_eq!((ours.waiting(), ours.try_acquire(1)), (0, Ok(false)));
    });
}

/// The same for two threads, the second of which gets its turn from the first.
#[test]
fn two_in_line() {
    check(|| {
        let (limiter, clock) = empty(2);
        let ours = Arc::new(limiter);
        let others = [(); 2].map(|()| spawn(&ours, |it| it.acquire(1).unwrap()));
        clock.advance(2 * INTERVAL);
        others.into_iter().for_each(|it| it.join().unwrap());
        assert_eq!((ours.waiting(), ours.try_acquire(1)), (0, Ok(false)));
    });
}

/// The first in line leaves while another thread joins: that one gets its turn.
#[test]
fn leaving_passes_on() {
    check(|| {
        let (limiter, clock) = empty(1);
        let ours = Arc::new(limiter);
        let mut quitter = Box::pin(ours.acquire_async(1, no_sleep));
        assert!(!look(&mut quitter));
        let other = spawn(&ours, |it| it.acquire(1).unwrap());
        drop(quitter);
        clock.advance(INTERVAL);
        other.join().unwrap();
        assert_eq!(ours.waiting(), 0);
    });
}

/// Two waiters leave at the same time, one of them first in line. Nobody holds the turn afterwards.
#[test]
fn both_leave() {
    check(|| {
        let (limiter, clock) = empty(1);
        let (theirs, ours) = pair(limiter);
        let mut quitter = Box::pin(ours.acquire_async(1, no_sleep));
        assert!(!look(&mut quitter));
        let other = thread::spawn(move || {
            let mut quitter = Box::pin(theirs.acquire_async(1, no_sleep));
            look(&mut quitter)
        });
        drop(quitter);
        assert!(!other.join().unwrap());
        assert_eq!(ours.waiting(), 0);
        clock.advance(INTERVAL);
        assert_eq!(ours.try_acquire(1), Ok(true));
    });
}

/// A reservation beside an attempt: both, if there is a permit for the attempt.
#[test]
fn reservation_against_attempt() {
    check(|| {
        let clock = ManualClock::new();
        let (theirs, ours) = pair(RateLimiter::with_clock(1.0, 1, &clock).unwrap());
        let other = thread::spawn(move || theirs.try_acquire(1).unwrap());
        let wait = ours.reserve(1).unwrap();
        let got = other.join().unwrap();
        assert_eq!(wait, if got { INTERVAL } else { Duration::ZERO });
    });
}
