//! The first of several: queues, stacks, and events of one's own.

use ft_concurrent_queue::{ConcurrentQueue, ConcurrentStack, PopError, PushError};
use ft_sync::{Case, Event, Select};
use ft_test_support::{SHORT, passed, start_together, until};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

/// Each case is done when it is possible.
#[test]
fn cases() {
    let (queue, stack) = (ConcurrentQueue::bounded(1), ConcurrentStack::bounded(1));
    let (mut one, mut two) = (Some(1), Some(2));
    let mut push = Select::new()
        .case(queue.pushing(&mut one))
        .case(stack.pushing(&mut two));
    assert_eq!((push.wait(), push.wait()), (Ok(()), Ok(())));
    assert_eq!(push.try_now(), None);
    drop(push);
    assert_eq!((one, two), (None, None));
    let mut pop = Select::new().case(queue.popping()).case(stack.popping());
    assert_eq!(pop.wait().unwrap() + pop.wait().unwrap(), 3);
    assert_eq!(pop.try_now(), None);
}

/// The items of cases that took no effect stay with the caller.
#[test]
fn items_stay() {
    let [full, free] = [(); 2].map(|()| ConcurrentQueue::bounded(1));
    full.push(0).unwrap();
    let (mut one, mut two) = (Some(1), Some(2));
    let done = Select::new()
        .case(full.pushing(&mut one))
        .case(free.pushing(&mut two))
        .wait();
    assert_eq!((done, one, two), (Ok(()), Some(1), None));
    assert_eq!((full.len(), free.pop()), (1, Ok(2)));
}

/// A closed queue has an answer at once.
#[test]
fn closed() {
    let (open, closed) = (ConcurrentQueue::bounded(1), ConcurrentQueue::bounded(1));
    closed.close();
    let mut pop = Select::new().case(open.popping()).case(closed.popping());
    assert_eq!(pop.wait(), Err(PopError));
    open.push(1).unwrap();
    let (mut item, mut none) = (Some(2), None);
    let mut push = Select::new()
        .case(open.pushing(&mut none))
        .case(closed.pushing(&mut item));
    assert_eq!(push.wait(), Err(PushError(2)));
    assert_eq!(push.try_now(), None);
}

#[test]
#[should_panic = "no cases"]
fn nothing_to_wait_for() {
    Select::<()>::new().wait();
}

#[test]
fn deadlines() {
    let queue = ConcurrentQueue::unbounded();
    let mut pop = Select::default().case(queue.popping());
    assert_eq!(pop.wait_deadline(passed()), None);
    assert_eq!(pop.wait_timeout(SHORT), None);
    queue.push(7).unwrap();
    assert_eq!(pop.wait_timeout(Duration::MAX), Some(Ok(7)));
}

/// Of cases that are always possible, none is left out.
#[test]
fn fair() {
    let event = Event::new();
    let mut chosen = [0; 3];
    let mut select = Select::new();
    for number in [0, 1, 2] {
        select = select.case(Case::new(&event, move || Some(number)));
    }
    for _ in 0..3_000 {
        chosen[select.wait()] += 1;
    }
    // Seven standard deviations of 26.
    assert!(
        chosen.iter().all(|&n: &usize| n.abs_diff(1_000) < 180),
        "{chosen:?}"
    );
}

/// A call that is notified by one queue, and takes from another one, leaves the first item to the
/// next in line.
#[test]
fn passes_on() {
    let queues = [(); 2].map(|()| ConcurrentQueue::unbounded());
    let mut cx = Context::from_waker(Waker::noop());
    let [a, b] = &queues;
    let mut select = Select::new().case(a.popping()).case(b.popping());
    let mut next = pin!(a.not_empty().wait_until_async(|| a.try_pop().ok()));
    {
        let mut first = pin!(select.wait_async());
        assert!(first.as_mut().poll(&mut cx).is_pending());
        assert!(next.as_mut().poll(&mut cx).is_pending());
        a.push(1).unwrap();
        b.push(2).unwrap();
        let Poll::Ready(Ok(got)) = first.as_mut().poll(&mut cx) else {
            panic!("both cases are possible");
        };
        // If it took the item of the first queue, there is none for the next one.
        if got == 1 {
            a.push(1).unwrap();
        }
    }
    assert_eq!(next.as_mut().poll(&mut cx), Poll::Ready(1));
}

