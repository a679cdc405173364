//! Models of `PriorityQueue`.
#![cfg(ft_loom)]

use ft_concurrent_queue::{Natural, Order, PriorityPopError, PriorityPushError, PriorityQueue};
use ft_sync::{Arc, thread};
use loom_tests::{
    check,
    pairs::{Watched, each_pair},
    threads::pair,
};

/// An order that compares outside of the lock, and lets other threads run meanwhile.
struct Slow;

impl<T: Ord> Order<T> for Slow {
    type Error = ();

    fn quick(&self, _: &T, _: &T) -> Option<bool> {
        None
    }

    fn is_less(&self, a: &T, b: &T) -> Result<bool, ()> {
        thread::yield_now();
        Ok(a < b)
    }
}

type Shared = Arc<PriorityQueue<u8>>;

fn filled(queue: PriorityQueue<u8>, items: &[u8]) -> (Shared, Shared) {
    for &item in items {
        queue.try_push(item, &Natural).unwrap();
    }
    pair(queue)
}

fn shared(items: &[u8]) -> (Shared, Shared) {
    filled(PriorityQueue::unbounded(), items)
}

fn bounded(capacity: usize, items: &[u8]) -> (Shared, Shared) {
    filled(PriorityQueue::bounded(capacity), items)
}

/// Pushes an item once there is room for it.
fn push_into_room(queue: &PriorityQueue<u8>, item: u8) {
    let push = || queue.try_push(item, &Natural).ok();
    assert_eq!(queue.not_full().wait_until(None, push), Some(()));
}

fn push_waiting<E>(queue: &PriorityQueue<u8>, item: u8, order: &impl Order<u8, Error = E>) {
    if let Err(err) = queue.try_push(item, order) {
        assert!(matches!(err, PriorityPushError::Busy(_)));
        let _turn = queue.turn_over().wait_until(None, || queue.try_turn());
        assert!(queue.try_push(item, order).is_ok());
    }
}

fn pop_waiting<E>(queue: &PriorityQueue<u8>, order: &impl Order<u8, Error = E>) -> Option<u8> {
    match queue.try_pop(order) {
        Err(PriorityPopError::Busy) => {
            let _turn = queue.turn_over().wait_until(None, || queue.try_turn());
            queue.try_pop(order).ok()
        }
        done => done.ok(),
    }
}

fn rest(queue: &PriorityQueue<u8>) -> Vec<u8> {
    std::iter::from_fn(|| queue.try_pop(&Natural).ok()).collect()
}

/// Two pushes that compare outside of the lock both find the right place.
#[test]
fn slow_pushes() {
    check(|| {
        let (theirs, ours) = shared(&[3, 5]);
        let other = thread::spawn(move || push_waiting(&theirs, 1, &Slow));
        push_waiting(&ours, 2, &Slow);
        other.join().unwrap();
        assert_eq!(rest(&ours), [1, 2, 3, 5]);
    });
}

/// A push under the lock never lets a slow pop act on what it saw before.
#[test]
fn quick_push_and_slow_pop() {
    check(|| {
        let (theirs, ours) = shared(&[2, 3, 4]);
        let other = thread::spawn(move || push_waiting(&theirs, 1, &Natural));
        let popped = pop_waiting(&ours, &Slow).unwrap();
        other.join().unwrap();
        assert!(popped < 3);
        assert_eq!(rest(&ours), [3 - popped, 3, 4]);
    });
}

/// Two slow pops get different items, the least ones.
#[test]
fn slow_pops() {
    check(|| {
        let (theirs, ours) = shared(&[1, 2, 3, 4]);
        let other = thread::spawn(move || pop_waiting(&theirs, &Slow).unwrap());
        let us = pop_waiting(&ours, &Slow).unwrap();
        assert_eq!(us + other.join().unwrap(), 3);
        assert_eq!(rest(&ours), [3, 4]);
    });
}

/// Each thread that waits for the turn gets it.
#[test]
fn turns_are_passed_on() {
    check(|| {
        let (theirs, ours) = shared(&[3, 4]);
        let others = Arc::clone(&ours);
        let turn = ours.try_turn();
        assert!(turn.is_some());
        let first = thread::spawn(move || push_waiting(&theirs, 1, &Natural));
        let second = thread::spawn(move || push_waiting(&others, 2, &Natural));
        drop(turn);
        first.join().unwrap();
        second.join().unwrap();
        assert_eq!(rest(&ours), [1, 2, 3, 4]);
    });
}

