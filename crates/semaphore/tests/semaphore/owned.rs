//! Permits that do not borrow their semaphore.

use ft_semaphore::Semaphore;
use ft_test_support::start_together;
use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

fn shared(permits: usize) -> (Arc<Semaphore>, impl Fn() -> Arc<Semaphore>) {
    let semaphore = Arc::new(Semaphore::new(permits));
    (Arc::clone(&semaphore), move || Arc::clone(&semaphore))
}

#[test]
fn it_is_given_back_once() {
    let (semaphore, ours) = shared(3);
    let one = ours().acquire_owned();
    let two = ours().try_acquire_many_owned(2).unwrap();
    assert_eq!((one.count(), two.count(), semaphore.available()), (1, 2, 0));
    assert!(Arc::ptr_eq(one.semaphore(), &semaphore));
    assert!(ours().try_acquire_owned().is_none());
    drop(two);
    assert_eq!(semaphore.available(), 2);
    one.forget();
    assert_eq!(semaphore.available(), 2);
    semaphore.release().unwrap();
    // All permits have dropped their reference.
    drop(ours);
    assert_eq!(Arc::strong_count(&semaphore), 1);
}

#[test]
fn it_is_split() {
    let (semaphore, ours) = shared(3);
    let mut all = ours().acquire_many_owned(3);
    let none = all.split(0).unwrap();
    let rest = all.split(3).unwrap();
    assert!(all.split(1).is_none());
    assert_eq!((none.count(), rest.count(), all.count()), (0, 3, 0));
    drop((all, none));
    assert_eq!(semaphore.available(), 0);
    drop(rest);
    assert_eq!(semaphore.available(), 3);
}

/// A future that is dropped in line has taken nothing, and one that is served has a permit.
#[test]
fn tasks_wait_for_it() {
    let (semaphore, ours) = shared(1);
    let mut context = Context::from_waker(Waker::noop());
    let first = ours().acquire_owned();
    let mut second = Box::pin(ours().acquire_owned_async());
    assert!(second.as_mut().poll(&mut context).is_pending());
    let mut third = pin!(ours().acquire_many_owned_async(1));
    assert!(third.as_mut().poll(&mut context).is_pending());
    drop(second);
    drop(first);
    let Poll::Ready(permit) = third.poll(&mut context) else {
        panic!("it is first in line");
    };
    assert_eq!(semaphore.available(), 0);
    drop(permit);
    assert_eq!(semaphore.available(), 1);
}

#[test]
fn many_threads() {
    let (semaphore, ours) = shared(3);
    start_together(4, |me| {
        for n in 0..1_000 {
            let mut permits = ours().acquire_many_owned(1 + (me + n) % 3);
            drop(permits.split(1));
        }
    });
    assert_eq!(semaphore.available(), 3);
}
