//! What others do between a push's claim of its slots and its filling them. A source of items that
//! calls back lets them in at that very moment.

use super::*;
use crate::TryPopError;

struct Stalling<'a, S, F> {
    source: &'a mut S,
    /// Runs whenever an item is asked for, with the number of times that it did before.
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

/// Pushes all that is in `source`, if it is not refused, while others do `meanwhile`.
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

/// Pops get by a push that stalls, and its items come after those of the push that does not.
#[test]
fn pops_overtake() {
    // In the middle of a segment, and across its end.
    for filled in [0, 10, SEGMENT as u32 - 3, SEGMENT as u32 - 1] {
        let queue = &(0..filled).collect::<ConcurrentQueue<_>>();
        assert!(all(queue).into_iter().eq(0..filled));
        let mut items: VecDeque<_> = (100..105).collect();
        let result = push(queue, &mut items, |taken| {
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

/// A peek that gives up on the slot of a push makes room for another push, and says so.
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

/// Whoever comes to the end of a segment appends the next one, and a push that stalls there goes on
/// behind.
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

/// What has a place by then gets in, and the rest stays where it was.
#[test]
fn closing_meanwhile() {
    let full = SEGMENT as u32;
    for (filled, last) in [(0, 105), (full - 2, 102), (full - 1, 101), (full, 100)] {
        let queue = &(0..filled).collect::<ConcurrentQueue<_>>();
        let mut items: VecDeque<_> = (100..105).collect();
        let result = push(queue, &mut items, |taken| {
            // In the last case the place is the segment that it would append.
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

/// Before `head` goes on to a segment whose push has stalled before it could move `tail` there, `tail`
/// does: it must not lead to what is retired.
#[test]
fn tail_is_not_left_behind() {
    let full = SEGMENT as u32;
    let queue = &(0..full).collect::<ConcurrentQueue<_>>();
    let guard = &epoch::pin();
    let end = queue.end(guard);
    let next = Owned::new(Segment::new(end.position()));
    // SAFETY: nobody else knows the segment yet, and its first slot is used once.
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
