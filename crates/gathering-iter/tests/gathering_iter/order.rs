//! In which order readers return values, and what they pass over.

use std::sync::Mutex;

use ft_gathering_iter::{NextError, Reader};

use crate::{available, filled};

#[test]
fn in_order() {
    let gathering = filled((0..100).rev());
    assert_eq!(gathering.len(), 100);
    assert!(!gathering.is_empty());
    let reader = gathering.drain(100);
    for n in 0..100 {
        assert_eq!(reader.position(), Some(n));
        assert_eq!(reader.try_next(), Ok(n * 10));
    }
    assert_eq!(reader.position(), None);
    assert_eq!(reader.try_next(), Err(NextError::Ended));
    assert!(gathering.is_empty());
}

#[test]
fn end_is_exclusive() {
    let gathering = filled(0..5);
    for reader in [gathering.drain(0), gathering.iter(0)] {
        assert_eq!(available(&reader), (vec![], NextError::Ended));
    }
    assert_eq!(
        available(&gathering.iter(2)),
        (vec![0, 10], NextError::Ended)
    );
    assert_eq!(available(&gathering.iter(u64::MAX)).1, NextError::Missing);
}

#[test]
fn gap_stops() {
    let gathering = filled([0, 2]);
    let reader = gathering.drain(3);
    assert_eq!(available(&reader), (vec![0], NextError::Missing));
    assert_eq!(reader.position(), Some(1));
    gathering.insert(1, 10).unwrap();
    assert_eq!(available(&reader), (vec![10, 20], NextError::Ended));
}

#[test]
fn copies_stay() {
    let gathering = filled(0..3);
    for _ in 0..3 {
        assert_eq!(available(&gathering.iter(3)).0, [0, 10, 20]);
    }
    assert_eq!(gathering.len(), 3);
    assert_eq!(available(&gathering.drain(3)).0, [0, 10, 20]);
    assert_eq!(available(&gathering.iter(3)), (vec![], NextError::Missing));
}

#[test]
fn keys_are_used_again() {
    let gathering = filled(0..3);
    assert_eq!(available(&gathering.drain(3)).0, [0, 10, 20]);
    let reader = gathering.drain(3);
    assert_eq!(available(&reader), (vec![], NextError::Missing));
    gathering.insert(0, 7).unwrap();
    assert_eq!(available(&reader), (vec![7], NextError::Missing));
}

#[test]
fn draining_readers_share() {
    let gathering = filled(0..4);
    let (one, other) = (gathering.drain(6), gathering.drain(5));
    assert_eq!(one.try_next(), Ok(0));
    assert_eq!(other.try_next(), Ok(10));
    assert_eq!(other.try_next(), Ok(20));
    assert_eq!(one.try_next(), Ok(30));
    assert_eq!(one.try_next(), Err(NextError::Missing));
    assert_eq!(other.try_next(), Err(NextError::Missing));
    gathering.insert(4, 40).unwrap();
    assert_eq!(one.try_next(), Ok(40));
    assert_eq!(other.try_next(), Err(NextError::Ended));
}

/// A reader is no longer in progress once it was dropped, was closed, or has come to its end.
#[test]
fn sharing_ends_with_the_last() {
    /// Readers that are not dropped.
    static KEPT: Mutex<Vec<Reader<u64, &str>>> = Mutex::new(Vec::new());
    let ends: [fn(Reader<u64, &'static str>); 3] = [
        drop,
        |reader| {
            reader.close();
            KEPT.lock().unwrap().push(reader);
        },
        |reader| {
            assert_eq!(reader.try_next(), Ok(10));
            KEPT.lock().unwrap().push(reader);
        },
    ];
    for end in ends {
        let gathering = filled(0..2);
        let one = gathering.drain(2);
        assert_eq!(one.try_next(), Ok(0));
        end(one);
        // No reader is in progress, so key 0 is not passed over.
        let other = gathering.drain(1);
        assert_eq!(other.try_next(), Err(NextError::Missing));
        gathering.insert(0, 5).unwrap();
        assert_eq!(other.try_next(), Ok(5));
    }
}

#[test]
fn reader_is_not_in_progress_before_its_first_call() {
    let gathering = filled(0..2);
    let (one, unused) = (gathering.drain(3), gathering.drain(3));
    assert_eq!(available(&one), (vec![0, 10], NextError::Missing));
    drop(one);
    assert_eq!(available(&unused), (vec![], NextError::Missing));
    assert_eq!(unused.position(), Some(0));
}

#[test]
fn key_inserted_again_is_not_passed_over() {
    let gathering = filled(0..2);
    let suspended = gathering.drain(2);
    assert_eq!(suspended.try_next(), Ok(0));
    gathering.insert(0, 7).unwrap();
    assert_eq!(available(&gathering.drain(2)).0, [7, 10]);
}
