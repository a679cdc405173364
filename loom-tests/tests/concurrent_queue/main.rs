//! Models of `ft-concurrent-queue`. A segment has two slots under loom, and a pop burns a slot at
//! once if it finds it claimed and not filled.
#![cfg(ft_loom)]

use std::collections::VecDeque;

use crossbeam_epoch as epoch;
use ft_concurrent_queue::{ConcurrentQueue, PopError, TryPopError, TryPushError};
use ft_sync::{
    Arc, UnsafeCell,
    atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};
use loom_tests::{
    check, check_with,
    pairs::{Watched, each_pair},
};

/// A queue for two threads, with `filled` items that count from 0.
fn queue(capacity: Option<usize>, filled: usize) -> Arc<ConcurrentQueue<usize>> {
    let queue = capacity.map_or_else(ConcurrentQueue::unbounded, ConcurrentQueue::bounded);
    for n in 0..filled {
        queue.try_push(n).unwrap();
    }
    // The first use makes this thread known to the epoch; that need not race with the others.
    assert_eq!(queue.len(), filled);
    Arc::new(queue)
}

/// Runs `theirs` on another thread and `ours` on this one; then nobody uses the queue.
fn both<T: 'static, A: 'static, B>(
    queue: &Arc<ConcurrentQueue<T>>,
    theirs: impl FnOnce(&ConcurrentQueue<T>) -> A + 'static,
    ours: impl FnOnce(&ConcurrentQueue<T>) -> B,
) -> (A, B) {
    let shared = Arc::clone(queue);
    let thread = thread::spawn(move || theirs(&shared));
    let ours = ours(queue);
    (thread.join().unwrap(), ours)
}

/// As [`both`], with nothing but the queue to synchronize the two.
///
/// Both threads are pinned from the start, so that they do not pin in between: that is a fence, and
/// makes up for orderings that are too weak. And both use an atomic, since loom, which looks for the
/// last use of an atomic before each change, finds that of the same thread if it has just looked, and
/// may not try to put the change first.
fn both_pinned<T: 'static, A: 'static, B>(
    queue: &Arc<ConcurrentQueue<T>>,
    theirs: impl FnOnce(&ConcurrentQueue<T>) -> A + 'static,
    ours: impl FnOnce(&ConcurrentQueue<T>) -> B,
) -> (A, B) {
    let done = Arc::new(AtomicUsize::new(0));
    let looked = Arc::clone(&done);
    let _pinned = epoch::pin();
    both(
        queue,
        move |queue| {
            let _pinned = epoch::pin();
            let result = theirs(queue);
            // Relaxed, here and below: so that it does not synchronize.
            done.store(1, Relaxed);
            result
        },
        move |queue| {
            looked.load(Relaxed);
            ours(queue)
        },
    )
}

/// As [`check`], for three threads: with two preemptions, the schedules are too many.
fn check_three(model: impl Fn() + Send + Sync + 'static) {
    check_with(|builder| builder.preemption_bound = Some(1), model);
}

fn rest<T>(queue: &ConcurrentQueue<T>) -> Vec<T> {
    queue.try_iter().collect()
}

/// An item that counts its drops.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

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

/// A pop beside pushes gets the first item or none, and the rest stays in order, though the pop
/// may burn slots under the push.
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

/// What a thread wrote before a push is visible after the pop.
#[test]
fn item_is_published() {
    check(|| {
        let queue = Arc::new(ConcurrentQueue::unbounded());
        both_pinned(
            &queue,
            |queue| {
                let cell = Arc::new(UnsafeCell::new(0));
                // SAFETY: nobody else knows the cell yet.
                cell.with_mut(|data| unsafe { *data = 7 });
                queue.try_push(cell).unwrap();
            },
            |queue| {
                if let Ok(cell) = queue.try_pop() {
                    // SAFETY: the cell came with the item, and only we have it.
                    assert_eq!(cell.with(|data| unsafe { *data }), 7);
                }
            },
        );
    });
}

