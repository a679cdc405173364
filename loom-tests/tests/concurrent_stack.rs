//! Models of `ConcurrentStack`.
#![cfg(ft_loom)]

use ft_concurrent_queue::{ConcurrentStack, PopError, TryPopError, TryPushError};
use ft_sync::{Arc, thread};
use loom_tests::{
    check,
    data::Data,
    pairs::{Watched, each_pair},
    tasks::{block_on, poll},
    threads::{pair, spawn},
};

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
        let cell = ours.pop().unwrap();
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
        let poppers = [(); 2].map(|()| spawn(&stack, |stack| stack.pop().ok()));
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
        let producer = thread::spawn(move || theirs.push(2).unwrap());
        assert_eq!(ours.pop(), Ok(1));
        assert_eq!(ours.pop(), Ok(2));
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
        assert_eq!(ours.pop(), Err(PopError));
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
        let producer = thread::spawn(move || theirs.push(2).unwrap());
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

/// A push wakes a task that waits.
#[test]
fn push_wakes_a_task() {
    check(|| {
        let stack = Arc::new(ConcurrentStack::unbounded());
        let popper = spawn(&stack, |stack| block_on(stack.pop_async()));
        stack.try_push(1).unwrap();
        assert_eq!(popper.join().unwrap(), Ok(1));
    });
}

/// A pop wakes a task that waits for room.
#[test]
fn pop_wakes_a_task() {
    check(|| {
        let stack = Arc::new(ConcurrentStack::bounded(1));
        stack.try_push(1).unwrap();
        let pusher = spawn(&stack, |stack| block_on(stack.push_async(2)));
        assert_eq!(stack.pop(), Ok(1));
        assert_eq!(stack.pop(), Ok(2));
        assert_eq!(pusher.join().unwrap(), Ok(()));
    });
}

/// A task that gives up passes the wake-up on to the next in line.
#[test]
fn a_task_that_gives_up_takes_no_wake_up() {
    check(|| {
        let stack = Arc::new(ConcurrentStack::unbounded());
        let mut given_up = Box::pin(stack.pop_async());
        assert!(poll(given_up.as_mut()).is_pending());
        let popper = spawn(&stack, |stack| stack.pop());
        let pusher = spawn(&stack, |stack| stack.try_push(1));
        drop(given_up);
        pusher.join().unwrap().unwrap();
        assert_eq!(popper.join().unwrap(), Ok(1));
    });
}
