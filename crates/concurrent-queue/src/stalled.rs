//! Tests of calls that stall after their claim: who waits for them and who does not, as the
//! documentation of the crate says.

use std::{iter, ptr::NonNull, thread, time::Duration};

use ft_sync::atomic::Ordering::Relaxed;

use crate::{
    ConcurrentQueue, TryPopError, TryPushError,
    block::{Block, SLOTS, Slot},
    end::{Claimed, Word},
};

const ONE_BLOCK: u32 = SLOTS as u32;

/// Checks that `call` waits until `go_on` has run, and returns its result.
fn waits<R: Send>(call: impl FnOnce() -> R + Send, go_on: impl FnOnce()) -> R {
    thread::scope(|scope| {
        let call = scope.spawn(call);
        thread::sleep(Duration::from_millis(30));
        let early = call.is_finished();
        go_on();
        let result = call.join().unwrap();
        assert!(!early);
        result
    })
}

/// Claims the next position at the back, and stalls.
fn stalled_push(queue: &ConcurrentQueue<u32>) -> Claimed<u32> {
    queue.claim_back(1).ok().unwrap()
}

fn fill(claimed: &Claimed<u32>, item: u32) {
    // SAFETY: the position was claimed for pushing, and this is called once for it.
    unsafe { Slot::put(claimed.slot(), claimed.start, item) };
}

/// A pop waits for the push of its item, and for no other push.
#[test]
fn pop_waits_for_its_push() {
    // In a chain, at the beginning of a block too, and in a ring.
    for (capacity, filled) in [(None, 0), (None, 3), (None, ONE_BLOCK), (Some(8), 3)] {
        let queue = &capacity.map_or_else(ConcurrentQueue::unbounded, ConcurrentQueue::bounded);
        (0..filled).for_each(|n| queue.try_push(n).unwrap());
        let claimed = stalled_push(queue);
        // Other pushes do not wait, nor do pops of what was pushed before.
        queue.try_push(101).unwrap();
        for n in 0..filled {
            assert_eq!(queue.try_pop(), Ok(n));
        }
        assert_eq!((queue.len(), queue.is_empty()), (2, false));

        let item = waits(|| queue.try_pop(), || fill(&claimed, 100));
        assert_eq!(item, Ok(100));
        assert_eq!(queue.try_pop(), Ok(101));
        assert_eq!(queue.try_pop(), Err(TryPopError::Empty));
    }
}

/// A pop does not wait for a push whose item another pop waits for.
#[test]
fn pops_pass_one_that_waits() {
    let queue = &ConcurrentQueue::unbounded();
    let claimed = stalled_push(queue);
    queue.try_push(101).unwrap();
    let first = waits(
        || queue.try_pop(),
        || {
            assert_eq!(queue.try_pop(), Ok(101));
            assert_eq!(queue.try_pop(), Err(TryPopError::Empty));
            fill(&claimed, 100);
        },
    );
    assert_eq!(first, Ok(100));
}

/// A peek waits for the push of the first item.
#[test]
fn peek_waits() {
    let queue = &ConcurrentQueue::unbounded();
    let claimed = stalled_push(queue);
    let peeked = waits(|| queue.peek(), || fill(&claimed, 100));
    assert_eq!(peeked, Some(100));
    assert_eq!(queue.try_pop(), Ok(100));
}

/// Closing does not wait for a push that has its position, which the push then fills.
#[test]
fn closing_does_not_wait() {
    let queue = &ConcurrentQueue::unbounded();
    let claimed = stalled_push(queue);
    assert!(queue.close());
    assert_eq!(queue.try_push(7), Err(TryPushError::Closed(7)));
    let left = waits(|| queue.close_and_drain(), || fill(&claimed, 100));
    assert_eq!(left, [100]);
    assert_eq!(queue.try_pop(), Err(TryPopError::Closed));
}

/// In a ring a push waits for the pop that has its slot, and a push into another slot does not.
#[test]
fn push_waits_for_the_lap_before() {
    let queue = &ConcurrentQueue::bounded(SLOTS);
    (0..ONE_BLOCK).for_each(|n| queue.try_push(n).unwrap());
    assert_eq!(queue.try_push(7), Err(TryPushError::Full(7)));
    let claimed = queue.claim_front(1).ok().unwrap();
    assert_eq!(queue.try_pop(), Ok(1));
    waits(
        || queue.try_push(100).unwrap(),
        || {
            queue.try_push(101).unwrap();
            assert!(queue.is_full());
            assert_eq!(queue.try_push(7), Err(TryPushError::Full(7)));
            // SAFETY: the position was claimed for popping, and this is the only call for it.
            assert_eq!(unsafe { Slot::take(claimed.slot(), claimed.start) }, 0);
        },
    );
    assert!(queue.try_iter().eq((2..ONE_BLOCK).chain([100, 101])));
}