/// A future that is dropped takes nothing, and passes on what woke it.
#[test]
fn dropped_future() {
    let queue = ConcurrentQueue::unbounded();
    let mut cx = Context::from_waker(Waker::noop());
    let mut select = Select::new().case(queue.popping()).case(queue.popping());
    let mut first = Box::pin(select.wait_async());
    assert!(first.as_mut().poll(&mut cx).is_pending());
    let mut next = pin!(queue.not_empty().listen());
    assert!(next.as_mut().poll(&mut cx).is_pending());
    queue.push(7).unwrap();
    drop(first);
    assert!(next.as_mut().poll(&mut cx).is_ready());
    assert_eq!(select.try_now(), Some(Ok(7)));
}

/// An attempt that panics ends the call, and not the wait of others.
#[test]
fn panics() {
    let queue = ConcurrentQueue::unbounded();
    let event = Event::new();
    let mut calls = 0;
    let mut select = Select::new()
        .case(queue.popping())
        .case(Case::new(&event, || {
            calls += 1;
            assert!(calls < 2, "by intention");
            None
        }));
    let waited = catch_unwind(AssertUnwindSafe(|| select.wait()));
    assert!(waited.is_err());
    // Nobody listens any more.
    let mut next = pin!(queue.not_empty().listen());
    let mut cx = Context::from_waker(Waker::noop());
    assert!(next.as_mut().poll(&mut cx).is_pending());
    queue.push(7).unwrap();
    assert!(next.as_mut().poll(&mut cx).is_ready());
}

/// A sleeping thread is woken by each of the cases.
#[test]
fn woken_by_each() {
    for number in 0..3 {
        let queues = [(); 3].map(|()| ConcurrentQueue::unbounded());
        let [a, b, c] = &queues;
        thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                let select = Select::new().case(a.popping()).case(b.popping());
                select.case(c.popping()).wait()
            });
            thread::sleep(Duration::from_millis(5));
            queues[number].push(number).unwrap();
            assert_eq!(waiter.join().unwrap(), Ok(number));
        });
    }
}

const THREADS: usize = if cfg!(miri) { 2 } else { 40 };
const ITEMS: usize = if cfg!(miri) { 10 } else { 500 };

/// Many threads push to the first queue that has room, and pop from the first that has an item;
/// plain pushes and pops are beside them. Each item comes out once, and nobody sleeps for ever.
#[test]
fn crowd() {
    let queues = [1, 2, 3].map(ConcurrentQueue::bounded);
    let [a, b, c] = &queues;
    let left = AtomicUsize::new(THREADS * ITEMS);
    let sums = start_together(2 * THREADS, |thread| {
        if thread < THREADS {
            for n in 0..ITEMS {
                let item = thread * ITEMS + n;
                let (mut one, mut two) = (Some(item), Some(item));
                let pushed = match n % 3 {
                    0 => b.push(item),
                    _ => Select::new()
                        .case(a.pushing(&mut one))
                        .case(b.pushing(&mut two))
                        .wait(),
                };
                pushed.unwrap();
            }
            return 0;
        }
        let mut sum = 0;
        for n in 0.. {
            let popped = match (thread + n) % 4 {
                0 => a.pop(),
                1 => b.pop(),
                _ => Select::new()
                    .case(a.popping())
                    .case(b.popping())
                    .case(c.popping())
                    .wait(),
            };
            match popped {
                Ok(item) => sum += item,
                Err(PopError) => break,
            }
            if left.fetch_sub(1, SeqCst) == 1 {
                for queue in &queues {
                    queue.close();
                }
            }
        }
        sum
    });
    until(|| left.load(SeqCst) == 0);
    let total = THREADS * ITEMS;
    assert_eq!(sums.into_iter().sum::<usize>(), total * (total - 1) / 2);
}
