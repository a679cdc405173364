//! Models of `ft-gathering-iter`, with one or two shards.
#![cfg(ft_loom)]

use ft_gathering_iter::{GatheringIter, InsertError, NextError, Refusal};
use ft_sync::{Arc, thread};
use loom_tests::{
    check,
    data::Data,
    pairs::{Watched, each_pair},
    threads::{pair, spawn},
};

type Gathering<V = u64> = GatheringIter<V, u64>;

fn gathering<V>(window: Option<u64>) -> Gathering<V> {
    Gathering::with_shards(2, window.map(|n| n.try_into().unwrap()))
}

/// Runs `theirs` on another thread and `ours` on this one.
fn both<V: 'static, A: 'static, B>(
    gathering: &Gathering<V>,
    theirs: impl FnOnce(&Gathering<V>) -> A + 'static,
    ours: impl FnOnce(&Gathering<V>) -> B,
) -> (A, B) {
    let shared = gathering.clone();
    let thread = thread::spawn(move || theirs(&shared));
    let ours = ours(gathering);
    (thread.join().unwrap(), ours)
}

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

/// A reader that makes room wakes an insertion that waits for it, and what the reader's thread did before it
/// took the value is visible to the insertion's.
#[test]
fn window_and_wait() {
    check(|| {
        let gathering = gathering(Some(1));
        gathering.insert(0, 0).unwrap();
        let (theirs, ours) = pair(Data::new(0));
        both(
            &gathering,
            move |gathering| {
                gathering.insert(1, 1).unwrap();
                assert_eq!(theirs.read(), 7);
            },
            |gathering| {
                let reader = gathering.drain(2);
                ours.write(7);
                assert_eq!(reader.collect::<Vec<_>>(), [Ok(0), Ok(1)]);
            },
        );
    });
}

/// One attempt after listening is enough for an insertion or a reader to be woken.
#[test]
fn listen_attempt_wait() {
    check(|| {
        let gathering = gathering(Some(1));
        gathering.insert(0, 0).unwrap();
        both(
            &gathering,
            |gathering| {
                let mut insertion = gathering.insertion(1, 1);
                let event = Arc::clone(insertion.event());
                loop {
                    let listener = event.listen();
                    if let Some(done) = insertion.attempt() {
                        return assert_eq!(done, Ok(None));
                    }
                    listener.wait();
                }
            },
            |gathering| {
                let reader = gathering.drain(2);
                for key in 0..2 {
                    let value = loop {
                        let listener = reader.event().listen();
                        match reader.try_next() {
                            Err(NextError::Missing) => listener.wait(),
                            done => break done,
                        }
                    };
                    assert_eq!(value, Ok(key));
                }
            },
        );
    });
}

/// Two insertions that wait for room are both woken, each by the value whose removal makes room for it.
#[test]
fn two_wait_for_room() {
    check(|| {
        let gathering = gathering(Some(1));
        let producers = [1, 2].map(|key| {
            let gathering = gathering.clone();
            thread::spawn(move || gathering.insert(key, key).unwrap())
        });
        gathering.insert(0, 0).unwrap();
        assert_eq!(
            gathering.drain(3).collect::<Vec<_>>(),
            [Ok(0), Ok(1), Ok(2)]
        );
        for producer in producers {
            producer.join().unwrap();
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
