//! Models of `ConcurrentStack`.
#![cfg(ft_loom)]

use ft_concurrent_queue::{ConcurrentStack, TryPopError, TryPushError};
use ft_sync::{Arc, thread};
use loom_tests::{
    check,
    data::Data,
    pairs::{Watched, each_pair},
    threads::{pair, spawn},
};

fn push_waiting(stack: &ConcurrentStack<u8>, item: u8) {
    let pushed = stack
        .not_full()
        .wait_until(None, || stack.try_push(item).ok());
    assert_eq!(pushed, Some(()));
}

fn pop_waiting<T>(stack: &ConcurrentStack<T>) -> Option<T> {
    let attempt = || match stack.try_pop() {
        Ok(item) => Some(Some(item)),
        Err(TryPopError::Closed) => Some(None),
        Err(TryPopError::Empty) => None,
    };
    stack.not_empty().wait_until(None, attempt).flatten()
}

/// A push wakes a pop that waits, which sees what was written before the push.
#[test]
fn push_wakes_a_pop() {
    check(|| {
        let (theirs, ours) = pair(ConcurrentStack::unbounded());
        let producer = thread::spawn(move || {
            let cell = Box::new(Data::new(0));
            // No other thread has the cell yet.
            cell.write(7);
            theirs.try_push(cell).unwrap();
        });
        let cell = pop_waiting(&ours).unwrap();
        // Only this thread has the cell now.
        assert_eq!(cell.read(), 7);
        producer.join().unwrap();
    });
}

/// Two pushes wake two pops.
#[test]
fn two_pushes_wake_two_pops() {
    check(|| {
        let stack = Arc::new(ConcurrentStack::unbounded());
        let poppers = [(); 2].map(|()| spawn(&stack, pop_waiting));
        stack.try_push(1).unwrap();
        stack.try_push(2).unwrap();
        let mut all = poppers.map(|popper| popper.join().unwrap());
        all.sort_unstable();
        assert_eq!(all, [Some(1), Some(2)]);
    });
}

/// A pop wakes a push that waits for room.
#[test]
fn pop_wakes_a_push() {
    check(|| {
        let (theirs, ours) = pair(ConcurrentStack::bounded(1));
        ours.try_push(1).unwrap();
        let producer = thread::spawn(move || push_waiting(&theirs, 2));
        assert_eq!(pop_waiting(&ours), Some(1));
        assert_eq!(pop_waiting(&ours), Some(2));
        producer.join().unwrap();
    });
}

/// Of two pushes with room for one, one is refused.
#[test]
fn bound_is_exact() {
    check(|| {
        let (theirs, ours) = pair(ConcurrentStack::bounded(1));
        let other = thread::spawn(move || theirs.try_push(1).is_ok());
        let us = ours.try_push(2);
        assert_ne!(us.is_ok(), other.join().unwrap());
        assert!(us.is_ok() || us == Err(TryPushError::Full(2)));
        assert_eq!(ours.len(), 1);
    });
}

/// Closing wakes a pop that waits.
#[test]
fn closing_wakes() {
    check(|| {
        let (theirs, ours) = pair(ConcurrentStack::<u8>::unbounded());
        let closer = thread::spawn(move || theirs.close());
        assert_eq!(pop_waiting(&ours), None);
        closer.join().unwrap();
    });
}

/// An item is drained or refused, never left behind by a push that races with closing.
#[test]
fn draining_leaves_nothing() {
    check(|| {
        let (theirs, ours) = pair(ConcurrentStack::unbounded());
        let producer = thread::spawn(move || theirs.try_push(1).is_ok());
        let drained = ours.close_and_drain();
        assert_eq!(producer.join().unwrap(), drained == [1]);
        assert_eq!(ours.try_pop(), Err(TryPopError::Closed));
    });
}

/// A drain takes an item that is being pushed, or leaves it for the next one.
#[test]
fn draining_beside_a_push() {
    check(|| {
        let (theirs, ours) = pair(ConcurrentStack::unbounded());
        ours.try_push(1).unwrap();
        let producer = thread::spawn(move || theirs.try_push(2).unwrap());
        let drained = ours.try_drain(usize::MAX).unwrap();
        producer.join().unwrap();
        let rest = ours.try_drain(usize::MAX).unwrap();
        assert!([(vec![1], vec![2]), (vec![2, 1], vec![])].contains(&(drained, rest)));
    });
}

/// A drain wakes a push that waits for room.
#[test]
fn draining_wakes() {
    check(|| {
        let (theirs, ours) = pair(ConcurrentStack::bounded(1));
        ours.try_push(1).unwrap();
        let producer = thread::spawn(move || push_waiting(&theirs, 2));
        assert_eq!(ours.try_drain(1), Some(vec![1]));
        producer.join().unwrap();
        assert_eq!(ours.try_pop(), Ok(2));
    });
}

/// No two operations use an item at the same time, whichever they are.
#[test]
fn each_operation_beside_each() {
    each_pair(
        || {
            let stack = ConcurrentStack::bounded(3);
            (0..2).for_each(|n| assert!(stack.try_push(Watched::new(n)).is_ok()));
            stack
        },
        &[
            ("push", |stack: &ConcurrentStack<Watched>| {
                drop(stack.try_push(Watched::new(7)))
            }),
            ("pop", |stack| drop(stack.try_pop())),
            ("peek", |stack| drop(stack.peek())),
            ("len", |stack| assert!(stack.len() <= 3)),
            ("close", |stack| stack.close()),
            ("drain", |stack| drop(stack.try_drain(2))),
            ("close and drain", |stack| drop(stack.close_and_drain())),
        ],
    );
}
