//! Jobs of all kinds, their panics, and the end of a pool.

use ft_sync::{Event, Interrupt, interruptible, is_interrupted};
use ft_test_support::{Drops, start_together, until};
use ft_work_stealing::{Hooks, Pool, Queued, SpawnError, StartError, WorkerThread};
use std::{
    any::Any,
    future::ready,
    mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock, Weak,
        atomic::{
            AtomicBool, AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

fn fibonacci(pool: &Pool, n: u32) -> u64 {
    if n < 2 {
        return n.into();
    }
    let (a, b) = pool.join(|| fibonacci(pool, n - 1), || fibonacci(pool, n - 2));
    a + b
}

fn message(panic: Box<dyn Any + Send>) -> &'static str {
    panic.downcast_ref::<&str>().copied().unwrap_or("no text")
}

#[test]
fn nested_joins() {
    for workers in [1, 2, 5] {
        assert_eq!(fibonacci(&Pool::new(workers), 18), 2_584);
    }
}

#[test]
fn joins_from_many_threads() {
    let pool = Pool::new(3);
    let sums = start_together(6, |_| fibonacci(&pool, 13));
    assert_eq!(sums, [233; 6]);
}

#[test]
fn scopes_borrow_and_nest() {
    let pool = Pool::new(3);
    let (sum, numbers) = (AtomicUsize::new(0), [1, 2, 3, 4]);
    let returned = pool.scope(|scope| {
        for number in &numbers {
            let sum = &sum;
            scope.spawn(move || {
                scope.spawn(move || {
                    sum.fetch_add(*number, Relaxed);
                });
                sum.fetch_add(10 * number, Relaxed);
            });
        }
        "returned"
    });
    assert_eq!((returned, sum.into_inner()), ("returned", 110));
}

#[test]
fn a_scope_inside_a_job_of_another() {
    let (pool, count) = (Pool::new(2), AtomicUsize::new(0));
    pool.scope(|outer| {
        for _ in 0..20 {
            outer.spawn(|| {
                pool.scope(|inner| {
                    for _ in 0..5 {
                        inner.spawn(|| {
                            count.fetch_add(1, Relaxed);
                        });
                    }
                });
            });
        }
    });
    assert_eq!(count.into_inner(), 100);
}

/// A thread that is no worker adds to a scope.
#[test]
fn a_scope_is_shared_with_a_thread() {
    let (pool, count) = (Pool::new(1), AtomicUsize::new(0));
    pool.scope(|scope| {
        thread::scope(|threads| {
            threads.spawn(|| {
                scope.spawn(|| {
                    count.fetch_add(1, Relaxed);
                });
            });
        });
    });
    assert_eq!(count.into_inner(), 1);
}

#[test]
fn panics_reach_the_caller() {
    let pool = Pool::new(2);
    let caught = |f: &(dyn Fn() + Sync)| {
        let panic = catch_unwind(AssertUnwindSafe(f)).expect_err("it panics");
        message(panic)
    };
    assert_eq!(
        caught(&|| pool.install(|| panic!("installed"))),
        "installed"
    );
    assert_eq!(caught(&|| pool.join(|| panic!("left"), || ()).1), "left");
    assert_eq!(caught(&|| pool.join(|| (), || panic!("right")).0), "right");
    let both = || pool.join(|| panic!("left"), || panic!("right")).0;
    assert_eq!(caught(&both), "left");
    let body = || pool.scope(|_| panic!("body"));
    assert_eq!(caught(&body), "body");
    let ran = AtomicUsize::new(0);
    let job = || {
        pool.scope(|scope| {
            scope.spawn(|| panic!("job"));
            for _ in 0..10 {
                scope.spawn(|| {
                    ran.fetch_add(1, Relaxed);
                });
            }
        });
    };
    assert_eq!(caught(&job), "job");
    // The others went on, and so does the pool.
    assert_eq!(ran.load(Relaxed), 10);
    assert_eq!(fibonacci(&pool, 10), 55);
}

/// The half that is stolen panics.
#[test]
fn a_stolen_half_panics() {
    let pool = Pool::new(2);
    let stolen = AtomicBool::new(false);
    let both = || {
        pool.join(
            || until(|| stolen.load(SeqCst)),
            || {
                stolen.store(true, SeqCst);
                panic!("stolen");
            },
        )
    };
    let panic = catch_unwind(AssertUnwindSafe(|| both().0)).expect_err("it panics");
    assert_eq!(message(panic), "stolen");
}

#[test]
fn jobs_from_outside() {
    const THREADS: usize = 16;
    const JOBS: usize = 1_000;
    let (pool, drops) = (Pool::new(4), Drops::default());
    let ran = Arc::new(AtomicUsize::new(0));
    start_together(THREADS, |_| {
        for _ in 0..JOBS {
            let (ran, value) = (Arc::clone(&ran), drops.value());
            let job = move || {
                ran.fetch_add(1, Relaxed);
                drop(value);
            };
            pool.spawn(job).unwrap();
        }
    });
    drop(pool);
    assert_eq!(ran.load(SeqCst), THREADS * JOBS);
    assert_eq!((drops.count(), drops.alive()), (THREADS * JOBS, 0));
}

/// One worker takes what comes from outside in its order.
#[test]
fn first_come_first_served() {
    let (pool, (sender, receiver)) = (Pool::new(1), mpsc::channel());
    for n in 0..200 {
        let sender = sender.clone();
        pool.spawn(move || sender.send(n).unwrap()).unwrap();
    }
    drop(sender);
    assert!(receiver.into_iter().eq(0..200));
}

/// Jobs that spawn jobs for ever do not keep others waiting.
#[test]
fn injected_jobs_get_a_turn() {
    fn again(pool: &Arc<Pool>, stop: &Arc<AtomicBool>) {
        if !stop.load(SeqCst) {
            let (next, stop) = (Arc::clone(pool), Arc::clone(stop));
            pool.spawn(move || again(&next, &stop)).unwrap();
        }
    }
    let (pool, stop) = (Arc::new(Pool::new(1)), Arc::new(AtomicBool::new(false)));
    again(&pool, &stop);
    let other = Arc::clone(&stop);
    pool.spawn(move || other.store(true, SeqCst)).unwrap();
    until(|| stop.load(SeqCst));
    pool.shut_down(Queued::Finish);
    pool.wait();
}

#[test]
fn workers_start_on_demand() {
    let pool = Pool::new(3);
    assert_eq!(pool.workers(), 0);
    let (busy, free) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    for most in 1..=5 {
        let (theirs, free) = (Arc::clone(&busy), Arc::clone(&free));
        let job = move || {
            theirs.fetch_add(1, SeqCst);
            until(|| free.load(SeqCst));
        };
        pool.spawn(job).unwrap();
        until(|| busy.load(SeqCst) == most.min(3));
    }
    assert_eq!((pool.workers(), pool.most_workers()), (3, 3));
    free.store(true, SeqCst);
}

#[test]
fn dropped_while_busy() {
    let (pool, ran) = (Pool::new(2), Arc::new(AtomicUsize::new(0)));
    for _ in 0..100 {
        let ran = Arc::clone(&ran);
        let job = move || {
            thread::yield_now();
            ran.fetch_add(1, SeqCst);
        };
        pool.spawn(job).unwrap();
    }
    drop(pool);
    assert_eq!(ran.load(SeqCst), 100);
}

#[test]
fn queued_jobs_are_dropped() {
    let (pool, drops) = (Pool::new(1), Drops::default());
    let (started, free) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(false)),
    );
    let (theirs, wait) = (Arc::clone(&started), Arc::clone(&free));
    let first = move || {
        theirs.store(true, SeqCst);
        until(|| wait.load(SeqCst));
    };
    pool.spawn(first).unwrap();
    until(|| started.load(SeqCst));
    for _ in 0..50 {
        let value = drops.value();
        pool.spawn(move || unreachable!("{}", drop_later(&value)))
            .unwrap();
    }
    thread::scope(|threads| {
        // Somebody waits for this one, so it runs.
        let waited = threads.spawn(|| catch_unwind(AssertUnwindSafe(|| pool.install(|| 7))));
        pool.shut_down(Queued::Drop);
        assert_eq!(drops.alive(), 0);
        free.store(true, SeqCst);
        // It may have come too late.
        assert!(waited.join().unwrap().map_or(true, |seven| seven == 7));
    });
    assert!(matches!(pool.spawn(|| ()), Err(SpawnError::ShutDown)));
    pool.wait();
    assert_eq!(pool.workers(), 0);
}

