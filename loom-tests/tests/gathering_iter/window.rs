//! Insertions that wait for room in the window.

use ft_gathering_iter::NextError;
use ft_sync::{Arc, thread};
use loom_tests::{check, data::Data, threads::pair};

use crate::{both, gathering};

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
