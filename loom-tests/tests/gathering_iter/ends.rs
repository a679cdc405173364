//! Gatherings that are closed or fail, and readers that are closed.

use ft_gathering_iter::{InsertError, Refusal};
use ft_sync::{Arc, thread};
use loom_tests::{
    check,
    data::Data,
    threads::{pair, spawn},
};

use crate::{Gathering, both, gathering};

/// Closing wakes a reader that waits, and hides no value that was inserted before.
#[test]
fn close_and_wait() {
    check(|| {
        let (_, values) = both(
            &gathering(None),
            |gathering| {
                gathering.insert(0, 0).unwrap();
                gathering.close();
            },
            |gathering| gathering.drain(2).collect::<Vec<_>>(),
        );
        assert_eq!(values, [Ok(0)]);
    });
}

/// What a thread wrote before closing is visible to a reader that ends, and to an insertion that is
/// refused.
#[test]
fn close_is_published() {
    check(|| {
        let (theirs, ours) = pair(Data::new(0));
        both(
            &gathering(None),
            move |gathering| {
                theirs.write(7);
                gathering.close();
            },
            |gathering| {
                let refused = gathering.insert(0, 0).is_err();
                if refused || gathering.drain(2).count() == 1 {
                    assert_eq!(ours.read(), 7);
                }
            },
        );
    });
}

/// What a thread wrote before closing is visible to a thread that only looks.
#[test]
fn looking_acquires_the_end() {
    check(|| {
        let (theirs, ours) = pair(Data::new(0));
        both(
            &gathering::<()>(None),
            move |gathering| {
                if gathering.is_closed() {
                    assert_eq!(theirs.read(), 7);
                }
            },
            |gathering| {
                ours.write(7);
                gathering.close();
            },
        );
    });
}

/// The same for an insertion that finds no room, which may happen before the thread that closes comes to the
/// shard.
#[test]
fn close_is_published_beyond_the_window() {
    check(|| {
        let (theirs, ours) = pair(Data::new(0));
        both(
            &gathering(Some(1)),
            move |gathering| {
                theirs.write(7);
                gathering.close();
            },
            |gathering| {
                let refused = gathering.try_insert(1, 1).unwrap_err();
                if refused.reason == Refusal::Closed {
                    assert_eq!(ours.read(), 7);
                }
            },
        );
    });
}

/// A failure wakes a reader that waits, comes after the values that were inserted before, and
/// publishes what its thread wrote.
#[test]
fn fail_and_wait() {
    check(|| {
        let (theirs, ours) = pair(Data::new(0));
        both(
            &gathering(None),
            move |gathering| {
                gathering.insert(0, 0).unwrap();
                theirs.write(7);
                gathering.fail(5);
            },
            |gathering| {
                let values: Vec<_> = gathering.iter(2).collect();
                assert_eq!(values, [Ok(0), Err(5)]);
                assert_eq!(ours.read(), 7);
            },
        );
    });
}

/// A reader that ends because of a close has missed nothing: a value that it did not get was refused.
#[test]
fn close_and_insert() {
    check(|| {
        let gathering = gathering(None);
        let closers = gathering.clone();
        let closer = thread::spawn(move || closers.close());
        let (inserted, read) = both(
            &gathering,
            |gathering| gathering.insert(0, 0),
            |gathering| gathering.drain(1).next(),
        );
        closer.join().unwrap();
        match read {
            Some(value) => assert_eq!((value, inserted), (Ok(0), Ok(None))),
            None => {
                let (value, reason) = (0, Refusal::Closed);
                assert_eq!(inserted, Err(InsertError { value, reason }));
            }
        }
    });
}

/// Closing and failing wake insertions that wait for room.
#[test]
fn end_and_wait_for_room() {
    type End = fn(&Gathering) -> bool;
    let ends: [(End, _); 2] = [
        (|gathering| gathering.close(), Refusal::Closed),
        (|gathering| gathering.fail(5), Refusal::Failed(5)),
    ];
    for (end, reason) in ends {
        check(move || {
            let (_, refused) = both(
                &gathering(Some(1)),
                move |gathering| assert!(end(gathering)),
                |gathering| gathering.insert(1, 1),
            );
            assert_eq!(refused, Err(InsertError { value: 1, reason }));
        });
    }
}

/// A failure that is taken back and followed by another failure leaves no thread asleep.
#[test]
fn failure_is_taken_back() {
    check(|| {
        let (_, read) = both(
            &gathering(None),
            |gathering| {
                gathering.fail(1);
                assert_eq!(gathering.clear_failure(), Some(1));
                gathering.fail(2);
            },
            |gathering: &Gathering| gathering.drain(1).next(),
        );
        assert!([Some(Err(1)), Some(Err(2))].contains(&read));
    });
}

/// Closing a reader wakes the threads that wait for its values.
#[test]
fn close_reader() {
    check(|| {
        let gathering: Gathering = gathering(None);
        let reader = Arc::new(gathering.drain(1));
        let closer = spawn(&reader, |reader| reader.close());
        assert_eq!((&*reader).next(), None);
        closer.join().unwrap();
    });
}

/// A thread that finds the end wakes the threads that wait with the same reader, because it takes back the
/// note by which closing would have found them.
#[test]
fn end_found_by_another() {
    check(|| {
        let gathering = gathering::<u64>(None);
        let reader = Arc::new(gathering.drain(2));
        let waiter = spawn(&reader, |mut reader| reader.next());
        let looker = thread::spawn(move || reader.try_next().is_ok());
        gathering.close();
        assert_eq!(waiter.join().unwrap(), None);
        assert!(!looker.join().unwrap());
    });
}
