//! Items that are cloned while others take or push them.

use ft_concurrent_queue::ConcurrentQueue;
use ft_sync::Arc;
use loom_tests::{check, data::Data};

use crate::{both, queue, rest};

/// An item that takes its time to be cloned, so that loom lets other threads run meanwhile.
struct Slow(Data);

impl Clone for Slow {
    fn clone(&self) -> Self {
        Slow(Data::new(self.0.read_slowly()))
    }
}

/// A peek reads the first item, whole, while a pop takes it and changes it.
#[test]
fn peek_and_pop() {
    check(|| {
        let queue = Arc::new(ConcurrentQueue::unbounded());
        for n in 0..2 {
            queue.try_push(Slow(Data::new(n))).ok().unwrap();
        }
        let (_, peeked) = both(
            &queue,
            |queue| {
                let item = queue.try_pop().ok().unwrap();
                // We alone have the item.
                item.0.write(9);
            },
            |queue| queue.peek().unwrap(),
        );
        // We alone have the clone.
        assert!(peeked.0.read() < 2);
    });
}

/// A peek sees the item whole that another thread pushes.
#[test]
fn peek_and_push() {
    check(|| {
        let queue = Arc::new(ConcurrentQueue::unbounded());
        assert!(queue.is_empty());
        let (_, peeked) = both(
            &queue,
            |queue| {
                let item = Slow(Data::new(0));
                // Nobody else knows the item yet.
                item.0.write(7);
                queue.try_push(item).ok().unwrap();
            },
            |queue| queue.peek(),
        );
        if let Some(peeked) = peeked {
            // We alone have the clone.
            assert_eq!(peeked.0.read(), 7);
        }
    });
}

/// Two peeks see the first item, and it stays.
#[test]
fn peek_and_peek() {
    check(|| {
        let queue = queue(None, 1);
        let (theirs, ours) = both(&queue, |queue| queue.peek(), |queue| queue.peek());
        assert_eq!((theirs, ours), (Some(0), Some(0)));
        assert_eq!(rest(&queue), [0]);
    });
}

/// What a peek shows is the first item: a pop after it gets that item or a later one.
#[test]
fn peek_shows_the_first() {
    check(|| {
        let queue = queue(None, 0);
        let (popped, (peeked, ours)) = both(
            &queue,
            |queue| {
                (0..2).for_each(|n| queue.try_push(n).unwrap());
                queue.try_pop().unwrap()
            },
            |queue| (queue.peek(), queue.try_pop()),
        );
        if let (Some(peeked), Ok(ours)) = (peeked, ours) {
            assert!(peeked <= ours);
        }
        // Nobody else pops, so items come out in order.
        assert!(ours.is_err() || ours != Ok(popped));
    });
}