/// What a thread wrote before a pop is visible after a push into the room that the pop made.
#[test]
fn room_is_published() {
    check(|| {
        let queue = queue(Some(1), 1);
        let cell = Arc::new(UnsafeCell::new(0));
        let theirs = Arc::clone(&cell);
        both_pinned(
            &queue,
            move |queue| {
                // SAFETY: the other thread looks only after it has seen the pop.
                theirs.with_mut(|data| unsafe { *data = 7 });
                queue.try_pop().unwrap();
            },
            |queue| {
                if queue.try_push(1).is_ok() {
                    // SAFETY: there was no room before the pop, and the cell was written before.
                    assert_eq!(cell.with(|data| unsafe { *data }), 7);
                }
            },
        );
    });
}

/// What a thread wrote before closing is visible to a pop that finds the queue closed.
fn close_is_published(filled: usize) {
    check(move || {
        let queue = queue(None, filled);
        let cell = Arc::new(UnsafeCell::new(0));
        let theirs = Arc::clone(&cell);
        both_pinned(
            &queue,
            move |queue| {
                // SAFETY: the other thread looks only after it has seen the close.
                theirs.with_mut(|data| unsafe { *data = 7 });
                queue.close();
            },
            |queue| {
                queue.try_iter().take(filled).for_each(drop);
                if queue.try_pop() == Err(TryPopError::Closed) {
                    // SAFETY: closed, so the cell was written.
                    assert_eq!(cell.with(|data| unsafe { *data }), 7);
                }
            },
        );
    });
}

/// The same in a segment that has room.
#[test]
fn close_is_published_here() {
    close_is_published(0);
}

/// The same in a segment that is used up.
#[test]
fn close_is_published_next() {
    close_is_published(2);
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

/// Pops and pushes cross into the next segment together: nothing is lost, every item is dropped
/// once, and nobody touches the segment that is retired.
#[test]
fn crossing_segments() {
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
                // Finds the next segment, or none.
                queue.try_pop().is_ok()
            },
            move |queue| queue.try_push(item).is_ok(),
        );
        drop(queue);
        assert_eq!(drops.load(Relaxed), 3);
    });
}

/// Two pops that cross retire a segment once, and both go on in the next.
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

/// Two pushes that cross append one segment.
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

/// A push beside a close is found by the pops that follow, or comes back; one after it is refused.
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

/// Closing a segment that has room.
#[test]
fn close_and_push_here() {
    close_and_push(0);
}

/// Closing a segment that is used up.
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

/// A close wakes a pop that waits.
#[test]
fn close_wakes_pop() {
    check(|| {
        let queue = queue(None, 0);
        let (_, popped) = both(&queue, |queue| queue.close(), |queue| queue.pop());
        assert_eq!(popped, Err(PopError));
    });
}

/// A close wakes a push that waits.
#[test]
fn close_wakes_push() {
    check(|| {
        let queue = queue(Some(1), 1);
        let (_, pushed) = both(&queue, |queue| queue.close(), |queue| queue.push(1));
        assert!(pushed.is_err());
    });
}

/// A push wakes a pop that waits.
#[test]
fn push_wakes_pop() {
    check(|| {
        let queue = queue(None, 0);
        let (_, popped) = both(
            &queue,
            |queue| queue.try_push(7).unwrap(),
            |queue| queue.pop(),
        );
        assert_eq!(popped, Ok(7));
    });
}

/// Two pushes wake two pops.
#[test]
fn two_pushes_wake_two_pops() {
    check_three(|| {
        let queue = queue(None, 0);
        let poppers = [(); 2].map(|()| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.pop().unwrap())
        });
        queue.try_push(1).unwrap();
        queue.try_push(2).unwrap();
        let sum: usize = poppers.map(|it| it.join().unwrap()).iter().sum();
        assert_eq!(sum, 3);
    });
}

