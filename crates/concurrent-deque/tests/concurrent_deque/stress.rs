//! Threads that do everything at the same time.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use ft_concurrent_deque::ConcurrentDeque;
use ft_test_support::{SHORT, start_together};

use crate::{Unique, find, unique};

/// Items per producer in the stress test.
const ITEMS: usize = if cfg!(miri) { 100 } else { 20_000 };

/// Four threads put items in, at both ends and in blocks, four take items out, one rotates, and one
/// searches: no item is lost or comes out twice.
#[test]
fn stress() {
    const PUTTERS: usize = 4;
    const ROTATES: usize = 2 * PUTTERS;
    let deque: ConcurrentDeque<Unique> = ConcurrentDeque::new();
    let (taken, sum) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let total = PUTTERS * ITEMS;
    // This one is put back when it is taken out.
    let token = usize::MAX;
    deque.push_back(Arc::new(token));
    let take = |item: usize| {
        sum.fetch_add(item, SeqCst);
        taken.fetch_add(1, SeqCst);
    };
    let are_left = || taken.load(SeqCst) < total;
    start_together(2 * PUTTERS + 2, |thread| match thread {
        ..PUTTERS => {
            for n in (thread * ITEMS..(thread + 1) * ITEMS).step_by(4) {
                deque.push_back(Arc::new(n));
                deque.push_front(Arc::new(n + 1));
                deque.extend_back(unique([n + 2, n + 3]));
            }
        }
        PUTTERS..ROTATES => {
            while are_left() {
                let popped = match thread % 2 {
                    0 => deque.pop_front_timeout(SHORT),
                    _ => deque.pop_back_timeout(SHORT),
                };
                match popped {
                    Some(item) if *item == token => drop(deque.push_back(item)),
                    Some(item) => take(*item),
                    None => (),
                }
            }
        }
        ROTATES => {
            while are_left() {
                deque.rotate(3);
                deque.rotate(-3);
                assert!(deque.to_vec().len() <= total + 1);
            }
        }
        _ => {
            for wanted in (0..total).step_by(97) {
                if deque.try_remove(&find(wanted, |_| ())).unwrap().is_some() {
                    take(wanted);
                }
            }
        }
    });
    assert_eq!(sum.load(SeqCst), total * (total - 1) / 2);
    assert_eq!(deque.to_vec(), [Arc::new(token)]);
}
