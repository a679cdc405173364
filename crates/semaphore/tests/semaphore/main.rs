//! Behavior seen from outside.

use ft_semaphore::{Acquire, Permit, ReleaseError, Semaphore};
#[cfg(unix)]
use ft_test_support::in_child;
use ft_test_support::{LONG, SHORT, passed, until};
use proptest::prelude::*;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::{Duration, Instant},
};

/// How much the stress test does.
const ROUNDS: usize = if cfg!(miri) { 20 } else { 2_000 };

/// A waker that calls a function.
struct Alarm<F>(F);

impl<F: Fn() + Send + Sync> Wake for Alarm<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

fn waker(at_wake: impl Fn() + Send + Sync + 'static) -> Waker {
    Waker::from(Arc::new(Alarm(at_wake)))
}

fn poll<'a>(acquire: &mut Acquire<'a>, waker: &Waker) -> Option<Permit<'a>> {
    match Pin::new(acquire).poll(&mut Context::from_waker(waker)) {
        Poll::Ready(permit) => Some(permit),
        Poll::Pending => None,
    }
}

fn look<'a>(acquire: &mut Acquire<'a>) -> Option<Permit<'a>> {
    poll(acquire, Waker::noop())
}

/// An acquisition that waits in line.
fn queued(semaphore: &Semaphore) -> Acquire<'_> {
    let mut acquire = semaphore.acquire_async();
    assert!(look(&mut acquire).is_none());
    acquire
}

#[test]
fn counts_down_and_up() {
    let semaphore = Semaphore::new(2);
    assert_eq!((semaphore.available(), semaphore.limit()), (2, 2));
    let first = semaphore.try_acquire().unwrap();
    let second = semaphore.acquire();
    assert!(semaphore.is_locked());
    assert!(semaphore.try_acquire().is_none());
    drop(first);
    assert!(!semaphore.is_locked());
    assert_eq!(semaphore.available(), 1);
    drop(second);
    assert_eq!(semaphore.available(), 2);
}

#[test]
fn release_beyond_the_limit() {
    let semaphore = Semaphore::new(1);
    assert_eq!(semaphore.release(), Err(ReleaseError));
    assert_eq!(semaphore.available(), 1);
    semaphore.acquire().forget();
    assert_eq!(semaphore.available(), 0);
    assert_eq!(semaphore.release(), Ok(()));
    assert_eq!(semaphore.release(), Err(ReleaseError));
    let message = ReleaseError.to_string();
    assert_eq!(message, "semaphore released more often than acquired");
}

#[test]
fn no_permits() {
    let semaphore = Semaphore::new(0);
    assert!(semaphore.is_locked());
    assert!(semaphore.try_acquire().is_none());
    assert!(semaphore.acquire_timeout(Duration::ZERO).is_none());
    assert_eq!(semaphore.release(), Err(ReleaseError));
    assert_eq!((semaphore.limit(), semaphore.available()), (0, 0));
}

#[test]
fn most_permits() {
    let semaphore = Semaphore::new(Semaphore::MAX_PERMITS);
    assert_eq!(semaphore.available(), Semaphore::MAX_PERMITS);
    assert_eq!(semaphore.release(), Err(ReleaseError));
    drop(semaphore.acquire());
}

#[test]
#[should_panic = "too many permits"]
fn too_many_permits() {
    let _ = Semaphore::new(Semaphore::MAX_PERMITS + 1);
}

#[test]
fn first_come_first_served() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.acquire();
    let woken = Arc::new(Mutex::new(Vec::new()));
    let mut line = Vec::new();
    for n in 0..5 {
        let woken = Arc::clone(&woken);
        let waker = waker(move || woken.lock().unwrap().push(n));
        let mut acquire = semaphore.acquire_async();
        assert!(poll(&mut acquire, &waker).is_none());
        line.push(acquire);
    }
    assert_eq!(semaphore.waiting(), 5);
    drop(held);
    for (n, mut acquire) in line.into_iter().enumerate() {
        assert_eq!(woken.lock().unwrap().len(), n + 1);
        drop(look(&mut acquire).unwrap());
    }
    assert_eq!(*woken.lock().unwrap(), [0, 1, 2, 3, 4]);
    assert_eq!(semaphore.available(), 1);
}

