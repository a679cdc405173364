//! What becomes of items: in which order they come out, what is refused, and what is dropped.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use ft_concurrent_queue::{
    ConcurrentQueue, PopError, PopTimeoutError, PushError, PushTimeoutError, TryPopError,
    TryPushError, TryPushManyError,
};
use ft_test_support::{Counted, Drops, LONG};

use crate::MANY;

#[test]
fn first_in_first_out() {
    let queue = ConcurrentQueue::unbounded();
    for n in 0..MANY {
        assert_eq!(queue.len(), n);
        queue.try_push(n).unwrap();
    }
    for n in 0..MANY {
        assert_eq!(queue.peek(), Some(n));
        assert_eq!(queue.try_pop(), Ok(n));
    }
    assert_eq!(queue.try_pop(), Err(TryPopError::Empty));
    assert_eq!(queue.peek(), None);
    assert!(queue.is_empty());
}

#[test]
fn bound_is_exact() {
    // The last one is too large for a ring.
    for capacity in [1, 2, 31, 32, 33, 200, 5_000] {
        let queue = ConcurrentQueue::bounded(capacity);
        assert_eq!(queue.capacity(), Some(capacity));
        for round in 0..5 {
            for n in 0..capacity {
                assert!(!queue.is_full());
                assert_eq!(queue.try_push((round, n)), Ok(()));
            }
            assert!(queue.is_full());
            let refused = queue.try_push((9, 9)).unwrap_err();
            assert_eq!(refused, TryPushError::Full((9, 9)));
            assert_eq!(refused.into_inner(), (9, 9));
            assert_eq!(queue.len(), capacity);
            let all: Vec<_> = (0..capacity).map(|n| (round, n)).collect();
            assert_eq!(queue.try_iter().collect::<Vec<_>>(), all);
        }
    }
}

#[test]
#[should_panic(expected = "capacity must be positive")]
fn capacity_zero() {
    ConcurrentQueue::<u8>::bounded(0);
}

#[test]
fn closing() {
    for filled in [0, 1, 31, 32, 33, 64] {
        let queue: ConcurrentQueue<_> = (0..filled).collect();
        assert!(!queue.is_closed());
        assert!(queue.close());
        assert!(queue.is_closed());
        assert!(!queue.close());
        assert_eq!(queue.try_push(7), Err(TryPushError::Closed(7)));
        assert_eq!(queue.push(7), Err(PushError(7)));
        assert_eq!(
            queue.push_timeout(7, LONG),
            Err(PushTimeoutError::Closed(7))
        );
        let mut more = VecDeque::from([7, 8]);
        assert_eq!(
            queue.try_push_many(&mut more),
            Err(TryPushManyError::Closed { pushed: 0 })
        );
        assert_eq!(more, [7, 8]);
        assert_eq!(queue.len(), filled);
        assert!(queue.iter().eq(0..filled));
        assert_eq!(queue.try_pop(), Err(TryPopError::Closed));
        assert_eq!(queue.pop(), Err(PopError));
        assert_eq!(queue.pop_timeout(LONG), Err(PopTimeoutError::Closed));
        assert_eq!(queue.try_pop_many(5, &mut vec![]), Err(TryPopError::Closed));
        assert_eq!(queue.try_pop_many(0, &mut vec![]), Ok(0));
        assert!(queue.close_and_drain().is_empty());
    }
}

#[test]
#[should_panic(expected = "cannot extend: queue is closed")]
fn extend_closed() {
    let mut queue = ConcurrentQueue::unbounded();
    queue.close();
    queue.extend([1]);
}

/// What was in the vector before stays there, and does not count.
#[test]
fn many_at_once() {
    let queue: ConcurrentQueue<_> = (0..MANY).collect();
    let mut items = vec![MANY; 5];
    for (max, len) in [(3, 8), (1, 9), (0, 9), (90, 99), (MANY, MANY + 5)] {
        let popped = len - items.len();
        assert_eq!(queue.try_pop_many(max, &mut items), Ok(popped));
        assert_eq!(items.len(), len);
    }
    assert!(items.drain(..5).eq([MANY; 5]));
    assert!(items.into_iter().eq(0..MANY));
}

#[test]
fn iteration_of_an_owner() {
    let queue: ConcurrentQueue<_> = (0..MANY).collect();
    let mut items = queue.into_iter();
    assert_eq!(items.len(), MANY);
    assert_eq!(items.next(), Some(0));
    assert_eq!(items.size_hint(), (MANY - 1, Some(MANY - 1)));
    assert!(items.by_ref().eq(1..MANY));
    assert_eq!(items.next(), None);
}

#[test]
fn drops_what_is_left() {
    let drops = Drops::default();
    let queue = ConcurrentQueue::unbounded();
    for _ in 0..MANY {
        queue.try_push(drops.value()).unwrap();
    }
    queue.try_iter().take(100).for_each(drop);
    assert_eq!(drops.count(), 100);
    queue.close();
    drop(queue);
    assert_eq!(drops.count(), MANY);
}

/// A destructor that panics does not keep the other items from being dropped.
#[test]
fn drops_what_is_left_after_a_panic() {
    struct Grumpy(#[expect(dead_code)] Counted, bool);
    impl Drop for Grumpy {
        fn drop(&mut self) {
            assert!(!self.1, "no");
        }
    }
    for capacity in [None, Some(MANY), Some(1_000_000)] {
        let drops = Drops::default();
        let queue = capacity.map_or_else(ConcurrentQueue::unbounded, ConcurrentQueue::bounded);
        for n in 0..MANY {
            queue.try_push(Grumpy(drops.value(), n == 70)).ok().unwrap();
        }
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(queue)));
        assert!(dropped.is_err());
        assert_eq!(drops.count(), MANY);
    }
}

#[test]
fn refused_items_come_back() {
    let drops = Drops::default();
    let queue = ConcurrentQueue::bounded(1);
    queue.try_push(drops.value()).unwrap();
    let refused = queue.push_timeout(drops.value(), Duration::ZERO);
    assert_eq!(drops.count(), 0);
    drop(refused);
    assert_eq!(drops.count(), 1);
}

#[test]
fn visits_end_with_an_error() {
    let queue: ConcurrentQueue<_> = (0..MANY).collect();
    let mut seen = 0;
    let mut visit = |&n: &usize| {
        seen += 1;
        if n < 100 { Ok(()) } else { Err(n) }
    };
    // SAFETY: this thread alone has the queue.
    assert_eq!(unsafe { queue.for_each_quiescent(&mut visit) }, Err(100));
    assert_eq!(seen, 101);
}

#[test]
fn panic_in_clone() {
    struct Grumpy;
    impl Clone for Grumpy {
        fn clone(&self) -> Self {
            panic!("no")
        }
    }
    let queue: ConcurrentQueue<_> = [Grumpy].into_iter().collect();
    let peek = catch_unwind(AssertUnwindSafe(|| queue.peek()));
    assert!(peek.is_err());
    assert!(queue.try_pop().is_ok());
}
