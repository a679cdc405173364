//! Pushes and pops: which items come out, and in which order.

use std::collections::VecDeque;

use ft_concurrent_queue::{ConcurrentQueue, TryPopError};
use ft_sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};
use loom_tests::{
    check,
    data::Counted,
    pairs::{Watched, each_pair},
};

use crate::{both, queue, rest};

/// Two threads that push keep both their items, each thread's in order.
#[test]
fn push_and_push() {
    check(|| {
        let queue = queue(None, 0);
        both(
            &queue,
            |queue| (10..12).for_each(|n| queue.try_push(n).unwrap()),
            |queue| queue.try_push(20).unwrap(),
        );
        let all = rest(&queue);
        assert!([[10, 11, 20], [10, 20, 11], [20, 10, 11]].contains(&all[..].try_into().unwrap()));
    });
}

/// A pop beside pushes gets the first item or none, and the rest stays in order.
#[test]
fn push_and_pop() {
    check(|| {
        let queue = queue(None, 0);
        let (_, mut all) = both(
            &queue,
            |queue| (0..2).for_each(|n| queue.try_push(n).unwrap()),
            |queue| queue.try_pop().into_iter().collect::<Vec<_>>(),
        );
        all.extend(rest(&queue));
        assert_eq!(all, [0, 1]);
    });
}

/// Two pops never get the same item, and neither fails while an item is left for it.
#[test]
fn pop_and_pop() {
    check(|| {
        let queue = queue(None, 2);
        let (theirs, ours) = both(
            &queue,
            |queue| queue.try_pop().unwrap(),
            |queue| queue.try_pop().unwrap(),
        );
        assert_eq!(theirs + ours, 1);
        assert_eq!(queue.try_pop(), Err(TryPopError::Empty));
    });
}

/// Pops and pushes cross into the next block together: nothing is lost, and every item is dropped
/// once.
#[test]
fn crossing_blocks() {
    check(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        let queue = Arc::new(ConcurrentQueue::unbounded());
        let item = Counted(Arc::clone(&drops));
        for _ in 0..2 {
            queue.try_push(Counted(Arc::clone(&drops))).unwrap();
        }
        both(
            &queue,
            |queue| {
                drop((queue.try_pop().ok().unwrap(), queue.try_pop().ok().unwrap()));
                // This pop finds the next block, or none.
                queue.try_pop().is_ok()
            },
            move |queue| queue.try_push(item).is_ok(),
        );
        drop(queue);
        assert_eq!(drops.load(Relaxed), 3);
    });
}

/// Two pops that cross free a block once, and both go on in the next.
#[test]
fn two_cross() {
    check(|| {
        let queue = queue(None, 4);
        let pop_two = |queue: &ConcurrentQueue<_>| [(); 2].map(|()| queue.try_pop().unwrap());
        let (theirs, ours) = both(&queue, pop_two, pop_two);
        assert!(theirs.is_sorted() && ours.is_sorted());
        let mut all = [theirs, ours].concat();
        all.sort();
        assert_eq!(all, [0, 1, 2, 3]);
    });
}

/// Two pushes that cross append one block.
#[test]
fn two_append() {
    check(|| {
        let queue = queue(None, 2);
        both(
            &queue,
            |queue| queue.try_push(2).unwrap(),
            |queue| queue.try_push(3).unwrap(),
        );
        let all = rest(&queue);
        assert!(all == [0, 1, 2, 3] || all == [0, 1, 3, 2]);
    });
}

/// Pushes an item and pops one, `times` times.
fn push_and_pop_in_turn(queue: &ConcurrentQueue<usize>, times: usize) {
    for n in 10..10 + times {
        queue.try_push(n).unwrap();
        queue.try_pop().unwrap();
    }
}

/// The length returned is one that the queue had at some moment.
#[test]
fn length_beside_others() {
    check(|| {
        let queue = queue(None, 1);
        let (_, (len, empty)) = both(
            &queue,
            |queue| push_and_pop_in_turn(queue, 2),
            |queue| (queue.len(), queue.is_empty()),
        );
        assert!((1..=2).contains(&len) && !empty);
    });
}

/// A pop finds something in a queue that never is empty.
#[test]
fn never_found_empty() {
    check(|| {
        let queue = queue(None, 1);
        both(
            &queue,
            |queue| push_and_pop_in_turn(queue, 1),
            |queue| queue.try_pop().unwrap(),
        );
    });
}

/// A push finds room in a queue that never is full.
#[test]
fn never_found_full() {
    check(|| {
        let queue = queue(Some(2), 0);
        both(
            &queue,
            |queue| push_and_pop_in_turn(queue, 2),
            |queue| queue.try_push(1).unwrap(),
        );
    });
}

/// No two operations use an item at the same time, whichever they are.
fn each_operation_beside_each(make: fn() -> ConcurrentQueue<Watched>) {
    each_pair(
        make,
        &[
            ("push", |queue: &ConcurrentQueue<Watched>| {
                drop(queue.try_push(Watched::new(7)))
            }),
            ("push many", |queue| {
                let _ =
                    queue.try_push_many(&mut VecDeque::from([Watched::new(8), Watched::new(9)]));
            }),
            ("pop", |queue| drop(queue.try_pop())),
            ("pop many", |queue| {
                let _ = queue.try_pop_many(2, &mut Vec::new());
            }),
            ("peek", |queue| drop(queue.peek())),
            ("len", |queue| assert!(queue.len() <= 3)),
            ("close", |queue| {
                queue.close();
            }),
            ("drain", |queue| drop(queue.close_and_drain())),
        ],
    );
}

/// A chain with a bound, whose first block is full.
#[test]
fn each_operation_beside_each_in_a_chain() {
    each_operation_beside_each(|| {
        let queue = ConcurrentQueue::bounded(3);
        (0..2).for_each(|n| assert!(queue.try_push(Watched::new(n)).is_ok()));
        queue
    });
}

/// A ring in its second lap, with room for one item.
#[test]
fn each_operation_beside_each_in_a_ring() {
    each_operation_beside_each(|| {
        let queue = ConcurrentQueue::bounded(2);
        for n in 0..2 {
            assert!(queue.try_push(Watched::new(n)).is_ok());
            assert!(n == 1 || queue.try_pop().is_ok());
        }
        queue
    });
}