fn drop_later<T>(_: &T) -> &'static str {
    "it does not run"
}

#[test]
fn dropped_without_waiting() {
    let (pool, (sender, receiver)) = (Pool::new(1), mpsc::channel());
    let free = Arc::new(AtomicBool::new(false));
    let wait = Arc::clone(&free);
    let job = move || {
        until(|| wait.load(SeqCst));
        sender.send(7).unwrap();
    };
    pool.spawn(job).unwrap();
    pool.drop_without_waiting();
    free.store(true, SeqCst);
    assert_eq!(receiver.recv(), Ok(7));
}

/// Jobs may add jobs after the pool was shut down.
#[test]
fn running_jobs_add_jobs_at_the_end() {
    let pool = Arc::new(Pool::new(2));
    let ran = Arc::new(AtomicUsize::new(0));
    let (inner, count, free) = (
        Arc::clone(&pool),
        Arc::clone(&ran),
        Arc::new(AtomicBool::new(false)),
    );
    let wait = Arc::clone(&free);
    pool.spawn(move || {
        until(|| wait.load(SeqCst));
        for _ in 0..10 {
            let count = Arc::clone(&count);
            inner
                .spawn(move || {
                    count.fetch_add(1, SeqCst);
                })
                .unwrap();
        }
    })
    .unwrap();
    pool.shut_down(Queued::Finish);
    free.store(true, SeqCst);
    pool.wait();
    assert_eq!(ran.load(SeqCst), 10);
}