/// A push that finds the queue full does not wait, even for a push that appends a block.
#[test]
fn full_while_a_block_is_appended() {
    // Too much for a ring. The last item begins a block.
    let bound = (1 << 16) + 1;
    let queue = &ConcurrentQueue::bounded(bound as usize);
    (1..bound).for_each(|n| queue.try_push(n).unwrap());
    let appending = Appending::begin(queue);
    assert_eq!(queue.try_push(7), Err(TryPushError::Full(7)));
    appending.end(bound);
    assert_eq!(queue.try_push(7), Err(TryPushError::Full(7)));
    assert!(queue.try_iter().eq(1..=bound));
}

fn count_blocks(queue: &ConcurrentQueue<u32>) -> usize {
    let next = |block: &*mut Block<u32>| {
        // SAFETY: nobody else uses the queue, so the block stays in the chain.
        let block = unsafe { block.as_ref() }?;
        Some(block.next.load(Relaxed))
    };
    iter::successors(Some(queue.head.oldest.load(Relaxed)), next)
        .filter(|block| !block.is_null())
        .count()
}

/// In a chain a pop that stalls keeps its block from being freed, and nobody waits for it.
#[test]
fn nobody_waits_for_a_pop_in_a_chain() {
    let queue = &ConcurrentQueue::unbounded();
    queue.try_push(0).unwrap();
    let claimed = queue.claim_front(1).ok().unwrap();
    for n in 1..10 * ONE_BLOCK {
        queue.try_push(n).unwrap();
        assert_eq!(queue.try_pop(), Ok(n));
    }
    // SAFETY: the position was claimed for popping, and this is the only call for it.
    assert_eq!(unsafe { Slot::take(claimed.slot(), claimed.start) }, 0);
    // The next pop that moves on frees all of them.
    let blocks = || count_blocks(queue);
    assert_eq!(blocks(), 10);
    queue.try_push(1).unwrap();
    assert_eq!(queue.try_pop(), Ok(1));
    (0..ONE_BLOCK).for_each(|n| queue.try_push(n).unwrap());
    assert!(queue.try_iter().eq(0..ONE_BLOCK));
    assert_eq!(blocks(), 1);
}

/// A push that has claimed its position, and has not appended the block that it needs.
struct Appending<'a> {
    queue: &'a ConcurrentQueue<u32>,
    word: Word,
    new: NonNull<Block<u32>>,
}

impl<'a> Appending<'a> {
    fn begin(queue: &'a ConcurrentQueue<u32>) -> Self {
        let tail = &queue.tail.end;
        let word = tail.load();
        let new = Block::new(tail.shape);
        // SAFETY: only we have the block.
        unsafe { Block::start_at(new, word.position()) };
        tail.claim_and_hold(word, 1).ok().unwrap();
        Self { queue, word, new }
    }

    fn end(self, item: u32) {
        let (tail, new) = (&self.queue.tail.end, self.new.as_ptr());
        // Relaxed: `move_on` and joining threads pass everything on.
        (self.queue.link_after(tail.block(), self.word.position())).store(new, Relaxed);
        fill(&tail.move_on(self.word, 1, new), item);
    }
}

/// While a push appends a block, other pushes and `close` wait, and so does a pop that moves on to the
/// block; all else does not.
#[test]
fn appending() {
    let queue = &(0..ONE_BLOCK).collect::<ConcurrentQueue<_>>();
    let appending = Appending::begin(queue);
    assert_eq!((queue.len(), queue.is_closed()), (SLOTS + 1, false));
    assert!(queue.try_iter().take(SLOTS).eq(0..ONE_BLOCK));
    let (closed, item) = waits(
        || {
            thread::scope(|scope| {
                let item = scope.spawn(|| queue.try_pop());
                (queue.close(), item.join().unwrap())
            })
        },
        || appending.end(100),
    );
    assert_eq!((closed, item), (true, Ok(100)));
}
