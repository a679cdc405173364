//! Behavior of the priority queue seen from outside. What depends on schedules is in `loom-tests`.

mod common;

use std::{
    cell::{Cell, RefCell},
    cmp::Reverse,
    collections::BinaryHeap,
    sync::mpsc,
    thread,
};

use ft_concurrent_queue::{Natural, Order, PriorityPopError, PriorityPushError, PriorityQueue};
use ft_test_support::passed;
use proptest::prelude::*;

/// Items per producer in the stress tests.
const ITEMS: usize = if cfg!(miri) { 50 } else { 5_000 };

/// An order that is never quick, and calls a closure for each comparison.
struct Slow<F>(F);

impl<T, E, F: Fn(&T, &T) -> Result<bool, E>> Order<T> for Slow<F> {
    type Error = E;

    fn quick(&self, _: &T, _: &T) -> Option<bool> {
        None
    }

    fn is_less(&self, a: &T, b: &T) -> Result<bool, E> {
        (self.0)(a, b)
    }
}

fn slow<T: Ord>() -> impl Order<T, Error = ()> {
    Slow(|a: &T, b: &T| Ok(a < b))
}

fn filled<T: Ord + Clone>(items: impl IntoIterator<Item = T>) -> PriorityQueue<T> {
    let queue = PriorityQueue::unbounded();
    for item in items {
        queue.try_push(item, &Natural).unwrap();
    }
    queue
}

fn drained<T: Clone, O: Order<T>>(queue: &PriorityQueue<T>, order: &O) -> Vec<T> {
    std::iter::from_fn(|| queue.try_pop(order).ok()).collect()
}

#[test]
fn least_first() {
    let queue = filled([5, 3, 8, 1, 9, 2]);
    assert_eq!(queue.peek(), Some(1));
    assert_eq!(queue.len(), 6);
    assert!(!queue.is_empty());
    assert_eq!(drained(&queue, &Natural), [1, 2, 3, 5, 8, 9]);
    assert_eq!(queue.try_pop(&Natural), Err(PriorityPopError::Empty));
    assert_eq!(queue.peek(), None);
    assert!(queue.is_empty());
}

#[test]
fn natural_order() {
    for (a, b) in [(1, 2), (2, 2), (3, 2)] {
        assert_eq!(Natural.quick(&a, &b), Some(a < b));
        assert_eq!(Natural.is_less(&a, &b), Ok(a < b));
    }
}

#[test]
fn bound_is_exact() {
    let queue = PriorityQueue::bounded(2);
    assert_eq!(queue.capacity(), Some(2));
    queue.try_push(2, &Natural).unwrap();
    assert!(!queue.is_full());
    queue.try_push(1, &Natural).unwrap();
    assert!(queue.is_full());
    assert_eq!(queue.try_push(0, &Natural), Err(PriorityPushError::Full(0)));
    assert_eq!(drained(&queue, &Natural), [1, 2]);
}

#[test]
#[should_panic(expected = "capacity must be positive")]
fn capacity_zero() {
    PriorityQueue::<u8>::bounded(0);
}

#[test]
fn closing() {
    let queue = filled([2, 1]);
    let (empty, full) = (queue.not_empty().listen(), queue.not_full().listen());
    assert!(!queue.is_closed());
    queue.close();
    empty.wait();
    full.wait();
    assert!(queue.is_closed());
    assert_eq!(
        queue.try_push(0, &Natural),
        Err(PriorityPushError::Closed(0))
    );
    assert_eq!(queue.try_pop(&Natural), Ok(1));
    assert_eq!(queue.close_and_drain(), [2]);
    assert_eq!(queue.try_pop(&Natural), Err(PriorityPopError::Closed));
}

#[test]
fn wakes_one_each() {
    let queue = PriorityQueue::bounded(1);
    common::wakes_one_each(
        queue.not_empty(),
        queue.not_full(),
        || queue.try_push(1, &Natural).unwrap(),
        || assert_eq!(queue.try_pop(&Natural), Ok(1)),
    );
}

