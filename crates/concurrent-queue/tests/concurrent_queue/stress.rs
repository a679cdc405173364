//! Threads that do everything at the same time.

use std::collections::VecDeque;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use ft_concurrent_queue::{ConcurrentQueue, PopTimeoutError};
use ft_test_support::Drops;

/// Items per producer in the stress test.
const ITEMS: usize = if cfg!(miri) { 100 } else { 20_000 };

/// While threads mix all operations, every item comes out exactly once, those of one producer in order.
/// There are never more items than the bound allows, and none is dropped on the way.
#[test]
fn stress() {
    // The last one is too large for a ring.
    for capacity in [None, Some(3), Some(100), Some(3_000)] {
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
