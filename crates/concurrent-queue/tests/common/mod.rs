//! What the tests of the queue, the stack and the priority queue share.

use ft_sync::Event;
use ft_test_support::passed;

/// Each item wakes one of the threads that wait for items, and each free place wakes one of those that
/// wait for room. The container has room for one item.
pub fn wakes_one_each(not_empty: &Event, not_full: &Event, push: impl Fn(), pop: impl Fn()) {
    for _ in 0..2 {
        wakes_one(not_empty, &push);
        wakes_one(not_full, &pop);
    }
}

fn wakes_one(event: &Event, act: impl Fn()) {
    let listeners = [(); 2].map(|()| event.listen());
    act();
    let woken = listeners.map(|listener| listener.wait_deadline(passed()));
    assert_eq!(woken, [true, false]);
}
