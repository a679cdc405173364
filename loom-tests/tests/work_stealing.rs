//! Models of `ft-work-stealing`. Its deques and its list of workers are stand-ins here.
#![cfg(ft_loom)]

use ft_sync::{
    Arc, Event,
    atomic::{
        AtomicUsize,
        Ordering::{Acquire, Relaxed, Release},
    },
    thread,
};
use ft_work_stealing::{Hooks, Pool, Queued, StartError, WorkerThread};
use loom_tests::{
    check, check_with_one_preemption, check_with_preemptions,
    data::{Counted, Data},
    threads::pair,
};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{OnceLock, Weak},
};

fn end(pool: &Pool) {
    pool.shut_down(Queued::Finish);
    pool.wait();
}

/// A worker that is about to sleep, or asleep, gets the job, and sees what was written before. So
/// does the thread that waits for the pool.
#[test]
fn a_push_wakes() {
    check(|| {
        let pool = Pool::new(1);
        let (theirs, ours) = pair([0, 0].map(Data::new));
        pool.spawn(|| ()).unwrap();
        ours[0].write(7);
        pool.spawn(move || theirs[1].write(theirs[0].read()))
            .unwrap();
        end(&pool);
        assert_eq!(ours[1].read(), 7);
    });
}

/// A job that comes from another thread while the pool is shut down is refused, or has run when
/// the pool is over.
#[test]
fn no_job_is_lost_at_the_end() {
    check(|| {
        let (theirs, ours) = pair((Pool::new(1), Arc::new(AtomicUsize::new(0))));
        let pusher = thread::spawn(move || {
            let ran = Arc::clone(&theirs.1);
            // Relaxed: the pool has to order it.
            let job = move || {
                ran.fetch_add(1, Relaxed);
            };
            usize::from(theirs.0.spawn(job).is_ok())
        });
        end(&ours.0);
        // Relaxed: as above.
        let ran = ours.1.load(Relaxed);
        assert_eq!(ran, pusher.join().unwrap());
    });
}

/// Workers that look for the same jobs while the pool is shut down all end.
#[test]
fn all_workers_end() {
    check_with_one_preemption(|| {
        let pool = Pool::new(2);
        pool.spawn(|| ()).unwrap();
        pool.spawn(|| ()).unwrap();
        end(&pool);
    });
}

/// A job begins, a worker has found nothing, and the job has done something: one after the other.
struct Steps(AtomicUsize, Event);

impl Steps {
    fn take(&self, step: usize) {
        self.0.store(step, Release);
        self.1.notify_all();
    }

    fn wait_for(&self, step: usize) {
        // Acquire: pairs with the Release in `take`.
        let is_there = || (self.0.load(Acquire) >= step).then_some(());
        self.1.wait_until(None, is_there);
    }
}

struct Stepping(Arc<Steps>);

impl Hooks for Stepping {
    fn park(&self, wait: &mut (dyn FnMut() + Send)) {
        // Acquire: as above.
        if self.0.0.load(Acquire) == 1 {
            self.0.take(2);
            self.0.wait_for(3);
        }
        wait();
    }
}

/// A worker that sees the last job, but finds it taken, sleeps. The end of the one that has taken it
/// wakes it.
#[test]
fn the_last_job_is_taken_by_another() {
    check(|| {
        let steps = Arc::new(Steps(AtomicUsize::new(0), Event::new()));
        let pool = Arc::new(Pool::with_hooks(2, Stepping(Arc::clone(&steps))));
        let (theirs, begun) = (Arc::clone(&pool), Arc::clone(&steps));
        let adds = move || {
            steps.take(1);
            steps.wait_for(2);
            // Now the other worker has found nothing, and will look a last time.
            theirs.shut_down(Queued::Finish);
            theirs.spawn(|| ()).unwrap();
            steps.take(3);
        };
        pool.spawn(adds).unwrap();
        // For the other worker.
        pool.spawn(move || begun.wait_for(1)).unwrap();
        pool.wait();
    });
}

/// The thief's half sees what was written before, and its owner, which need not sleep, sees what it
/// has written.
#[test]
fn a_stolen_half_is_over() {
    check_with_one_preemption(|| {
        let pool = Pool::new(2);
        pool.install(|| {
            let data = [7, 0].map(Data::new);
            let stolen = || data[1].write(data[0].read());
            pool.join(thread::yield_now, stolen);
            assert_eq!(data[1].read(), 7);
        });
        end(&pool);
    });
}

/// A thread that is no worker sees what a worker did for it.
#[test]
fn the_outside_sees_the_inside() {
    check(|| {
        let pool = Pool::new(1);
        let data = Data::new(0);
        pool.install(|| data.write(7));
        assert_eq!(data.read(), 7);
        end(&pool);
    });
}