/// The last owner of a pool is one of its jobs.
#[test]
fn dropped_by_its_own_job() {
    let (pool, (sender, receiver)) = (Arc::new(Pool::new(1)), mpsc::channel());
    let (inner, started) = (Arc::clone(&pool), Arc::new(AtomicBool::new(false)));
    let wait = Arc::clone(&started);
    pool.spawn(move || {
        until(|| wait.load(SeqCst));
        drop(inner);
        sender.send(()).unwrap();
    })
    .unwrap();
    drop(pool);
    started.store(true, SeqCst);
    receiver.recv().unwrap();
}

/// The only worker waits for a job that is queued behind it.
#[test]
fn help_while_waiting() {
    let (pool, seven) = (Arc::new(Pool::new(1)), Arc::new(Mutex::new(None)));
    let (inner, slot) = (Arc::clone(&pool), Arc::clone(&seven));
    pool.install(move || {
        let event = Arc::new(ft_sync::Event::new());
        let (theirs, place) = (Arc::clone(&event), Arc::clone(&slot));
        let set = move || {
            *place.lock().unwrap() = Some(7);
            theirs.notify_all();
        };
        inner.spawn(set).unwrap();
        let seen = Pool::help_until(&event, None, || *slot.lock().unwrap());
        assert_eq!(seen, Some(7));
        let past = Some(Instant::now());
        assert_eq!(Pool::help_until(&event, past, || None::<()>), None);
        let soon = Some(Instant::now() + Duration::from_millis(5));
        assert_eq!(Pool::help_until(&event, soon, || None::<()>), None);
    });
    assert!(!pool.is_worker() && pool.install(|| pool.is_worker()));
}

