//! Models of `ft-barrier`.
#![cfg(ft_loom)]

use ft_barrier::{Barrier, BrokenBarrier, Enter, Entry};
use ft_sync::{Arc, thread};
use loom_tests::{
    check,
    data::Data,
    threads::{pair, spawn},
};
use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Instant,
};

type Entered<'a> = Option<Result<Entry<&'a Barrier>, BrokenBarrier>>;

fn look<'a>(enter: &mut Enter<&'a Barrier>) -> Entered<'a> {
    match Pin::new(enter).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(entered) => Some(entered),
        Poll::Pending => None,
    }
}

/// Comes, and leaves unless that lets it through.
fn come_and_leave(barrier: &Barrier) -> bool {
    let mut enter = barrier.enter();
    match look(&mut enter) {
        Some(entered) => entered.and_then(Entry::open).is_ok(),
        None => false,
    }
}

/// What each party wrote before it came is visible to the other, in each of two rounds.
#[test]
fn parties_see_each_other() {
    check(|| {
        let (theirs, ours) = pair((Barrier::new(2), [0, 0].map(Data::new)));
        let party = |(barrier, data): &(Barrier, [Data; 2]), own: usize| {
            data[own].add(1);
            let first = barrier.wait().unwrap();
            assert_eq!(data[1 - own].read(), 1);
            let second = barrier.wait().unwrap();
            data[1 - own].add(1);
            (first, second)
        };
        let other = thread::spawn(move || party(&theirs, 1));
        let (first, second) = party(&ours, 0);
        let (their_first, their_second) = other.join().unwrap();
        assert_eq!((first + their_first, second + their_second), (1, 1));
    });
}

/// Three parties pass, and each gets another index.
#[test]
fn three_parties() {
    check(|| {
        let ours = Arc::new(Barrier::new(3));
        let others = [(); 2].map(|()| spawn(&ours, |barrier| barrier.wait().unwrap()));
        let index = ours.wait().unwrap();
        let mut indices = others.map(|it| it.join().unwrap());
        indices.sort_unstable();
        assert_eq!(index + indices[0] + indices[1], 3);
        assert!(indices[0] != indices[1]);
        assert_eq!((ours.waiting(), ours.is_broken()), (0, false));
    });
}

/// More parties come than fit into a round, while another one leads: all pass.
#[test]
fn next_rounds_are_led() {
    check(|| {
        let ours = Arc::new((Barrier::new(1), Data::new(0)));
        let others = [(); 2].map(|()| {
            spawn(&ours, |(barrier, data)| {
                let entry = barrier.enter().wait().unwrap();
                // One leads at a time.
                data.add(1);
                entry.open().unwrap();
            })
        });
        others.into_iter().for_each(|it| it.join().unwrap());
        assert_eq!(ours.1.read(), 2);
        assert_eq!(ours.0.waiting(), 0);
    });
}

/// Of two that come and leave, both pass, or the last one, or none; and no trace is left.
#[test]
fn leaving_leaves_no_trace() {
    check(|| {
        let (theirs, ours) = pair(Barrier::new(2));
        let other = thread::spawn(move || come_and_leave(&theirs));
        come_and_leave(&ours);
        other.join().unwrap();
        assert_eq!((ours.waiting(), ours.is_broken()), (0, false));
    });
}

/// The party that was appointed to lead leaves while it is appointed: the other one leads.
#[test]
fn the_lead_goes_on() {
    check(|| {
        let (theirs, ours) = pair(Barrier::new(1));
        let entry = ours.enter().wait().unwrap();
        let mut quitter = ours.enter();
        assert!(look(&mut quitter).is_none());
        let other = thread::spawn(move || theirs.wait());
        entry.open().unwrap();
        drop(quitter);
        assert_eq!(other.join().unwrap(), Ok(0));
        assert_eq!(ours.waiting(), 0);
    });
}

/// Breaking it while a party comes leaves nobody waiting.
#[test]
fn abort_against_wait() {
    check(|| {
        let (theirs, ours) = pair(Barrier::new(2));
        let other = thread::spawn(move || theirs.wait());
        ours.abort();
        assert_eq!(other.join().unwrap(), Err(BrokenBarrier));
        assert!(ours.is_broken());
    });
}

/// Breaking it while two parties pass: both pass, or neither.
#[test]
fn abort_against_a_round() {
    check(|| {
        let ours = Arc::new(Barrier::new(2));
        let others = [(); 2].map(|()| spawn(&ours, Barrier::wait));
        ours.abort();
        let [one, other] = others.map(|it| it.join().unwrap());
        assert_eq!(one.is_ok(), other.is_ok());
    });
}

/// A deadline that passes while the other one comes: both pass, or neither.
#[test]
fn deadline_against_a_round() {
    check(|| {
        let (theirs, ours) = pair(Barrier::new(2));
        let other = thread::spawn(move || theirs.wait());
        let passed = ours.wait_deadline(Some(Instant::now()));
        assert_eq!(other.join().unwrap().is_ok(), passed.is_ok());
        assert_eq!(ours.is_broken(), passed.is_err());
    });
}

/// A party that is dropped while the barrier opens does not keep the others waiting.
#[test]
fn leaving_against_opening() {
    check(|| {
        let (theirs, ours) = pair(Barrier::new(2));
        let mut quitter = ours.enter();
        assert!(look(&mut quitter).is_none());
        let other = thread::spawn(move || come_and_leave(&theirs));
        drop(quitter);
        other.join().unwrap();
        assert_eq!((ours.waiting(), ours.is_broken()), (0, false));
    });
}