/// A run of two items wakes two pops.
#[test]
fn run_wakes_two_pops() {
    check_three(|| {
        let queue = queue(None, 0);
        let poppers = [(); 2].map(|()| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.pop().unwrap())
        });
        assert_eq!(queue.try_push_many(&mut VecDeque::from([1, 2])), Ok(2));
        let sum: usize = poppers.map(|it| it.join().unwrap()).iter().sum();
        assert_eq!(sum, 3);
    });
}

/// A pop wakes a push that waits for room.
#[test]
fn pop_wakes_push() {
    check(|| {
        let queue = queue(Some(1), 1);
        let (popped, pushed) = both(&queue, |queue| queue.try_pop(), |queue| queue.push(1));
        assert_eq!((popped, pushed), (Ok(0), Ok(())));
        assert_eq!(rest(&queue), [1]);
    });
}

/// A pop of two wakes two pushes that wait for room.
#[test]
fn pop_many_wakes_two_pushes() {
    check_three(|| {
        let queue = queue(Some(2), 2);
        let pushers = [2, 3].map(|n| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.push(n).unwrap())
        });
        assert_eq!(queue.try_pop_many(2, &mut vec![]), Ok(2));
        pushers.into_iter().for_each(|it| it.join().unwrap());
    });
}

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

/// A thread that is pinned all the time, as in [`both_pinned`].
fn pinned<R: 'static>(f: impl FnOnce() -> R + 'static) -> thread::JoinHandle<R> {
    thread::spawn(|| {
        let _pinned = epoch::pin();
        f()
    })
}

/// Who sees the claim of a push sees the pop that made room for it: the bound is never found
/// exceeded (the queue asserts it), though nothing else orders the three.
#[test]
fn bound_holds_among_three() {
    check_three(|| {
        let queue = queue(Some(1), 1);
        let (popping, pushing) = (Arc::clone(&queue), Arc::clone(&queue));
        let _pinned = epoch::pin();
        let popper = pinned(move || popping.try_pop().unwrap());
        let pusher = pinned(move || pushing.try_push(1).is_ok());
        let ours = queue.try_push(2).is_ok();
        assert_eq!(popper.join().unwrap(), 0);
        assert!(!(pusher.join().unwrap() && ours));
    });
}