/// A worker of one pool uses another, and helps its own meanwhile.
#[test]
fn two_pools() {
    let (left, right) = (Arc::new(Pool::new(1)), Pool::new(1));
    let sum = left.install(|| right.install(|| left.install(|| 7) + fibonacci(&right, 8)));
    assert_eq!(sum, 28);
}

/// Counts what it is told.
#[derive(Default)]
struct Counts {
    started: AtomicUsize,
    ended: AtomicUsize,
    parked: AtomicUsize,
    panics: AtomicUsize,
    /// Starts to refuse.
    refuse: AtomicUsize,
}

struct Counting(Arc<Counts>);

impl Hooks for Counting {
    fn start(&self, thread: WorkerThread) -> Result<(), StartError> {
        let fewer = |n: usize| n.checked_sub(1);
        if self.0.refuse.fetch_update(SeqCst, SeqCst, fewer).is_ok() {
            return Err("no threads".into());
        }
        thread::spawn(|| thread.run());
        Ok(())
    }

    fn started(&self, _worker: usize) {
        self.0.started.fetch_add(1, SeqCst);
    }

    fn ended(&self, _worker: usize) {
        self.0.ended.fetch_add(1, SeqCst);
    }

    fn park(&self, wait: &mut (dyn FnMut() + Send)) {
        self.0.parked.fetch_add(1, SeqCst);
        wait();
    }

    fn panicked(&self, payload: Box<dyn Any + Send>) {
        assert_eq!(message(payload), "spawned");
        self.0.panics.fetch_add(1, SeqCst);
    }
}

#[test]
fn hooks_are_called() {
    let counts = Arc::new(Counts::default());
    let pool = Pool::with_hooks(1, Counting(Arc::clone(&counts)));
    pool.spawn(|| panic!("spawned")).unwrap();
    until(|| counts.parked.load(SeqCst) > 0);
    assert_eq!(fibonacci(&pool, 5), 5);
    drop(pool);
    let seen = [&counts.started, &counts.ended, &counts.panics].map(|it| it.load(SeqCst));
    assert_eq!(seen, [1, 1, 1]);
}

#[test]
fn no_thread_can_be_started() {
    let (counts, drops) = (Arc::new(Counts::default()), Drops::default());
    counts.refuse.store(2, SeqCst);
    let pool = Pool::with_hooks(2, Counting(Arc::clone(&counts)));
    let value = drops.value();
    let err = pool.spawn(move || drop(value)).unwrap_err();
    assert_eq!(err.to_string(), "no worker could be started");
    assert_eq!(
        std::error::Error::source(&err).unwrap().to_string(),
        "no threads"
    );
    assert_eq!((pool.workers(), drops.alive()), (0, 0));
    catch_unwind(AssertUnwindSafe(|| pool.install(|| ()))).expect_err("it panics");
    // One is enough for the rest.
    assert_eq!(pool.install(|| 7), 7);
}

/// Leaves its threads to the test, and panics when the first one begins.
#[derive(Default)]
struct Failing {
    threads: Mutex<Vec<WorkerThread>>,
    begun: AtomicUsize,
}

struct Shared(Arc<Failing>);

impl Hooks for Shared {
    fn start(&self, thread: WorkerThread) -> Result<(), StartError> {
        self.0.threads.lock().unwrap().push(thread);
        Ok(())
    }

    fn started(&self, _worker: usize) {
        assert!(self.0.begun.fetch_add(1, SeqCst) > 0, "a hook fails");
    }
}

/// The thread that catches the panic is again what it was: here, a worker of another pool.
#[test]
fn a_hook_panics() {
    let (failing, drops) = (Arc::new(Failing::default()), Drops::default());
    let pool = Pool::with_hooks(1, Shared(Arc::clone(&failing)));
    let spawn = || {
        let value = drops.value();
        pool.spawn(move || drop(value)).unwrap();
    };
    spawn();
    let next = || failing.threads.lock().unwrap().pop();
    let thread = next().unwrap();
    let outer = Pool::new(1);
    outer.install(|| {
        catch_unwind(AssertUnwindSafe(|| thread.run())).expect_err("the hook panics");
        assert!(outer.is_worker() && !pool.is_worker());
    });
    spawn();
    let thread = next().unwrap();
    let thread = thread::spawn(|| thread.run());
    drop(pool);
    thread.join().unwrap();
    assert_eq!(drops.alive(), 0);
}

