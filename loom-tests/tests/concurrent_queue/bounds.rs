//! The bound is exact, and so are the positions that it is computed from.

use loom_tests::{check, check_with_one_preemption, threads::spawn};

use crate::{both, queue, rest};

/// The bound is never exceeded, and of two pushes into room for one exactly one is refused.
fn bound_holds(bound: usize) {
    check(move || {
        let queue = queue(Some(bound), bound - 1);
        let (theirs, ours) = both(
            &queue,
            |queue| queue.try_push(1),
            move |queue| {
                let ours = queue.try_push(2);
                assert!(queue.len() <= bound);
                ours
            },
        );
        assert!(theirs.is_ok() != ours.is_ok());
        assert_eq!(queue.len(), bound);
    });
}

#[test]
fn bound_of_a_ring_holds() {
    bound_holds(2);
}

#[test]
fn bound_of_a_chain_holds() {
    bound_holds(3);
}

/// A thread that sees the claim of a push sees the pop that made room for it. So the bound never seems to be
/// exceeded, which the queue asserts, though nothing else orders the three.
#[test]
fn bound_holds_among_three() {
    check_with_one_preemption(|| {
        let queue = queue(Some(1), 1);
        let popper = spawn(&queue, |queue| queue.try_pop().unwrap());
        let pusher = spawn(&queue, |queue| queue.try_push(1).is_ok());
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
        let popper = spawn(&queue, |queue| queue.try_pop());
        let pusher = spawn(&queue, |queue| queue.try_push(1).unwrap());
        let ours = queue.try_pop();
        let theirs = popper.join().unwrap();
        pusher.join().unwrap();
        let got = [ours, theirs, queue.try_pop()];
        assert_eq!(got.iter().filter(|it| **it == Ok(1)).count(), 1);
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

/// A push finds the room that was made before, in a ring whose bound is less than its slots, too.
#[test]
fn room_is_found() {
    check(|| {
        let queue = queue(Some(1), 1);
        let (popped, pushed) = both(
            &queue,
            |queue| queue.try_pop().unwrap(),
            |queue| {
                let pushed = queue.try_push(1).is_ok();
                assert!(!(pushed && queue.try_push(2).is_ok()));
                pushed
            },
        );
        assert_eq!(popped, 0);
        assert_eq!(rest(&queue), if pushed { vec![1] } else { vec![] });
    });
}
