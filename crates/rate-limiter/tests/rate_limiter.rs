//! Behavior seen from outside.

use ft_rate_limiter::{ManualClock, MoreThanBurst, RateError, RateLimiter};
use ft_test_support::{LONG, SHORT, passed, soon, start_together, until};
use proptest::prelude::*;
use std::{
    future::{Ready, ready},
    mem::ManuallyDrop,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    ptr,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    task::{Context, Poll, RawWaker, RawWakerVTable, Waker},
    thread,
    time::{Duration, Instant},
};

const TENTH: Duration = Duration::from_millis(100);

fn manual(rate: f64, burst: u32) -> (RateLimiter, ManualClock) {
    let clock = ManualClock::new();
    (RateLimiter::with_clock(rate, burst, &clock).unwrap(), clock)
}

fn no_sleep(_at: Instant) -> Ready<()> {
    unreachable!("it goes by a manual clock")
}

fn poll<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[test]
fn grants() {
    let (limiter, clock) = manual(10.0, 3);
    assert_eq!((limiter.burst(), limiter.interval()), (3, TENTH));
    assert_eq!(limiter.available(), 3);
    assert_eq!(limiter.try_acquire(2), Ok(true));
    assert_eq!(limiter.try_acquire(2), Ok(false));
    assert_eq!(limiter.available(), 1);
    clock.advance(TENTH);
    assert_eq!(limiter.try_acquire(2), Ok(true));
    assert_eq!(limiter.try_acquire(0), Ok(true));
    assert_eq!(limiter.available(), 0);
    // A pause fills the burst, and no more.
    clock.advance(Duration::from_secs(100));
    assert_eq!(limiter.available(), 3);
    assert_eq!(limiter.try_acquire(3), Ok(true));
    assert_eq!(limiter.try_acquire(1), Ok(false));
    assert!(format!("{limiter:?}").contains("burst: 3"));
}

#[test]
fn arguments() {
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(RateLimiter::new(rate, 1).err(), Some(RateError::Rate));
    }
    assert_eq!(RateLimiter::new(1.0, 0).err(), Some(RateError::Burst));
    assert_eq!(RateLimiter::new(1e-10, 1).err(), Some(RateError::TooSlow));
    assert_eq!(RateLimiter::new(1e-300, 1).err(), Some(RateError::TooSlow));
    let fast = RateLimiter::new(f64::MAX, u32::MAX).unwrap();
    assert_eq!(fast.interval(), Duration::from_nanos(1));
    assert_eq!(fast.try_acquire(u32::MAX), Ok(true));
    let (limiter, _) = manual(10.0, 3);
    let more = MoreThanBurst { burst: 3 };
    assert_eq!(limiter.try_acquire(4), Err(more));
    assert_eq!(limiter.acquire(4), Err(more));
    assert_eq!(limiter.reserve(4), Err(more));
    assert_eq!(limiter.wait_for(4).err(), Some(more));
    assert_eq!(
        poll(pin!(limiter.acquire_async(4, no_sleep))),
        Some(Err(more))
    );
    assert!(more.to_string().contains('3'));
    for error in [RateError::Rate, RateError::Burst, RateError::TooSlow] {
        assert!(!error.to_string().is_empty());
    }
}

/// The interval is rounded up, so the rate is never exceeded.
#[test]
fn rounding() {
    let (limiter, clock) = manual(3.0, 1);
    assert_eq!(limiter.interval(), Duration::from_nanos(333_333_334));
    assert_eq!(limiter.try_acquire(1), Ok(true));
    clock.advance(Duration::from_nanos(333_333_333));
    assert_eq!(limiter.try_acquire(1), Ok(false));
    clock.advance(Duration::from_nanos(1));
    assert_eq!(limiter.try_acquire(1), Ok(true));
}

#[test]
fn clocks_end() {
    let clock = ManualClock::new();
    clock.advance(ManualClock::MAX);
    assert_eq!(clock.try_advance(Duration::from_nanos(1)), None);
    assert_eq!(clock.try_advance(Duration::MAX), None);
    assert_eq!(clock.now(), ManualClock::MAX);
    let limiter = RateLimiter::with_clock(1.0, 5, &clock).unwrap();
    assert_eq!(limiter.try_acquire(5), Ok(true));
    assert_eq!(limiter.try_acquire(1), Ok(false));
}

#[test]
fn reservations() {
    let (limiter, clock) = manual(10.0, 2);
    assert_eq!(limiter.reserve(2), Ok(Duration::ZERO));
    assert_eq!(limiter.reserve(1), Ok(TENTH));
    assert_eq!(limiter.reserve(2), Ok(3 * TENTH));
    clock.advance(3 * TENTH);
    assert_eq!(limiter.try_acquire(1), Ok(false));
    clock.advance(TENTH);
    assert_eq!(limiter.try_acquire(1), Ok(true));
}