/// A drain compares nothing. Each place that it frees wakes one push, and no more.
#[test]
fn draining_an_open_queue() {
    let queue = PriorityQueue::bounded(2);
    assert_eq!(queue.try_drain(0), Some(vec![]));
    assert!(queue.try_push(2, &Natural).is_ok());
    assert!(queue.try_push(1, &Natural).is_ok());
    let listeners = [(); 3].map(|()| queue.not_full().listen());
    assert_eq!(queue.try_drain(1), None);
    assert_eq!(queue.len(), 2);
    let mut drained = queue.try_drain(2).unwrap();
    drained.sort_unstable();
    assert_eq!(drained, [1, 2]);
    let woken = listeners.map(|listener| listener.wait_deadline(passed()));
    assert_eq!(woken, [true, true, false]);
    assert_eq!(queue.try_pop(&Natural), Err(PriorityPopError::Empty));
}

#[test]
fn visits_end_with_an_error() {
    let queue = filled([3, 1, 2]);
    let mut seen = vec![];
    let result = queue.try_for_each(|&n| {
        seen.push(n);
        if seen.len() < 3 {
            Ok(())
        } else {
            Err("enough")
        }
    });
    assert_eq!(result, Err("enough"));
    seen.sort_unstable();
    assert_eq!(seen, [1, 2, 3]);
    assert_eq!(queue.try_for_each(|_| Ok::<_, ()>(())), Ok(()));
}

#[test]
fn failed_comparison_changes_nothing() {
    for len in 2..20 {
        // Let each comparison fail in turn.
        for failing in 0.. {
            let queue = filled((0..len).rev());
            let left = Cell::new(failing);
            let order = Slow(|a: &i32, b: &i32| match left.get() {
                0 => Err("no"),
                n => {
                    left.set(n - 1);
                    Ok(a < b)
                }
            });
            let certain = Cell::new(false);
            let pushed = queue.try_push_with(-1, &order, || certain.set(true));
            let push_failed = pushed.is_err();
            if push_failed {
                let refused = PriorityPushError::Order {
                    item: -1,
                    error: "no",
                };
                assert_eq!(pushed, Err(refused));
            }
            assert_ne!(certain.get(), push_failed);
            left.set(failing);
            let expected = (if push_failed { 0 } else { -1 }..len).collect::<Vec<_>>();
            let popped = queue.try_pop(&order);
            let mut all: Vec<_> = popped.into_iter().collect();
            all.extend(drained(&queue, &Natural));
            assert_eq!(all, expected);
            if popped.is_ok() && !push_failed {
                break;
            }
            if popped.is_err() {
                assert_eq!(popped, Err(PriorityPopError::Order("no")));
            }
        }
    }
}

#[test]
fn errors_have_their_items() {
    type Error = PriorityPushError<u8, &'static str>;
    for (err, text) in [
        (Error::Full(1), "queue is full"),
        (Error::Closed(1), "queue is closed"),
        (Error::Busy(1), "another thread is comparing items"),
        (
            Error::Order {
                item: 1,
                error: "no",
            },
            "cannot compare items: no",
        ),
    ] {
        assert_eq!(err.to_string(), text);
        assert_eq!(err.into_inner(), 1);
    }
}

#[test]
fn errors_say_why() {
    type Error = PriorityPopError<&'static str>;
    for (err, text) in [
        (Error::Empty, "queue is empty"),
        (Error::Closed, "queue is empty and closed"),
        (Error::Busy, "another thread is comparing items"),
        (Error::Order("no"), "cannot compare items: no"),
    ] {
        assert_eq!(err.to_string(), text);
    }
}

/// A comparison may use the queue; the operation that compares starts again.
#[test]
fn reentrant_operations() {
    let queue = filled([10, 20, 30, 40]);
    let calls = Cell::new(0);
    let order = Slow(|a: &i32, b: &i32| {
        calls.set(calls.get() + 1);
        match calls.get() {
            1 => queue.try_push(5, &slow()).unwrap(),
            2 => assert!(queue.try_pop(&slow()).is_ok()),
            _ => {}
        }
        Ok::<_, ()>(a < b)
    });
    queue.try_push(1, &order).unwrap();
    assert!(calls.get() > 2);
    calls.set(0);
    // The pop within the comparison takes what was the least item.
    assert_eq!(queue.try_pop(&order), Ok(5));
    assert_eq!(drained(&queue, &Natural), [10, 20, 30, 40]);
}

