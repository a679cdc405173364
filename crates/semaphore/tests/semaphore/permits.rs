//! Permits that are acquired and released, with and without waiting.

use ft_semaphore::{ReleaseError, Semaphore};
use ft_test_support::{LONG, SHORT, until};
use std::{
    thread,
    time::{Duration, Instant},
};

#[test]
fn counts_down_and_up() {
    let semaphore = Semaphore::new(2);
    assert_eq!((semaphore.available(), semaphore.limit()), (2, 2));
    let first = semaphore.try_acquire().unwrap();
    let second = semaphore.acquire();
    assert!(semaphore.is_locked());
    assert!(semaphore.try_acquire().is_none());
    drop(first);
    assert!(!semaphore.is_locked());
    assert_eq!(semaphore.available(), 1);
    drop(second);
    assert_eq!(semaphore.available(), 2);
}

#[test]
fn release_beyond_the_limit() {
    let semaphore = Semaphore::new(1);
    assert_eq!(semaphore.release(), Err(ReleaseError));
    assert_eq!(semaphore.available(), 1);
    semaphore.acquire().forget();
    assert_eq!(semaphore.available(), 0);
    assert_eq!(semaphore.release(), Ok(()));
    assert_eq!(semaphore.release(), Err(ReleaseError));
    let message = ReleaseError.to_string();
    assert_eq!(message, "semaphore released more often than acquired");
}

#[test]
fn no_permits() {
    let semaphore = Semaphore::new(0);
    assert!(semaphore.is_locked());
    assert!(semaphore.try_acquire().is_none());
    assert!(semaphore.acquire_timeout(Duration::ZERO).is_none());
    assert_eq!(semaphore.release(), Err(ReleaseError));
    assert_eq!((semaphore.limit(), semaphore.available()), (0, 0));
}

#[test]
fn most_permits() {
    let semaphore = Semaphore::new(Semaphore::MAX_PERMITS);
    assert_eq!(semaphore.available(), Semaphore::MAX_PERMITS);
    assert_eq!(semaphore.release(), Err(ReleaseError));
    drop(semaphore.acquire());
}

#[test]
#[should_panic = "too many permits"]
fn too_many_permits() {
    let _ = Semaphore::new(Semaphore::MAX_PERMITS + 1);
}

#[test]
fn timeouts() {
    let semaphore = Semaphore::new(1);
    // There is no need to wait.
    drop(semaphore.acquire_timeout(Duration::ZERO).unwrap());
    drop(semaphore.acquire_deadline(Instant::now()).unwrap());
    drop(semaphore.acquire_timeout(Duration::MAX).unwrap());
    let held = semaphore.acquire();
    let start = Instant::now();
    assert!(semaphore.acquire_timeout(SHORT).is_none());
    assert!(start.elapsed() >= SHORT);
    assert!(semaphore.acquire_deadline(Instant::now()).is_none());
    assert_eq!(semaphore.waiting(), 0);
    drop(held);
    assert_eq!(semaphore.available(), 1);
}

#[test]
fn blocked_thread_is_woken() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.acquire();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| semaphore.acquire_timeout(LONG).is_some());
        until(|| semaphore.waiting() == 1);
        drop(held);
        assert!(waiter.join().unwrap());
    });
    assert_eq!(semaphore.available(), 1);
}

#[test]
fn debug_output() {
    let semaphore = Semaphore::new(3);
    let _permit = semaphore.acquire();
    let expected = "Semaphore { available: 2, limit: 3, .. }";
    assert_eq!(format!("{semaphore:?}"), expected);
}
