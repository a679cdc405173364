//! Threads that wait for items and for room.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use ft_concurrent_queue::{ConcurrentQueue, PopTimeoutError, PushTimeoutError};
use ft_test_support::{LONG, SHORT};

use crate::{MANY, common};

#[test]
fn close_wakes_all() {
    let queue = Arc::new(ConcurrentQueue::bounded(1));
    let empty = Arc::new(ConcurrentQueue::<i32>::unbounded());
    queue.push(0).unwrap();
    let (pushers, poppers): (Vec<_>, Vec<_>) = (0..3)
        .map(|n| {
            let (queue, empty) = (Arc::clone(&queue), Arc::clone(&empty));
            (
                thread::spawn(move || queue.push_timeout(n, LONG)),
                thread::spawn(move || empty.pop_timeout(LONG)),
            )
        })
        .unzip();
    thread::sleep(SHORT);
    queue.close();
    empty.close();
    for (n, pusher) in (0..).zip(pushers) {
        assert_eq!(pusher.join().unwrap(), Err(PushTimeoutError::Closed(n)));
    }
    for popper in poppers {
        assert_eq!(popper.join().unwrap(), Err(PopTimeoutError::Closed));
    }
}

#[test]
fn timeouts() {
    let queue = ConcurrentQueue::bounded(1);
    let start = Instant::now();
    assert_eq!(queue.pop_timeout(SHORT), Err(PopTimeoutError::Timeout));
    assert!(start.elapsed() >= SHORT && start.elapsed() < LONG);
    assert_eq!(queue.pop_deadline(start), Err(PopTimeoutError::Timeout));
    queue.push_deadline(1, start).unwrap();
    let start = Instant::now();
    assert_eq!(
        queue.push_timeout(2, SHORT),
        Err(PushTimeoutError::Timeout(2))
    );
    assert!(start.elapsed() >= SHORT && start.elapsed() < LONG);
    assert_eq!(
        queue.push_timeout(2, Duration::ZERO),
        Err(PushTimeoutError::Timeout(2))
    );
    // The waiters that gave up leave no trace: the next pop gets the next item, in order.
    assert_eq!(queue.pop_timeout(Duration::ZERO), Ok(1));
    queue.push_timeout(3, Duration::MAX).unwrap();
    assert_eq!(queue.pop_timeout(Duration::MAX), Ok(3));
}

#[test]
fn waiters_are_served() {
    let queue = Arc::new(ConcurrentQueue::bounded(2));
    let popper = {
        let queue = Arc::clone(&queue);
        thread::spawn(move || (0..MANY).map(|_| queue.pop().unwrap()).collect::<Vec<_>>())
    };
    for n in 0..MANY {
        queue.push(n).unwrap();
    }
    assert!(popper.join().unwrap().into_iter().eq(0..MANY));
}

#[test]
fn wakes_one_each() {
    let queue = ConcurrentQueue::bounded(1);
    common::wakes_one_each(
        queue.not_empty(),
        queue.not_full(),
        || queue.try_push(1).unwrap(),
        || assert_eq!(queue.try_pop(), Ok(1)),
    );
}
