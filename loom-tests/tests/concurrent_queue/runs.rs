//! Many items that are pushed or popped at once.

use std::collections::VecDeque;

use ft_concurrent_queue::ConcurrentQueue;
use loom_tests::check;

use crate::{both, queue, rest};

/// Items pushed in runs, across blocks, come out in order and none is lost.
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

/// Two runs are pushed into room for three items: what does not fit stays with its owner.
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