/// An owner that sleeps is woken by the end of the stolen half.
#[test]
fn a_stolen_half_wakes_its_owner() {
    check_with_one_preemption(|| {
        let pool = Pool::new(2);
        let slow = || {
            thread::yield_now();
            8
        };
        assert_eq!(pool.join(thread::yield_now, slow).1, 8);
        end(&pool);
    });
}

/// The jobs of a scope are over when it ends, with all that they wrote.
#[test]
fn scopes_wait() {
    check_with_one_preemption(|| {
        let pool = Pool::new(2);
        let data = [0, 0].map(Data::new);
        pool.scope(|scope| {
            scope.spawn(|| data[0].write(7));
            thread::yield_now();
            // The worker that owns the scope reads it.
            data[1].write(8);
        });
        assert_eq!(data.each_ref().map(Data::read), [7, 8]);
        end(&pool);
    });
}

/// The worker that waits for a scope reads what its jobs wrote, at once.
#[test]
fn the_owner_of_a_scope_sees_its_jobs() {
    check_with_one_preemption(|| {
        let pool = Pool::new(2);
        pool.install(|| {
            let data = Data::new(0);
            pool.scope(|scope| {
                scope.spawn(|| data.write(7));
                thread::yield_now();
            });
            assert_eq!(data.read(), 7);
        });
        end(&pool);
    });
}

/// Two pushes while one worker searches: the second job is not left behind a first one that waits
/// for it.
#[test]
fn the_last_searcher_wakes_another() {
    check_with_one_preemption(|| {
        let pool = Pool::new(2);
        let opened = Arc::new((AtomicUsize::new(0), Event::new()));
        for _ in 0..2 {
            let ours = Arc::clone(&opened);
            let job = move || {
                ours.0.fetch_add(1, Release);
                ours.1.notify_all();
                // Each waits for the other, without helping.
                let both = || (ours.0.load(Acquire) == 2).then_some(());
                ours.1.wait_until(None, both);
            };
            pool.spawn(job).unwrap();
        }
        end(&pool);
    });
}

/// A worker that waits is woken by what it waits for, and by a job.
#[test]
fn help_is_woken() {
    check_with_one_preemption(|| {
        let pool = Arc::new(Pool::new(1));
        let opened = Arc::new((AtomicUsize::new(0), Event::new()));
        let theirs = Arc::clone(&opened);
        let waiting = move || {
            // Acquire: pairs with the Release below.
            let is_open = || (theirs.0.load(Acquire) == 1).then_some(());
            Pool::help_until(&theirs.1, None, is_open);
        };
        pool.spawn(waiting).unwrap();
        let opens = move || {
            opened.0.store(1, Release);
            opened.1.notify_all();
        };
        pool.spawn(opens).unwrap();
        end(&pool);
    });
}

/// Numbers the calls. This is std's on purpose: it is no part of the model.
#[derive(Default)]
struct Calls(std::sync::atomic::AtomicUsize);

impl Calls {
    fn count(&self) -> usize {
        self.0.fetch_add(1, Relaxed)
    }
}

/// The first worker starts, and no other one. While the second one fails to start, the first one does
/// the last job and sleeps, and then another job comes.
struct SecondFails {
    calls: Calls,
    steps: Arc<Steps>,
    pool: Arc<OnceLock<Weak<Pool>>>,
}

impl Hooks for SecondFails {
    fn start(&self, thread: WorkerThread) -> Result<(), StartError> {
        match self.calls.count() {
            0 => {
                thread::spawn(|| thread.run());
                return Ok(());
            }
            1 => {
                // The first worker may have taken its job, and not have begun it.
                self.steps.wait_for(1);
                self.steps.take(2);
                self.steps.wait_for(3);
                let last = Arc::clone(&self.steps);
                let pool = self.pool.get().and_then(Weak::upgrade).unwrap();
                pool.spawn(move || last.take(4)).unwrap();
            }
            _ => {}
        }
        Err("no thread".into())
    }

    fn park(&self, wait: &mut (dyn FnMut() + Send)) {
        // Acquire: as above.
        if self.steps.0.load(Acquire) == 2 {
            self.steps.take(3);
        }
        wait();
    }
}

/// A job that is added while a worker is about to start is not lost if the start fails.
#[test]
fn a_start_that_fails_excuses_no_sleeper() {
    check(|| {
        let steps = Arc::new(Steps(AtomicUsize::new(0), Event::new()));
        let itself = Arc::new(OnceLock::new());
        let hooks = SecondFails {
            calls: Calls::default(),
            steps: Arc::clone(&steps),
            pool: Arc::clone(&itself),
        };
        // This is std's on purpose: it has weak references.
        let pool = std::sync::Arc::new(Pool::with_hooks(2, hooks));
        itself.set(std::sync::Arc::downgrade(&pool)).unwrap();
        let first = Arc::clone(&steps);
        let waits = move || {
            first.take(1);
            first.wait_for(2);
        };
        pool.spawn(waits).unwrap();
        steps.wait_for(1);
        pool.spawn(|| ()).unwrap();
        steps.wait_for(4);
        end(&pool);
    });
}

