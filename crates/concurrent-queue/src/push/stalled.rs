//! What others do between a push's claim of its slots and its filling them. A source of items that
//! calls back lets them in at that very moment.

use super::*;
use crate::TryPopError;

struct Stalling<F> {
    items: VecDeque<u32>,
    /// Runs whenever an item is asked for, with the number of times that it did before.
    meanwhile: F,
    taken: usize,
}

impl<F: FnMut(usize)> Source<u32> for Stalling<F> {
    fn len(&self) -> usize {
        self.items.len()
    }

    fn take(&mut self) -> u32 {
        (self.meanwhile)(self.taken);
        self.taken += 1;
        self.items.pop_front().unwrap()
    }

    fn put_back(&mut self, item: u32) {
        self.items.push_front(item);
    }
}

/// Pushes `items`, all of them if they are not refused, while others do `meanwhile`.
fn push(
    queue: &ConcurrentQueue<u32>,
    items: impl IntoIterator<Item = u32>,
    meanwhile: impl FnMut(usize),
) -> Result<(), Refused> {
    let items: Vec<_> = items.into_iter().collect();
    let mut source = Stalling {
        items: items.iter().copied().collect(),
        meanwhile,
        taken: 0,
    };
    let mut pushed = 0;
    let mut result = Ok(());
    while result.is_ok() && pushed < items.len() {
        result = queue.push_run(&mut source).map(|more| pushed += more);
        // What is not pushed stays, in its order.
        assert_eq!(source.items, &items[pushed..]);
    }
    result
}

fn all(queue: &ConcurrentQueue<u32>) -> Vec<u32> {
    queue.try_iter().collect()
}

/// Pops get by a push that stalls, and its items come after those of the push that does not.
#[test]
fn pops_overtake() {
    // In the middle of a segment, and across its end.
    for filled in [0, 10, SEGMENT as u32 - 3, SEGMENT as u32 - 1] {
        let queue = &(0..filled).collect::<ConcurrentQueue<_>>();
        assert!(all(queue).into_iter().eq(0..filled));
        let result = push(queue, 100..105, |taken| {
            if taken == 1 {
                // One slot is filled, the others of its run are given up.
                queue.try_push(7).unwrap();
                assert_eq!(all(queue), [100, 7]);
                assert_eq!(queue.try_pop(), Err(TryPopError::Empty));
                assert!(queue.is_empty());
            }
        });
        assert!(result.is_ok());
        assert_eq!(queue.len(), 4);
        assert_eq!(all(queue), [101, 102, 103, 104]);
    }
}

/// So do peeks.
#[test]
fn peeks_overtake() {
    let queue = &ConcurrentQueue::unbounded();
    let result = push(queue, 100..103, |taken| {
        if taken == 1 {
            queue.try_push(7).unwrap();
            assert_eq!(queue.peek(), Some(100));
            assert_eq!(queue.try_pop(), Ok(100));
            assert_eq!(queue.peek(), Some(7));
            assert_eq!(queue.len(), 1);
        }
    });
    assert!(result.is_ok());
    assert_eq!(all(queue), [7, 101, 102]);
}

/// A peek that gives up on the slot of a push makes room for another push, and says so.
#[test]
fn room_of_a_peek() {
    let queue = &ConcurrentQueue::bounded(1);
    let result = push(queue, [1], |taken| {
        if taken == 0 {
            let listener = queue.not_full().listen();
            assert_eq!(queue.peek(), None);
            assert!(listener.wait_deadline(Some(Instant::now())));
            assert!(queue.is_empty());
        }
    });
    assert!(result.is_ok());
    assert_eq!(all(queue), [1]);
}

/// The same when the peek stalls, too, before it could make the room: the push does it.
#[test]
fn room_of_a_peek_that_stalls() {
    let queue = &ConcurrentQueue::bounded(1);
    let listener = queue.not_full().listen();
    let result = push(queue, [1], |taken| {
        if taken == 0 {
            let guard = &epoch::pin();
            let (segment, slots) = queue.front(guard).unwrap();
            // SAFETY: `front` has seen a push's claim on the slot, which is the first.
            assert_eq!(unsafe { segment.slots[slots.start].peek() }, None);
            assert!(queue.is_full());
        }
    });
    assert!(result.is_ok());
    assert!(listener.wait_deadline(Some(Instant::now())));
    assert_eq!(all(queue), [1]);
}

/// Whoever comes to the end of a segment appends the next one, and a push that stalls there goes on
/// behind.
#[test]
fn segments_are_appended_once() {
    let full = SEGMENT as u32;
    for items in [1, 3, full, full + 5] {
        let queue = &(0..full).collect::<ConcurrentQueue<_>>();
        let result = push(queue, 100..100 + items, |taken| {
            if taken == 0 {
                queue.try_push(7).unwrap();
            }
        });
        assert!(result.is_ok());
        let expected = (0..full).chain([7]).chain(100..100 + items);
        assert!(all(queue).into_iter().eq(expected));
    }
}

/// What has a place by then gets in.
#[test]
fn closing_meanwhile() {
    let full = SEGMENT as u32;
    for (filled, last) in [(0, 105), (full - 2, 102), (full - 1, 101), (full, 100)] {
        let queue = &(0..filled).collect::<ConcurrentQueue<_>>();
        let result = push(queue, 100..105, |taken| {
            // In the last case the place is the segment that it would append.
            if taken == 0 {
                assert!(queue.close());
            }
        });
        assert_eq!(matches!(result, Err(Refused::Closed)), last < 105);
        assert!(queue.is_closed());
        assert!(all(queue).into_iter().eq((0..filled).chain(100..last)));
        assert_eq!(queue.try_pop(), Err(TryPopError::Closed));
    }
}
