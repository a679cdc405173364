//! The bound is exact, and so are the positions that it is computed from.

use crossbeam_epoch as epoch;
use loom_tests::{check, check_with_one_preemption, threads::both};

use crate::{pinned, queue, rest};

/// The bound is never exceeded, and of two pushes into room for one exactly one is refused.
#[test]
fn bound_holds() {
    check(|| {
        let queue = queue(Some(2), 1);
        let (theirs, ours) = both(
            &queue,
            |queue| queue.try_push(1),
            |queue| {
                let ours = queue.try_push(2);
                assert!(queue.len() <= 2);
                ours
            },
        );
        assert!(theirs.is_ok() != ours.is_ok());
        assert_eq!(queue.len(), 2);
    });
}

/// A thread that sees the claim of a push sees the pop that made room for it. So the bound never seems to be
/// exceeded, which the queue asserts, though nothing else orders the three.
#[test]
fn bound_holds_among_three() {
    check_with_one_preemption(|| {
        let queue = queue(Some(1), 1);
        let _pinned = epoch::pin();
        let popper = pinned(&queue, |queue| queue.try_pop().unwrap());
        let pusher = pinned(&queue, |queue| queue.try_push(1).is_ok());
        let ours = queue.try_push(2).is_ok();
        assert_eq!(popper.join().unwrap(), 0);
        assert!(!(pusher.join().unwrap() && ours));
    });
}

/// A thread that sees the claim of a pop sees that of the push before it. So the positions never seem to be
/// the wrong way round, which the queue asserts, though nothing else orders the three.
#[test]
fn positions_among_three() {
    check_with_one_preemption(|| {
        let queue = queue(None, 0);
        let _pinned = epoch::pin();
        let popper = pinned(&queue, |queue| queue.try_pop());
        let pusher = pinned(&queue, |queue| queue.try_push(1).unwrap());
        let ours = queue.try_pop();
        let theirs = popper.join().unwrap();
        pusher.join().unwrap();
        let got = [ours, theirs, queue.try_pop()];
        assert_eq!(got.iter().filter(|it| **it == Ok(1)).count(), 1);
    });
}

/// The same if it is a peek that goes past the slot, having burned it.
#[test]
fn positions_after_a_peek() {
    check_with_one_preemption(|| {
        let queue = queue(None, 0);
        let _pinned = epoch::pin();
        let peeker = pinned(&queue, |queue| queue.peek());
        let pusher = pinned(&queue, |queue| queue.try_push(1).unwrap());
        let ours = queue.try_pop();
        assert!([None, Some(1)].contains(&peeker.join().unwrap()));
        pusher.join().unwrap();
        assert_ne!(ours.is_ok(), queue.try_pop().is_ok());
    });
}

/// The bound is never exceeded while a pop makes room, and what fits is let in.
#[test]
fn bound_holds_beside_pop() {
    check(|| {
        let queue = queue(Some(1), 1);
        let pushed = both(
            &queue,
            |queue| queue.try_pop().unwrap(),
            |queue| {
                let first = queue.try_push(1).is_ok();
                let second = queue.try_push(2).is_ok();
                assert!(queue.len() <= 1);
                usize::from(first) + usize::from(second)
            },
        );
        // Both fit only if the pop took the first of them, but it took item 0.
        assert!(pushed.0 == 0 && pushed.1 <= 1);
        assert_eq!(queue.len(), pushed.1);
    });
}

/// A push into an empty bounded queue is not refused because a pop has burned its slot.
#[test]
fn burned_slot_makes_room() {
    check(|| {
        let queue = queue(Some(1), 0);
        let (_, popped) = both(
            &queue,
            |queue| queue.try_push(7).unwrap(),
            |queue| queue.try_pop(),
        );
        assert_eq!(popped.or(queue.try_pop()), Ok(7));
    });
}

/// The same if it was a peek.
#[test]
fn slot_burned_by_peek_makes_room() {
    check(|| {
        let queue = queue(Some(1), 0);
        let (_, peeked) = both(
            &queue,
            |queue| queue.try_push(7).unwrap(),
            |queue| queue.peek(),
        );
        assert!(peeked.is_none_or(|n| n == 7));
        assert_eq!(rest(&queue), [7]);
    });
}