/// The second worker, before it begins, waits for a job that it has added while the first one was about
/// to sleep, or asleep.
struct SecondWaits(Arc<Steps>, Arc<OnceLock<Weak<Pool>>>);

impl Hooks for SecondWaits {
    fn started(&self, worker: usize) {
        if worker == 1 {
            // The first worker may have taken its job, and not have begun it.
            self.0.wait_for(1);
            self.0.take(2);
            self.0.wait_for(3);
            let last = Arc::clone(&self.0);
            let pool = self.1.get().and_then(Weak::upgrade).unwrap();
            pool.spawn(move || last.take(4)).unwrap();
            self.0.wait_for(4);
        }
    }

    fn park(&self, wait: &mut (dyn FnMut() + Send)) {
        // Acquire: as above.
        if self.0.0.load(Acquire) == 2 {
            self.0.take(3);
        }
        wait();
    }
}

/// A worker that is about to start does not keep a job from one that sleeps.
#[test]
fn a_slow_start_hinders_nobody() {
    check_with_one_preemption(|| {
        let steps = Arc::new(Steps(AtomicUsize::new(0), Event::new()));
        let itself = Arc::new(OnceLock::new());
        let hooks = SecondWaits(Arc::clone(&steps), Arc::clone(&itself));
        // This is std's on purpose: it has weak references.
        let pool = std::sync::Arc::new(Pool::with_hooks(2, hooks));
        itself.set(std::sync::Arc::downgrade(&pool)).unwrap();
        let first = Arc::clone(&steps);
        let waits = move || {
            first.take(1);
            first.wait_for(2);
        };
        pool.spawn(waits).unwrap();
        steps.wait_for(1);
        pool.spawn(|| ()).unwrap();
        steps.wait_for(4);
        end(&pool);
    });
}

/// The first worker fails to start.
#[derive(Default)]
struct FirstFails(Calls);

impl Hooks for FirstFails {
    fn start(&self, thread: WorkerThread) -> Result<(), StartError> {
        if self.0.count() == 0 {
            return Err("no thread".into());
        }
        thread::spawn(|| thread.run());
        Ok(())
    }
}

/// A job that was added while another thread started the first worker, which failed, is not left
/// behind.
#[test]
fn a_start_that_fails_leaves_no_job() {
    check(|| {
        let (theirs, ours) = pair(Pool::with_hooks(1, FirstFails::default()));
        let dropped = Arc::new(AtomicUsize::new(0));
        let job = || {
            let value = Counted(Arc::clone(&dropped));
            move || drop(value)
        };
        let their_job = job();
        let other = thread::spawn(move || drop(theirs.spawn(their_job)));
        drop(ours.spawn(job()));
        other.join().unwrap();
        end(&ours);
        // Relaxed: the pool has to order it.
        assert_eq!(dropped.load(Relaxed), 2);
    });
}

/// Nor does the thread wait for ever that waits for such a job.
#[test]
fn a_start_that_fails_leaves_nobody_waiting() {
    check(|| {
        let (theirs, ours) = pair(Pool::with_hooks(1, FirstFails::default()));
        let other = thread::spawn(move || {
            let installed = catch_unwind(AssertUnwindSafe(|| theirs.install(|| 7)));
            assert!(installed.is_ok_and(|seven| seven == 7) || !theirs.is_worker());
        });
        drop(ours.spawn(|| ()));
        other.join().unwrap();
        end(&ours);
    });
}

/// While the only worker is started, and before there is a job for it, the pool is shut down, and
/// another thread begins to drop the queued jobs.
struct Dropping(Arc<OnceLock<Weak<Pool>>>, Calls);

impl Hooks for Dropping {
    fn start(&self, thread: WorkerThread) -> Result<(), StartError> {
        let pool = self.0.get().and_then(Weak::upgrade).unwrap();
        if self.1.count() == 0 {
            pool.shut_down(Queued::Finish);
            thread::spawn(move || pool.shut_down(Queued::Drop));
        }
        thread::spawn(|| thread.run());
        Ok(())
    }
}

/// A worker does not end while another thread has taken a job that it will put back.
#[test]
fn no_worker_ends_before_a_job_is_put_back() {
    check_with_preemptions(3, || {
        let itself = Arc::new(OnceLock::new());
        let hooks = Dropping(Arc::clone(&itself), Calls::default());
        let pool = std::sync::Arc::new(Pool::with_hooks(1, hooks));
        itself.set(std::sync::Arc::downgrade(&pool)).unwrap();
        assert_eq!(pool.install(|| 7), 7);
        pool.wait();
    });
}
