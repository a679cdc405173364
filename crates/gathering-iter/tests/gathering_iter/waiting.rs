//! Readers and insertions that wait, are woken, and give up.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use ft_gathering_iter::{NextError, Reader, Refusal};
use ft_test_support::{LONG, SHORT, passed};

use crate::{Gathering, refused, windowed};

#[test]
fn timeouts_leave_no_trace() {
    let gathering = windowed(1);
    let reader = gathering.drain(2);
    let start = Instant::now();
    assert_eq!(reader.next_timeout(SHORT), Err(NextError::Missing));
    assert_eq!(
        reader.next_deadline(Instant::now() + SHORT),
        Err(NextError::Missing)
    );
    assert_eq!(
        gathering.insert_timeout(1, 1, SHORT),
        refused(1, Refusal::Full)
    );
    let deadline = Instant::now() + SHORT;
    assert_eq!(
        gathering.insert_deadline(1, 1, deadline),
        refused(1, Refusal::Full)
    );
    assert!(start.elapsed() >= 4 * SHORT);
    assert_eq!(reader.position(), Some(0));
    gathering.insert_timeout(0, 0, Duration::MAX).unwrap();
    assert_eq!(reader.next_timeout(Duration::MAX), Ok(0));
    gathering.insert_timeout(1, 1, LONG).unwrap();
    assert_eq!(reader.next_timeout(LONG), Ok(1));
}

#[test]
fn waiting_insertion_wakes() {
    let gathering = windowed(1);
    gathering.insert(0, 0).unwrap();
    thread::scope(|scope| {
        let late = scope.spawn(|| gathering.insert_timeout(1, 1, LONG));
        let reader = gathering.drain(2);
        assert_eq!(reader.next_timeout(LONG), Ok(0));
        assert_eq!(reader.next_timeout(LONG), Ok(1));
        assert_eq!(late.join().unwrap(), Ok(None));
    });
}

/// A reader and an insertion that give up take back the notes that they wait.
#[test]
fn giving_up_leaves_no_trace() {
    let gathering = windowed(1);
    for reader in [gathering.drain(1), gathering.iter(1)] {
        assert_eq!(reader.try_next(), Err(NextError::Missing));
        assert_eq!(reader.try_next(), Err(NextError::Missing));
        let event = Arc::clone(reader.event());
        assert_eq!(Arc::strong_count(&event), 3);
        drop(reader);
        assert_eq!(Arc::strong_count(&event), 1);
    }
    let mut insertion = gathering.insertion(1, 1);
    assert!(insertion.attempt().is_none());
    let event = Arc::clone(insertion.event());
    assert_eq!(Arc::strong_count(&event), 3);
    drop(insertion);
    assert_eq!(Arc::strong_count(&event), 1);
}

/// A waiter is woken by what happens to its own key, whoever else waits for that key or gives up, and by
/// nothing else that happens in its shard.
#[test]
fn each_is_woken_by_its_own_key() {
    type Way = fn(&Gathering, [&Reader<u64, &'static str>; 4]);
    // Waiters 0 and 1 wait for key 1, waiter 2 for key 2, waiter 3 for nothing, and waiter 4 for room, which
    // there is once key 0 is taken.
    let ways: [(Way, &[usize]); 7] = [
        (|it, _| _ = it.insert(0, 0), &[]),
        (|it, _| _ = it.insert(1, 1), &[0, 1]),
        (|it, _| _ = it.insert(2, 2), &[2]),
        (
            |it, _| {
                it.insert(0, 0).unwrap();
                assert_eq!(it.drain(1).try_next(), Ok(0));
            },
            &[4],
        ),
        (
            |it, [first, ..]| {
                first.close();
                it.insert(1, 1).unwrap();
                it.insert(2, 2).unwrap();
            },
            &[0, 1, 2],
        ),
        (
            |it, [first, ..]| {
                first.close();
                it.fail("broken");
            },
            &[0, 1, 2, 4],
        ),
        (|it, _| assert!(it.close()), &[0, 1, 2, 4]),
    ];
    for (index, (way, expected)) in ways.into_iter().enumerate() {
        let gathering = Gathering::with_segments(1, 4.try_into().ok());
        let readers = [(); 4].map(|()| gathering.iter(9));
        let [first, second, third, idle] = readers.each_ref();
        gathering.insert(0, 0).unwrap();
        assert_eq!([first, second, third].map(|it| it.try_next()), [Ok(0); 3]);
        gathering.insert(1, 1).unwrap();
        assert_eq!(third.try_next(), Ok(1));
        assert_eq!(gathering.clear().len(), 2);

        let mut insertion = gathering.insertion(4, 4);
        let room = Arc::clone(insertion.event());
        let [one, two, three, none] = readers.each_ref().map(Reader::event);
        let listeners = [one, two, three, none, &room].map(|event| event.listen());
        for reader in [first, second, third] {
            assert_eq!(reader.try_next(), Err(NextError::Missing));
        }
        assert!(insertion.attempt().is_none());
        way(&gathering, [first, second, third, idle]);
        let woken = listeners.map(|listener| listener.wait_deadline(passed()));
        let woken: Vec<_> = (0..5).filter(|&n| woken[n]).collect();
        assert_eq!(woken, expected, "{index}");
    }
}

/// A task gets the value that it waits for, and one that is dropped meanwhile takes none.
#[test]
fn tasks() {
    let gathering = Gathering::new();
    let (reader, mut cx) = (gathering.drain(3), Context::from_waker(Waker::noop()));
    let mut quitter = Box::pin(reader.next_async());
    assert!(quitter.as_mut().poll(&mut cx).is_pending());
    gathering.insert(0, 7).unwrap();
    drop(quitter);
    let mut next = || pin!(reader.next_async()).poll(&mut cx);
    assert_eq!(next(), Poll::Ready(Ok(7)));
    assert_eq!(next(), Poll::Pending);
    gathering.insert(1, 8).unwrap();
    gathering.fail("why");
    assert_eq!(next(), Poll::Ready(Ok(8)));
    assert_eq!(next(), Poll::Ready(Err(NextError::Failed("why"))));
    assert_eq!(next(), Poll::Ready(Err(NextError::Ended)));
}
