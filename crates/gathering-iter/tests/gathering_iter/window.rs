//! Gatherings with a window.

use ft_gathering_iter::{NextError, Refusal};

use crate::{available, refused, windowed};

#[test]
fn window_follows_readers() {
    let gathering = windowed(2);
    assert_eq!(gathering.window().unwrap().get(), 2);
    for key in [1, 0] {
        gathering.try_insert(key, key).unwrap();
    }
    assert_eq!(gathering.try_insert(2, 2), refused(2, Refusal::Full));
    assert_eq!(gathering.try_insert(u64::MAX, 2), refused(2, Refusal::Full));
    assert_eq!(available(&gathering.iter(2)).0, [0, 1]);
    assert_eq!(gathering.try_insert(2, 2), refused(2, Refusal::Full));
    let reader = gathering.drain(9);
    assert_eq!(reader.try_next(), Ok(0));
    assert_eq!(gathering.try_insert(2, 2), Ok(None));
    assert_eq!(gathering.try_insert(3, 3), refused(3, Refusal::Full));
    // A key that is in the window, or was taken already, needs no room.
    assert_eq!(gathering.try_insert(2, 3), Ok(Some(2)));
    assert_eq!(gathering.try_insert(0, 3), Ok(None));
    drop(reader);
    assert_eq!(gathering.try_insert(2, 2), refused(2, Refusal::Full));
}

#[test]
fn window_and_end() {
    let gathering = windowed(1);
    gathering.fail("broken");
    assert_eq!(gathering.insert(0, 0), Ok(None));
    assert_eq!(
        gathering.insert(1, 1),
        refused(1, Refusal::Failed("broken"))
    );
    gathering.clear_failure();
    gathering.close();
    assert_eq!(gathering.insert(0, 0), refused(0, Refusal::Closed));
    assert_eq!(gathering.insert(1, 1), refused(1, Refusal::Closed));
}

#[test]
fn abandoned_insertion() {
    let gathering = windowed(1);
    let mut insertion = gathering.insertion(1, 1);
    assert!(insertion.attempt().is_none());
    drop(insertion);
    let mut insertion = gathering.insertion(0, 0);
    assert_eq!(insertion.attempt(), Some(Ok(None)));
    assert_eq!(insertion.attempt(), None);
    assert_eq!(
        available(&gathering.drain(2)),
        (vec![0], NextError::Missing)
    );
}
