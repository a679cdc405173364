//! Threads that wait for items.

use std::thread;
use std::time::{Duration, Instant};

use ft_concurrent_deque::ConcurrentDeque;
use ft_sync::Select;
use ft_test_support::{LONG, SHORT, passed};

use crate::deque;

#[test]
fn waits_with_deadlines() {
    let deque = ConcurrentDeque::new();
    let start = Instant::now();
    assert_eq!(deque.pop_back_timeout(SHORT), None);
    assert_eq!(deque.pop_front_timeout(SHORT), None);
    assert!(start.elapsed() >= 2 * SHORT && start.elapsed() < LONG);
    assert_eq!(deque.pop_back_deadline(Some(start)), None);
    deque.push_back(1);
    assert_eq!(deque.pop_back_deadline(Some(start)), Some(1));
    thread::scope(|scope| {
        let first = scope.spawn(|| deque.pop_front_deadline(None));
        let second = scope.spawn(|| deque.pop_back_timeout(Duration::MAX));
        deque.extend_back(vec![2, 3]);
        let (first, second) = (first.join().unwrap(), second.join().unwrap());
        assert_eq!(first.min(second), Some(2));
        assert_eq!(first.max(second), Some(3));
    });
}

/// An operation wakes as many waiters as it puts items in, and no others.
#[test]
fn each_item_wakes_one() {
    type Way = fn(&ConcurrentDeque<u8>);
    let ways: [(usize, Way); 12] = [
        (1, |deque| _ = deque.push_back(1)),
        (1, |deque| _ = deque.push_front(1)),
        (3, |deque| _ = deque.extend_back(vec![1, 2, 3])),
        (3, |deque| _ = deque.extend_front(vec![1, 2, 3])),
        (1, |deque| deque.insert(0, 1).unwrap()),
        (2, |deque| _ = deque.repeat(3)),
        (0, |deque| _ = deque.extend_back(vec![])),
        (0, |deque| _ = deque.repeat(0)),
        (0, |deque| _ = deque.set(0, 1)),
        (0, |deque| _ = deque.pop_back()),
        (0, |deque| deque.rotate(1)),
        (0, |deque| deque.reverse()),
    ];
    for (index, (expected, way)) in ways.into_iter().enumerate() {
        let deque = deque([7]);
        let listeners: Vec<_> = (0..5).map(|_| deque.not_empty().listen()).collect();
        way(&deque);
        let woken = listeners
            .into_iter()
            .map(|listener| listener.wait_deadline(passed()))
            .filter(|&woken| woken);
        assert_eq!(woken.count(), expected, "{index}");
    }
}

/// A choice takes one item, from the end that its case names, and leaves the others where they are.
#[test]
fn cases() {
    let (one, other) = (deque([1, 2, 3]), deque([]));
    let mut next = Select::new()
        .case(one.popping_front())
        .case(other.popping_back());
    assert_eq!(next.wait(), 1);
    let mut last = Select::new().case(one.popping_back());
    assert_eq!((last.wait(), last.wait(), last.try_now()), (3, 2, None));
    assert_eq!(next.wait_deadline(passed()), None);
    other.extend_back(vec![4, 5]);
    assert_eq!((next.wait(), other.to_vec()), (5, vec![4]));
    thread::scope(|scope| {
        let waiter = scope.spawn(|| Select::new().case(one.popping_front()).wait());
        one.push_back(6);
        assert_eq!(waiter.join().unwrap(), 6);
    });
}
