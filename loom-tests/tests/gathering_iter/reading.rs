//! Readers that wait for values, alone and beside others.

use ft_gathering_iter::NextError;
use ft_sync::{Arc, thread};
use loom_tests::{
    check,
    data::Data,
    pairs::{Watched, each_pair},
    tasks::{block_on, poll},
    threads::{pair, spawn},
};

use std::{pin::pin, task::Poll};

use crate::{Gathering, both, gathering};

/// The insertion of its key wakes a reader that waits, and the reader gets the values in order.
#[test]
fn insert_and_wait() {
    check(|| {
        let (_, values) = both(
            &gathering(None),
            |gathering| [1, 0].map(|key| gathering.insert(key, key).unwrap()),
            |gathering| gathering.drain(2).collect::<Vec<_>>(),
        );
        assert_eq!(values, [Ok(0), Ok(1)]);
    });
}

/// The same for a task, beside one that shares its reader and gives up.
#[test]
fn insert_and_await() {
    check(|| {
        let gathering = Arc::new(gathering(None));
        let reader = Arc::new(gathering.drain(2));
        let quitter = spawn(&reader, |reader| {
            matches!(poll(pin!(reader.next_async())), Poll::Ready(Ok(_)))
        });
        let inserter = spawn(&gathering, |gathering: &Gathering| {
            [0, 1].map(|key| gathering.insert(key, key).unwrap())
        });
        let first = block_on(reader.next_async());
        let last = block_on(reader.next_async());
        // Each value goes to one of them.
        match quitter.join().unwrap() {
            false => assert_eq!((first, last), (Ok(0), Ok(1))),
            true => assert_eq!(last, Err(NextError::Ended)),
        }
        inserter.join().unwrap();
    });
}

/// What a thread wrote before an insertion is visible to the reader of the value.
#[test]
fn value_is_published() {
    check(|| {
        let (theirs, ours) = pair(Data::new(0));
        both(
            &gathering(None),
            move |gathering| {
                theirs.write(7);
                gathering.insert(0, ()).unwrap();
            },
            |gathering| {
                assert_eq!(gathering.drain(1).next(), Some(Ok(())));
                assert_eq!(ours.read(), 7);
            },
        );
    });
}

/// Draining readers that are in progress together get each value once, in order, and both end, though one
/// takes what the other waits for.
#[test]
fn draining_together() {
    check(|| {
        let gathering = gathering(None);
        let readers = [(); 2].map(|()| gathering.drain(2));
        for reader in &readers {
            assert_eq!(reader.try_next(), Err(NextError::Missing));
        }
        let threads = readers.map(|reader| thread::spawn(move || reader.collect::<Vec<_>>()));
        for key in 0..2 {
            gathering.insert(key, key).unwrap();
        }
        let mut all = threads.map(|thread| thread.join().unwrap()).concat();
        all.sort();
        assert_eq!(all, [Ok(0), Ok(1)]);
    });
}

/// When the last of two draining readers has finished, the next reader begins anew, in whatever order the two
/// took values and finished.
#[test]
fn progress_ends() {
    check(|| {
        let gathering = gathering(None);
        for key in 0..2 {
            gathering.insert(key, key).unwrap();
        }
        let one = gathering.drain(2);
        assert_eq!(one.try_next(), Ok(0));
        let (theirs, ours) = both(
            &gathering,
            move |_| one.try_next().ok(),
            |gathering| {
                let reader = gathering.drain(2);
                reader.try_next().ok()
            },
        );
        assert_eq!(theirs.into_iter().chain(ours).collect::<Vec<_>>(), [1]);
        let reader = gathering.drain(1);
        assert_eq!(reader.try_next(), Err(NextError::Missing));
        assert_eq!(reader.position(), Some(0));
    });
}

/// Threads that share a reader get each value once, and both are told of the end.
#[test]
fn sharing_a_reader() {
    check(|| {
        let gathering = gathering(None);
        let reader = Arc::new(gathering.drain(2));
        let threads = [(); 2].map(|()| {
            spawn(&reader, |reader| {
                let values: Vec<_> = reader.collect();
                assert!(values.is_sorted());
                values
            })
        });
        for key in 0..2 {
            gathering.insert(key, key).unwrap();
        }
        let mut all = threads.map(|thread| thread.join().unwrap()).concat();
        all.sort();
        assert_eq!(all, [Ok(0), Ok(1)]);
    });
}

/// Two copying readers both see all values, and both are woken.
#[test]
fn copying() {
    check(|| {
        let gathering = gathering(None);
        let theirs = gathering.clone();
        let producer = thread::spawn(move || theirs.insert(0, 7).unwrap());
        let read = |gathering: &Gathering| gathering.iter(1).next();
        let seen = both(&gathering, read, read);
        assert_eq!(seen, (Some(Ok(7)), Some(Ok(7))));
        producer.join().unwrap();
    });
}

