//! Values that one thread or task computes while others wait for them.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{
    Arc, Barrier,
    atomic::{AtomicUsize, Ordering::SeqCst},
    mpsc,
};
use std::thread;

use ft_concurrent_dict::{Claim, ConcurrentDict, Deadlock, Note, Party, Waiting};
use ft_test_support::{LONG, passed};

use crate::{Dict, slow};

#[test]
fn failed_leader_is_replaced() {
    let dict = ConcurrentDict::<&str, i32>::new();
    let failed = catch_unwind(AssertUnwindSafe(|| {
        dict.get_or_insert_with("a", || panic!("no value today"))
    }));
    assert!(failed.is_err());
    assert_eq!(dict.get_or_insert_with("a", || 4), 4);
    assert_eq!(dict.get_or_insert_with("a", || 5), 4);
}

/// Functions and values that are not needed are dropped outside of the lock.
#[test]
fn what_is_not_used_dies_outside_of_the_lock() {
    /// Uses the dictionary when it is dropped.
    #[derive(Clone)]
    struct Visitor(Arc<ConcurrentDict<u8, Option<Visitor>>>);
    impl Drop for Visitor {
        fn drop(&mut self) {
            if thread::panicking() {
                return;
            }
            let (dict, (used, is_used)) = (Arc::clone(&self.0), mpsc::channel());
            // If a lock is held, this thread waits.
            thread::spawn(move || {
                drop(dict.try_claim(&1, || 1));
                used.send(())
            });
            assert!(is_used.recv_timeout(LONG).is_ok(), "dropped under a lock");
        }
    }
    let dict = Arc::new(ConcurrentDict::with_shards(2));
    // The visitor is part of the function.
    let key = || {
        let visitor = Visitor(Arc::clone(&dict));
        move || {
            drop(visitor);
            1
        }
    };
    let Ok(Claim::Leader(leader)) = dict.try_claim(&1, || 1) else {
        panic!("it is missing");
    };
    let claim = || dict.try_claim(&1, key());
    assert!(matches!(claim(), Ok(Claim::Follower(_))));
    dict.insert(1, None);
    let value = Some(Visitor(Arc::clone(&dict)));
    assert!(matches!(leader.publish(&1, key(), value), Ok(None)));
    assert!(matches!(claim(), Ok(Claim::Ready(None))));
}

#[test]
#[should_panic(expected = "asked for the same value")]
fn leader_may_not_follow_itself() {
    let dict = ConcurrentDict::<&str, i32>::new();
    dict.get_or_insert_with("a", || dict.get_or_insert_with("a", || 1));
}

/// When functions ask for each other's keys, in one dictionary or in several, the last one panics and the
/// others go on.
#[test]
fn leaders_may_not_follow_each_other() {
    const KEYS: [&str; 3] = ["a", "b", "c"];
    let one = ConcurrentDict::<&str, usize>::new();
    let other = ConcurrentDict::<&str, usize>::new();
    for (keys, dicts) in [
        (2, [&one, &one, &one]),
        (3, [&one, &one, &one]),
        (2, [&one, &other, &one]),
    ] {
        let all_lead = Barrier::new(keys);
        let ask = |index: usize| {
            let next = (index + 1) % keys;
            dicts[index].get_or_insert_with(KEYS[index], || {
                all_lead.wait();
                dicts[next].get_or_insert_with(KEYS[next], || 1) + 1
            })
        };
        let refused = thread::scope(|scope| {
            let ask = &ask;
            let threads: Vec<_> = (0..keys)
                .map(|index| scope.spawn(move || ask(index)))
                .collect();
            (threads.into_iter())
                .filter_map(|thread| thread.join().err())
                .map(|panic| *panic.downcast::<String>().unwrap())
                .collect::<Vec<_>>()
        });
        let expected = format!("the functions that compute {keys} values ask for each other's");
        assert_eq!(refused, [expected]);
        assert_eq!(one.len() + other.len(), keys);
        one.clear();
        other.clear();
    }
}

