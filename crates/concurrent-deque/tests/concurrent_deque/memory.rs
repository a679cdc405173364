//! When memory is had and given back.

use std::collections::VecDeque;

use ft_concurrent_deque::ConcurrentDeque;

use crate::deque;

#[test]
fn repeat_that_no_memory_holds() {
    let deque = deque(0..5);
    assert!(deque.repeat(isize::MAX).is_err());
    assert!(deque.repeat(isize::MAX / 40).is_err());
    assert_eq!(deque.len(), 5);
    assert_eq!(deque.repeat(1), Ok(VecDeque::new()));
    assert_eq!(deque.repeat(-1).unwrap().len(), 5);
    assert_eq!(deque.repeat(isize::MAX), Ok(VecDeque::new()));
}

#[test]
fn memory_is_given_back() {
    let deque = ConcurrentDeque::new();
    for round in 0..3 {
        deque.extend_back((0..100_000).collect());
        for n in 0..100_000 {
            let taken = match round {
                0 => deque.pop_front(),
                1 => deque.pop_back(),
                _ => deque.remove_at(deque.len() as isize / 2),
            };
            assert!(taken.is_some(), "{round} {n}");
        }
        // The debug output does not show the capacity, but `take` hands out the buffer.
        assert!(deque.take().capacity() <= 1000);
    }
}

/// The buffer shrinks once seven eighths of it are unused, and half of what is left is unused then.
#[test]
fn memory_is_kept_for_use() {
    let filled = |len| {
        let deque = ConcurrentDeque::new();
        deque.extend_back((0..8000).collect());
        while deque.len() > len {
            deque.pop_back();
        }
        deque.take().capacity()
    };
    let full = filled(8000);
    assert_eq!(filled(full / 8), full);
    let less = filled(full / 8 - 1);
    assert!((full / 5..=full / 3).contains(&less), "{less} of {full}");
}