/// Adds a job while it fails to start the first worker.
struct Adding {
    pool: Arc<OnceLock<Weak<Pool>>>,
    job: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Hooks for Adding {
    fn start(&self, _thread: WorkerThread) -> Result<(), StartError> {
        let pool = self.pool.get().and_then(Weak::upgrade).unwrap();
        if let Some(job) = self.job.lock().unwrap().take() {
            pool.spawn(job).unwrap();
        }
        Err("no threads".into())
    }
}

/// A job that counts on a worker that is about to start is dropped if that fails.
#[test]
fn added_during_a_start_that_fails() {
    let (drops, itself) = (Drops::default(), Arc::new(OnceLock::new()));
    let job = || {
        let value = drops.value();
        move || drop(value)
    };
    let hooks = Adding {
        pool: Arc::clone(&itself),
        job: Mutex::new(Some(Box::new(job()))),
    };
    let pool = Arc::new(Pool::with_hooks(1, hooks));
    itself.set(Arc::downgrade(&pool)).unwrap();
    assert!(pool.spawn(job()).is_err());
    assert_eq!((pool.workers(), drops.alive()), (0, 0));
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        resume_unwind(Box::new("bomb"));
    }
}

/// Of two panics the second is dropped, which may panic. The scope ends nevertheless.
#[test]
fn a_panic_panics_when_it_is_dropped() {
    let pool = Pool::new(1);
    let scope = || {
        pool.scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| resume_unwind(Box::new(Bomb)));
            }
        });
    };
    let first = catch_unwind(AssertUnwindSafe(scope)).expect_err("it panics");
    assert!(first.is::<Bomb>());
    mem::forget(first);
    assert_eq!(fibonacci(&pool, 10), 55);
}

struct Throwing;

impl Hooks for Throwing {
    fn panicked(&self, _payload: Box<dyn Any + Send>) {
        resume_unwind(Box::new(Bomb));
    }
}

/// A worker survives a hook that panics with something that panics.
#[test]
fn the_hook_for_panics_panics() {
    let (pool, ran) = (
        Pool::with_hooks(1, Throwing),
        Arc::new(AtomicBool::new(false)),
    );
    pool.spawn(|| resume_unwind(Box::new("spawned"))).unwrap();
    let theirs = Arc::clone(&ran);
    pool.spawn(move || theirs.store(true, SeqCst)).unwrap();
    until(|| ran.load(SeqCst));
    assert_eq!(pool.workers(), 1);
}

/// A job that panics when it is dropped hinders no other one: neither those that are dropped, too, nor
/// those for which somebody waits.
#[test]
fn a_queued_job_panics_when_it_is_dropped() {
    let (counts, drops) = (Arc::new(Counts::default()), Drops::default());
    let pool = Arc::new(Pool::with_hooks(1, Counting(Arc::clone(&counts))));
    let ran = AtomicBool::new(false);
    pool.install(|| {
        pool.scope(|scope| {
            scope.spawn(|| ran.store(true, SeqCst));
            let bomb = Spawned;
            pool.spawn(move || drop(bomb)).unwrap();
            let value = drops.value();
            pool.spawn(move || drop(value)).unwrap();
            pool.shut_down(Queued::Drop);
            assert_eq!(drops.alive(), 0);
        });
    });
    assert!(ran.load(SeqCst));
    assert_eq!(counts.panics.load(SeqCst), 1);
    pool.wait();
}

/// Panics when it is dropped, with what [`Counting`] expects.
struct Spawned;

impl Drop for Spawned {
    fn drop(&mut self) {
        resume_unwind(Box::new("spawned"));
    }
}