#[test]
fn nobody_overtakes() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.acquire();
    let mut first = queued(&semaphore);
    drop(held);
    assert!(semaphore.try_acquire().is_none());
    let mut newcomer = queued(&semaphore);
    assert!(look(&mut newcomer).is_none());
    let permit = look(&mut first).unwrap();
    assert!(look(&mut newcomer).is_none());
    drop(permit);
    assert!(look(&mut newcomer).is_some());
}

#[test]
fn leaving_the_line() {
    for leaver in 0..3 {
        let semaphore = Semaphore::new(1);
        let held = semaphore.acquire();
        let mut line: Vec<_> = (0..3).map(|_| queued(&semaphore)).collect();
        drop(line.remove(leaver));
        assert_eq!(semaphore.waiting(), 2);
        drop(held);
        for mut acquire in line {
            drop(look(&mut acquire).unwrap());
        }
        assert_eq!(semaphore.available(), 1);
    }
}

#[test]
fn leaving_after_being_served() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.acquire();
    let first = queued(&semaphore);
    let mut second = queued(&semaphore);
    drop(held);
    drop(first);
    drop(look(&mut second).unwrap());
    assert_eq!(semaphore.available(), 1);

    let held = semaphore.acquire();
    let only = queued(&semaphore);
    drop(held);
    assert_eq!(semaphore.available(), 0);
    drop(only);
    assert_eq!(semaphore.available(), 1);
}

/// A release without an acquisition takes a permit from its holder, and makes no new one.
#[test]
fn theft_makes_no_permit() {
    let semaphore = Semaphore::new(2);
    let held = (semaphore.acquire(), semaphore.acquire());
    let served = queued(&semaphore);
    for _ in 0..3 {
        semaphore.release().unwrap();
    }
    assert_eq!(semaphore.release(), Err(ReleaseError));
    drop(served);
    drop(held);
    assert_eq!(semaphore.available(), 2);
}

#[test]
fn never_polled() {
    let semaphore = Semaphore::new(1);
    drop(semaphore.acquire_async());
    let held = semaphore.acquire();
    drop(semaphore.acquire_async());
    drop(held);
    assert_eq!(semaphore.available(), 1);
}

/// Wakers may use the semaphore, because they are called and dropped outside of its lock.
#[test]
fn wakers_use_the_semaphore() {
    struct Nosy(Arc<Semaphore>);

    impl Nosy {
        fn look_around(&self) {
            self.0.waiting();
            drop(self.0.try_acquire());
            let _ = look(&mut self.0.acquire_async());
        }
    }

    impl Wake for Nosy {
        fn wake(self: Arc<Self>) {
            self.look_around();
        }
    }

    impl Drop for Nosy {
        fn drop(&mut self) {
            self.look_around();
        }
    }

    let semaphore = Arc::new(Semaphore::new(1));
    let nosy = || Waker::from(Arc::new(Nosy(Arc::clone(&semaphore))));
    let held = semaphore.acquire();
    let mut quitter = semaphore.acquire_async();
    assert!(poll(&mut quitter, &nosy()).is_none());
    // The first waker is dropped here, the second with the quitter.
    assert!(poll(&mut quitter, &nosy()).is_none());
    let mut served = semaphore.acquire_async();
    assert!(poll(&mut served, &nosy()).is_none());
    drop(quitter);
    drop(held);
    assert!(poll(&mut served, &nosy()).is_some());
}

#[test]
fn the_last_waker_counts() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.acquire();
    let (old, new) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut acquire = semaphore.acquire_async();
    for count in [&old, &new] {
        let count = Arc::clone(count);
        let waker = waker(move || {
            count.fetch_add(1, SeqCst);
        });
        assert!(poll(&mut acquire, &waker).is_none());
    }
    drop(held);
    assert_eq!((old.load(SeqCst), new.load(SeqCst)), (0, 1));
}

