//! The line: who comes first, and who leaves.

use ft_semaphore::{ReleaseError, Semaphore};
use ft_test_support::passed;
use std::sync::{Arc, Mutex};

use crate::{look, poll, queued, waker};

#[test]
fn first_come_first_served() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.acquire();
    let woken = Arc::new(Mutex::new(Vec::new()));
    let mut line = Vec::new();
    for n in 0..5 {
        let woken = Arc::clone(&woken);
        let waker = waker(move || woken.lock().unwrap().push(n));
        let mut acquire = semaphore.acquire_async();
        assert!(poll(&mut acquire, &waker).is_none());
        line.push(acquire);
    }
    assert_eq!(semaphore.waiting(), 5);
    drop(held);
    for (n, mut acquire) in line.into_iter().enumerate() {
        assert_eq!(woken.lock().unwrap().len(), n + 1);
        drop(look(&mut acquire).unwrap());
    }
    assert_eq!(*woken.lock().unwrap(), [0, 1, 2, 3, 4]);
    assert_eq!(semaphore.available(), 1);
}

#[test]
fn nobody_overtakes() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.acquire();
    let mut first = queued(&semaphore);
    drop(held);
    assert!(semaphore.try_acquire().is_none());
    let mut newcomer = queued(&semaphore);
    assert!(look(&mut newcomer).is_none());
    let permit = look(&mut first).unwrap();
    assert!(look(&mut newcomer).is_none());
    drop(permit);
    assert!(look(&mut newcomer).is_some());
}

#[test]
fn leaving_the_line() {
    for leaver in 0..3 {
        let semaphore = Semaphore::new(1);
        let held = semaphore.acquire();
        let mut line: Vec<_> = (0..3).map(|_| queued(&semaphore)).collect();
        drop(line.remove(leaver));
        assert_eq!(semaphore.waiting(), 2);
        drop(held);
        for mut acquire in line {
            drop(look(&mut acquire).unwrap());
        }
        assert_eq!(semaphore.available(), 1);
    }
}

#[test]
fn leaving_after_being_served() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.acquire();
    let first = queued(&semaphore);
    let mut second = queued(&semaphore);
    drop(held);
    drop(first);
    drop(look(&mut second).unwrap());
    assert_eq!(semaphore.available(), 1);

    let held = semaphore.acquire();
    let only = queued(&semaphore);
    drop(held);
    assert_eq!(semaphore.available(), 0);
    drop(only);
    assert_eq!(semaphore.available(), 1);
}

/// A release without an acquisition takes a permit from its holder, and makes no new one.
#[test]
fn theft_makes_no_permit() {
    let semaphore = Semaphore::new(2);
    let held = (semaphore.acquire(), semaphore.acquire());
    let served = queued(&semaphore);
    for _ in 0..3 {
        semaphore.release().unwrap();
    }
    assert_eq!(semaphore.release(), Err(ReleaseError));
    drop(served);
    drop(held);
    assert_eq!(semaphore.available(), 2);
}

#[test]
fn never_polled() {
    let semaphore = Semaphore::new(1);
    drop(semaphore.acquire_async());
    let held = semaphore.acquire();
    drop(semaphore.acquire_async());
    drop(held);
    assert_eq!(semaphore.available(), 1);
}

#[test]
fn waiting_in_slices_keeps_the_place() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.acquire();
    let mut first = semaphore.acquire_async();
    assert!(first.wait_deadline(passed()).is_none());
    let mut second = queued(&semaphore);
    assert!(first.wait_deadline(passed()).is_none());
    drop(held);
    assert!(look(&mut second).is_none());
    drop(first.wait_deadline(passed()).unwrap());
    assert!(look(&mut second).is_some());
}
