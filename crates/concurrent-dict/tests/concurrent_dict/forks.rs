//! Dictionaries in the child of a fork.

use std::sync::Barrier;
use std::thread;

use ft_concurrent_dict::{Claim, ConcurrentDict};
use ft_test_support::in_child;

/// The child does not wait for readers that stayed behind in the parent.
#[test]
fn readers_stay_behind_at_a_fork() {
    let dict: ConcurrentDict<&str, i32> = [("a", 1)].into_iter().collect();
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            let Ok(()) = dict.try_read("a", |_| {
                barrier.wait();
                barrier.wait();
            });
        });
        // This thread takes a slot, which the child keeps.
        assert_eq!(dict.get("a"), Some(1));
        barrier.wait();
        let fine = in_child(|| dict.insert("a", 2) == Some(1) && dict.get("a") == Some(2));
        barrier.wait();
        assert!(fine, "the child waits for a reader");
    });
}

/// The leader stays behind in the parent, and the child computes the value itself.
#[test]
fn leaders_stay_behind_at_a_fork() {
    let dict = ConcurrentDict::<&str, i32>::new();
    let Ok(Claim::Leader(leader)) = dict.try_claim("a", || "a") else {
        panic!("nobody else claims");
    };
    assert!(in_child(|| dict.get_or_insert_with("a", || 1) == 1));
    assert_eq!(leader.publish("a", || "a", 2), Ok(2));
}