#[test]
fn timeouts() {
    let semaphore = Semaphore::new(1);
    // There is no need to wait.
    drop(semaphore.acquire_timeout(Duration::ZERO).unwrap());
    drop(semaphore.acquire_deadline(Instant::now()).unwrap());
    drop(semaphore.acquire_timeout(Duration::MAX).unwrap());
    let held = semaphore.acquire();
    let start = Instant::now();
    assert!(semaphore.acquire_timeout(SHORT).is_none());
    assert!(start.elapsed() >= SHORT);
    assert!(semaphore.acquire_deadline(Instant::now()).is_none());
    assert_eq!(semaphore.waiting(), 0);
    drop(held);
    assert_eq!(semaphore.available(), 1);
}

#[test]
fn waiting_in_slices_keeps_the_place() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.acquire();
    let mut first = semaphore.acquire_async();
    assert!(first.wait_deadline(passed()).is_none());
    let mut second = queued(&semaphore);
    assert!(first.wait_deadline(passed()).is_none());
    drop(held);
    assert!(look(&mut second).is_none());
    drop(first.wait_deadline(passed()).unwrap());
    assert!(look(&mut second).is_some());
}

#[test]
fn blocked_thread_is_woken() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.acquire();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| semaphore.acquire_timeout(LONG).is_some());
        until(|| semaphore.waiting() == 1);
        drop(held);
        assert!(waiter.join().unwrap());
    });
    assert_eq!(semaphore.available(), 1);
}

/// The child has the permits of its parent, and nobody in line.
#[cfg(unix)]
#[test]
fn line_stays_behind_at_a_fork() {
    let semaphore = Semaphore::new(1);
    semaphore.acquire().forget();
    let counts = || (semaphore.available(), semaphore.waiting());
    let release = || semaphore.release().is_ok();
    // Stands for a thread that the child does not have.
    let stranger = queued(&semaphore);
    let mut ours = queued(&semaphore);
    assert!(in_child(|| counts() == (0, 0)
        && release()
        && counts() == (1, 0)
        && !release()));
    assert!(in_child(|| release()
        && look(&mut ours).is_some()
        && counts() == (1, 0)));
    // It joins the line anew.
    assert!(in_child(|| {
        let queued = look(&mut ours).is_none() && counts() == (0, 1);
        queued && release() && look(&mut ours).is_some()
    }));
    assert_eq!(counts(), (0, 2));
    assert!(in_child(|| {
        drop(ours);
        counts() == (0, 0) && release() && counts() == (1, 0)
    }));
    drop(stranger);
}

#[test]
fn debug_output() {
    let semaphore = Semaphore::new(3);
    let _permit = semaphore.acquire();
    let expected = "Semaphore { available: 2, limit: 3, .. }";
    assert_eq!(format!("{semaphore:?}"), expected);
}

/// Threads wait, give up, and leave just after they were served: there are never more inside than there
/// are permits, and in the end all permits are there.
#[test]
fn stress() {
    const PERMITS: usize = 2;
    let semaphore = Semaphore::new(PERMITS);
    let (inside, acquired) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let enter = |permit: Permit<'_>| {
        assert!(inside.fetch_add(1, SeqCst) < PERMITS);
        acquired.fetch_add(1, SeqCst);
        thread::yield_now();
        inside.fetch_sub(1, SeqCst);
        drop(permit);
    };
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| (0..ROUNDS).for_each(|_| enter(semaphore.acquire())));
        }
        scope.spawn(|| {
            for round in 0..ROUNDS {
                let timeout = Duration::from_micros(round as u64 % 50);
                semaphore
                    .acquire_timeout(timeout)
                    .into_iter()
                    .for_each(enter);
            }
        });
        scope.spawn(|| {
            for _ in 0..ROUNDS {
                let mut quitter = semaphore.acquire_async();
                let permit = look(&mut quitter);
                thread::yield_now();
                drop(permit);
            }
        });
    });
    assert!(acquired.load(SeqCst) >= 3 * ROUNDS);
    assert_eq!((semaphore.available(), semaphore.waiting()), (PERMITS, 0));
}