/// A task that waits delays only what it computes itself: its thread and the other tasks go on. A thread
/// that waits delays all its tasks.
#[test]
fn tasks_wait_apart() {
    let dict = ConcurrentDict::<&str, i32>::new();
    let (one, other) = (Party::task(1), Party::task(2));
    let lead = |party, key| match dict.try_claim_for(|| party, key, || key) {
        Ok(Claim::Leader(leader)) => leader.suspend(),
        _ => panic!("nobody else claims {key}"),
    };
    let follow = |party, key: &'static str| match dict.try_claim(key, || key) {
        Ok(Claim::Follower(flight)) => {
            assert!(flight.is_led_by_me());
            assert!(flight.leader().is_some_and(Party::is_task));
            Waiting::begin(&flight, party, Note::new(key))
        }
        _ => panic!("somebody computes {key}"),
    };
    let notes = |wait: Result<Waiting, Deadlock>| {
        let note = |note: &Note| *note.downcast_ref::<&str>().unwrap();
        wait.unwrap_err()
            .notes()
            .iter()
            .map(note)
            .collect::<Vec<_>>()
    };
    let duties = [lead(one, "a"), lead(other, "b")];
    assert_eq!(notes(follow(one, "a")), ["a"]);
    assert_eq!(notes(follow(Party::thread(), "a")), ["a"]);
    let waiting = follow(one, "b").unwrap();
    assert_eq!(notes(follow(other, "a")), ["a", "b"]);
    let third = follow(Party::task(3), "a").unwrap();
    drop(waiting);
    let waiting = follow(other, "a").unwrap();
    assert_eq!(notes(follow(one, "b")), ["b", "a"]);
    let [a, b] = duties;
    assert_eq!(dict.resume(a).publish("a", || "a", 1), Ok(1));
    drop((waiting, third, dict.resume(b)));
    assert_eq!(dict.get_or_insert_with("b", || 2), 2);
}

/// A value stored without a claim wins over the one that was being computed.
#[test]
fn insertion_beats_the_leader() {
    let dict = ConcurrentDict::<&str, i32>::new();
    let got = dict.get_or_insert_with("a", || {
        assert!(matches!(
            dict.try_claim("a", || "a"),
            Ok(Claim::Follower(_))
        ));
        dict.insert("a", 1);
        2
    });
    assert_eq!((got, dict.get("a")), (1, Some(1)));
}

/// A leader ends its own computation, not that of another key with the same hash.
#[test]
fn leaders_of_colliding_keys() {
    let dict = Dict::<i32>::new();
    let claim = |name| {
        let Ok(claim) = dict.try_claim(&slow(name), || Arc::new(String::from(name))) else {
            panic!("comparisons do not fail");
        };
        claim
    };
    for done in ["a", "b"] {
        let mut leaders = HashMap::from(["a", "b"].map(|name| (name, claim(name))));
        assert!(matches!(leaders.remove(done), Some(Claim::Leader(_))));
        for name in ["a", "b"] {
            assert_eq!(matches!(claim(name), Claim::Leader(_)), name == done);
        }
    }
}

#[test]
fn flight_lands_with_its_leader() {
    let dict = ConcurrentDict::<&str, i32>::new();
    let (Ok(Claim::Leader(leader)), Ok(Claim::Follower(flight))) =
        (dict.try_claim("a", || "a"), dict.try_claim("a", || "a"))
    else {
        panic!("the first to claim leads");
    };
    let changed = flight.changed().listen();
    assert!(!flight.has_landed());
    assert_eq!(leader.publish("a", || "a", 1), Ok(1));
    assert!(flight.has_landed());
    assert!(changed.wait_deadline(passed()));
}

/// Many threads ask for a key at once, and the function of exactly one of them runs.
#[test]
fn computed_once_per_key() {
    const THREADS: usize = 8;
    const KEYS: usize = 200;
    let dict = ConcurrentDict::<usize, usize>::new();
    let (calls, barrier) = (AtomicUsize::new(0), Barrier::new(THREADS));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for key in 0..KEYS {
                    barrier.wait();
                    let value = dict.get_or_insert_with(key, || {
                        thread::yield_now();
                        calls.fetch_add(1, SeqCst)
                    });
                    assert_eq!(dict.get(&key), Some(value));
                }
            });
        }
    });
    assert_eq!(calls.into_inner(), KEYS);
}