#[test]
fn deadlines_pass() {
    let (limiter, _clock) = manual(1.0, 1);
    assert_eq!(limiter.acquire_deadline(1, passed()), Ok(true));
    let start = Instant::now();
    assert_eq!(limiter.acquire_timeout(1, SHORT), Ok(false));
    assert!(start.elapsed() >= SHORT);
    assert_eq!(limiter.acquire_deadline(1, passed()), Ok(false));
    assert_eq!(limiter.waiting(), 0);
    // A second waiter, whose turn it is not.
    let mut first = limiter.wait_for(1).unwrap();
    assert!(!first.wait_deadline(passed()));
    assert_eq!(limiter.acquire_deadline(1, soon()), Ok(false));
    assert_eq!(limiter.waiting(), 1);
}

/// The system's clock: waits take the time that they should.
#[test]
fn real_time() {
    let limiter = RateLimiter::new(100.0, 1).unwrap();
    let start = Instant::now();
    for _ in 0..4 {
        limiter.acquire(1).unwrap();
    }
    assert!(start.elapsed() >= Duration::from_millis(30));
    let mut slept = Vec::new();
    let acquire = limiter.acquire_async(1, |at| {
        slept.push(at);
        thread::sleep(at.saturating_duration_since(Instant::now()));
        ready(())
    });
    assert_eq!(poll(pin!(acquire)), Some(Ok(())));
    assert!(!slept.is_empty());
}

/// Nobody overtakes: neither those who try while others wait, nor those who ask for less.
#[test]
fn first_come_first_served() {
    let (limiter, clock) = manual(10.0, 3);
    limiter.acquire(3).unwrap();
    let mut first = pin!(limiter.acquire_async(3, no_sleep));
    let mut second = pin!(limiter.acquire_async(1, no_sleep));
    assert_eq!((poll(first.as_mut()), poll(second.as_mut())), (None, None));
    assert_eq!(limiter.waiting(), 2);
    clock.advance(2 * TENTH);
    assert_eq!(limiter.available(), 2);
    assert_eq!(limiter.try_acquire(1), Ok(false));
    assert_eq!((poll(second.as_mut()), poll(first.as_mut())), (None, None));
    clock.advance(TENTH);
    assert_eq!(poll(second.as_mut()), None);
    assert_eq!(poll(first.as_mut()), Some(Ok(())));
    assert_eq!(poll(second.as_mut()), None);
    clock.advance(TENTH);
    assert_eq!(poll(second.as_mut()), Some(Ok(())));
    assert_eq!((limiter.waiting(), limiter.available()), (0, 0));
}

/// Those who leave, wherever they stand, take nothing, and pass their turn on.
#[test]
fn leaving_leaves_no_trace() {
    let (limiter, clock) = manual(10.0, 2);
    limiter.acquire(2).unwrap();
    let mut tasks: Vec<_> = (0..5)
        .map(|_| Box::pin(limiter.acquire_async(1, no_sleep)))
        .collect();
    assert!(tasks.iter_mut().all(|task| poll(task.as_mut()).is_none()));
    drop(tasks.remove(0));
    drop(tasks.remove(1));
    assert_eq!(limiter.waiting(), 3);
    clock.advance(2 * TENTH);
    // The first gets its permit and passes the turn on to a task that leaves.
    assert_eq!(poll(tasks[0].as_mut()), Some(Ok(())));
    drop(tasks.remove(1));
    assert_eq!(poll(tasks[1].as_mut()), Some(Ok(())));
    assert_eq!((limiter.waiting(), limiter.available()), (0, 0));
}

/// If a waker panics when it is dropped, the turn of its task is passed on.
#[test]
fn wakers_that_panic() {
    static USES: RawWakerVTable = RawWakerVTable::new(copy, wake, wake, discard);

    fn copy(_: *const ()) -> RawWaker {
        RawWaker::new(ptr::null(), &USES)
    }

    fn wake(_: *const ()) {}

    fn discard(_: *const ()) {
        panic!("a waker cannot be dropped");
    }

    let (limiter, clock) = manual(10.0, 1);
    limiter.acquire(1).unwrap();
    // SAFETY: the functions of the waker do nothing with its pointer.
    let waker = ManuallyDrop::new(unsafe { Waker::new(ptr::null(), &USES) });
    let mut task = Box::pin(limiter.acquire_async(1, no_sleep));
    let poll = || task.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(catch_unwind(AssertUnwindSafe(poll)).is_err());
    assert_eq!(limiter.waiting(), 0);
    clock.advance(TENTH);
    assert_eq!(limiter.try_acquire(1), Ok(true));
}

