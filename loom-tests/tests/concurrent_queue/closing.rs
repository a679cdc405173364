//! Queues that are closed, or closed and drained.

use ft_concurrent_queue::{TryPopError, TryPushError};
use loom_tests::check;

use crate::{both, queue, rest};

/// The item of a push beside a close is found by the pops that follow, or comes back. A push after the close
/// is refused.
fn close_and_push(filled: usize) {
    check(move || {
        let queue = queue(None, filled);
        let (pushed, after) = both(
            &queue,
            |queue| queue.try_push(9),
            |queue| {
                queue.close();
                assert_eq!(queue.try_push(8), Err(TryPushError::Closed(8)));
                rest(queue)
            },
        );
        let found = after.contains(&9);
        // After `close` returned, a pop that finds nothing is final.
        match pushed {
            Ok(()) => assert!(found),
            Err(err) => assert!(!found && err == TryPushError::Closed(9)),
        }
        assert_eq!(queue.try_pop(), Err(TryPopError::Closed));
    });
}

/// Closing in a block that has room.
#[test]
fn close_and_push_here() {
    close_and_push(0);
}

/// Closing at the end of a block.
#[test]
fn close_and_push_next() {
    close_and_push(2);
}

/// Once a push was refused or the queue seen closed, no push succeeds.
#[test]
fn closed_for_good() {
    check(|| {
        let queue = queue(None, 2);
        both(
            &queue,
            |queue| queue.close(),
            |queue| {
                if queue.is_closed() || queue.try_push(2).is_err() {
                    assert_eq!(queue.try_push(3), Err(TryPushError::Closed(3)));
                    assert!(queue.is_closed());
                }
            },
        );
    });
}

/// A drain and a pop get every item once, and then the queue is closed.
#[test]
fn drain_and_pop() {
    check(|| {
        let queue = queue(None, 3);
        let (popped, mut all) = both(
            &queue,
            |queue| queue.try_pop(),
            |queue| {
                let drained = queue.close_and_drain();
                assert_eq!(queue.try_pop(), Err(TryPopError::Closed));
                drained
            },
        );
        assert!(all.is_sorted());
        all.extend(popped);
        all.sort();
        assert_eq!(all, [0, 1, 2]);
    });
}

/// The item of a push beside a drain is drained or comes back.
#[test]
fn drain_and_push() {
    check(|| {
        let queue = queue(None, 1);
        let (pushed, drained) = both(
            &queue,
            |queue| queue.try_push(1),
            |queue| queue.close_and_drain(),
        );
        assert_eq!(drained.len(), 1 + usize::from(pushed.is_ok()));
        assert_eq!(queue.try_pop(), Err(TryPopError::Closed));
    });
}
