//! The pool.

use crate::{
    Hooks, NoHooks, Scope, SpawnError,
    abort::AbortOnUnwind,
    job::{HeapJob, StackJob},
    join,
    latch::OutsideLatch,
    runner::Runner,
    scope,
    shared::Shared,
    worker::Worker,
};
use ft_sync::{Event, atomic::Ordering::Acquire, uninterruptible};
use std::sync::Arc;
use std::{fmt, time::Instant};

/// What becomes of the jobs that are queued when a pool is shut down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queued {
    /// They run.
    Finish,
    /// Those of [`Pool::spawn`] are dropped. Others, for which somebody waits, run.
    Drop,
}

/// Threads that run jobs, and steal them from each other.
///
/// Workers start when there are more jobs than they can run, and stay until the pool is shut down.
/// A worker takes its own jobs in the reverse order, then those from outside in their order, then
/// those of other workers, the oldest first.
///
/// Dropping a pool shuts it down and waits until all jobs that are queued have run, unless that happens
/// in one of these: then the workers finish on their own, as after
/// [`drop_without_waiting`](Self::drop_without_waiting). To drop queued jobs instead, call
/// [`shut_down`](Self::shut_down) with [`Queued::Drop`] before.
///
/// ```
/// use ft_work_stealing::Pool;
/// use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
///
/// static RAN: AtomicUsize = AtomicUsize::new(0);
///
/// let pool = Pool::new(1);
/// for _ in 0..10 {
///     pool.spawn(|| {
///         RAN.fetch_add(1, Relaxed);
///     })
///     .unwrap();
/// }
/// drop(pool);
/// assert_eq!(RAN.load(Relaxed), 10);
/// ```
///
/// After a fork the child has the pool without its workers. It must forget the pool. If it is a job that
/// forks, it must not return in the child, where its worker would go on with copies of queued jobs.
pub struct Pool {
    shared: Arc<Shared>,
    /// Whether a drop waits.
    waits: bool,
}

impl Pool {
    /// Creates a pool of at most that many workers, at least one and at most 65,535.
    pub fn new(workers: usize) -> Self {
        Self::with_hooks(workers, NoHooks)
    }

    /// Creates a pool that calls hooks.
    pub fn with_hooks(workers: usize, hooks: impl Hooks) -> Self {
        Self {
            shared: Arc::new(Shared::new(workers, Box::new(hooks), Worker::work)),
            waits: true,
        }
    }

    /// Returns how many workers there may be.
    pub fn most_workers(&self) -> usize {
        self.shared.most()
    }

    /// Returns how many workers there are.
    pub fn workers(&self) -> usize {
        self.shared.started()
    }

    /// Tells whether the calling thread is a worker of this pool.
    pub fn is_worker(&self) -> bool {
        Worker::current(|worker| self.own(worker).is_some())
    }

    /// Adds a job that nobody waits for.
    ///
    /// # Errors
    ///
    /// [`SpawnError`] if the pool has been shut down, or has no worker and cannot start one. The job
    /// is dropped. Jobs of the pool itself can add jobs as long as they run.
    ///
    /// If another thread is starting the first worker at that moment, the job is added. It is dropped
    /// later if that worker cannot be started, and no other one has been.
    ///
    /// ```
    /// use ft_work_stealing::Pool;
    /// use std::sync::mpsc;
    ///
    /// let pool = Pool::new(2);
    /// let (sender, receiver) = mpsc::channel();
    /// pool.spawn(move || sender.send(7).unwrap()).unwrap();
    /// assert_eq!(receiver.recv(), Ok(7));
    /// ```
    pub fn spawn(&self, job: impl FnOnce() + Send + 'static) -> Result<(), SpawnError> {
        let job = HeapJob::spawned(move |_: &dyn Runner| job());
        Worker::current(|worker| match self.own(worker) {
            Some(worker) => {
                worker.push(job);
                Ok(())
            }
            None => self.shared.inject(job).map_err(|(err, job)| {
                // It is a job that can be discarded.
                let _ = job.discard(&*self.shared);
                err
            }),
        })
    }

