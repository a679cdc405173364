//! Models of `ft-once`.
#![cfg(ft_loom)]

use ft_once::{Claim, Note, Once, Party, Turn, Waiting};
use ft_sync::{Arc, atomic::AtomicUsize, atomic::Ordering::Relaxed, thread};
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

/// A value, and the number of calls that have computed it.
struct Shared {
    once: Once<Data>,
    calls: AtomicUsize,
}

impl Shared {
    fn new() -> Self {
        Self {
            once: Once::new(),
            calls: AtomicUsize::new(0),
        }
    }

    /// Counts the call, and makes the value.
    fn compute(&self) -> Data {
        // Relaxed: the turn orders the calls.
        self.calls.fetch_add(1, Relaxed);
        let data = Data::new(0);
        data.write(7);
        data
    }

    fn ask(&self) {
        assert_eq!(self.once.get_or_init(|| self.compute()).read(), 7);
    }

    fn calls(&self) -> usize {
        self.calls.load(Relaxed)
    }
}

fn look<'a, T>(claim: &mut Claim<'a, T>) -> Option<Turn<'a, T>> {
    match Pin::new(claim).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(turn) => Some(turn),
        Poll::Pending => None,
    }
}

fn leads<T>(turn: Option<Turn<'_, T>>) -> bool {
    matches!(turn, Some(Turn::Leader(_)))
}

/// Of two threads that ask, one calls the function, and both see what it did.
#[test]
fn one_call() {
    check(|| {
        let ours = Arc::new(Shared::new());
        let other = spawn(&ours, Shared::ask);
        ours.ask();
        other.join().unwrap();
        assert_eq!(ours.calls(), 1);
    });
}

/// The same among three threads, two of which may be in line when the value comes.
#[test]
fn one_call_among_three() {
    check(|| {
        let ours = Arc::new(Shared::new());
        let others = [(); 2].map(|()| spawn(&ours, Shared::ask));
        ours.ask();
        others.into_iter().for_each(|it| it.join().unwrap());
        assert_eq!(ours.calls(), 1);
    });
}

/// A thread that sees the value without waiting sees it whole.
#[test]
fn get_sees_the_value() {
    check(|| {
        let ours = Arc::new(Shared::new());
        let other = spawn(&ours, Shared::ask);
        let data = loop {
            match ours.once.get() {
                Some(data) => break data,
                None => thread::yield_now(),
            }
        };
        assert_eq!(data.read(), 7);
        other.join().unwrap();
    });
}

/// If the call of a thread fails, another one that asks makes the call, and sees what the first did.
#[test]
fn failure_is_handed_over() {
    check(|| {
        let (_, ours) = pair((Once::<Data>::new(), Data::new(0)));
        let others = [(); 2].map(|()| {
            spawn(&ours, |(once, seen)| {
                // The first call fails.
                let compute = || {
                    seen.add(1);
                    if seen.read() == 1 {
                        Err(())
                    } else {
                        Ok(Data::new(7))
                    }
                };
                once.get_or_try_init(compute).map(Data::read)
            })
        });
        let mut found = others.map(|it| it.join().unwrap());
        found.sort();
        assert_eq!(found, [Ok(7), Err(())]);
        assert_eq!(ours.1.read(), 2);
    });
}

/// A task that is dropped while it computes, or while its turn is on its way to it, hands its turn to a
/// thread that waits.
#[test]
fn dropped_tasks_hand_over() {
    check(|| {
        let ours = Arc::new(Shared::new());
        let Some(Turn::Leader(leader)) = ours.once.try_claim(None) else {
            unreachable!("nobody else claims")
        };
        let mut task = ours.once.claim(None);
        assert!(look(&mut task).is_none());
        let thread = spawn(&ours, Shared::ask);
        drop(leader);
        // By now the turn is the task's, which may have another look or not.
        drop(task);
        thread.join().unwrap();
        assert_eq!(ours.calls(), 1);
    });
}

/// A failure wakes one waiter, and that one is the first in line.
#[test]
fn first_in_line() {
    check(|| {
        let (theirs, ours) = pair(Once::<Data>::new());
        let Some(Turn::Leader(leader)) = ours.try_claim(None) else {
            unreachable!("nobody else claims")
        };
        let (mut first, mut second) = (ours.claim(None), ours.claim(None));
        assert!(look(&mut first).is_none() && look(&mut second).is_none());
        let newcomer = thread::spawn(move || leads(theirs.try_claim(None)));
        drop(leader);
        assert!(look(&mut second).is_none());
        let turn = look(&mut first);
        assert!(matches!(turn, Some(Turn::Leader(_))));
        assert!(!newcomer.join().unwrap());
        drop(turn);
        assert!(leads(look(&mut second)));
    });
}

/// A claim of a value that is there is ready at once, though another thread claims it at the same moment.
#[test]
fn claims_of_a_value_do_not_wait() {
    check(|| {
        let ours = Arc::new(Shared::new());
        ours.ask();
        let claim = |it: &Shared| {
            let mut claim = it.once.claim(None);
            assert!(matches!(look(&mut claim), Some(Turn::Ready(_))));
        };
        let other = spawn(&ours, claim);
        claim(&ours);
        other.join().unwrap();
    });
}

/// A thread that gives up leaves no trace: the turn comes to the others, and is free in the end.
#[test]
fn giving_up_leaves_no_trace() {
    check(|| {
        let ours = Arc::new(Shared::new());
        let Some(Turn::Leader(leader)) = ours.once.try_claim(None) else {
            unreachable!("nobody else claims")
        };
        let impatient = spawn(&ours, |it| {
            let mut claim = it.once.claim(Some(Party::thread()));
            leads(claim.wait_deadline(Some(Instant::now())))
        });
        drop(leader);
        impatient.join().unwrap();
        ours.ask();
        assert_eq!(ours.calls(), 1);
    });
}

/// Of two threads that ask for each other's value, one is refused, and no thread waits for ever.
#[test]
fn circles_are_found() {
    check(|| {
        let ours = Arc::new([Once::<Data>::new(), Once::<Data>::new()]);
        let ask = |which: usize| {
            move |onces: &[Once<Data>; 2]| {
                let party = Party::thread();
                // The other thread may have had this turn for a moment.
                let Turn::Leader(leader) = onces[which].claim(Some(party)).wait() else {
                    unreachable!("nobody sets it")
                };
                let other = &onces[1 - which];
                let refused = match other.try_claim(Some(party)) {
                    Some(_) => false,
                    None => match Waiting::begin(other.flight(), party, Note::new(())) {
                        Err(_) => true,
                        Ok(waiting) => {
                            let mut claim = other.claim(Some(party));
                            let turn = loop {
                                if let Some(turn) = claim.wait_deadline(None) {
                                    break turn;
                                }
                            };
                            drop((turn, waiting));
                            false
                        }
                    },
                };
                drop(leader);
                refused
            }
        };
        let theirs = spawn(&ours, ask(0));
        let refused = ask(1)(&ours);
        assert!(!(theirs.join().unwrap() && refused));
    });
}
