//! Many permits at once, and a limit that changes.

use super::look;
use ft_semaphore::{Acquire, ReleaseError, Semaphore};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn queued(semaphore: &Semaphore, n: usize) -> Acquire<'_> {
    let mut acquire = semaphore.acquire_many_async(n);
    assert!(look(&mut acquire).is_none());
    acquire
}

#[test]
fn many_come_and_go_together() {
    let semaphore = Semaphore::new(5);
    let three = semaphore.try_acquire_many(3).unwrap();
    assert_eq!((three.count(), semaphore.available()), (3, 2));
    assert!(semaphore.try_acquire_many(3).is_none());
    drop(semaphore.acquire_many(2));
    three.forget();
    assert_eq!(semaphore.release_many(4), Err(ReleaseError));
    assert_eq!(semaphore.release_many(3), Ok(()));
    assert_eq!(semaphore.available(), 5);
    drop(semaphore.acquire_many(0));
}

/// Those behind one that wants many wait, even if they want few, and permits add up for it.
#[test]
fn one_that_wants_many_does_not_starve() {
    let semaphore = Semaphore::new(3);
    semaphore.acquire_many(2).forget();
    let mut three = queued(&semaphore, 3);
    let mut one = queued(&semaphore, 1);
    assert!(semaphore.try_acquire().is_none());
    assert_eq!((semaphore.available(), semaphore.waiting()), (0, 2));
    semaphore.release().unwrap();
    assert!(look(&mut three).is_none() && look(&mut one).is_none());
    // One is out, and two are set aside.
    assert_eq!(semaphore.release_many(2), Err(ReleaseError));
    semaphore.release().unwrap();
    let all = look(&mut three).unwrap();
    assert!(look(&mut one).is_none());
    drop(all);
    drop(look(&mut one).unwrap());
    assert_eq!((semaphore.available(), semaphore.waiting()), (3, 0));
}

/// What was set aside for one that leaves goes to those behind it, or is free.
#[test]
fn leaving_gives_up_what_was_set_aside() {
    let semaphore = Semaphore::new(3);
    let held = semaphore.acquire();
    let three = queued(&semaphore, 3);
    let mut others = [queued(&semaphore, 1), queued(&semaphore, 1)];
    drop(three);
    let got = others.each_mut().map(|other| look(other).unwrap());
    assert_eq!((semaphore.available(), semaphore.waiting()), (0, 0));
    drop(got);
    let three = queued(&semaphore, 3);
    drop(three);
    assert_eq!(semaphore.available(), 2);
    drop(held);
    assert_eq!(semaphore.available(), 3);
}

#[test]
fn some_are_free_at_the_start() {
    let semaphore = Semaphore::with_limit(1, 3);
    semaphore.try_acquire().unwrap().forget();
    assert!(semaphore.try_acquire().is_none());
    assert_eq!(semaphore.release_many(4), Err(ReleaseError));
    semaphore.release_many(3).unwrap();
    assert_eq!((semaphore.available(), semaphore.limit()), (3, 3));
}

#[test]
#[should_panic(expected = "more permits are free than there are")]
fn too_many_are_free() {
    Semaphore::with_limit(2, 1);
}

/// A larger limit serves those that wait; a smaller one takes what is free, and then what is released.
#[test]
fn limit_changes() {
    let semaphore = Semaphore::new(0);
    let mut waits = [1, 2, 3].map(|n| queued(&semaphore, n));
    semaphore.add_permits(3);
    let [first, second, third] = waits.each_mut().map(look);
    assert!(third.is_none());
    semaphore.set_limit(1);
    assert_eq!((semaphore.limit(), semaphore.waiting()), (1, 1));
    // Three are out, so the limit is reached when two of them are back.
    drop((first, second));
    drop(waits);
    assert_eq!((semaphore.available(), semaphore.waiting()), (1, 0));

    semaphore.set_limit(4);
    semaphore.acquire_many(4).forget();
    semaphore.set_limit(2);
    assert_eq!(semaphore.release_many(5), Err(ReleaseError));
    semaphore.release_many(2).unwrap();
    assert!(semaphore.try_acquire().is_none());
    semaphore.set_limit(3);
    assert_eq!(semaphore.available(), 1);
    semaphore.release_many(2).unwrap();
    assert_eq!(semaphore.available(), 3);
    semaphore.set_limit(Semaphore::MAX_PERMITS);
    assert_eq!(semaphore.available(), Semaphore::MAX_PERMITS);
}

/// It can be used as before.
#[test]
fn too_many_are_added() {
    let semaphore = Semaphore::new(1);
    let add = || semaphore.add_permits(Semaphore::MAX_PERMITS);
    let panic = catch_unwind(AssertUnwindSafe(add)).expect_err("it panics");
    assert_eq!(panic.downcast_ref(), Some(&"too many permits"));
    assert_eq!((semaphore.limit(), semaphore.available()), (1, 1));
    let permit = semaphore.acquire();
    let mut next = queued(&semaphore, 1);
    drop(permit);
    assert!(look(&mut next).is_some());
}

/// Those who have permits, or wait for some, do not notice that another caller asked for too much.
#[test]
fn too_many_are_added_beside_others() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.acquire();
    let mut waits = queued(&semaphore, 1);
    let add = || semaphore.add_permits(Semaphore::MAX_PERMITS);
    assert!(catch_unwind(AssertUnwindSafe(add)).is_err());
    assert_eq!(semaphore.limit(), 1);
    drop(held);
    assert!(look(&mut waits).is_some());
}