    /// Runs `f` on a worker, and returns what it returns. On a worker of this pool it is a call. A
    /// worker of another pool runs jobs of its own one meanwhile.
    ///
    /// # Panics
    ///
    /// If `f` panics, with the same payload. If the pool has been shut down, or has no worker and
    /// cannot start one.
    pub fn install<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
        self.on_worker(|_| f())
    }

    /// Runs both functions, at the same time if another worker is free, and returns what both
    /// return.
    ///
    /// While a worker waits for its stolen half, it runs other jobs.
    ///
    /// # Panics
    ///
    /// As [`install`](Self::install), after both have ended; `b` may not have begun if `a` panics.
    ///
    /// ```
    /// use ft_work_stealing::Pool;
    ///
    /// fn sum(pool: &Pool, numbers: &[u64]) -> u64 {
    ///     if numbers.len() < 100 {
    ///         return numbers.iter().sum();
    ///     }
    ///     let (left, right) = numbers.split_at(numbers.len() / 2);
    ///     let (left, right) = pool.join(|| sum(pool, left), || sum(pool, right));
    ///     left + right
    /// }
    ///
    /// let numbers: Vec<u64> = (0..1_000).collect();
    /// assert_eq!(sum(&Pool::new(2), &numbers), 499_500);
    /// ```
    pub fn join<A: Send, B: Send>(
        &self,
        a: impl FnOnce() -> A + Send,
        b: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        self.on_worker(|worker| join::join(worker, a, b))
    }

    /// Runs `body` on a worker, with a scope to which it can add jobs that borrow. Returns when all
    /// of them have ended.
    ///
    /// While the worker waits for them, it runs jobs.
    ///
    /// # Panics
    ///
    /// As [`install`](Self::install), after all jobs have ended, with the panic of `body` or else the
    /// first one of a job.
    ///
    /// ```
    /// use ft_work_stealing::Pool;
    ///
    /// let mut squares = [0; 8];
    /// Pool::new(2).scope(|scope| {
    ///     for (n, square) in squares.iter_mut().enumerate() {
    ///         scope.spawn(move || *square = n * n);
    ///     }
    /// });
    /// assert_eq!(squares, [0, 1, 4, 9, 16, 25, 36, 49]);
    /// ```
    pub fn scope<'env, R: Send>(
        &self,
        body: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R + Send,
    ) -> R {
        self.on_worker(|worker| scope::scope(worker, body))
    }

    /// Waits until `attempt` returns a value, and returns that; returns `None` if `deadline` passes.
    /// A worker runs jobs meanwhile, of its own pool, whichever that is.
    ///
    /// `event` must be notified when `attempt` may have become successful. `attempt` must not wait:
    /// meanwhile, this worker counts as one that looks for jobs. The deadline is looked at
    /// between two jobs. So is an [interrupt](ft_sync::interruptible), which does not count in the jobs.
    ///
    /// # Deadlocks
    ///
    /// A job that runs here must not wait for what this thread does after the wait: it would wait for
    /// ever, as it would for a lock that this thread holds.
    ///
    /// # Panics
    ///
    /// If `attempt` panics. A panic of a job that runs here goes where it would go otherwise.
    ///
    /// ```
    /// use ft_work_stealing::Pool;
    /// use std::sync::{Arc, atomic::{AtomicBool, Ordering::SeqCst}};
    ///
    /// let pool = Arc::new(Pool::new(1));
    /// let inner = Arc::clone(&pool);
    /// // The only worker waits for a job that is queued behind it.
    /// pool.install(move || {
    ///     let done = Arc::new((AtomicBool::new(false), ft_sync::Event::new()));
    ///     let theirs = Arc::clone(&done);
    ///     let job = move || {
    ///         theirs.0.store(true, SeqCst);
    ///         theirs.1.notify_all();
    ///     };
    ///     inner.spawn(job).unwrap();
    ///     let is_done = || done.0.load(SeqCst).then_some(());
    ///     assert_eq!(Pool::help_until(&done.1, None, is_done), Some(()));
    /// });
    /// ```
    pub fn help_until<T>(
        event: &Event,
        deadline: Option<Instant>,
        attempt: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        Worker::current(|worker| match worker {
            Some(worker) => worker.help_until(event, deadline, attempt),
            None => event.wait_until(deadline, attempt),
        })
    }

    /// Takes no more jobs from outside. Workers end when there are no more jobs.
    ///
    /// It does not wait: see [`wait`](Self::wait). It can be called again, with another choice.
    pub fn shut_down(&self, queued: Queued) {
        self.shared.close();
        if queued == Queued::Drop {
            self.shared.discard();
        }
    }

    /// Waits until the pool has been [shut down](Self::shut_down), and its last job and worker have
    /// ended.
    ///
    /// # Deadlocks
    ///
    /// A worker that waits for its own end waits for ever.
    pub fn wait(&self) {
        let is_over = || self.shared.is_over().then_some(());
        self.shared.ended.wait_for(is_over);
    }

    /// Does what [`wait`](Self::wait) does, until `deadline` at most. Returns whether the pool has
    /// ended.
    ///
    /// ```
    /// use ft_work_stealing::{Pool, Queued};
    /// use std::time::Instant;
    ///
    /// let pool = Pool::new(2);
    /// pool.spawn(|| ()).unwrap();
    /// assert!(!pool.wait_deadline(Some(Instant::now())));
    /// pool.shut_down(Queued::Finish);
    /// assert!(pool.wait_deadline(None));
    /// ```
    pub fn wait_deadline(&self, deadline: Option<Instant>) -> bool {
        let is_over = || self.shared.is_over().then_some(());
        self.shared.ended.wait_until(deadline, is_over).is_some()
    }

    /// Drops the pool, and lets its workers finish their jobs.
    pub fn drop_without_waiting(mut self) {
        self.waits = false;
    }

    fn own<'a>(&self, worker: Option<&'a Worker>) -> Option<&'a Worker> {
        worker.filter(|worker| Arc::ptr_eq(worker.shared(), &self.shared))
    }

    fn on_worker<R: Send>(&self, f: impl FnOnce(&Worker) -> R + Send) -> R {
        Worker::current(|worker| match self.own(worker) {
            Some(worker) => f(worker),
            None => self.inject_and_wait(f),
        })
    }

    fn inject_and_wait<R: Send>(&self, f: impl FnOnce(&Worker) -> R + Send) -> R {
        let latch = Arc::new(OutsideLatch::default());
        let body = || Worker::current(|worker| f(worker.expect("a worker runs it")));
        let job = StackJob::new(body, Arc::clone(&latch));
        let guard = AbortOnUnwind;
        // SAFETY: the job stays until its latch is set, or it was refused. The guard keeps a panic
        // from ending this function earlier.
        let added = self.shared.inject(unsafe { job.job_ref() });
        if let Err((err, _refused)) = added {
            guard.disarm();
            panic!("{err}");
        }
        // Acquire: pairs with the Release in `OutsideLatch::set`, so the result is seen.
        let is_set = || latch.done.load(Acquire).then_some(());
        // An interrupt must not end this: a worker uses the job until the latch is set.
        let done = uninterruptible(|| Self::help_until(&latch.changed, None, is_set));
        done.expect("a wait without a deadline ends with the job");
        guard.disarm();
        // The first worker was about to start, and could not.
        job.into_result().expect("no worker could be started")
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shut_down(Queued::Finish);
        if self.waits && !self.is_worker() {
            self.wait();
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("most_workers", &self.most_workers())
            .field("workers", &self.workers())
            .finish()
    }
}