/// Who sees the claim of a pop sees that of the push before it: the positions are never found the
/// wrong way round (the queue asserts it), though nothing else orders the three.
#[test]
fn positions_among_three() {
    check_three(|| {
        let queue = queue(None, 0);
        let (popping, pushing) = (Arc::clone(&queue), Arc::clone(&queue));
        let _pinned = epoch::pin();
        let popper = pinned(move || popping.try_pop());
        let pusher = pinned(move || pushing.try_push(1).unwrap());
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
    check_three(|| {
        let queue = queue(None, 0);
        let (peeking, pushing) = (Arc::clone(&queue), Arc::clone(&queue));
        let _pinned = epoch::pin();
        let peeker = pinned(move || peeking.peek());
        let pusher = pinned(move || pushing.try_push(1).unwrap());
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
        // Two only if the pop got the first of them, but it took item 0.
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

/// Clones by reading a cell, so that loom sees how long it takes.
struct Slow(UnsafeCell<usize>);

impl Clone for Slow {
    fn clone(&self) -> Self {
        Slow(UnsafeCell::new(self.0.with(|data| {
            thread::yield_now();
            // SAFETY: the queue keeps the item still while it is cloned.
            unsafe { *data }
        })))
    }
}

/// A peek reads the first item, whole, while a pop takes it and changes it.
#[test]
fn peek_and_pop() {
    check(|| {
        let queue = Arc::new(ConcurrentQueue::unbounded());
        for n in 0..2 {
            queue.try_push(Slow(UnsafeCell::new(n))).ok().unwrap();
        }
        let (_, peeked) = both(
            &queue,
            |queue| {
                let item = queue.try_pop().ok().unwrap();
                // SAFETY: we alone have the item.
                item.0.with_mut(|data| unsafe { *data = 9 });
            },
            |queue| queue.peek().unwrap(),
        );
        // SAFETY: we alone have the clone.
        assert!(peeked.0.with(|data| unsafe { *data }) < 2);
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
                let item = Slow(UnsafeCell::new(0));
                // SAFETY: nobody else knows the item yet.
                item.0.with_mut(|data| unsafe { *data = 7 });
                queue.try_push(item).ok().unwrap();
            },
            |queue| queue.peek(),
        );
        if let Some(peeked) = peeked {
            // SAFETY: we alone have the clone.
            assert_eq!(peeked.0.with(|data| unsafe { *data }), 7);
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

/// What a peek shows comes first: a pop after it gets that item or a later one.
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
        // Nobody else pops: what comes out does so in order.
        assert!(ours.is_err() || ours != Ok(popped));
    });
}

/// Items pushed in runs, across segments, come out in order and none is lost, while a pop burns
/// slots of the run.
#[test]
fn push_many_and_pop() {
    check(|| {
        let queue = queue(None, 0);
        let (_, mut all) = both(
            &queue,
            |queue| {
                let mut items = (0..3).collect();
                assert_eq!(queue.try_push_many(&mut items), Ok(3));
            },
            |queue| queue.try_pop().into_iter().collect::<Vec<_>>(),
        );
        all.extend(rest(&queue));
        assert_eq!(all, [0, 1, 2]);
    });
}

/// Two runs into room for three: what does not fit stays with its owner.
#[test]
fn push_many_twice() {
    check(|| {
        let queue = queue(Some(3), 0);
        let push_two = |first: usize| {
            move |queue: &ConcurrentQueue<_>| {
                let mut items = VecDeque::from([first, first + 1]);
                let _ = queue.try_push_many(&mut items);
                items
            }
        };
        let (theirs, ours) = both(&queue, push_two(10), push_two(20));
        assert_eq!(theirs.len() + ours.len(), 1);
        let mut all = rest(&queue);
        all.extend(theirs.into_iter().chain(ours));
        all.sort();
        assert_eq!(all, [10, 11, 20, 21]);
    });
}

/// A pop of many and a pop of one share what is there.
#[test]
fn pop_many_and_pop() {
    check(|| {
        let queue = queue(None, 3);
        let (mut many, one) = both(
            &queue,
            |queue| {
                let mut many = vec![];
                let count = queue.try_pop_many(2, &mut many);
                assert_eq!(count, Ok(many.len()));
                many
            },
            |queue| queue.try_pop().unwrap(),
        );
        assert!(many.is_sorted() && many.len() == 2);
        many.push(one);
        many.sort();
        assert_eq!(many, [0, 1, 2]);
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

/// A drain and a push: the item is in the drain or comes back.
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

/// Pushes an item and pops one, `times` times over.
fn push_and_pop_in_turn(queue: &ConcurrentQueue<usize>, times: usize) {
    for n in 10..10 + times {
        queue.try_push(n).unwrap();
        queue.try_pop().unwrap();
    }
}

/// A length is one that the queue had at some moment.
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

/// A waiter that gives up after it was notified hands its notification to the next.
#[test]
fn giving_up_hands_on() {
    check(|| {
        let queue = queue(None, 0);
        let (popped, ()) = both(
            &queue,
            |queue| queue.pop(),
            |queue| {
                let listener = queue.not_empty().listen();
                queue.try_push(7).unwrap();
                drop(listener);
            },
        );
        assert_eq!(popped, Ok(7));
    });
}

/// No two operations use an item at once, whatever they are.
#[test]
fn each_operation_beside_each() {
    each_pair(
        || {
            let queue = ConcurrentQueue::bounded(3);
            (0..2).for_each(|n| assert!(queue.try_push(Watched::new(n)).is_ok()));
            queue
        },
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
