//! What is shown to people, and what errors hand back.

use std::error::Error;

use ft_concurrent_queue::{
    ConcurrentQueue, PopError, PopTimeoutError, PushError, PushTimeoutError, TryPopError,
    TryPushError, TryPushManyError,
};

#[test]
fn formats() {
    let queue: ConcurrentQueue<_> = [1, 2].into_iter().collect();
    assert_eq!(
        format!("{queue:?}"),
        "ConcurrentQueue { len: 2, capacity: None, closed: false, .. }"
    );
}

#[test]
fn errors_say_why() {
    for (err, text) in [
        (&TryPushError::Full(1) as &dyn Error, "queue is full"),
        (&TryPushError::Closed(1), "queue is closed"),
        (&PushError(1), "queue is closed"),
        (
            &PushTimeoutError::Timeout(1),
            "timed out waiting on a queue",
        ),
        (&PushTimeoutError::Closed(1), "queue is closed"),
        (
            &TryPushManyError::Full { pushed: 2 },
            "queue is full after 2 items",
        ),
        (
            &TryPushManyError::Closed { pushed: 2 },
            "queue is closed after 2 items",
        ),
        (&TryPopError::Empty, "queue is empty"),
        (&TryPopError::Closed, "queue is empty and closed"),
        (&PopError, "queue is empty and closed"),
        (&PopTimeoutError::Timeout, "timed out waiting on a queue"),
        (&PopTimeoutError::Closed, "queue is empty and closed"),
    ] {
        assert_eq!(err.to_string(), text);
    }
}

#[test]
fn errors_have_their_items() {
    assert_eq!(TryPushError::Full(7).into_inner(), 7);
    assert_eq!(TryPushError::Closed(7).into_inner(), 7);
    assert_eq!(PushError(7).into_inner(), 7);
    assert_eq!(PushTimeoutError::Timeout(7).into_inner(), 7);
    assert_eq!(PushTimeoutError::Closed(7).into_inner(), 7);
    assert_eq!(TryPushManyError::Full { pushed: 7 }.pushed(), 7);
    assert_eq!(TryPushManyError::Closed { pushed: 7 }.pushed(), 7);
}
