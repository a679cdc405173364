//! Threads that wait and are woken.

use std::collections::VecDeque;

use ft_concurrent_queue::PopError;
use loom_tests::{check, check_with_one_preemption, tasks::block_on, threads::spawn};

use crate::{both, queue, rest};

/// A close wakes a pop that waits.
#[test]
fn close_wakes_pop() {
    check(|| {
        let queue = queue(None, 0);
        let (_, popped) = both(&queue, |queue| queue.close(), |queue| queue.pop());
        assert_eq!(popped, Err(PopError));
    });
}

/// A close wakes a push that waits.
#[test]
fn close_wakes_push() {
    check(|| {
        let queue = queue(Some(1), 1);
        let (_, pushed) = both(&queue, |queue| queue.close(), |queue| queue.push(1));
        assert!(pushed.is_err());
    });
}

/// A push wakes a pop that waits.
#[test]
fn push_wakes_pop() {
    check(|| {
        let queue = queue(None, 0);
        let (_, popped) = both(
            &queue,
            |queue| queue.try_push(7).unwrap(),
            |queue| queue.pop(),
        );
        assert_eq!(popped, Ok(7));
    });
}

/// Two pushes wake two pops.
#[test]
fn two_pushes_wake_two_pops() {
    check_with_one_preemption(|| {
        let queue = queue(None, 0);
        let poppers = [(); 2].map(|()| spawn(&queue, |queue| queue.pop().unwrap()));
        queue.try_push(1).unwrap();
        queue.try_push(2).unwrap();
        let sum: usize = poppers.map(|it| it.join().unwrap()).iter().sum();
        assert_eq!(sum, 3);
    });
}

/// A run of two items wakes two pops.
#[test]
fn run_wakes_two_pops() {
    check_with_one_preemption(|| {
        let queue = queue(None, 0);
        let poppers = [(); 2].map(|()| spawn(&queue, |queue| queue.pop().unwrap()));
        assert_eq!(queue.try_push_many(&mut VecDeque::from([1, 2])), Ok(2));
        let sum: usize = poppers.map(|it| it.join().unwrap()).iter().sum();
        assert_eq!(sum, 3);
    });
}

/// A pop wakes a push that waits for room.
#[test]
fn pop_wakes_push() {
    check(|| {
        let queue = queue(Some(1), 1);
        let (popped, pushed) = both(&queue, |queue| queue.try_pop(), |queue| queue.push(1));
        assert_eq!((popped, pushed), (Ok(0), Ok(())));
        assert_eq!(rest(&queue), [1]);
    });
}

/// A pop of two wakes two pushes that wait for room.
#[test]
fn pop_many_wakes_two_pushes() {
    check_with_one_preemption(|| {
        let queue = queue(Some(2), 2);
        let pushers = [2, 3].map(|n| spawn(&queue, move |queue| queue.push(n).unwrap()));
        assert_eq!(queue.try_pop_many(2, &mut vec![]), Ok(2));
        pushers.into_iter().for_each(|it| it.join().unwrap());
    });
}

/// A waiter that gives up after it was notified hands its notification to the next.
#[test]
fn giving_up_hands_on() {
    check(|| {
        let queue = queue(None, 0);
        let (popped, ()) = both(
            &queue,
            |queue| queue.pop(),
            |queue| {
                let listener = queue.not_empty().listen();
                queue.try_push(7).unwrap();
                drop(listener);
            },
        );
        assert_eq!(popped, Ok(7));
    });
}

/// A push wakes a task that waits.
#[test]
fn push_wakes_a_task() {
    check(|| {
        let queue = queue(None, 0);
        let (_, popped) = both(
            &queue,
            |queue| queue.try_push(7).unwrap(),
            |queue| block_on(queue.pop_async()),
        );
        assert_eq!(popped, Ok(7));
    });
}

/// A pop wakes a task that waits for room.
#[test]
fn pop_wakes_a_task() {
    check(|| {
        let queue = queue(Some(1), 1);
        let (popped, pushed) = both(
            &queue,
            |queue| queue.try_pop(),
            |queue| block_on(queue.push_async(7)),
        );
        assert_eq!((popped, pushed), (Ok(0), Ok(())));
        assert_eq!(queue.try_pop(), Ok(7));
    });
}
