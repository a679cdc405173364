//! Behavior seen from outside.

use ft_interval_lock::{AlreadyOwner, IntervalLock, NotOwner, RawIntervalLock};
use ft_sync::{Interrupt, TaskToken, interruptible};
#[cfg(unix)]
use ft_test_support::in_child;
use ft_test_support::{soon, start_together, until};
use std::{
    cell::Cell,
    future::ready,
    pin::{Pin, pin},
    sync::{Arc, Barrier},
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

/// Rounds per thread of the stress test.
const ROUNDS: usize = 3_000;

const NEVER: Duration = Duration::MAX;

#[test]
fn one_at_a_time() {
    let lock = IntervalLock::new(NEVER, 7);
    let mut guard = lock.lock();
    assert!(lock.try_lock().is_none());
    assert!(lock.is_locked());
    *guard += 1;
    assert!(!guard.poll() && !guard.cede());
    drop(guard);
    assert!(!lock.is_locked());
    assert_eq!(*lock.lock_timeout(Duration::ZERO).unwrap(), 8);
    assert_eq!(format!("{lock:?}"), "IntervalLock { value: 8, .. }");
    assert_eq!(lock.into_inner(), 8);
}

#[test]
#[should_panic(expected = "this thread or task would wait for itself")]
fn guard_taken_twice() {
    let lock = IntervalLock::new(NEVER, ());
    let _guard = lock.lock();
    let _ = lock.lock();
}

#[test]
fn misuse_is_refused() {
    let lock = RawIntervalLock::new(Duration::ZERO);
    let refused = |lock: &RawIntervalLock| {
        assert_eq!(lock.unlock(), Err(NotOwner));
        assert_eq!(lock.cede(), Err(NotOwner));
        assert_eq!(lock.poll(), Err(NotOwner));
        assert_eq!(lock.is_due(), Err(NotOwner));
    };
    refused(&lock);
    lock.lock().unwrap();
    assert_eq!(lock.lock(), Err(AlreadyOwner));
    assert_eq!(lock.lock_deadline(soon()), Err(AlreadyOwner));
    assert!(!lock.try_lock());
    thread::scope(|scope| {
        scope.spawn(|| refused(&lock));
    });
    assert!(lock.is_owner());
    lock.unlock().unwrap();
    refused(&lock);
}

#[test]
fn messages() {
    let waits = "this thread or task would wait for itself: it has the lock";
    assert_eq!(AlreadyOwner.to_string(), waits);
    let not = "this thread or task does not have the lock";
    assert_eq!(NotOwner.to_string(), not);
}

#[test]
fn intervals() {
    let micros = Duration::from_micros;
    for (given, expected) in [
        (Duration::ZERO, Some(micros(0))),
        (Duration::from_nanos(999), Some(micros(0))),
        (Duration::from_nanos(1_999), Some(micros(1))),
        (micros(5_000), Some(micros(5_000))),
        (Duration::MAX, None),
    ] {
        let lock = RawIntervalLock::new(given);
        assert_eq!(lock.interval(), expected);
        lock.set_interval(micros(3));
        assert_eq!(lock.interval(), Some(micros(3)));
    }
}

/// Runs `holder` with the lock while another thread waits for it.
fn with_waiter(interval: Duration, holder: impl FnOnce(&RawIntervalLock)) {
    let lock = RawIntervalLock::new(interval);
    thread::scope(|scope| {
        lock.lock().unwrap();
        scope.spawn(|| {
            lock.lock().unwrap();
            lock.unlock().unwrap();
        });
        until(|| lock.waiters() == 1);
        holder(&lock);
        lock.unlock().unwrap();
    });
}

#[test]
fn poll_before_the_interval() {
    with_waiter(NEVER, |lock| {
        assert_eq!(lock.poll(), Ok(false));
        lock.set_interval(Duration::from_secs(1_000));
        assert_eq!(lock.poll(), Ok(false));
        assert_eq!(lock.waiters(), 1);
        lock.set_interval(Duration::ZERO);
        assert_eq!(lock.poll(), Ok(true));
        assert_eq!(lock.waiters(), 0);
    });
}

#[test]
fn poll_after_the_interval() {
    let interval = Duration::from_millis(20);
    with_waiter(interval, |lock| {
        lock.unlock().unwrap();
        lock.lock().unwrap();
    });
    with_waiter(interval, |lock| {
        let start = Instant::now();
        while !lock.poll().unwrap() {}
        // `start` may be much later than the moment at which the other thread came, so only a rough
        // upper bound can be checked.
        assert!(start.elapsed() < interval * 1_000);
        assert!(lock.is_owner());
    });
}

#[test]
fn due_only_if_others_wait() {
    let lock = RawIntervalLock::new(Duration::ZERO);
    lock.lock().unwrap();
    assert_eq!(lock.is_due(), Ok(false));
    with_waiter(Duration::ZERO, |lock| {
        assert_eq!(lock.is_due(), Ok(true));
        lock.set_interval(NEVER);
        assert_eq!(lock.is_due(), Ok(false));
        lock.set_interval(Duration::ZERO);
        assert_eq!(lock.cede(), Ok(true));
        assert_eq!(lock.is_due(), Ok(false));
    });
}

#[test]
fn guard_polls() {
    let lock = IntervalLock::new(NEVER, 0);
    thread::scope(|scope| {
        let mut guard = lock.lock();
        scope.spawn(|| *lock.lock() += 1);
        until(|| lock.waiters() == 1);
        assert!(!guard.poll());
        assert_eq!((*guard, lock.interval()), (0, None));
        lock.set_interval(Duration::ZERO);
        assert_eq!(lock.interval(), Some(Duration::ZERO));
        assert!(guard.poll());
        assert_eq!(*guard, 1);
    });
}

#[test]
fn cede_before_the_interval() {
    with_waiter(NEVER, |lock| {
        assert_eq!(lock.cede(), Ok(true));
        assert!(lock.is_owner());
        assert_eq!(lock.cede(), Ok(false));
    });
}

/// Threads that wait are served in the order in which they came, and before the thread that cedes.
#[test]
fn first_come_first_served() {
    for by_cede in [true, false] {
        let lock = IntervalLock::new(NEVER, Vec::new());
        thread::scope(|scope| {
            let mut guard = lock.lock();
            for n in 1..=5 {
                let lock = &lock;
                scope.spawn(move || lock.lock().push(n));
                until(|| lock.waiters() == n);
            }
            if by_cede {
                assert!(guard.cede());
            } else {
                drop(guard);
                guard = lock.lock();
            }
            assert_eq!(*guard, [1, 2, 3, 4, 5]);
        });
    }
}

#[test]
fn waiter_gives_up() {
    let lock = RawIntervalLock::new(NEVER);
    thread::scope(|scope| {
        lock.lock().unwrap();
        let gives_up = scope.spawn(|| lock.lock_deadline(soon()));
        assert_eq!(gives_up.join().unwrap(), Ok(false));
        assert_eq!(lock.waiters(), 0);
        lock.unlock().unwrap();
        assert!(lock.try_lock());
    });
}

#[test]
fn waiter_that_was_called_passes_it_on() {
    let (lock, ready) = (RawIntervalLock::new(NEVER), Barrier::new(2));
    thread::scope(|scope| {
        lock.lock().unwrap();
        scope.spawn(|| {
            let mut waiter = lock.wait_to_lock().unwrap();
            assert!(!waiter.wait_deadline(soon()));
            ready.wait();
            // The lock has been handed over to this thread, which never takes it.
            ready.wait();
            drop(waiter);
        });
        ready.wait();
        lock.unlock().unwrap();
        ready.wait();
        lock.lock().unwrap();
    });
}

#[test]
fn owner_that_ended() {
    let lock = Arc::new(RawIntervalLock::new(NEVER));
    let theirs = Arc::clone(&lock);
    thread::spawn(move || theirs.lock().unwrap())
        .join()
        .unwrap();
    // New threads may get the identity that the system gave to the one that ended.
    for _ in 0..50 {
        let theirs = Arc::clone(&lock);
        let unlocked = thread::spawn(move || theirs.unlock()).join().unwrap();
        assert_eq!(unlocked, Err(NotOwner));
    }
    assert_eq!(lock.lock_deadline(soon()), Ok(false));
}

#[cfg(unix)]
#[test]
fn line_stays_behind_at_a_fork() {
    with_waiter(Duration::ZERO, |lock| {
        let is_free = || !lock.is_locked() && lock.try_lock() && lock.unlock() == Ok(());
        assert!(in_child(|| lock.waiters() == 0
            && lock.unlock() == Ok(())
            && is_free()));
        assert!(in_child(|| {
            let ceded = lock.cede();
            let is_ours = lock.is_owner() && !lock.try_lock() && lock.is_due() == Ok(false);
            ceded == Ok(false) && is_ours && lock.unlock() == Ok(()) && is_free()
        }));
        assert_eq!(lock.waiters(), 1);
    });
}

/// A place in the parent's line is no claim to the lock in the child.
#[cfg(unix)]
#[test]
fn waiter_leaves_after_a_fork() {
    let (lock, ready) = (RawIntervalLock::new(NEVER), Barrier::new(2));
    let wait = || {
        let mut waiter = lock.wait_to_lock().unwrap();
        assert!(!waiter.wait_deadline(soon()));
        waiter
    };
    let (still_theirs, given_up) = thread::scope(|scope| {
        scope.spawn(|| {
            lock.lock().unwrap();
            ready.wait();
            ready.wait();
            lock.unlock().unwrap();
            ready.wait();
        });
        ready.wait();
        let waiter = wait();
        let still_theirs = in_child(|| {
            drop(waiter);
            lock.is_locked() && !lock.try_lock()
        });
        let waiter = wait();
        ready.wait();
        ready.wait();
        // The lock is this thread's now, though the waiter has not noticed yet.
        let given_up = in_child(|| {
            drop(waiter);
            !lock.is_locked()
        });
        (still_theirs, given_up)
    });
    assert!(still_theirs);
    assert!(given_up);
}

/// Threads take the lock and give it up in all the ways there are: no two have it at once, and in the
/// end it is free.
#[test]
fn stress() {
    let lock = IntervalLock::new(Duration::from_micros(30), Cell::new(0));
    let count = |total: &Cell<usize>| {
        let before = total.replace(usize::MAX);
        assert_ne!(before, usize::MAX, "two threads at once");
        total.set(before + 1);
    };
    let counted = start_together(4, |index| {
        let mut counted = 0;
        for n in 0..ROUNDS {
            let timeout = Duration::from_micros(n as u64 % 40);
            let guard = match (n + index) % 3 {
                0 => lock.lock_timeout(timeout),
                1 => lock.try_lock(),
                _ => Some(lock.lock()),
            };
            let Some(mut guard) = guard else { continue };
            count(&guard);
            if n % 2 == 0 {
                guard.poll();
            } else {
                guard.cede();
            }
            count(&guard);
            counted += 2;
        }
        counted
    });
    assert_eq!((lock.waiters(), lock.is_locked()), (0, false));
    assert_eq!(lock.into_inner().get(), counted.iter().sum());
}

/// What a task has is its own, and in one line with threads.
#[test]
fn tasks() {
    let mut context = Context::from_waker(Waker::noop());
    let lock = RawIntervalLock::new(Duration::ZERO);
    let [one, other] = [1, 2].map(TaskToken::new);
    assert!(lock.try_lock_for(one) && !lock.try_lock_for(other) && !lock.try_lock());
    assert!(lock.has_task() && lock.is_owner_task(one) && !lock.is_owner());
    assert_eq!(lock.unlock(), Err(NotOwner));
    assert_eq!(lock.unlock_of(other), Err(NotOwner));
    assert_eq!(lock.is_due_for(other), Err(NotOwner));
    let again = pin!(lock.lock_async(one)).poll(&mut context);
    assert_eq!(again, Poll::Ready(Err(AlreadyOwner)));
    assert_eq!(lock.is_due_for(one), Ok(false));
    let mut waits = pin!(lock.lock_async(other));
    assert!(waits.as_mut().poll(&mut context).is_pending());
    assert_eq!((lock.waiters(), lock.is_due_for(one)), (1, Ok(true)));
    let mut cedes = pin!(lock.poll_async(one));
    assert!(cedes.as_mut().poll(&mut context).is_pending());
    assert_eq!(waits.poll(&mut context), Poll::Ready(Ok(())));
    lock.unlock_of(other).unwrap();
    assert_eq!(cedes.poll(&mut context), Poll::Ready(Ok(true)));
    lock.unlock_of(one).unwrap();
    assert!(!lock.is_locked());
}

/// An interrupt that is always raised.
struct Raised;

impl Interrupt for Raised {
    fn is_raised(&self) -> bool {
        true
    }

    fn raised(&self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(ready(()))
    }
}

/// A guard means that its thread has the lock, also after it has let others in, and whatever interrupt
/// is raised.
#[test]
fn no_interrupt_makes_a_guard() {
    let lock = IntervalLock::new(Duration::ZERO, 0_u32);
    start_together(3, |_| {
        for _ in 0..100 {
            interruptible(Arc::new(Raised), || {
                let mut value = lock.lock();
                for _ in 0..3 {
                    value.cede();
                    let before = *value;
                    (0..5).for_each(|_| thread::yield_now());
                    *value = before + 1;
                    value.poll();
                }
            });
        }
    });
    assert_eq!(lock.into_inner(), 900);
}
