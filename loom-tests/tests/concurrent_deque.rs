//! Models of `ft-concurrent-deque`. Under loom a search clones and compares one item at first.
#![cfg(ft_loom)]

use std::convert::Infallible;

use ft_concurrent_deque::{ConcurrentDeque, Query};
use ft_sync::Arc;
use loom_tests::{
    check,
    data::Data,
    pairs::{Watched, each_pair},
    threads::{both, spawn},
};

type Deque = ConcurrentDeque<usize>;

/// Finds a number. All numbers in a model are different, unless the model says otherwise.
struct Find(usize);

impl Query<usize> for Find {
    type Error = Infallible;

    fn matches(&self, item: &usize) -> Result<bool, Infallible> {
        Ok(*item == self.0)
    }

    fn is_same(one: &usize, other: &usize) -> bool {
        one == other
    }
}

/// Finds an item by its first number. The second tells equal items apart.
impl Query<(usize, usize)> for Find {
    type Error = Infallible;

    fn matches(&self, item: &(usize, usize)) -> Result<bool, Infallible> {
        Ok(item.0 == self.0)
    }

    fn is_same(one: &(usize, usize), other: &(usize, usize)) -> bool {
        one == other
    }
}

fn deque<T>(items: impl IntoIterator<Item = T>) -> Arc<ConcurrentDeque<T>> {
    Arc::new(items.into_iter().collect())
}

/// Two threads at different ends of a deque get one of its two items each, and a third pop gets none.
#[test]
fn pops_share_out() {
    check(|| {
        let deque = deque(0..2);
        let (theirs, ours) = both(
            &deque,
            |deque| deque.pop_back(),
            |deque| [deque.pop_front(), deque.pop_front()],
        );
        let mut all: Vec<_> = [theirs, ours[0], ours[1]].into_iter().flatten().collect();
        all.sort_unstable();
        assert_eq!(all, [0, 1]);
    });
}

/// A thread that waits gets the item, whenever it is put in.
#[test]
fn waiter_is_woken() {
    check(|| {
        let deque = deque([]);
        let (theirs, ()) = both(
            &deque,
            |deque: &Deque| deque.pop_front_deadline(None),
            |deque| assert!(deque.push_back(7).is_none()),
        );
        assert_eq!(theirs, Some(7));
    });
}

/// A block of two items wakes two threads.
#[test]
fn block_wakes_as_many() {
    check(|| {
        let deque = deque([]);
        let wait = |deque: &Deque| deque.pop_back_deadline(None);
        let third = spawn(&deque, wait);
        let (second, ()) = both(&deque, wait, |deque| {
            deque.extend_front(vec![1, 2]);
        });
        assert_eq!(second.unwrap() + third.join().unwrap().unwrap(), 3);
    });
}

/// A waiter that gives up does not swallow a wake-up.
#[test]
fn one_who_gives_up_passes_on() {
    check(|| {
        let deque = deque([]);
        let waiter = spawn(&deque, |deque| deque.pop_back_deadline(None));
        both(
            &deque,
            |deque: &Deque| drop(deque.not_empty().listen()),
            |deque| deque.push_back(1),
        );
        assert_eq!(waiter.join().unwrap(), Some(1));
    });
}

/// What a thread wrote before it put an item in is visible to the one that takes it out.
#[test]
fn item_is_published() {
    check(|| {
        let deque = deque([]);
        both(
            &deque,
            |deque| {
                let cell = Arc::new(Data::new(0));
                // Nobody else knows the cell yet.
                cell.write(7);
                deque.push_front(cell);
            },
            |deque| {
                if let Some(cell) = deque.pop_back() {
                    // Only this thread has the cell, which came with the item.
                    assert_eq!(cell.read(), 7);
                }
            },
        );
    });
}

/// Nobody sees half a block, nor another item inside of one.
#[test]
fn blocks_are_whole() {
    check(|| {
        let deque = deque([]);
        let (_, seen) = both(
            &deque,
            |deque: &Deque| deque.extend_back(vec![1, 2]),
            |deque| {
                let before = deque.to_vec();
                deque.push_back(9);
                before
            },
        );
        assert!(seen.is_empty() || seen == [1, 2], "{seen:?}");
        let all = deque.to_vec();
        assert!(all == [1, 2, 9] || all == [9, 1, 2], "{all:?}");
    });
}

