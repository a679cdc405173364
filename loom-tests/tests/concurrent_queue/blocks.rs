//! Slots and blocks that are used again. An item has a cell inside, so loom reports a push that fills a slot
//! while a pop still reads the item before.

use ft_concurrent_queue::ConcurrentQueue;
use ft_sync::Arc;
use loom_tests::{check, data::Data};

use crate::both;

fn push(queue: &ConcurrentQueue<Data>, numbers: std::ops::Range<usize>) {
    for n in numbers {
        assert!(queue.try_push(Data::new(n)).is_ok());
    }
}

fn pop(queue: &ConcurrentQueue<Data>) -> usize {
    queue.try_pop().ok().unwrap().read()
}

/// A block is used again only when all pops in it are over, however many have moved on.
#[test]
fn block_with_a_slow_pop() {
    check(|| {
        let queue = Arc::new(ConcurrentQueue::unbounded());
        push(&queue, 0..4);
        let (theirs, ours) = both(&queue, pop, |queue| {
            // One of these moves on to the second block, or the other thread does.
            let ours = [pop(queue), pop(queue), pop(queue)];
            // The first of these needs a third block: the first one, if it is free.
            push(queue, 4..6);
            ours
        });
        let mut all = vec![theirs];
        all.extend(ours);
        all.sort();
        assert_eq!(all, [0, 1, 2, 3]);
        assert_eq!([pop(&queue), pop(&queue)], [4, 5]);
    });
}

/// Two pops that move on, one after the other, free each block once: the blocks that pushes then get are
/// different ones.
#[test]
fn two_pops_move_on() {
    check(|| {
        let queue = Arc::new(ConcurrentQueue::unbounded());
        push(&queue, 0..5);
        assert_eq!([pop(&queue), pop(&queue)], [0, 1]);
        let (theirs, ours) = both(
            &queue,
            |queue| [pop(queue), pop(queue)],
            |queue| {
                let ours = pop(queue);
                push(queue, 5..7);
                ours
            },
        );
        let mut all = vec![theirs[0], theirs[1], ours];
        all.sort();
        assert_eq!(all, [2, 3, 4]);
        push(&queue, 7..9);
        assert_eq!([(); 4].map(|()| pop(&queue)), [5, 6, 7, 8]);
    });
}

/// A pop that moves on and finds the first block in use is done with it before the other pop, whose slot
/// was in use, frees it.
#[test]
fn block_left_to_another_pop() {
    check(|| {
        let queue = Arc::new(ConcurrentQueue::unbounded());
        push(&queue, 0..6);
        assert_eq!(pop(&queue), 0);
        let (theirs, ours) = both(&queue, pop, |queue| {
            // The last one moves on to the third block.
            let ours = [pop(queue), pop(queue), pop(queue)];
            // This needs a fourth block: the first one, if it is free. An earlier push would end with a
            // fence, which hides a missing Acquire.
            push(queue, 6..7);
            ours
        });
        let mut all = vec![theirs];
        all.extend(ours);
        all.sort();
        assert_eq!(all, [1, 2, 3, 4]);
        assert_eq!([pop(&queue), pop(&queue)], [5, 6]);
    });
}

/// A push that fails to append a block leaves its block to be used, or to be freed by a pop that
/// leaves another one.
#[test]
fn block_given_back() {
    check(|| {
        let queue = Arc::new(ConcurrentQueue::unbounded());
        push(&queue, 0..4);
        assert_eq!(pop(&queue), 0);
        let (_, ours) = both(
            &queue,
            |queue| push(queue, 4..5),
            |queue| {
                push(queue, 4..5);
                // The second of these moves on, and frees the first block.
                [pop(queue), pop(queue)]
            },
        );
        assert_eq!(ours, [1, 2]);
        assert_eq!([(); 3].map(|()| pop(&queue)), [3, 4, 4]);
    });
}

/// A push that needs a block, and fails to claim its position, gives the block back.
#[test]
fn two_pushes_need_a_block() {
    check(|| {
        let queue = Arc::new(ConcurrentQueue::unbounded());
        push(&queue, 0..3);
        (0..3).for_each(|n| assert_eq!(pop(&queue), n));
        // The first block is the spare one.
        push(&queue, 3..4);
        both(&queue, |queue| push(queue, 4..5), |queue| push(queue, 4..5));
        assert_eq!([(); 3].map(|()| pop(&queue)), [3, 4, 4]);
    });
}

/// In a ring a slot is filled only when the pop of the lap before is over, even if there is room already.
#[test]
fn lap_of_a_ring() {
    for bound in [1, 2] {
        check(move || {
            let queue = Arc::new(ConcurrentQueue::bounded(bound));
            push(&queue, 0..bound);
            let (popped, pushed) = both(&queue, pop, |queue| {
                (
                    queue.try_push(Data::new(7)).is_ok(),
                    queue.try_push(Data::new(8)).is_ok(),
                )
            });
            assert_eq!(popped, 0);
            assert!(!(pushed.0 && pushed.1));
            let left: Vec<_> = queue.try_iter().map(|item| item.read()).collect();
            let new = [(pushed.0, 7), (pushed.1, 8)];
            let new = new.iter().filter(|it| it.0).map(|it| it.1);
            assert!((1..bound).chain(new).eq(left));
        });
    }
}

/// Pops and pushes that take turns go round a ring.
#[test]
fn laps_of_a_ring() {
    check(|| {
        let queue = Arc::new(ConcurrentQueue::bounded(2));
        push(&queue, 0..1);
        both(
            &queue,
            |queue| {
                push(queue, 1..2);
                pop(queue)
            },
            |queue| {
                let first = pop(queue);
                push(queue, 2..3);
                first
            },
        );
        let left: Vec<_> = queue.try_iter().collect();
        assert_eq!(left.len(), 1);
    });
}
