//! Behavior of the queue seen from outside. What depends on schedules is in `loom-tests`.

mod common;

use std::{
    collections::VecDeque,
    error::Error,
    sync::{Arc, Barrier},
    thread,
    time::{Duration, Instant},
};

use ft_concurrent_queue::{
    ConcurrentQueue, PopError, PopTimeoutError, PushError, PushTimeoutError, TryPopError,
    TryPushError, TryPushManyError,
};
use ft_test_support::{Drops, LONG, SHORT};
use proptest::prelude::*;

/// Several segments' worth.
const MANY: usize = 1000;

/// Items per producer in the stress test.
const ITEMS: usize = if cfg!(miri) { 100 } else { 20_000 };

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
    for capacity in [1, 2, 63, 64, 65, 200] {
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
    for filled in [0, 1, 63, 64, 65, 128] {
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
fn close_wakes_all() {
    let queue = Arc::new(ConcurrentQueue::bounded(1));
    let empty = Arc::new(ConcurrentQueue::<i32>::unbounded());
    queue.push(0).unwrap();
    let (pushers, poppers): (Vec<_>, Vec<_>) = (0..3)
        .map(|n| {
            let (queue, empty) = (Arc::clone(&queue), Arc::clone(&empty));
            (
                thread::spawn(move || queue.push_timeout(n, LONG)),
                thread::spawn(move || empty.pop_timeout(LONG)),
            )
        })
        .unzip();
    thread::sleep(SHORT);
    queue.close();
    empty.close();
    for (n, pusher) in (0..).zip(pushers) {
        assert_eq!(pusher.join().unwrap(), Err(PushTimeoutError::Closed(n)));
    }
    for popper in poppers {
        assert_eq!(popper.join().unwrap(), Err(PopTimeoutError::Closed));
    }
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
fn timeouts() {
    let queue = ConcurrentQueue::bounded(1);
    let start = Instant::now();
    assert_eq!(queue.pop_timeout(SHORT), Err(PopTimeoutError::Timeout));
    assert!(start.elapsed() >= SHORT && start.elapsed() < LONG);
    assert_eq!(queue.pop_deadline(start), Err(PopTimeoutError::Timeout));
    queue.push_deadline(1, start).unwrap();
    let start = Instant::now();
    assert_eq!(
        queue.push_timeout(2, SHORT),
        Err(PushTimeoutError::Timeout(2))
    );
    assert!(start.elapsed() >= SHORT && start.elapsed() < LONG);
    assert_eq!(
        queue.push_timeout(2, Duration::ZERO),
        Err(PushTimeoutError::Timeout(2))
    );
    // The waiters that gave up leave no trace: the next pop gets the next item, in order.
    assert_eq!(queue.pop_timeout(Duration::ZERO), Ok(1));
    queue.push_timeout(3, Duration::MAX).unwrap();
    assert_eq!(queue.pop_timeout(Duration::MAX), Ok(3));
}

#[test]
fn waiters_are_served() {
    let queue = Arc::new(ConcurrentQueue::bounded(2));
    let popper = {
        let queue = Arc::clone(&queue);
        thread::spawn(move || (0..MANY).map(|_| queue.pop().unwrap()).collect::<Vec<_>>())
    };
    for n in 0..MANY {
        queue.push(n).unwrap();
    }
    assert!(popper.join().unwrap().into_iter().eq(0..MANY));
}

#[test]
fn wakes_one_each() {
    let queue = ConcurrentQueue::bounded(1);
    common::wakes_one_each(
        queue.not_empty(),
        queue.not_full(),
        || queue.try_push(1).unwrap(),
        || assert_eq!(queue.try_pop(), Ok(1)),
    );
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
    let peek = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| queue.peek()));
    assert!(peek.is_err());
    assert!(queue.try_pop().is_ok());
}

#[test]
fn formats() {
    let queue: ConcurrentQueue<_> = [1, 2].into_iter().collect();
    assert_eq!(
        format!("{queue:?}"),
        "ConcurrentQueue { len: 2, capacity: None, closed: false, .. }"
    );
}

#[test]
fn errors_say_why() {
    for (err, text) in [
        (&TryPushError::Full(1) as &dyn Error, "queue is full"),
        (&TryPushError::Closed(1), "queue is closed"),
        (&PushError(1), "queue is closed"),
        (
            &PushTimeoutError::Timeout(1),
            "timed out waiting on a queue",
        ),
        (&PushTimeoutError::Closed(1), "queue is closed"),
        (
            &TryPushManyError::Full { pushed: 2 },
            "queue is full after 2 items",
        ),
        (
            &TryPushManyError::Closed { pushed: 2 },
            "queue is closed after 2 items",
        ),
        (&TryPopError::Empty, "queue is empty"),
        (&TryPopError::Closed, "queue is empty and closed"),
        (&PopError, "queue is empty and closed"),
        (&PopTimeoutError::Timeout, "timed out waiting on a queue"),
        (&PopTimeoutError::Closed, "queue is empty and closed"),
    ] {
        assert_eq!(err.to_string(), text);
    }
}

#[test]
fn errors_have_their_items() {
    assert_eq!(TryPushError::Full(7).into_inner(), 7);
    assert_eq!(TryPushError::Closed(7).into_inner(), 7);
    assert_eq!(PushError(7).into_inner(), 7);
    assert_eq!(PushTimeoutError::Timeout(7).into_inner(), 7);
    assert_eq!(PushTimeoutError::Closed(7).into_inner(), 7);
    assert_eq!(TryPushManyError::Full { pushed: 7 }.pushed(), 7);
    assert_eq!(TryPushManyError::Closed { pushed: 7 }.pushed(), 7);
}

#[test]
#[should_panic(expected = "cannot extend: queue is closed")]
fn extend_closed() {
    let mut queue = ConcurrentQueue::unbounded();
    queue.close();
    queue.extend([1]);
}

/// While threads mix all operations, every item comes out exactly once, those of one producer in order.
/// There are never more items than the bound allows, and none is dropped on the way.
#[test]
fn stress() {
    for capacity in [None, Some(3), Some(100)] {
        stress_with(capacity);
    }
}

fn stress_with(capacity: Option<usize>) {
    const PRODUCERS: usize = 3;
    const CONSUMERS: usize = 3;
    let drops = Drops::default();
    let queue = &capacity.map_or_else(ConcurrentQueue::unbounded, ConcurrentQueue::bounded);
    // One more for the onlooker, which peeks and counts.
    let barrier = &Barrier::new(PRODUCERS + CONSUMERS + 1);
    let item = |producer, n| (producer, n, drops.value());
    let item = &item;
    let received: Vec<Vec<(usize, usize)>> = thread::scope(|scope| {
        let producers: Vec<_> = (0..PRODUCERS)
            .map(|producer| {
                scope.spawn(move || {
                    barrier.wait();
                    let mut n = 0;
                    while n < ITEMS {
                        if n % 7 == producer {
                            let run = (n + 100).min(ITEMS);
                            let mut items: VecDeque<_> =
                                (n..run).map(|n| item(producer, n)).collect();
                            while queue.try_push_many(&mut items).is_err() {
                                // This waits for room, and so lets others run.
                                let first = items.pop_front().unwrap();
                                queue.push(first).ok().unwrap();
                            }
                            n = run;
                        } else {
                            queue.push(item(producer, n)).ok().unwrap();
                            n += 1;
                        }
                    }
                })
            })
            .collect();
        let consumers: Vec<_> = (0..CONSUMERS)
            .map(|consumer| {
                scope.spawn(move || {
                    barrier.wait();
                    let mut received = vec![];
                    let mut batch = vec![];
                    loop {
                        // The second consumer times out all the time, the third takes many.
                        let popped = match consumer {
                            0 => queue.pop().map_err(|_| PopTimeoutError::Closed),
                            1 => {
                                queue.pop_timeout(Duration::from_micros(received.len() as u64 % 3))
                            }
                            _ => {
                                let _ = queue.try_pop_many(70, &mut batch);
                                received.extend(batch.drain(..).map(|(p, n, _)| (p, n)));
                                queue.pop_timeout(Duration::from_micros(50))
                            }
                        };
                        match popped {
                            Ok((producer, n, _)) => received.push((producer, n)),
                            Err(PopTimeoutError::Timeout) => {}
                            Err(PopTimeoutError::Closed) => return received,
                        }
                    }
                })
            })
            .collect();
        let onlooker = scope.spawn(move || {
            barrier.wait();
            let mut last = [0; PRODUCERS];
            while !queue.is_closed() {
                assert!(queue.len() <= capacity.unwrap_or(usize::MAX));
                if let Some((producer, n, _)) = queue.peek() {
                    // The first item of a producer is never one from before the last one seen.
                    assert!(last[producer] <= n);
                    last[producer] = n;
                }
            }
        });
        producers.into_iter().for_each(|it| it.join().unwrap());
        queue.close();
        onlooker.join().unwrap();
        consumers.into_iter().map(|it| it.join().unwrap()).collect()
    });
    for received in &received {
        for producer in 0..PRODUCERS {
            let of_one = received.iter().filter(|it| it.0 == producer);
            assert!(of_one.is_sorted_by(|a, b| a.1 < b.1));
        }
    }
    let mut all: Vec<_> = received.into_iter().flatten().collect();
    all.sort_unstable();
    let expected = (0..PRODUCERS).flat_map(|p| (0..ITEMS).map(move |n| (p, n)));
    assert!(all.into_iter().eq(expected));
    // There are more drops than items, because peeks drop their clones.
    assert!(drops.count() >= PRODUCERS * ITEMS);
    assert_eq!(drops.alive(), 0);
}

#[derive(Clone, Debug)]
enum Op {
    Push,
    PushMany(usize),
    Pop,
    PopMany(usize),
    Peek,
    Close,
    Drain,
    Visit,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => Just(Op::Push),
        4 => (0..150_usize).prop_map(Op::PushMany),
        8 => Just(Op::Pop),
        4 => (0..150_usize).prop_map(Op::PopMany),
        2 => Just(Op::Peek),
        1 => Just(Op::Close),
        1 => Just(Op::Drain),
        2 => Just(Op::Visit),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// One thread cannot tell the queue from a `VecDeque` with a bound.
    #[test]
    fn same_as_model(capacity in prop::option::of(1..200_usize), ops in prop::collection::vec(op(), 0..100)) {
        let queue = capacity.map_or_else(ConcurrentQueue::unbounded, ConcurrentQueue::bounded);
        let mut model = VecDeque::new();
        let mut closed = false;
        let mut next = 0;
        let limit = capacity.unwrap_or(usize::MAX);
        for op in ops {
            let nothing = if closed { TryPopError::Closed } else { TryPopError::Empty };
            match op {
                Op::Push => {
                    let expected = if closed {
                        Err(TryPushError::Closed(next))
                    } else if model.len() == limit {
                        Err(TryPushError::Full(next))
                    } else {
                        model.push_back(next);
                        Ok(())
                    };
                    prop_assert_eq!(queue.try_push(next), expected);
                    next += 1;
                }
                Op::PushMany(count) => {
                    let mut items: VecDeque<_> = (next..next + count).collect();
                    let mut left = items.clone();
                    let pushed = if closed { 0 } else { count.min(limit - model.len()) };
                    model.extend(left.drain(..pushed));
                    let expected = if left.is_empty() {
                        Ok(pushed)
                    } else if closed {
                        Err(TryPushManyError::Closed { pushed })
                    } else {
                        Err(TryPushManyError::Full { pushed })
                    };
                    prop_assert_eq!(queue.try_push_many(&mut items), expected);
                    prop_assert_eq!(items, left);
                    next += count;
                }
                Op::Pop => prop_assert_eq!(queue.try_pop(), model.pop_front().ok_or(nothing)),
                Op::PopMany(max) => {
                    let mut items = vec![];
                    let expected: Vec<_> = model.drain(..max.min(model.len())).collect();
                    let result = queue.try_pop_many(max, &mut items);
                    if expected.is_empty() && max > 0 {
                        prop_assert_eq!(result, Err(nothing));
                    } else {
                        prop_assert_eq!(result, Ok(expected.len()));
                    }
                    prop_assert_eq!(items, expected);
                }
                Op::Peek => prop_assert_eq!(queue.peek(), model.front().copied()),
                Op::Close => {
                    prop_assert_eq!(queue.close(), !closed);
                    closed = true;
                }
                Op::Drain => {
                    // This empties the queue without closing it, so that later steps do something.
                    prop_assert_eq!(queue.try_iter().collect::<VecDeque<_>>(), std::mem::take(&mut model));
                }
                Op::Visit => {
                    let mut seen = VecDeque::new();
                    let mut visit = |&n: &usize| {
                        seen.push_back(n);
                        Ok::<_, ()>(())
                    };
                    // SAFETY: this thread alone has the queue.
                    unsafe { queue.for_each_quiescent(&mut visit) }.unwrap();
                    prop_assert_eq!(&seen, &model);
                }
            }
            prop_assert_eq!(queue.len(), model.len());
            prop_assert_eq!(queue.is_empty(), model.is_empty());
            prop_assert_eq!(queue.is_full(), model.len() == limit);
            prop_assert_eq!(queue.is_closed(), closed);
        }
        prop_assert_eq!(model, queue.close_and_drain());
        prop_assert_eq!(queue.try_pop(), Err(TryPopError::Closed));
    }
}
