//! The lock that knows its holders.

use ft_rwlock::{NotHeld, OwnedRwLock};
use ft_test_support::{soon, until};
use std::{
    cell::RefCell,
    sync::{Arc, Barrier, Mutex},
    thread,
};

/// Dropping a lock does not end this thread's readings of another lock.
#[test]
fn dropped_while_read() {
    let (lock, other) = (OwnedRwLock::new(), OwnedRwLock::new());
    lock.read().unwrap();
    other.read().unwrap();
    drop(other);
    assert!(lock.is_reader());
    assert_eq!(lock.unlock_read(), Ok(()));
}

#[test]
fn owned_nested_reading() {
    let lock = OwnedRwLock::new();
    thread::scope(|scope| {
        lock.read().unwrap();
        let writer = scope.spawn(|| {
            lock.write().unwrap();
            lock.unlock_write().unwrap();
        });
        until(|| lock.writers_waiting() == 1);
        assert!(!scope.spawn(|| lock.try_read()).join().unwrap());
        lock.read().unwrap();
        assert!(lock.try_read());
        assert!(lock.wait_to_read().unwrap().wait_deadline(soon()));
        assert_eq!(lock.readers(), 4);
        (0..4).for_each(|_| lock.unlock_read().unwrap());
        writer.join().unwrap();
    });
}

#[test]
fn writer_that_gives_up_lets_readers_in() {
    let lock = OwnedRwLock::new();
    thread::scope(|scope| {
        lock.read().unwrap();
        let writer = scope.spawn(|| {
            let mut waiter = lock.wait_to_write().unwrap();
            assert!(!waiter.wait_deadline(soon()));
            until(|| lock.readers_waiting() == 1);
            drop(waiter);
        });
        until(|| lock.writers_waiting() == 1);
        let reader = scope.spawn(|| {
            lock.read().unwrap();
            lock.unlock_read().unwrap();
        });
        writer.join().unwrap();
        // This thread still has the lock.
        reader.join().unwrap();
        lock.unlock_read().unwrap();
    });
    assert!(lock.try_write());
}

#[test]
fn waiter_that_was_called_passes_it_on() {
    let (lock, ready) = (OwnedRwLock::new(), Barrier::new(2));
    thread::scope(|scope| {
        lock.write().unwrap();
        scope.spawn(|| {
            let mut waiter = lock.wait_to_write().unwrap();
            assert!(!waiter.wait_deadline(soon()));
            ready.wait();
            // The lock has been handed over to this thread, which never takes it.
            ready.wait();
            drop(waiter);
        });
        ready.wait();
        lock.unlock_write().unwrap();
        ready.wait();
        assert!(lock.write_deadline(None).unwrap());
        lock.unlock_write().unwrap();
    });
}

/// First come all the readers that waited when the writer left, together, then the writers in turn.
#[test]
fn phases_alternate() {
    let lock = OwnedRwLock::new();
    let order = Mutex::new(Vec::new());
    let inside = Barrier::new(3);
    thread::scope(|scope| {
        lock.write().unwrap();
        for n in 1..=2 {
            let (lock, order) = (&lock, &order);
            scope.spawn(move || {
                lock.write().unwrap();
                order.lock().unwrap().push(format!("writer {n}"));
                lock.unlock_write().unwrap();
            });
            until(|| lock.writers_waiting() == n);
        }
        for n in 1..=3 {
            let (lock, order, inside) = (&lock, &order, &inside);
            scope.spawn(move || {
                lock.read().unwrap();
                // All three have the lock at once, or this never ends.
                inside.wait();
                order.lock().unwrap().push("reader".to_owned());
                lock.unlock_read().unwrap();
            });
            until(|| lock.readers_waiting() == n);
        }
        lock.unlock_write().unwrap();
    });
    let order = order.into_inner().unwrap();
    assert_eq!(
        order,
        ["reader", "reader", "reader", "writer 1", "writer 2"]
    );
}

#[test]
fn lock_outlives_a_thread_that_reads() {
    let lock = Arc::new(OwnedRwLock::new());
    let theirs = Arc::clone(&lock);
    thread::spawn(move || theirs.read().unwrap())
        .join()
        .unwrap();
    assert_eq!(lock.readers(), 1);
    assert_eq!(lock.unlock_read(), Err(NotHeld::Read));
    assert!(!lock.write_deadline(soon()).unwrap());
}

/// A thread that ends can still unlock what it has locked.
#[test]
fn unlock_while_the_thread_ends() {
    struct AtEnd(RefCell<Option<Arc<OwnedRwLock>>>);

    impl Drop for AtEnd {
        fn drop(&mut self) {
            let lock = self.0.take().unwrap();
            lock.read().unwrap();
            lock.unlock_read().unwrap();
            lock.unlock_read().unwrap();
        }
    }

    thread_local! {
        static AT_END: AtEnd = const { AtEnd(RefCell::new(None)) };
    }

    let lock = Arc::new(OwnedRwLock::new());
    let theirs = Arc::clone(&lock);
    let thread = thread::spawn(move || {
        AT_END.with(|at_end| at_end.0.replace(Some(Arc::clone(&theirs))));
        theirs.read().unwrap();
    });
    thread.join().unwrap();
    assert!(lock.try_write());
}
