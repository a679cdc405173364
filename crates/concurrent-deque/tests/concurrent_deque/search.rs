//! Searches whose comparisons are counted, fail, or change the deque.

use std::cell::Cell;
use std::sync::Arc;

use ft_concurrent_deque::{ConcurrentDeque, Query};

use crate::{Unique, find, unique};

/// A query whose comparison with the number 13 fails.
struct Superstitious(usize);

impl Query<Unique> for Superstitious {
    type Error = &'static str;

    fn matches(&self, item: &Unique) -> Result<bool, &'static str> {
        match **item {
            13 => Err("bad luck"),
            number => Ok(number == self.0),
        }
    }

    fn is_same(one: &Unique, other: &Unique) -> bool {
        Arc::ptr_eq(one, other)
    }
}

#[test]
fn search_compares_each_item_once() {
    let deque: ConcurrentDeque<_> = unique(0..1000).into();
    for number in [0, 1, 31, 32, 500, 999] {
        let query = find(number, |_| ());
        assert_eq!(deque.try_position(&query, 0, isize::MAX), Ok(Some(number)));
        assert_eq!(query.compared.get(), number + 1);
    }
    let query = find(1000, |_| ());
    assert!(deque.try_remove(&query).unwrap().is_none());
    assert_eq!(query.compared.get(), 1000);
    assert_eq!(deque.try_count(&find(7, |_| ())), Ok(1));
}

#[test]
fn search_within_bounds() {
    let numbers: Vec<usize> = (0..6).chain(0..6).collect();
    let deque: ConcurrentDeque<_> = unique(numbers.iter().copied()).into();
    for start in -14..14 {
        for stop in -14..14 {
            let from = if start < 0 {
                (start + 12).max(0)
            } else {
                start
            };
            let to = if stop < 0 { (stop + 12).max(0) } else { stop };
            let within = (from..to.min(12)).map(|index| index as usize);
            let expected = within.clone().find(|&index| numbers[index] == 4);
            assert_eq!(
                deque.try_position(&find(4, |_| ()), start, stop),
                Ok(expected)
            );
        }
    }
}

/// A search compares no item twice when others come and go at the ends, and its result is right at the
/// moment at which it ends.
#[test]
fn search_follows_its_item() {
    let deque: ConcurrentDeque<_> = unique(0..200).into();
    let query = find(150, |number| match number {
        10 => drop(deque.pop_front()),
        20 => drop(deque.pop_back()),
        30 => assert!(deque.push_front(Arc::new(1000)).is_none()),
        40 => assert!(deque.push_back(Arc::new(150)).is_none()),
        // This moves an item from the back to the front, where it counts as new.
        100 => deque.rotate(1),
        _ => (),
    });
    // When our 150 was found, the other one was in front of it, so the other one was removed.
    let removed = deque.try_remove(&query).unwrap();
    assert_eq!(removed.as_deref(), Some(&150));
    let left: Vec<_> = deque.to_vec().iter().map(|item| **item).collect();
    assert!(left.into_iter().eq([1000].into_iter().chain(1..199)));
    // The search compared 0 to 150, 1000 and the other 150.
    assert_eq!(query.compared.get(), 153);
}

/// A rotation moves items from the end at which fewer have to move, and only those are compared again.
#[test]
fn search_through_a_rotation() {
    for (steps, moved) in [(1, 1), (-1, 1), (70, 70), (-70, 70), (130, 70), (-330, 70)] {
        let deque: ConcurrentDeque<_> = unique(0..200).into();
        let rotated = Cell::new(false);
        let query = find(1000, |number| {
            if number == 199 && !rotated.replace(true) {
                deque.rotate(steps);
            }
        });
        assert_eq!(deque.try_position(&query, 0, isize::MAX), Ok(None));
        assert_eq!(query.compared.get(), 200 + moved, "{steps}");
    }
}

/// A search whose item is taken before it can be removed removes nothing.
#[test]
fn search_whose_item_goes() {
    let deque: ConcurrentDeque<_> = unique(0..10).into();
    let query = find(5, |number| {
        if number == 5 {
            deque.take();
            deque.extend_back(unique(20..40));
        }
    });
    assert!(deque.try_remove(&query).unwrap().is_none());
    assert_eq!(deque.len(), 20);

    let query = find(25, |number| {
        if number == 25 && deque.len() == 20 {
            // An item that is equal, but has not been compared, takes the place of the one found.
            deque.set(5, Arc::new(25)).unwrap();
            deque.insert(0, Arc::new(7)).unwrap();
        }
    });
    assert_eq!(deque.try_position(&query, 0, isize::MAX), Ok(Some(6)));
    // The same when other operations move it.
    let query = find(25, |number| {
        if number == 25 && deque.len() == 21 {
            deque.reverse();
            deque.insert(3, Arc::new(8)).unwrap();
        }
    });
    assert_eq!(deque.try_position(&query, 0, isize::MAX), Ok(Some(15)));
}

/// An item that is put in front of a match and is none itself does not hide the match, and an item that
/// replaces the match is not taken for it.
#[test]
fn search_whose_item_is_passed_or_replaced() {
    let deque: ConcurrentDeque<_> = unique(0..10).into();
    let query = find(5, |number| {
        if number == 5 {
            deque.push_front(Arc::new(7));
        }
    });
    assert_eq!(deque.try_position(&query, 0, isize::MAX), Ok(Some(6)));
    let query = find(5, |number| {
        if number == 5 {
            deque.set(6, Arc::new(7)).unwrap();
        }
    });
    assert!(deque.try_remove(&query).unwrap().is_none());
    assert_eq!(deque.len(), 11);
}

/// A match that is put in front of another and taken out again does not hide the other one.
#[test]
fn search_comes_back_to_an_earlier_match() {
    let deque: ConcurrentDeque<_> = unique(0..10).into();
    let matches = Cell::new(0);
    let query = find(5, |number| {
        if number == 5 {
            matches.set(matches.get() + 1);
            match matches.get() {
                1 => drop(deque.push_front(Arc::new(5))),
                2 => drop(deque.pop_front()),
                _ => (),
            }
        }
    });
    assert_eq!(deque.try_position(&query, 0, isize::MAX), Ok(Some(5)));
}

#[test]
fn failing_search_changes_nothing() {
    let deque: ConcurrentDeque<_> = unique([1, 13, 2]).into();
    let lost = "bad luck";
    assert_eq!(deque.try_remove(&Superstitious(2)), Err(lost));
    assert_eq!(deque.try_position(&Superstitious(2), 0, 3), Err(lost));
    assert_eq!(deque.try_position(&Superstitious(2), 2, 3), Ok(Some(2)));
    assert_eq!(deque.try_count(&Superstitious(1)), Err(lost));
    assert_eq!(deque.try_position(&Superstitious(1), 0, 3), Ok(Some(0)));
    assert_eq!(deque.len(), 3);
}