/// Two threads fill a deque at both ends while a third looks. There are never more items than the maximum,
/// and each item is in the deque or was pushed out, once.
#[test]
fn maximum_is_exact() {
    check(|| {
        let deque = Arc::new(ConcurrentDeque::with_maxlen(1));
        let looker = spawn(&deque, |deque| assert!(deque.len() <= 1));
        let (theirs, ours) = both(
            &deque,
            |deque: &Deque| deque.push_front(1),
            |deque| deque.extend_back(vec![2, 3]),
        );
        looker.join().unwrap();
        let mut all: Vec<_> = theirs
            .into_iter()
            .chain(ours)
            .chain(deque.to_vec())
            .collect();
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3]);
    });
}

/// An item that is rotated all the time is always found, at one end or the other.
#[test]
fn rotated_item_is_found() {
    check(|| {
        let deque = deque(0..2);
        let (_, found) = both(
            &deque,
            |deque| {
                deque.rotate(1);
                deque.rotate(-1);
            },
            |deque| deque.try_position(&Find(1), 0, 9).unwrap(),
        );
        assert!(found.is_some());
    });
}

/// When a removal and a pop want the same item, only one gets it, and the removal takes no other item.
#[test]
fn removal_and_pop() {
    check(|| {
        let deque = deque(0..3);
        let (popped, removed) = both(
            &deque,
            |deque| [deque.pop_front(), deque.pop_front()],
            |deque| deque.try_remove(&Find(1)).unwrap(),
        );
        match removed {
            Some(number) => {
                assert_eq!(number, 1);
                assert_eq!(popped, [Some(0), Some(2)]);
            }
            None => assert_eq!(popped, [Some(0), Some(1)]),
        }
    });
}

/// A removal never takes an item that has replaced the one it found.
#[test]
fn removal_and_replacement() {
    check(|| {
        let deque = deque([(1, 0)]);
        let (popped, removed) = both(
            &deque,
            |deque| {
                let popped = deque.pop_front();
                deque.push_front((2, 0));
                popped
            },
            |deque| deque.try_remove(&Find(1)).unwrap(),
        );
        assert_eq!(popped.or(removed), Some((1, 0)));
        assert!(popped.is_none() || removed.is_none());
        assert_eq!(deque.to_vec(), [(2, 0)]);
    });
}

/// Two removals of equal items take one each.
#[test]
fn removals_share_out() {
    check(|| {
        let deque = deque([(1, 0), (2, 0), (1, 1)]);
        let remove = |deque: &ConcurrentDeque<(usize, usize)>| deque.try_remove(&Find(1)).unwrap();
        let (theirs, ours) = both(&deque, remove, remove);
        let both = [theirs.unwrap(), ours.unwrap()];
        assert!(both == [(1, 0), (1, 1)] || both == [(1, 1), (1, 0)]);
        assert_eq!(deque.to_vec(), [(2, 0)]);
    });
}

/// A removal takes the item that is the first match at that moment: once an equal item has been put in front,
/// the one behind it stays for as long as that one does.
#[test]
fn removal_takes_the_first() {
    check(|| {
        let deque = deque([(0, 0), (1, 0)]);
        let (both_there, removed) = both(
            &deque,
            |deque| {
                deque.push_front((1, 1));
                deque.len() == 3
            },
            |deque| deque.try_remove(&Find(1)).unwrap().unwrap(),
        );
        if both_there {
            assert_eq!(removed, (1, 1));
        }
        let left = if removed == (1, 0) {
            vec![(1, 1), (0, 0)]
        } else {
            vec![(0, 0), (1, 0)]
        };
        assert_eq!(deque.to_vec(), left);
    });
}

/// No two operations use an item at the same time, whichever they are.
#[test]
fn each_operation_beside_each() {
    each_pair(
        || {
            let deque = ConcurrentDeque::with_maxlen(3);
            assert!(
                deque
                    .extend_back(vec![Watched::new(0), Watched::new(1)])
                    .is_empty()
            );
            deque
        },
        &[
            ("push", |deque: &ConcurrentDeque<Watched>| {
                drop(deque.push_back(Watched::new(7)))
            }),
            ("pop", |deque| drop(deque.pop_front())),
            ("get", |deque| drop(deque.get(0))),
            ("set", |deque| drop(deque.set(0, Watched::new(8)))),
            ("copy", |deque| drop(deque.to_vec())),
            ("search", |deque| {
                deque.position(&Watched::new(1));
            }),
            ("remove", |deque| {
                deque.remove(&Watched::new(1));
            }),
            ("rotate", |deque| deque.rotate(1)),
            ("repeat", |deque| drop(deque.repeat(2))),
            ("take", |deque| drop(deque.take())),
        ],
    );
}
