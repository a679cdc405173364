//! Behavior of the channel seen from outside.

use ft_concurrent_queue::{
    PopError, PopTimeoutError, PushError, TryPopError, TryPushError,
    channel::{self, Receiver, Sender},
};
use ft_test_support::{LONG, SHORT};
use static_assertions::{assert_impl_all, assert_not_impl_any};
use std::{
    cell::Cell,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
    sync::Arc,
    thread,
    time::Instant,
};

assert_impl_all!(Sender<Cell<u8>>: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Receiver<Cell<u8>>: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(Sender<Rc<u8>>: Send, Sync);
assert_not_impl_any!(Receiver<Rc<u8>>: Send, Sync);

#[test]
fn the_last_sender_closes() {
    let (sender, receiver) = channel::unbounded();
    let other = sender.clone();
    sender.push(1).unwrap();
    drop(sender);
    assert!(!receiver.is_closed());
    assert_eq!(receiver.pop(), Ok(1));
    assert_eq!(receiver.try_pop(), Err(TryPopError::Empty));
    other.push(2).unwrap();
    drop(other);
    assert!(receiver.is_closed());
    assert_eq!(receiver.clone().pop(), Ok(2));
    assert_eq!(receiver.pop(), Err(PopError));
}

#[test]
fn the_last_receiver_closes_and_drops_the_items() {
    let (sender, receiver) = channel::bounded(2);
    let (item, other) = (Arc::new(()), receiver.clone());
    sender.push(Arc::clone(&item)).unwrap();
    drop(receiver);
    assert_eq!((sender.len(), Arc::strong_count(&item)), (1, 2));
    drop(other);
    assert_eq!((sender.len(), Arc::strong_count(&item)), (0, 1));
    assert_eq!(sender.push(Arc::clone(&item)), Err(PushError(item)));
}

/// The waiting thread has the last handle of the other kind. Whether it waits already when the handle is
/// dropped is left to chance here; the models try both.
#[test]
fn a_drop_ends_waits() {
    let (sender, receiver) = channel::bounded::<u8>(1);
    let waits = thread::spawn(move || receiver.pop_timeout(LONG));
    drop(sender);
    assert_eq!(waits.join().unwrap(), Err(PopTimeoutError::Closed));

    let (sender, receiver) = channel::bounded::<u8>(1);
    sender.push(1).unwrap();
    let waits = thread::spawn(move || sender.push(2));
    drop(receiver);
    assert_eq!(waits.join().unwrap(), Err(PushError(2)));
}

/// It has the methods of the queue.
#[test]
fn the_same_as_the_queue() {
    let (sender, receiver) = channel::bounded(2);
    assert_eq!((sender.capacity(), receiver.capacity()), (Some(2), Some(2)));
    assert!(sender.is_empty() && receiver.is_empty() && !sender.is_closed());
    let mut items = [1, 2, 3].into();
    assert!(sender.try_push_many(&mut items).is_err());
    assert!(sender.is_full() && receiver.is_full());
    assert_eq!(sender.try_push(3), Err(TryPushError::Full(3)));
    assert!(sender.push_timeout(3, SHORT).is_err());
    assert!(sender.push_deadline(3, Instant::now()).is_err());
    assert_eq!(receiver.len(), 2);
    let mut popped = vec![];
    assert_eq!(receiver.try_pop_many(1, &mut popped), Ok(1));
    assert_eq!(receiver.pop_deadline(Instant::now()), Ok(2));
    assert_eq!(receiver.try_iter().next(), None);
    sender.push(4).unwrap();
    drop(sender);
    assert_eq!((&receiver).into_iter().collect::<Vec<_>>(), [4]);
    assert!(format!("{receiver:?}").starts_with("Receiver(ConcurrentQueue"));
}