/// A reader that is dropped while it waits does not swallow a wake-up.
#[test]
fn reader_gives_up() {
    check(|| {
        let gathering = gathering(None);
        let quitter = gathering.iter(1);
        assert_eq!(quitter.try_next(), Err(NextError::Missing));
        let waiter = gathering.iter(1);
        let theirs = gathering.clone();
        let producer = thread::spawn(move || theirs.insert(0, 7).unwrap());
        let dropper = thread::spawn(move || drop(quitter));
        assert_eq!(waiter.collect::<Vec<_>>(), [Ok(7)]);
        producer.join().unwrap();
        dropper.join().unwrap();
    });
}

/// A thread that has found the segment of its key stores nothing in it if the segment has become that of
/// another key.
#[test]
fn segment_is_used_again() {
    check(|| {
        let gathering = Gathering::with_segments(1, None);
        gathering.insert(0, 0).unwrap();
        both(
            &gathering,
            |gathering| gathering.insert(0, 7).unwrap(),
            |gathering| {
                let value = gathering.drain(1).try_next();
                assert!([Ok(0), Ok(7)].contains(&value));
                assert_eq!(gathering.insert(1, 1), Ok(None));
            },
        );
        assert_eq!(
            gathering.iter(2).try_next().ok(),
            (gathering.len() == 2).then_some(7)
        );
        assert_eq!(gathering.clear().iter().sum::<u64>() % 7, 1);
    });
}

/// The same for a reader that is behind: the segment in which it has been was passed by another reader, and
/// becomes that of another key.
#[test]
fn segment_is_used_again_behind_a_reader() {
    check(|| {
        let gathering = Gathering::with_segments(1, None);
        let [behind, ahead] = [(); 2].map(|()| gathering.drain(3));
        assert_eq!(behind.try_next(), Err(NextError::Missing));
        for key in 0..2 {
            gathering.insert(key, key).unwrap();
            assert_eq!(ahead.try_next(), Ok(key));
        }
        let mut all = Vec::new();
        let (replaced, ()) = both(
            &gathering,
            |gathering| gathering.insert(2, 2).unwrap(),
            |_| all.extend([&behind, &ahead].map(|reader| reader.try_next().ok())),
        );
        assert_eq!(replaced, None);
        all.extend([&behind, &ahead].map(|reader| reader.try_next().ok()));
        all.retain(Option::is_some);
        assert_eq!(all, [Some(2)]);
        assert_eq!(gathering.len(), 0);
    });
}

/// A thread that moves on to the next segment does not give the last one to other keys while another thread
/// is still taking the value there.
#[test]
fn segment_in_use_is_kept() {
    check(|| {
        let gathering = Gathering::with_segments(1, None);
        let reader = Arc::new(gathering.drain(2));
        assert_eq!(reader.try_next(), Err(NextError::Missing));
        gathering.insert(0, 0).unwrap();
        let thread = spawn(&reader, |reader| reader.try_next().ok());
        let ours = reader.try_next().ok();
        gathering.insert(1, 1).unwrap();
        let mut all = vec![thread.join().unwrap(), ours, reader.try_next().ok()];
        all.retain(Option::is_some);
        all.sort();
        assert_eq!(all, [Some(0), Some(1)]);
    });
}

/// What a thread wrote before an insertion is visible to a thread that has counted the value.
#[test]
fn count_is_published() {
    check(|| {
        let (theirs, ours) = pair(Data::new(0));
        let gathering = gathering(None);
        assert_eq!(gathering.insert(1, 1), Ok(None));
        both(
            &gathering,
            move |gathering| {
                if gathering.len() == 2 {
                    assert_eq!(theirs.read(), 7);
                }
            },
            |gathering| {
                ours.write(7);
                gathering.insert(0, 0).unwrap();
            },
        );
    });
}

/// Of two threads that share a reader, the second sees how far the first has come: a key that they have
/// taken makes room for another one.
#[test]
fn sharing_a_reader_makes_room() {
    check(|| {
        let gathering = gathering(Some(2));
        (0..2).for_each(|key| assert_eq!(gathering.insert(key, key), Ok(None)));
        let reader = Arc::new(gathering.drain(3));
        let threads = [(); 2].map(|()| spawn(&reader, |reader| reader.try_next().ok()));
        let mut taken = threads.map(|thread| thread.join().unwrap());
        taken.sort();
        assert_eq!(taken, [Some(0), Some(1)]);
        assert_eq!(gathering.try_insert(3, 3), Ok(None));
    });
}

/// No two operations use a value at the same time, whichever they are.
#[test]
fn each_operation_beside_each() {
    each_pair(
        || {
            let gathering = gathering::<Watched>(None);
            (0..2).for_each(|key| assert!(gathering.insert(key, Watched::new(0)).is_ok()));
            gathering
        },
        &[
            ("insert", |gathering: &Gathering<Watched>| {
                drop(gathering.try_insert(0, Watched::new(7)))
            }),
            ("drain", |gathering| drop(gathering.drain(2).try_next())),
            ("copy", |gathering| drop(gathering.iter(2).try_next())),
            ("clear", |gathering| drop(gathering.clear())),
            ("len", |gathering| assert!(gathering.len() <= 2)),
            ("fail", |gathering| {
                gathering.fail(1);
            }),
            ("close", |gathering| {
                gathering.close();
            }),
        ],
    );
}