/// The wakers of tasks reach their thread through a channel, as an event loop's do.
#[test]
fn tasks_in_two_loops() {
    let semaphore = Arc::new(Semaphore::new(1));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let (ready, next) = mpsc::channel();
                let mut tasks: Vec<_> = (0..50).map(|_| semaphore.acquire_async()).collect();
                (0..50).for_each(|n| ready.send(n).unwrap());
                let mut done = 0;
                while done < 50 {
                    let n: usize = next.recv_timeout(LONG).expect("a lost wake-up");
                    let ready = ready.clone();
                    let waker = waker(move || ready.send(n).unwrap());
                    done += usize::from(poll(&mut tasks[n], &waker).is_some());
                }
            });
        }
    });
    assert_eq!(semaphore.available(), 1);
}

#[derive(Clone, Debug)]
enum Step {
    TryAcquire,
    Release,
    /// A new acquisition joins the line.
    Join,
    /// One of those in line looks whether it was served.
    Look(usize),
    Leave(usize),
}

/// What a semaphore should do, in the simplest way.
#[derive(Default)]
struct Model {
    limit: usize,
    free: usize,
    line: VecDeque<usize>,
    served: HashSet<usize>,
}

impl Model {
    fn take(&mut self) -> bool {
        let is_free = self.free > 0;
        self.free -= usize::from(is_free);
        is_free
    }

    fn release(&mut self) -> bool {
        if self.free == self.limit {
            return false;
        }
        match self.line.pop_front() {
            Some(first) => drop(self.served.insert(first)),
            None => self.free += 1,
        }
        true
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn as_the_model(
        limit in 1_usize..4,
        steps in prop::collection::vec(prop_oneof![
            Just(Step::TryAcquire),
            Just(Step::Release),
            Just(Step::Join),
            any::<usize>().prop_map(Step::Look),
            any::<usize>().prop_map(Step::Leave),
        ], 0..100),
    ) {
        let semaphore = Semaphore::new(limit);
        let mut model = Model { limit, free: limit, ..Model::default() };
        let mut tasks = HashMap::new();
        let mut ids = Vec::new();
        for (id, step) in steps.into_iter().enumerate() {
            match step {
                Step::TryAcquire => {
                    let permit = semaphore.try_acquire().map(Permit::forget);
                    prop_assert_eq!(permit.is_some(), model.take());
                }
                Step::Release => {
                    prop_assert_eq!(semaphore.release().is_ok(), model.release());
                }
                Step::Join => {
                    let mut task = semaphore.acquire_async();
                    let permit = look(&mut task).map(Permit::forget);
                    prop_assert_eq!(permit.is_some(), model.take());
                    if permit.is_none() {
                        model.line.push_back(id);
                        tasks.insert(id, task);
                        ids.push(id);
                    }
                }
                Step::Look(n) if !ids.is_empty() => {
                    let n = n % ids.len();
                    let id = ids[n];
                    let permit = look(tasks.get_mut(&id).unwrap()).map(Permit::forget);
                    prop_assert_eq!(permit.is_some(), model.served.remove(&id));
                    if permit.is_some() {
                        tasks.remove(&id);
                        ids.remove(n);
                    }
                }
                Step::Leave(n) if !ids.is_empty() => {
                    let id = ids.remove(n % ids.len());
                    tasks.remove(&id);
                    model.line.retain(|&other| other != id);
                    if model.served.remove(&id) {
                        model.release();
                    }
                }
                Step::Look(_) | Step::Leave(_) => {}
            }
            prop_assert_eq!(semaphore.available(), model.free);
            prop_assert_eq!(semaphore.waiting(), model.line.len());
        }
    }
}