/// A push that compares while the queue is drained is refused, and its item is not left behind.
#[test]
fn draining_during_a_comparison() {
    check(|| {
        let (theirs, ours) = shared(&[3, 4]);
        let other = thread::spawn(move || theirs.try_push(1, &Slow).is_ok());
        let drained = ours.close_and_drain();
        assert_eq!(other.join().unwrap(), drained.len() == 3);
        assert_eq!(ours.try_pop(&Natural), Err(PriorityPopError::Closed));
    });
}

/// A pop that compares while the queue is drained finds nothing, or has taken its item already.
#[test]
fn draining_during_a_pop() {
    check(|| {
        let (theirs, ours) = shared(&[1, 2, 3]);
        let other = thread::spawn(move || theirs.try_pop(&Slow));
        match ours.close_and_drain().len() {
            2 => assert_eq!(other.join().unwrap(), Ok(1)),
            _ => assert_eq!(other.join().unwrap(), Err(PriorityPopError::Closed)),
        }
    });
}

/// A drain during a comparison makes the operation that compares start again. No item is left behind or comes
/// out twice.
#[test]
fn draining_an_open_queue() {
    check(|| {
        let (theirs, ours) = shared(&[1, 2, 3]);
        let other = thread::spawn(move || theirs.try_pop(&Slow).ok());
        let mut all = ours.try_drain(3).unwrap();
        all.extend(other.join().unwrap());
        all.sort();
        assert_eq!(all, [1, 2, 3]);
        assert_eq!(ours.try_pop(&Natural), Err(PriorityPopError::Empty));
    });
}

/// A drain wakes a push that waits for room.
#[test]
fn draining_wakes() {
    check(|| {
        let (theirs, ours) = bounded(1, &[1]);
        let other = thread::spawn(move || push_into_room(&theirs, 2));
        assert_eq!(ours.try_drain(1), Some(vec![1]));
        other.join().unwrap();
        assert_eq!(rest(&ours), [2]);
    });
}

/// A push wakes a pop that waits, and so does a close.
#[test]
fn push_or_close_wakes() {
    for expected in [Ok(1), Err(PriorityPopError::Closed)] {
        check(move || {
            let (theirs, ours) = shared(&[]);
            let other = thread::spawn(move || match expected {
                Ok(item) => theirs.try_push(item, &Natural).unwrap(),
                Err(_) => theirs.close(),
            });
            let attempt = || match ours.try_pop(&Slow) {
                Err(PriorityPopError::Empty) => None,
                done => Some(done),
            };
            assert_eq!(ours.not_empty().wait_until(None, attempt), Some(expected));
            other.join().unwrap();
        });
    }
}

/// A pop wakes a push that waits for room.
#[test]
fn pop_wakes_a_push() {
    check(|| {
        let (theirs, ours) = bounded(1, &[1]);
        let other = thread::spawn(move || push_into_room(&theirs, 2));
        assert_eq!(ours.try_pop(&Natural), Ok(1));
        other.join().unwrap();
        assert_eq!(rest(&ours), [2]);
    });
}

/// Of two slow pushes with room for one, one is refused.
#[test]
fn bound_is_exact() {
    check(|| {
        let (theirs, ours) = bounded(2, &[5]);
        let push = |queue: &PriorityQueue<u8>, item| match queue.try_push(item, &Slow) {
            Err(PriorityPushError::Busy(item)) => {
                let _turn = queue.turn_over().wait_until(None, || queue.try_turn());
                queue.try_push(item, &Slow).is_ok()
            }
            done => done.is_ok(),
        };
        let other = thread::spawn(move || push(&theirs, 1));
        assert_ne!(push(&ours, 2), other.join().unwrap());
        assert_eq!(ours.len(), 2);
    });
}

/// No two operations use an item at the same time, whichever they are.
#[test]
fn each_operation_beside_each() {
    each_pair(
        || {
            let queue = PriorityQueue::bounded(3);
            (0..2).for_each(|n| assert!(queue.try_push(Watched::new(n), &Natural).is_ok()));
            queue
        },
        &[
            ("push", |queue: &PriorityQueue<Watched>| {
                drop(queue.try_push(Watched::new(1), &Natural))
            }),
            ("slow push", |queue| {
                drop(queue.try_push(Watched::new(1), &Slow))
            }),
            ("pop", |queue| drop(queue.try_pop(&Natural))),
            ("slow pop", |queue| drop(queue.try_pop(&Slow))),
            ("peek", |queue| drop(queue.peek())),
            ("len", |queue| assert!(queue.len() <= 3)),
            ("close", |queue| queue.close()),
            ("drain", |queue| drop(queue.try_drain(2))),
            ("close and drain", |queue| drop(queue.close_and_drain())),
        ],
    );
}
