//! Items that use the deque when they are dropped, and items whose clones panic.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ft_concurrent_deque::ConcurrentDeque;

use crate::deque;

/// An item that uses its deque when it is dropped.
struct Reentrant(Arc<ConcurrentDeque<Reentrant>>);

impl Clone for Reentrant {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl Drop for Reentrant {
    fn drop(&mut self) {
        // This would never return if the deque were locked.
        self.0.rotate(1);
    }
}

#[test]
fn items_are_dropped_outside_of_the_lock() {
    let deque = Arc::new(ConcurrentDeque::with_maxlen(4));
    let item = || Reentrant(Arc::clone(&deque));
    let items = || (0..3).map(|_| item()).collect::<Vec<_>>();
    for _ in 0..6 {
        drop(deque.push_back(item()));
        drop(deque.push_front(item()));
    }
    drop(deque.extend_back(items()));
    drop(deque.extend_front(items()));
    drop(deque.repeat(3));
    drop(deque.set(0, item()));
    drop(deque.set(9, item()));
    drop(deque.insert(0, item()));
    drop(deque.remove_at(1));
    drop(deque.to_vec());
    drop(deque.get(0));
    assert_eq!(deque.len(), 3);
    drop(deque.take());
}

/// An item whose third clone, and every later one, panics.
#[derive(Debug)]
struct Brittle<'a>(u32, &'a Cell<u32>);

impl Clone for Brittle<'_> {
    fn clone(&self) -> Self {
        self.1.set(self.1.get() + 1);
        assert!(self.1.get() < 3, "the clone panics");
        Self(self.0, self.1)
    }
}

/// A repetition in which a clone panics changes nothing. Found by fuzzing.
#[test]
fn panic_in_a_clone_repeats_nothing() {
    let clones = Cell::new(0);
    let deque = deque([1, 2].map(|n| Brittle(n, &clones)));
    let repeat = AssertUnwindSafe(|| deque.repeat(4).map(|out| out.len()));
    catch_unwind(repeat).unwrap_err();
    assert_eq!(deque.len(), 2);
}

/// A panic in a clone hides nothing from later visits. Found by fuzzing.
#[test]
fn visits_after_a_panic_in_a_clone() {
    let clones = Cell::new(2);
    let deque = deque([Brittle(1, &clones)]);
    catch_unwind(AssertUnwindSafe(|| deque.get(0))).unwrap_err();
    let mut seen = vec![];
    let visit = |item: &Brittle<'_>| {
        seen.push(item.0);
        Ok::<_, ()>(())
    };
    deque.for_each_quiescent(visit).unwrap();
    assert_eq!(seen, [1]);
}