/// A thread and tasks wait in the same line.
#[test]
fn a_thread_and_a_task() {
    let (limiter, clock) = manual(10.0, 1);
    limiter.acquire(1).unwrap();
    thread::scope(|scope| {
        let mut task = pin!(limiter.acquire_async(1, no_sleep));
        assert_eq!(poll(task.as_mut()), None);
        let waits = scope.spawn(|| limiter.acquire_timeout(1, LONG));
        until(|| limiter.waiting() == 2);
        clock.advance(TENTH);
        assert_eq!(poll(task.as_mut()), Some(Ok(())));
        clock.advance(TENTH);
        assert_eq!(waits.join().unwrap(), Ok(true));
    });
}

/// Threads take what there is while the clock goes on: never more than is allowed by then, and in the
/// end exactly that.
#[test]
fn threads_get_what_is_allowed() {
    const TAKERS: usize = 3;
    let (limiter, clock) = manual(1_000.0, 10);
    let steps: u64 = if cfg!(miri) { 5 } else { 100 };
    let (granted, running) = (AtomicU64::new(0), AtomicU64::new(TAKERS as u64));
    start_together(TAKERS + 1, |number| {
        if number == TAKERS {
            for step in 1..=steps {
                // What was granted so far was granted by this time.
                let allowed = 10 + clock.now().as_millis() as u64;
                assert!(granted.load(SeqCst) <= allowed);
                // A burst that is full would lose what comes.
                until(|| limiter.available() < 5);
                clock.advance(Duration::from_micros(500 + 1_000 * (step % 2)));
                thread::yield_now();
            }
            running.store(0, SeqCst);
            return;
        }
        loop {
            let last = running.load(SeqCst) == 0;
            // It counts first: so the count is never too low.
            while limiter.try_acquire(1).unwrap() {
                granted.fetch_add(1, SeqCst);
            }
            if last {
                break;
            }
        }
    });
    assert_eq!(granted.load(SeqCst), 10 + steps);
}

/// Waiting threads are served in line while the clock goes on: each grant is at the earliest time.
#[test]
fn threads_in_line() {
    let (limiter, clock) = manual(1_000.0, 1);
    let grants = Mutex::new(Vec::new());
    let each = if cfg!(miri) { 2 } else { 50 };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..each {
                        limiter.acquire(1).unwrap();
                        grants.lock().unwrap().push(clock.now());
                    }
                })
            })
            .collect();
        while threads.iter().any(|it| !it.is_finished()) {
            clock.advance(Duration::from_micros(250));
            thread::yield_now();
        }
    });
    let grants = grants.into_inner().unwrap();
    assert_eq!(grants.len(), 4 * each);
    // In any period there are no more of them than the rate allows: the n-th is no earlier than n
    // milliseconds after the start.
    for (n, at) in grants.iter().enumerate() {
        assert!(*at >= Duration::from_millis(n as u64));
    }
}

#[cfg(unix)]
#[test]
fn waiters_stay_behind_at_a_fork() {
    let (limiter, clock) = manual(10.0, 1);
    limiter.acquire(1).unwrap();
    let mut task = pin!(limiter.acquire_async(1, no_sleep));
    let mut next = pin!(limiter.acquire_async(1, no_sleep));
    assert_eq!((poll(task.as_mut()), poll(next.as_mut())), (None, None));
    assert!(ft_test_support::in_child(|| {
        let nobody = limiter.waiting() == 0;
        clock.advance(TENTH);
        nobody && limiter.try_acquire(1) == Ok(true) && limiter.waiting() == 0
    }));
    assert!(ft_test_support::in_child(|| {
        clock.advance(TENTH);
        // It was in line, and comes anew.
        poll(next.as_mut()) == Some(Ok(()))
    }));
    assert_eq!(limiter.waiting(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// In no period are there more grants than a burst and what the rate allows, and a permit is
    /// refused only if granting it would have been too much.
    #[test]
    fn exact_in_every_window(
        burst in 1_u32..6,
        interval in 1_u64..50,
        steps in prop::collection::vec((0_u64..100, 0_u32..6), 1..60),
    ) {
        let (limiter, clock) = manual(1e9 / interval as f64, burst);
        let interval = limiter.interval().as_nanos() as u64;
        let mut grants: Vec<(u64, u64)> = Vec::new();
        // The number that a period that ends now and begins with this grant allows.
        let too_many = |grants: &[(u64, u64)], now: u64| {
            grants.iter().enumerate().any(|(first, &(from, _))| {
                let sum: u64 = grants[first..].iter().map(|(_, n)| n).sum();
                sum * interval > u64::from(burst) * interval + (now - from)
            })
        };
        for (pause, n) in steps {
            clock.advance(Duration::from_nanos(pause));
            let now = clock.now().as_nanos() as u64;
            if n > burst {
                prop_assert!(limiter.try_acquire(n).is_err());
                continue;
            }
            let granted = limiter.try_acquire(n).unwrap();
            grants.push((now, u64::from(n)));
            prop_assert_eq!(granted, !too_many(&grants, now));
            if !granted {
                grants.pop();
            }
        }
    }
}