/// A push does not use the place that it found in the heap before the heap grew.
#[test]
fn heap_that_grows_during_a_comparison() {
    for len in 1..20 {
        let queue = filled(0..len);
        let calls = Cell::new(0);
        let order = Slow(|a: &i32, b: &i32| {
            calls.set(calls.get() + 1);
            if calls.get() == 1 {
                (0..5).for_each(|n| queue.try_push(-n - 2, &Natural).unwrap());
            }
            Ok::<_, ()>(a < b)
        });
        queue.try_push(-1, &order).unwrap();
        assert_eq!(drained(&queue, &Natural), (-6..len).collect::<Vec<_>>());
    }
}

/// The same when the heap shrinks and grows by the same number of items.
#[test]
fn heap_that_changes_during_a_comparison() {
    for len in 2..20 {
        // Let each comparison change the heap in turn.
        for when in 0..8 {
            let queue = filled(10..10 + len);
            let calls = Cell::new(0);
            let order = Slow(|a: &i32, b: &i32| {
                if calls.replace(calls.get() + 1) == when {
                    let least = queue.try_pop(&Natural).unwrap();
                    queue.try_push(least - 9, &Natural).unwrap();
                }
                Ok::<_, ()>(a < b)
            });
            queue.try_push(5, &order).unwrap();
            let changed = calls.replace(0) > when;
            let least = if changed { 1 } else { 5 };
            assert_eq!(queue.peek(), Some(least));
            let popped = queue.try_pop(&order).unwrap();
            let expected = if calls.get() > when { least - 9 } else { least };
            assert_eq!(popped, expected);
            assert!(drained(&queue, &Natural).is_sorted());
        }
    }
}

/// An operation whose comparison drains the queue starts again with what is left.
#[test]
fn comparison_may_drain_an_open_queue() {
    let queue = filled([10, 20, 30]);
    let order = Slow(|a: &i32, b: &i32| {
        queue.try_drain(usize::MAX);
        Ok::<_, ()>(a < b)
    });
    assert!(queue.try_push(1, &order).is_ok());
    assert_eq!(queue.try_drain(usize::MAX), Some(vec![1]));
    let queue = filled([10, 20, 30]);
    let order = Slow(|a: &i32, b: &i32| {
        queue.try_drain(usize::MAX);
        Ok::<_, ()>(a < b)
    });
    assert_eq!(queue.try_pop(&order), Err(PriorityPopError::Empty));
}

#[test]
fn comparison_may_drain() {
    // The comparison drains at once, or after it has pushed something.
    for pushes in 0..2 {
        let drain = |queue: &PriorityQueue<i32>| {
            (0..pushes).for_each(|_| _ = queue.try_push(5, &Natural));
            queue.close_and_drain();
        };
        let queue = filled([10, 20, 30]);
        let order = Slow(|a: &i32, b: &i32| {
            drain(&queue);
            Ok::<_, ()>(a < b)
        });
        assert_eq!(queue.try_push(1, &order), Err(PriorityPushError::Closed(1)));
        let queue = filled([10, 20, 30]);
        let order = Slow(|a: &i32, b: &i32| {
            drain(&queue);
            Ok::<_, ()>(a < b)
        });
        assert_eq!(queue.try_pop(&order), Err(PriorityPopError::Closed));
    }
}

/// A comparison that closes the queue stops a push, but not a pop, however often it closes.
#[test]
fn comparison_may_close() {
    let queue = filled([10, 20, 30]);
    let order = Slow(|a: &i32, b: &i32| {
        queue.close();
        Ok::<_, ()>(a < b)
    });
    assert_eq!(queue.try_push(1, &order), Err(PriorityPushError::Closed(1)));
    assert_eq!(queue.try_pop(&order), Ok(10));
    assert_eq!(drained(&queue, &Natural), [20, 30]);
}

