//! What each operation does, alone.

use std::collections::VecDeque;

use ft_concurrent_deque::{ConcurrentDeque, Full, OutOfRange};

use crate::deque;

#[test]
fn both_ends() {
    let deque = ConcurrentDeque::new();
    assert_eq!(deque.pop_back(), None::<i32>);
    assert_eq!(deque.pop_front(), None);
    for n in 0..500 {
        assert_eq!(deque.push_back(n), None);
        assert_eq!(deque.push_front(-n - 1), None);
    }
    assert!(!deque.is_empty());
    assert!(deque.to_vec().into_iter().eq(-500..500));
    for n in 0..500 {
        assert_eq!(deque.pop_back(), Some(499 - n));
        assert_eq!(deque.pop_front(), Some(n - 500));
    }
    assert!(deque.is_empty());
}

#[test]
fn maximum_length() {
    let none = ConcurrentDeque::with_maxlen(0);
    assert_eq!(none.push_back(1), Some(1));
    assert_eq!(none.push_front(1), Some(1));
    assert_eq!(none.extend_back(vec![1, 2]), [1, 2]);
    assert_eq!(none.extend_front(vec![1, 2]), [1, 2]);
    assert_eq!(none.insert(0, 1), Err(Full(1)));
    assert_eq!(none.repeat(5), Ok(VecDeque::new()));
    assert_eq!((none.len(), none.maxlen()), (0, Some(0)));

    let three = ConcurrentDeque::with_maxlen(3);
    assert_eq!(three.extend_front(vec![1, 2, 3, 4, 5]), [1, 2]);
    assert_eq!(three.to_vec(), [5, 4, 3]);
    assert_eq!(three.extend_front(vec![6]), [3]);
    assert_eq!(three.push_back(7), Some(6));
    assert_eq!(three.to_vec(), [5, 4, 7]);
    assert_eq!(three.repeat(3), Ok([5, 4, 7].into()));
    assert_eq!(three.to_vec(), [5, 4, 7]);
    assert_eq!(three.pop_back(), Some(7));
    assert_eq!(three.repeat(isize::MAX), Ok([5, 4, 5].into()));
    assert_eq!(three.to_vec(), [4, 5, 4]);
    assert_eq!(ConcurrentDeque::<u8>::new().maxlen(), None);
}

#[test]
fn indices_from_either_end() {
    let deque = deque(0..5);
    for index in 0..5 {
        assert_eq!(deque.get(index), Some(index));
        assert_eq!(deque.get(index - 5), Some(index));
    }
    for index in [5, -6, isize::MAX, isize::MIN] {
        assert_eq!(deque.get(index), None);
        assert_eq!(deque.set(index, 9), Err(OutOfRange(9)));
        assert_eq!(deque.remove_at(index), None);
    }
    assert_eq!(deque.set(-1, 9), Ok(4));
    assert_eq!(deque.remove_at(-5), Some(0));
    deque.insert(isize::MIN, 7).unwrap();
    deque.insert(isize::MAX, 8).unwrap();
    assert_eq!(deque.to_vec(), [7, 1, 2, 3, 9, 8]);
}

#[test]
fn rotation_is_reduced() {
    let empty = ConcurrentDeque::<u8>::new();
    empty.rotate(isize::MIN);
    let deque = deque(0..3);
    for steps in [isize::MAX, isize::MIN, 1_000_000_000_000] {
        let mut model = VecDeque::from([0, 1, 2]);
        model.rotate_right(steps.rem_euclid(3) as usize);
        deque.rotate(steps);
        assert!(deque.to_vec().into_iter().eq(model));
        deque.rotate(-(steps % 3));
        assert_eq!(deque.to_vec(), [0, 1, 2]);
    }
}

#[test]
fn plain_search() {
    let deque = deque([1, 2, 1]);
    assert_eq!(deque.position(&1), Some(0));
    assert_eq!(deque.count(&1), 2);
    assert!(deque.contains(&2) && !deque.contains(&3));
    assert!(deque.remove(&1) && !deque.remove(&3));
    assert_eq!(deque.to_vec(), [2, 1]);
}

#[test]
fn messages() {
    assert_eq!(Full(1).to_string(), "deque already at its maximum size");
    assert_eq!(OutOfRange(1).to_string(), "deque index out of range");
}
