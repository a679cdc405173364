//! Behavior of the stack seen from outside. What depends on schedules is in `loom-tests`.

mod common;

use std::{
    cell::Cell,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use ft_concurrent_queue::{
    ConcurrentStack, PopError, PopTimeoutError, PushError, PushTimeoutError, TryPopError,
    TryPushError,
};
use ft_test_support::{LONG, SHORT, passed};
use proptest::prelude::*;

/// Items per producer in the stress test.
const ITEMS: usize = if cfg!(miri) { 50 } else { 20_000 };

#[test]
fn last_in_first_out() {
    let stack = ConcurrentStack::unbounded();
    assert!(stack.is_empty());
    for n in 0..100 {
        stack.try_push(n).unwrap();
        assert_eq!(stack.peek(), Some(n));
    }
    assert_eq!(stack.len(), 100);
    assert!(!stack.is_empty());
    assert!(!stack.is_full());
    for n in (0..100).rev() {
        assert_eq!(stack.try_pop(), Ok(n));
    }
    assert_eq!(stack.try_pop(), Err(TryPopError::Empty));
    assert_eq!(stack.peek(), None);
}

#[test]
fn bound_is_exact() {
    let stack = ConcurrentStack::bounded(2);
    assert_eq!(stack.capacity(), Some(2));
    stack.try_push('a').unwrap();
    assert!(!stack.is_full());
    stack.try_push('b').unwrap();
    assert!(stack.is_full());
    assert_eq!(stack.try_push('c'), Err(TryPushError::Full('c')));
    assert_eq!(stack.len(), 2);
}

#[test]
#[should_panic(expected = "capacity must be positive")]
fn capacity_zero() {
    ConcurrentStack::<u8>::bounded(0);
}

#[test]
fn certain_means_certain() {
    let stack = ConcurrentStack::bounded(1);
    let calls = Cell::new(0);
    let certain = || calls.set(calls.get() + 1);
    stack.try_push_with(1, certain).unwrap();
    assert!(stack.try_push_with(2, certain).is_err());
    stack.close();
    assert!(stack.try_push_with(3, certain).is_err());
    assert_eq!(calls.get(), 1);
}

#[test]
fn closing() {
    let stack = ConcurrentStack::bounded(2);
    stack.try_push(1).unwrap();
    assert!(!stack.is_closed());
    let (empty, full) = (stack.not_empty().listen(), stack.not_full().listen());
    stack.close();
    empty.wait();
    full.wait();
    assert!(stack.is_closed());
    assert_eq!(stack.try_push(2), Err(TryPushError::Closed(2)));
    assert_eq!(stack.try_pop(), Ok(1));
    assert_eq!(stack.try_pop(), Err(TryPopError::Closed));
}

#[test]
fn wakes_one_each() {
    let stack = ConcurrentStack::bounded(1);
    common::wakes_one_each(
        stack.not_empty(),
        stack.not_full(),
        || stack.try_push(1).unwrap(),
        || assert_eq!(stack.try_pop(), Ok(1)),
    );
}

#[test]
fn draining() {
    let stack = ConcurrentStack::unbounded();
    (1..=3).for_each(|n| stack.try_push(n).unwrap());
    let listener = stack.not_empty().listen();
    assert_eq!(stack.close_and_drain(), [1, 2, 3]);
    listener.wait();
    assert_eq!(stack.try_pop(), Err(TryPopError::Closed));
    assert!(stack.close_and_drain().is_empty());
}

/// Each place that a drain frees wakes one push, and no more.
#[test]
fn draining_an_open_stack() {
    let stack = ConcurrentStack::bounded(2);
    assert_eq!(stack.try_drain(0), Some(vec![]));
    stack.try_push(1).unwrap();
    stack.try_push(2).unwrap();
    let listeners = [(); 3].map(|()| stack.not_full().listen());
    assert_eq!(stack.try_drain(1), None);
    assert_eq!(stack.len(), 2);
    assert_eq!(stack.try_drain(2), Some(vec![2, 1]));
    let woken = listeners.map(|listener| listener.wait_deadline(passed()));
    assert_eq!(woken, [true, true, false]);
    stack.try_push(3).unwrap();
    stack.close();
    assert_eq!(stack.try_drain(5), Some(vec![3]));
    assert_eq!(stack.try_pop(), Err(TryPopError::Closed));
}

#[test]
fn visits_end_with_an_error() {
    let stack = ConcurrentStack::default();
    (1..=3).for_each(|n| stack.try_push(n).unwrap());
    let mut seen = vec![];
    let result = stack.try_for_each(|&n| {
        seen.push(n);
        if n < 2 { Ok(()) } else { Err("enough") }
    });
    assert_eq!(result, Err("enough"));
    assert_eq!(seen, [1, 2]);
    let text = "ConcurrentStack { len: 3, capacity: None, closed: false, .. }";
    assert_eq!(format!("{stack:?}"), text);
}

#[test]
fn stress() {
    let stack = ConcurrentStack::bounded(5);
    let mut all: Vec<usize> = thread::scope(|scope| {
        let consumers = [(); 2].map(|()| {
            scope.spawn(|| {
                let next = || match stack.try_pop() {
                    Ok(n) => Some(Some(n)),
                    Err(TryPopError::Closed) => Some(None),
                    Err(TryPopError::Empty) => None,
                };
                let pops =
                    std::iter::from_fn(|| stack.not_empty().wait_until(None, next).flatten());
                pops.collect::<Vec<_>>()
            })
        });
        let producers = [0, 1].map(|producer| {
            let stack = &stack;
            scope.spawn(move || {
                for n in 0..ITEMS {
                    let push = || stack.try_push(producer * ITEMS + n).ok();
                    stack.not_full().wait_until(None, push);
                    assert!(stack.len() <= 5);
                }
            })
        });
        for producer in producers {
            producer.join().unwrap();
        }
        stack.close();
        consumers
            .into_iter()
            .flat_map(|consumer| consumer.join().unwrap())
            .collect()
    });
    all.sort_unstable();
    assert!(all.into_iter().eq(0..2 * ITEMS));
}

/// An item that cannot be cloned.
#[derive(Debug, PartialEq)]
struct Single(u32);

#[test]
fn waits_end_in_time() {
    let stack = ConcurrentStack::bounded(1);
    let start = Instant::now();
    assert_eq!(stack.pop_timeout(SHORT), Err(PopTimeoutError::Timeout));
    assert_eq!(stack.pop_deadline(start), Err(PopTimeoutError::Timeout));
    assert_eq!(stack.push_timeout(Single(1), Duration::MAX), Ok(()));
    let late = stack.push_deadline(Single(2), start);
    assert_eq!(late, Err(PushTimeoutError::Timeout(Single(2))));
    let late = stack.push_timeout(Single(2), SHORT);
    assert_eq!(late, Err(PushTimeoutError::Timeout(Single(2))));
    assert!(start.elapsed() >= 2 * SHORT && start.elapsed() < LONG);
    assert_eq!(stack.pop_timeout(Duration::MAX), Ok(Single(1)));
    stack.close();
    assert_eq!(
        stack.pop_timeout(Duration::ZERO),
        Err(PopTimeoutError::Closed)
    );
    let closed = stack.push_timeout(Single(3), SHORT);
    assert_eq!(closed, Err(PushTimeoutError::Closed(Single(3))));
    assert_eq!(stack.push(Single(3)), Err(PushError(Single(3))));
    assert_eq!(stack.pop(), Err(PopError));
}

#[test]
fn threads_wait_for_items_and_for_room() {
    let stack = Arc::new(ConcurrentStack::bounded(2));
    let popper = {
        let stack = Arc::clone(&stack);
        thread::spawn(move || std::iter::from_fn(|| stack.pop().ok()).count())
    };
    for n in 0..1000 {
        stack.push(n).unwrap();
    }
    stack.close();
    assert_eq!(popper.join().unwrap(), 1000);
}

/// A future can be sent to another thread, which is what executors of many threads ask for.
#[test]
fn tasks_wait_for_items_and_for_room() {
    let (stack, mut context) = (
        ConcurrentStack::bounded(1),
        Context::from_waker(Waker::noop()),
    );
    fn send(_: &impl Send) {}
    let mut pop = pin!(stack.pop_async());
    send(&pop);
    assert!(pop.as_mut().poll(&mut context).is_pending());
    stack.push(1).unwrap();
    let mut push = pin!(stack.push_async(2));
    send(&push);
    assert!(push.as_mut().poll(&mut context).is_pending());
    assert_eq!(pop.poll(&mut context), Poll::Ready(Ok(1)));
    assert_eq!(push.poll(&mut context), Poll::Ready(Ok(())));
    stack.close();
    assert_eq!(
        pin!(stack.pop_async()).poll(&mut context),
        Poll::Ready(Ok(2))
    );
    assert_eq!(
        pin!(stack.pop_async()).poll(&mut context),
        Poll::Ready(Err(PopError))
    );
    let refused = pin!(stack.push_async(3)).poll(&mut context);
    assert_eq!(refused, Poll::Ready(Err(PushError(3))));
}

proptest! {
    /// It does what a vector does.
    #[test]
    fn as_a_vector(capacity in 1_usize..5, steps in prop::collection::vec(prop::option::of(0..9), 0..40)) {
        let stack = ConcurrentStack::bounded(capacity);
        let mut model = vec![];
        for step in steps {
            match step {
                Some(n) if model.len() == capacity => {
                    prop_assert_eq!(stack.try_push(n), Err(TryPushError::Full(n)));
                }
                Some(n) => {
                    prop_assert_eq!(stack.try_push(n), Ok(()));
                    model.push(n);
                }
                None => prop_assert_eq!(stack.try_pop().ok(), model.pop()),
            }
            prop_assert_eq!(stack.len(), model.len());
            prop_assert_eq!(stack.peek(), model.last().copied());
        }
    }
}