/// While one thread compares, others see the size, and all that needs the turn is refused.
#[test]
fn others_while_comparing() {
    let queue = filled([10, 20, 30]);
    let order = Slow(|a: &i32, b: &i32| {
        thread::scope(|scope| {
            scope.spawn(|| {
                assert_eq!(queue.len(), 3);
                assert_eq!(queue.try_push(5, &Natural), Err(PriorityPushError::Busy(5)));
                assert_eq!(queue.try_pop(&Natural), Err(PriorityPopError::Busy));
                assert!(queue.try_turn().is_none());
            });
        });
        assert!(queue.try_turn().is_some());
        Ok::<_, ()>(a < b)
    });
    queue.try_push(1, &order).unwrap();
    let listener = queue.turn_over().listen();
    // The turn ends after a failed comparison, too.
    let failing = Slow(|_: &i32, _: &i32| Err(()));
    assert!(queue.try_push(0, &failing).is_err());
    listener.wait();
    let turn = queue.try_turn();
    assert!(turn.is_some());
    thread::scope(|scope| {
        let other = scope.spawn(|| queue.try_pop(&Natural));
        assert_eq!(other.join().unwrap(), Err(PriorityPopError::Busy));
    });
    drop(turn);
    assert_eq!(drained(&queue, &Natural), [1, 10, 20, 30]);
}

/// Threads that wait for the turn never disturb the operation that has it.
#[test]
fn stress() {
    let queue = PriorityQueue::unbounded();
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for thread in 0..3 {
            let (queue, sender) = (&queue, sender.clone());
            scope.spawn(move || {
                for n in 0..ITEMS {
                    let item = (n * 7919 % ITEMS) * 3 + thread;
                    let push = || match thread {
                        0 => queue.try_push(item, &Natural).map_err(|_| ()),
                        _ => queue.try_push(item, &slow()).map_err(|_| ()),
                    };
                    if push().is_err() {
                        let turn = queue.turn_over().wait_until(None, || queue.try_turn());
                        assert!(turn.is_some());
                        push().unwrap();
                    }
                    if n % 2 == 0 {
                        continue;
                    }
                    let popped = queue.try_pop(&slow()).or_else(|_| {
                        let _turn = queue.turn_over().wait_until(None, || queue.try_turn());
                        queue.try_pop(&slow())
                    });
                    sender.send(popped.unwrap()).unwrap();
                }
            });
        }
    });
    drop(sender);
    let rest = drained(&queue, &Natural);
    assert!(rest.is_sorted());
    let mut all: Vec<_> = receiver.into_iter().chain(rest).collect();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..3 * ITEMS));
}

/// With an order that contradicts itself items come out in the wrong order, and none is lost.
#[test]
fn order_that_lies() {
    for answer in [true, false] {
        let liar = Slow(|_: &i32, _: &i32| Ok::<_, ()>(answer));
        for len in 0..20 {
            let queue = PriorityQueue::unbounded();
            (0..len).for_each(|n| queue.try_push(n, &liar).unwrap());
            let mut all = drained(&queue, &liar);
            all.sort_unstable();
            assert_eq!(all, (0..len).collect::<Vec<_>>());
        }
    }
}

/// There are as few comparisons as in Python's `heapq`.
#[test]
fn few_comparisons() {
    let queue = filled(0..1023);
    let calls = RefCell::new(0);
    let order = Slow(|a: &i32, b: &i32| {
        *calls.borrow_mut() += 1;
        Ok::<_, ()>(a < b)
    });
    queue.try_pop(&order).unwrap();
    assert!(*calls.borrow() <= 10 + 10, "{}", calls.borrow());
    *calls.borrow_mut() = 0;
    queue.try_push(5000, &order).unwrap();
    assert_eq!(*calls.borrow(), 1);
}

proptest! {
    /// It does what the standard heap does, however comparisons are made.
    #[test]
    fn as_a_heap(steps in prop::collection::vec((prop::option::of(0..20), any::<bool>()), 0..80)) {
        let queue = PriorityQueue::unbounded();
        let mut model = BinaryHeap::new();
        for (step, is_slow) in steps {
            match (step, is_slow) {
                (Some(n), true) => queue.try_push(n, &slow()).unwrap(),
                (Some(n), false) => queue.try_push(n, &Natural).unwrap(),
                (None, true) => {
                    prop_assert_eq!(queue.try_pop(&slow()).ok(), model.pop().map(|Reverse(n)| n));
                }
                (None, false) => {
                    prop_assert_eq!(queue.try_pop(&Natural).ok(), model.pop().map(|Reverse(n)| n));
                }
            }
            model.extend(step.map(Reverse));
            prop_assert_eq!(queue.len(), model.len());
            prop_assert_eq!(queue.peek(), model.peek().map(|&Reverse(n)| n));
        }
    }
}