/// Both jobs run at once, so that each must have a worker.
fn two_at_once(pool: &Pool) {
    let met = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        let met = Arc::clone(&met);
        let job = move || {
            met.fetch_add(1, SeqCst);
            until(|| met.load(SeqCst) == 2);
        };
        pool.spawn(job).unwrap();
    }
    until(|| met.load(SeqCst) == 2);
}

/// A worker whose wait panics no longer counts as one that looks for jobs.
#[test]
fn a_wait_panics() {
    let pool = Pool::new(2);
    pool.install(|| {
        let (event, mut looks) = (Event::new(), 0);
        let third = || {
            looks += 1;
            if looks == 3 {
                resume_unwind(Box::new("third"));
            }
            None::<()>
        };
        let wait = || Pool::help_until(&event, None, third);
        let panic = catch_unwind(AssertUnwindSafe(wait)).expect_err("it panics");
        assert_eq!(message(panic), "third");
    });
    two_at_once(&pool);
}

/// Does not let the first worker begin.
#[derive(Default)]
struct Stillborn(AtomicBool);

impl Hooks for Stillborn {
    fn started(&self, _worker: usize) {
        if !self.0.swap(true, SeqCst) {
            resume_unwind(Box::new("stillborn"));
        }
    }
}

/// Nor does a worker count that a hook has ended.
#[test]
fn a_hook_ends_a_worker() {
    let pool = Pool::with_hooks(2, Stillborn::default());
    pool.spawn(|| ()).unwrap();
    until(|| pool.workers() == 0);
    two_at_once(&pool);
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

fn interrupted<T>(wait: impl FnOnce() -> T) -> T {
    interruptible(Arc::new(Raised), wait)
}

/// The job is on the stack of the thread that waits.
#[test]
fn no_interrupt_ends_the_wait_for_a_job() {
    let pool = Pool::new(2);
    let slow = || (0..2_000).for_each(|_| thread::yield_now());
    interrupted(|| pool.install(slow));
    pool.install(|| interrupted(|| pool.join(slow, slow)));
    pool.install(|| interrupted(|| pool.scope(|scope| scope.spawn(slow))));
}

/// An interrupt ends a wait for anything else, but not those of the jobs that run meanwhile.
#[test]
fn an_interrupt_ends_help() {
    let pool = Pool::new(1);
    let nothing = || Pool::help_until(&Event::new(), None, || None::<()>);
    assert_eq!(interrupted(nothing), None);
    assert_eq!(pool.install(|| interrupted(nothing)), None);
    pool.install(|| {
        let seen = Arc::new(Mutex::new(None));
        let theirs = Arc::clone(&seen);
        let look = move || *theirs.lock().unwrap() = Some(is_interrupted());
        pool.spawn(look).unwrap();
        // It is raised after the job.
        interruptible(Arc::new(Later(Arc::clone(&seen))), || {
            assert_eq!(nothing(), None);
            assert!(is_interrupted());
        });
        assert_eq!(*seen.lock().unwrap(), Some(false));
    });
}

/// An interrupt that is raised when there is a value.
struct Later(Arc<Mutex<Option<bool>>>);

impl Interrupt for Later {
    fn is_raised(&self) -> bool {
        self.0.lock().unwrap().is_some()
    }

    fn raised(&self) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(ready(()))
    }
}

/// A worker lasts as long as its pool.
#[test]
fn no_interrupt_ends_a_worker() {
    let failing = Arc::new(Failing::default());
    failing.begun.store(1, SeqCst);
    let pool = Pool::with_hooks(1, Shared(Arc::clone(&failing)));
    pool.spawn(|| ()).unwrap();
    let thread = failing.threads.lock().unwrap().pop().unwrap();
    let worker = thread::spawn(|| interrupted(|| thread.run()));
    for n in 0..20 {
        assert_eq!(pool.install(|| n), n);
    }
    assert_eq!(pool.workers(), 1);
    drop(pool);
    worker.join().unwrap();
}
