//! Missing keys that one thread computes while others wait.

use ft_concurrent_dict::{Claim, Deadlock, Note, Party, Waiting};
use ft_sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
};
use loom_tests::check;

use crate::{Dict, Probe, get, insert, key, shared};

/// As `get_or_insert_with`, for these keys.
fn compute(dict: &Dict<usize>, number: u8, f: impl FnOnce() -> Option<usize>) -> Option<usize> {
    loop {
        let Ok(claim) = dict.try_claim(&Probe(number), || key(number));
        match claim {
            Claim::Ready(value) => return Some(value),
            Claim::Leader(leader) => {
                let value = f()?;
                let Ok(stored) = leader.publish(&Probe(number), || key(number), value);
                return Some(stored);
            }
            Claim::Follower(flight) => {
                let landed = || flight.has_landed().then_some(());
                flight.changed().wait_until(None, landed);
            }
        }
    }
}

/// Of two threads that ask for a missing key one computes it, and both get the same value.
#[test]
fn computed_once() {
    check(|| {
        let (theirs, ours) = shared();
        let calls = Arc::new(AtomicUsize::new(0));
        // Relaxed: it counts, no more.
        let counted = |calls: &AtomicUsize| Some(calls.fetch_add(1, Relaxed));
        let their_calls = Arc::clone(&calls);
        let other = thread::spawn(move || compute(&theirs, 1, || counted(&their_calls)));
        let us = compute(&ours, 1, || counted(&calls));
        assert_eq!(us, Some(0));
        assert_eq!(other.join().unwrap(), Some(0));
        assert_eq!(calls.load(Relaxed), 1);
    });
}

/// When the leader fails, the follower is woken and takes over.
#[test]
fn follower_takes_over() {
    check(|| {
        let (theirs, ours) = shared();
        let other = thread::spawn(move || compute(&theirs, 1, || None));
        assert!(matches!(compute(&ours, 1, || Some(7)), Some(7)));
        let them = other.join().unwrap();
        assert!(them.is_none() || them == Some(7));
        assert_eq!(get(&ours, 1), Some(7));
    });
}

/// When two threads compute a key each and ask for the other's, one is told of the deadlock, and the other goes on.
#[test]
fn crossed_computations() {
    fn ask(dict: &Dict<usize>, number: u8, then: Option<u8>) -> Result<usize, Deadlock> {
        loop {
            let Ok(claim) = dict.try_claim(&Probe(number), || key(number));
            match claim {
                Claim::Ready(value) => return Ok(value),
                Claim::Leader(leader) => {
                    let value = then.map_or(Ok(0), |other| ask(dict, other, None))?;
                    let Ok(stored) = leader.publish(&Probe(number), || key(number), value);
                    return Ok(stored);
                }
                Claim::Follower(flight) => {
                    let _waiting = Waiting::begin(&flight, Party::thread(), Note::new(()))?;
                    let landed = || flight.has_landed().then_some(());
                    flight.changed().wait_until(None, landed);
                }
            }
        }
    }
    check(|| {
        let (theirs, ours) = shared();
        let other = thread::spawn(move || ask(&theirs, 1, Some(2)).is_ok());
        let us = ask(&ours, 2, Some(1)).is_ok();
        assert!(other.join().unwrap() || us);
    });
}

/// A value stored without a claim is never overwritten by a computed one.
#[test]
fn insertion_beats_the_leader() {
    check(|| {
        let (theirs, ours) = shared();
        let other = thread::spawn(move || insert(&theirs, 1, 50));
        let computed = compute(&ours, 1, || Some(7));
        let before = other.join().unwrap();
        assert_eq!(get(&ours, 1), Some(50));
        match before {
            Some(replaced) => assert_eq!((replaced, computed), (7, Some(7))),
            None => assert_eq!(computed, Some(50)),
        }
    });
}
