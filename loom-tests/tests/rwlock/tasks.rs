//! Tasks in the line, beside threads.

use super::Guarded;
use ft_rwlock::OwnedRwLock;
use ft_sync::{Arc, TaskToken};
use loom_tests::{
    check,
    data::Data,
    tasks::{block_on, poll},
    threads::{pair, spawn},
};

impl Guarded {
    fn write_as_a_task(&self) {
        block_on(self.lock.write_async());
        self.add();
        self.unlock_write();
    }

    fn read_as_a_task(&self) -> usize {
        block_on(self.lock.read_async());
        let value = self.value();
        self.unlock_read();
        value
    }
}

/// A task and a thread that write exclude each other, see what the other has written, and are both woken.
#[test]
fn task_beside_a_thread() {
    check(|| {
        let ours = Guarded::shared();
        let thread = spawn(&ours, Guarded::write);
        ours.write_as_a_task();
        thread.join().unwrap();
        assert_eq!(ours.read(), 2);
    });
}

/// Tasks that read and write on two threads are woken, beside a thread that writes.
#[test]
fn tasks_and_a_thread() {
    check(|| {
        let ours = Guarded::shared();
        let reader = spawn(&ours, Guarded::read_as_a_task);
        let writer = spawn(&ours, Guarded::write_as_a_task);
        ours.write();
        assert!(reader.join().unwrap() <= 2);
        writer.join().unwrap();
        assert_eq!(ours.read_as_a_task(), 2);
    });
}

/// A task that waits for announced readers gets the lock from the last of them.
#[test]
fn task_waits_for_announced_readers() {
    check(|| {
        let ours = Arc::new(Guarded::biased());
        let reader = spawn(&ours, Guarded::read);
        ours.write_as_a_task();
        reader.join().unwrap();
        assert_eq!(ours.read(), 1);
    });
}

/// A task that is cancelled while the lock is handed to it passes it on to the task behind it.
#[test]
fn cancelled_while_it_is_called() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_write());
        let mut quitter = Box::pin(ours.lock.write_async());
        let mut next = Box::pin(ours.lock.write_async());
        assert!(poll(quitter.as_mut()).is_pending() && poll(next.as_mut()).is_pending());
        let holder = spawn(&ours, |guarded| {
            guarded.add();
            guarded.unlock_write();
        });
        drop(quitter);
        holder.join().unwrap();
        assert!(poll(next.as_mut()).is_ready());
        assert_eq!(ours.value(), 1);
        drop(next);
        ours.unlock_write();
        assert!(ours.lock.try_write());
    });
}

/// A task that writes and is cancelled lets in the readers that waited only because of it.
#[test]
fn cancelled_writer_lets_readers_in() {
    check(|| {
        let ours = Guarded::shared();
        assert!(ours.lock.try_read());
        let mut quitter = Box::pin(ours.lock.write_async());
        assert!(poll(quitter.as_mut()).is_pending());
        let reader = spawn(&ours, Guarded::read_as_a_task);
        drop(quitter);
        assert_eq!(reader.join().unwrap(), 0);
        ours.unlock_read();
        assert!(ours.lock.try_write());
    });
}

/// What a task has taken it releases on another thread than the one on which it has taken it, while a thread waits.
#[test]
fn task_moves() {
    check(|| {
        let (theirs, ours) = pair((OwnedRwLock::new(), Data::new(0)));
        let task = TaskToken::new(1);
        block_on(ours.0.write_async(task)).unwrap();
        ours.1.add(1);
        ours.0.downgrade_of(task).unwrap();
        let waits = spawn(&ours, |(lock, value)| {
            lock.write().unwrap();
            value.add(1);
            lock.unlock_write().unwrap();
        });
        let moved = ft_sync::thread::spawn(move || {
            theirs.1.read();
            theirs.0.unlock_read_of(task).unwrap();
        });
        waits.join().unwrap();
        moved.join().unwrap();
        assert_eq!(ours.1.read(), 2);
        assert!(!ours.0.has_tasks());
    });
}
