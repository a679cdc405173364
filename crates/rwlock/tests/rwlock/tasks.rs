//! Tasks that take the lock.

use ft_rwlock::{AsyncRwLock, NotHeld, OwnedRwLock, RwLock, WouldDeadlock};
use ft_sync::TaskToken;
use std::{
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

fn look<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn guards_of_tasks() {
    let lock = RwLock::new(1);
    let mut writes = pin!(lock.write_async());
    let reading = lock.read();
    assert!(look(writes.as_mut()).is_pending());
    drop(reading);
    let Poll::Ready(mut writing) = look(writes.as_mut()) else {
        panic!("nobody has it")
    };
    *writing += 1;
    let mut quitter = Box::pin(lock.write_async());
    let mut reads = pin!(lock.read_async());
    assert!(look(quitter.as_mut()).is_pending() && look(reads.as_mut()).is_pending());
    drop(writing);
    drop(quitter);
    assert!(matches!(look(reads.as_mut()), Poll::Ready(value) if *value == 2));
    assert!(lock.try_write().is_some());
}

#[test]
fn what_a_task_has_is_its_own() {
    let lock = OwnedRwLock::new();
    let [one, other] = [1, 2].map(TaskToken::new);
    assert!(lock.try_read_for(one) && lock.has_tasks());
    assert!(lock.try_read());
    assert_eq!(lock.readers(), 2);
    assert_eq!(lock.unlock_read_of(other), Err(NotHeld::Read));
    assert_eq!(lock.downgrade_of(one), Err(NotHeld::Write));
    assert!(lock.is_reading(one) && !lock.is_reading(other) && lock.is_reader());
    lock.unlock_read_of(one).unwrap();
    assert_eq!(lock.unlock_read_of(one), Err(NotHeld::Read));
    lock.unlock_read().unwrap();
    assert!(lock.try_write_for(other) && !lock.try_write_for(one));
    assert!(lock.is_writing(other) && !lock.is_writing(one) && !lock.is_writer());
    assert_eq!(lock.unlock_write(), Err(NotHeld::Write));
    assert_eq!(lock.unlock_write_of(one), Err(NotHeld::Write));
    lock.downgrade_of(other).unwrap();
    assert!(lock.try_read_for(other));
    lock.unlock_read_of(other).unwrap();
    lock.unlock_read_of(other).unwrap();
    assert!(!lock.has_tasks() && lock.readers() == 0);
}

/// A task that reads reads again while a writer waits, and is told if it would wait for itself.
#[test]
fn no_task_waits_for_itself() {
    let lock = OwnedRwLock::new();
    let task = TaskToken::new(1);
    assert_eq!(look(pin!(lock.read_async(task))), Poll::Ready(Ok(())));
    let mut writer = pin!(lock.write_async(TaskToken::new(2)));
    assert!(look(writer.as_mut()).is_pending());
    assert!(!lock.try_read_for(TaskToken::new(3)));
    assert_eq!(look(pin!(lock.read_async(task))), Poll::Ready(Ok(())));
    let refused = Poll::Ready(Err(WouldDeadlock::HasRead));
    assert_eq!(look(pin!(lock.write_async(task))), refused);
    lock.unlock_read_of(task).unwrap();
    lock.unlock_read_of(task).unwrap();
    assert_eq!(look(writer), Poll::Ready(Ok(())));
    for wait in [OwnedRwLock::read_async, OwnedRwLock::write_async] {
        let refused = Poll::Ready(Err(WouldDeadlock::HasWrite));
        assert_eq!(look(pin!(wait(&lock, TaskToken::new(2)))), refused);
    }
}
