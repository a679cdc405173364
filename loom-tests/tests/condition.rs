//! Models of a condition as the bindings make it, from an event and a semaphore with one permit.
#![cfg(ft_loom)]

use ft_semaphore::{Permit, Semaphore};
use ft_sync::{Arc, Event, Listener};
use loom_tests::{check, data::Data, tasks::block_on, threads::spawn};
use std::time::Instant;

/// A condition, and the items that its users wait for.
struct Shared {
    lock: Semaphore,
    waiters: Event,
    items: Data,
}

impl Shared {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            lock: Semaphore::new(1),
            waiters: Event::new(),
            items: Data::new(0),
        })
    }

    /// Runs `f` with the lock.
    fn locked<R>(&self, f: impl FnOnce() -> R) -> R {
        self.lock.acquire().forget();
        let result = f();
        self.lock.release().unwrap();
        result
    }

    fn put(&self, items: usize) {
        self.locked(|| {
            self.items.add(items);
            self.waiters.notify(items);
        });
    }

    /// Enters the line, and then releases the lock.
    fn begin(&self) -> Listener<'_> {
        let listener = self.waiters.listen();
        self.lock.release().unwrap();
        listener
    }

    /// What `Condition.wait` does. Returns whether it was notified.
    fn wait(&self, deadline: Option<Instant>) -> bool {
        let mut listener = self.begin();
        let notified = loop {
            if listener.wait_slice(deadline) {
                break true;
            }
            if deadline.is_some() {
                break false;
            }
        };
        drop(listener);
        self.lock.acquire().forget();
        notified
    }

    /// Takes an item with the lock, if there is one.
    fn try_take(&self) -> bool {
        let found = self.items.read() > 0;
        if found {
            self.items.write(self.items.read() - 1);
        }
        found
    }

    fn take(&self) {
        self.locked(|| {
            while !self.try_take() {
                self.wait(None);
            }
        });
    }

    /// Waits once, for at most no time.
    fn take_soon(&self) -> bool {
        self.locked(|| {
            self.try_take() || {
                let notified = self.wait(Some(Instant::now()));
                let taken = self.try_take();
                // Another thread has taken the item of a notification. That is no reason to wait again.
                assert!(taken || !notified || self.items.read() == 0);
                taken
            }
        })
    }

    fn take_as_task(&self) {
        block_on(async {
            self.lock.acquire_async().await.forget();
            while !self.try_take() {
                self.begin().await;
                let permit: Permit<'_> = self.lock.acquire_async().await;
                permit.forget();
            }
            self.lock.release().unwrap();
        });
    }
}

/// A thread that looks under the lock, and then waits, is woken by whoever changes what it saw.
#[test]
fn notified_after_the_look() {
    check(|| {
        let ours = Shared::new();
        let waiter = spawn(&ours, Shared::take);
        ours.put(1);
        waiter.join().unwrap();
        assert_eq!(ours.items.read(), 0);
    });
}

/// So is a task.
#[test]
fn tasks_are_notified() {
    check(|| {
        let ours = Shared::new();
        let waiter = spawn(&ours, Shared::take_as_task);
        ours.put(1);
        waiter.join().unwrap();
        assert_eq!(ours.items.read(), 0);
    });
}

/// One notification of two wakes a thread and a task.
#[test]
fn both_are_notified() {
    check(|| {
        let ours = Shared::new();
        let waiters = [Shared::take, Shared::take_as_task].map(|take| spawn(&ours, take));
        ours.put(2);
        waiters.into_iter().for_each(|it| it.join().unwrap());
        assert_eq!(ours.items.read(), 0);
    });
}

/// Two notifications of one wake two threads.
#[test]
fn each_notification_wakes_one_more() {
    check(|| {
        let ours = Shared::new();
        let waiters = [(); 2].map(|()| spawn(&ours, Shared::take));
        ours.put(1);
        ours.put(1);
        waiters.into_iter().for_each(|it| it.join().unwrap());
        assert_eq!(ours.items.read(), 0);
    });
}

/// A thread whose time is over when it is notified takes no notification from another one.
#[test]
fn giving_up_takes_no_notification() {
    check(|| {
        let ours = Shared::new();
        let hasty = spawn(&ours, Shared::take_soon);
        let waiter = spawn(&ours, Shared::take);
        ours.put(1);
        if hasty.join().unwrap() {
            ours.put(1);
        }
        waiter.join().unwrap();
        assert_eq!(ours.items.read(), 0);
    });
}
