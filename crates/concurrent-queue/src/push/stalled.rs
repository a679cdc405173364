//! Tests of what other threads may do between a push's claim of its slots and its filling them. The
//! source of items calls back, so that a test can act at that very moment.

use super::*;
use crate::TryPopError;

struct Stalling<'a, S, F> {
    source: &'a mut S,
    /// Runs whenever an item is taken from the source, with the number of items taken before.
    meanwhile: F,
    taken: usize,
}

impl<S: Source<u32>, F: FnMut(usize)> Source<u32> for Stalling<'_, S, F> {
    fn len(&self) -> usize {
        self.source.len()
    }

    fn take(&mut self) -> u32 {
        (self.meanwhile)(self.taken);
        self.taken += 1;
        self.source.take()
    }

    fn put_back(&mut self, item: u32) {
        self.source.put_back(item);
    }
}

/// Pushes everything that is in `source`, unless a push is refused. `meanwhile` stands for other
/// threads.
fn push(
    queue: &ConcurrentQueue<u32>,
    source: &mut impl Source<u32>,
    meanwhile: impl FnMut(usize),
) -> Result<(), Refused> {
    let mut source = Stalling {
        source,
        meanwhile,
        taken: 0,
    };
    while source.len() > 0 {
        let before = source.len();
        let pushed = queue.push_run(&mut source)?;
        assert_ne!(pushed, 0);
        assert_eq!(source.len(), before - pushed);
    }
    Ok(())
}

fn all(queue: &ConcurrentQueue<u32>) -> Vec<u32> {
    queue.try_iter().collect()
}

/// Pops get past a stalled push, and its items come after those of a push that is not stalled.
#[test]
fn pops_overtake() {
    // In the middle of a segment, and across its end.
    for filled in [0, 10, SEGMENT as u32 - 3, SEGMENT as u32 - 1] {
        let queue = &(0..filled).collect::<ConcurrentQueue<_>>();
        assert!(all(queue).into_iter().eq(0..filled));
        let mut items: VecDeque<_> = (100..105).collect();
        let result = push(queue, &mut items, |taken| {
            if taken == 1 {
                // One slot is filled, and the other slots of the run are burned.
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

/// Peeks get past a stalled push, too.
#[test]
fn peeks_overtake() {
    let queue = &ConcurrentQueue::unbounded();
    let mut items: VecDeque<_> = (100..103).collect();
    let result = push(queue, &mut items, |taken| {
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

/// A peek that burns the slot of a push makes room for another push, and notifies of it.
#[test]
fn room_of_a_peek() {
    let queue = &ConcurrentQueue::bounded(1);
    let result = push(queue, &mut Some(1), |taken| {
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

/// The first push that reaches the end of a segment appends the next one, and a push that stalls
/// there continues in the new segment.
#[test]
fn segments_are_appended_once() {
    let full = SEGMENT as u32;
    for end in [101, 103, 100 + full, 105 + full] {
        let queue = &(0..full).collect::<ConcurrentQueue<_>>();
        let mut items: VecDeque<_> = (100..end).collect();
        let result = push(queue, &mut items, |taken| {
            if taken == 0 {
                queue.try_push(7).unwrap();
            }
        });
        assert!(result.is_ok());
        let expected = (0..full).chain([7]).chain(100..end);
        assert!(all(queue).into_iter().eq(expected));
    }
}

/// When the queue is closed, items that have a place by then are pushed, and the others stay in the
/// source.
#[test]
fn closing_meanwhile() {
    let full = SEGMENT as u32;
    for (filled, last) in [(0, 105), (full - 2, 102), (full - 1, 101), (full, 100)] {
        let queue = &(0..filled).collect::<ConcurrentQueue<_>>();
        let mut items: VecDeque<_> = (100..105).collect();
        let result = push(queue, &mut items, |taken| {
            // In the last case the place is the segment that the push would append.
            if taken == 0 {
                assert!(queue.close());
            }
        });
        assert_eq!(matches!(result, Err(Refused::Closed)), last < 105);
        assert!(items.into_iter().eq(last..105));
        assert!(queue.is_closed());
        assert!(all(queue).into_iter().eq((0..filled).chain(100..last)));
        assert_eq!(queue.try_pop(), Err(TryPopError::Closed));
    }
}

/// A push that stalls after linking a segment has not moved `tail` there. Before `head` moves to
/// that segment, `tail` does: it must not lead to a retired segment.
#[test]
fn tail_is_not_left_behind() {
    let full = SEGMENT as u32;
    let queue = &(0..full).collect::<ConcurrentQueue<_>>();
    let guard = &epoch::pin();
    let end = queue.end(guard);
    let next = Owned::new(Segment::new(end.position()));
    // SAFETY: no other thread knows the segment yet, and its first slot is used once.
    unsafe { next.slots[0].put(full) }.unwrap();
    next.tail.store(1, Relaxed);
    end.segment.next.store(next, Relaxed);

    assert!(all(queue).into_iter().eq(0..=full));
    let (head, tail) = (
        queue.head.load(Relaxed, guard),
        queue.tail.load(Relaxed, guard),
    );
    assert_ne!(head, end.shared);
    assert_eq!(head, tail);
}
