//! What all threads of a pool share: the queues, who is idle, and the end of the pool.

use crate::{
    Hooks, SpawnError, WorkerThread,
    deque::{Injector, Steal, Stealer},
    job::JobRef,
    roster::Roster,
    runner::{Payload, Runner},
};
use crossbeam_utils::CachePadded;
use ft_sync::{
    Event,
    atomic::{
        AtomicU64,
        Ordering::{Relaxed, SeqCst},
        fence,
    },
    uninterruptible,
};
use std::sync::Arc;
use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// In [`Shared::idle`]: one worker that looks for jobs.
const SEARCHING: u64 = 1;
/// In [`Shared::idle`]: one worker that sleeps, or is about to look a last time and then sleep.
const SLEEPING: u64 = 1 << 16;
/// In [`Shared::idle`]: one worker that was started and has not ended.
const STARTED: u64 = 1 << 32;
/// In [`Shared::idle`]: one of these that does not look for jobs yet.
const STARTING: u64 = 1 << 48;
/// The largest value of each of the four.
pub(crate) const MOST: usize = u16::MAX as usize;

fn searching(idle: u64) -> u64 {
    idle % SLEEPING
}

fn sleeping(idle: u64) -> u64 {
    idle / SLEEPING % SLEEPING
}

fn started(idle: u64) -> usize {
    (idle / STARTED % SLEEPING) as usize
}

fn starting(idle: u64) -> u64 {
    idle / STARTING
}

/// In [`Shared::gate`]: the pool takes no more jobs from outside.
const CLOSED: u64 = 1;
/// In [`Shared::gate`]: one thread that is handing over a job.
const PUSHING: u64 = 2;
/// In [`Shared::gate`]: a thread has begun to take queued jobs in order to drop them. It counts these
/// threads, modulo 2<sup>32</sup>.
const ROUND: u64 = 1 << 32;

/// Returns whether there will be no more jobs from outside.
fn is_shut(gate: u64) -> bool {
    gate % ROUND == CLOSED
}

/// What other threads need of a worker.
pub(crate) struct Entry {
    pub(crate) stealer: Stealer<JobRef>,
    /// Notified when a job has run for which this worker waits. It has a cache line of its own: thieves
    /// read the other one.
    pub(crate) finished: CachePadded<Event>,
}

pub(crate) struct Shared {
    /// Jobs from threads that are not workers of this pool.
    injector: Injector<JobRef>,
    /// All workers that were ever started.
    pub(crate) roster: Roster<Entry>,
    /// Four counts, in one word so that a push has to look at one word only. It has a cache line of its
    /// own: while all workers are busy nobody writes it, and each core has its copy.
    idle: CachePadded<AtomicU64>,
    /// Notified once for each push that found nobody searching.
    pub(crate) work: Event,
    /// [`CLOSED`], and how many threads are handing over a job, or have begun to take some. It has a
    /// cache line of its own, because threads from outside write it for each job.
    gate: CachePadded<AtomicU64>,
    /// Notified when a worker has ended, or there will be no more jobs from outside.
    pub(crate) ended: Event,
    /// How many workers there may be.
    most: usize,
    pub(crate) hooks: Box<dyn Hooks>,
    /// Runs a worker on the calling thread, until the pool has ended.
    /// A pointer, because workers know this file, and it does not know them.
    work_here: fn(Arc<Self>),
}

/// A worker that was started, and counts until it has ended or turns out to have no thread.
struct Started {
    shared: Arc<Shared>,
    has_run: bool,
}

impl Started {
    fn run(mut self) {
        self.has_run = true;
        // An interrupt around this call is none of the pool.
        uninterruptible(|| (self.shared.work_here)(Arc::clone(&self.shared)));
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if self.has_run {
            self.shared.worker_ended();
        } else {
            self.shared.start_failed();
        }
    }
}

/// A thread is handing over a job: the workers stay.
struct Handover<'a>(&'a Shared);

impl Drop for Handover<'_> {
    fn drop(&mut self) {
        // SeqCst: the job comes before it for a worker that then finds the gate closed and empty.
        if self.0.gate.fetch_sub(PUSHING, SeqCst) % ROUND == CLOSED + PUSHING {
            self.0.work.notify_all();
            self.0.ended.notify_all();
        }
    }
}

impl Shared {
    pub(crate) fn new(most: usize, hooks: Box<dyn Hooks>, work_here: fn(Arc<Self>)) -> Self {
        Self {
            injector: Injector::new(),
            roster: Roster::new(),
            idle: CachePadded::new(AtomicU64::new(0)),
            work: Event::new(),
            gate: CachePadded::new(AtomicU64::new(0)),
            ended: Event::new(),
            most: most.clamp(1, MOST),
            hooks,
            work_here,
        }
    }

    /// How many workers were started and have not ended.
    pub(crate) fn started(&self) -> usize {
        started(self.idle.load(SeqCst))
    }

    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// Hands over a job from outside. It is returned if there is nobody to run it.
    pub(crate) fn inject(self: &Arc<Self>, job: JobRef) -> Result<(), (SpawnError, JobRef)> {
        let Some(_handover) = self.handover() else {
            return Err((SpawnError::ShutDown, job));
        };
        if self.started() == 0 {
            if let Err(err) = self.start() {
                return Err((SpawnError::NoThread(err), job));
            }
        }
        self.inject_open(job);
        Ok(())
    }

    /// Hands over a job. A worker must stay until the job has run.
    pub(crate) fn inject_open(self: &Arc<Self>, job: JobRef) {
        self.injector.push(job);
        self.announce();
    }

    fn handover(&self) -> Option<Handover<'_>> {
        // SeqCst: either `close` comes later and the workers wait for us, or we see it.
        let before = self.gate.fetch_add(PUSHING, SeqCst);
        let handover = Handover(self);
        (before & CLOSED == 0).then_some(handover)
    }

    /// Takes no more jobs from outside, and lets workers end that find none.
    pub(crate) fn close(&self) {
        self.gate.fetch_or(CLOSED, SeqCst);
        self.work.notify_all();
        self.ended.notify_all();
    }

    /// Begins to take queued jobs. While the result is held, the workers stay for the jobs that are
    /// put back. Whether the pool is closed does not matter.
    fn taking(&self) -> Handover<'_> {
        // SeqCst: see `is_finished`.
        self.gate.fetch_add(ROUND + PUSHING, SeqCst);
        Handover(self)
    }

    /// Drops all queued jobs for which nobody waits.
    pub(crate) fn discard(self: &Arc<Self>) {
        let taking = self.taking();
        let mut kept = Vec::new();
        // What a job drops may do anything, so no job is dropped while the roster is read.
        while let Some(job) = self.steal(0) {
            kept.extend(job.discard(&**self).err());
        }
        kept.into_iter().for_each(|job| self.inject_open(job));
        drop(taking);
    }

    /// Refuses all queued jobs, unless there is a worker to run them.
    fn refuse_without_workers(self: &Arc<Self>) {
        if self.started() > 0 {
            return;
        }
        let _taking = self.taking();
        while let Some(job) = self.steal(0) {
            if self.started() > 0 {
                // It may have come after this worker was started.
                return self.inject_open(job);
            }
            job.refuse(&**self);
        }
    }

    /// Tells whether there are no more jobs, and none will come from outside.
    pub(crate) fn is_finished(&self) -> bool {
        // SeqCst, twice: see `Handover`. If a thread has taken a job that we therefore do not see,
        // then its steal, after which we look at the gate again, comes after its `taking`.
        let gate = self.gate.load(SeqCst);
        is_shut(gate) && !self.has_work() && self.gate.load(SeqCst) == gate
    }

    /// Tells whether no job will run any more.
    pub(crate) fn is_over(&self) -> bool {
        // In this order: after the first look only workers start workers, and none does if there
        // are none.
        // SeqCst: see `Handover`.
        is_shut(self.gate.load(SeqCst)) && self.started() == 0
    }

    /// Tells whether a job is in a queue.
    ///
    /// A push is seen if its fence (see [`announce`](Self::announce)) comes before that of the
    /// caller.
    pub(crate) fn has_work(&self) -> bool {
        !self.injector.is_empty()
            || self
                .roster
                .read(|entries| entries.iter().any(|it| !it.stealer.is_empty()))
    }

    /// Takes a job from the injector or else from a worker, beginning with a random one.
    ///
    /// It takes one job and no batch from the injector, so that these begin in their order.
    pub(crate) fn steal(&self, random: usize) -> Option<JobRef> {
        loop {
            let mut lost_a_race = false;
            let mut take = |steal| match steal {
                Steal::Success(job) => Some(job),
                Steal::Empty => None,
                Steal::Retry => {
                    lost_a_race = true;
                    None
                }
            };
            let job = take(self.injector.steal()).or_else(|| {
                self.roster.read(|entries| {
                    let (later, first) = entries.split_at(random % entries.len().max(1));
                    let mut victims = first.iter().chain(later);
                    victims.find_map(|victim| take(victim.stealer.steal()))
                })
            });
            if job.is_some() || !lost_a_race {
                return job;
            }
        }
    }

    /// Must follow each push: wakes or starts a worker, unless one is searching.
    pub(crate) fn announce(self: &Arc<Self>) {
        // Pairs with the fence in `Event::listen`, after which a worker looks a last time before it
        // sleeps, and with that in `search_ended`. If our fence is first, that look finds the job.
        // If theirs is first, we see that this worker is asleep, or that it no longer searches.
        fence(SeqCst);
        self.wake_unless_searching();
    }

    fn wake_unless_searching(self: &Arc<Self>) {
        // Relaxed: ordered by the fence of the caller.
        let idle = self.idle.load(Relaxed);
        if searching(idle) > 0 {
            return;
        }
        // A worker that is about to start may take long, and so does not excuse a sleeper.
        if sleeping(idle) > 0 {
            self.work.notify(1);
        } else if starting(idle) == 0 && started(idle) < self.most {
            // If this fails, the workers that there are will come to the job.
            drop(self.start());
        }
    }

    /// Starts a worker, unless there are enough. It counts as starting from now on.
    #[cold]
    fn start(self: &Arc<Self>) -> Result<(), crate::StartError> {
        let one_more = |idle| (started(idle) < self.most).then_some(idle + STARTED + STARTING);
        match self.idle.fetch_update(SeqCst, SeqCst, one_more) {
            Ok(_) => {
                let started = Started {
                    shared: Arc::clone(self),
                    has_run: false,
                };
                self.hooks.start(WorkerThread::new(|| started.run()))
            }
            Err(_) => Ok(()),
        }
    }

    /// A worker that was starting searches.
    pub(crate) fn start_ended(&self) {
        // Relaxed: as in `search_begins`. A push that still sees it starting has a fence before its
        // look, and this worker has one before it sleeps or no longer searches.
        self.idle
            .fetch_add(SEARCHING.wrapping_sub(STARTING), Relaxed);
    }

    /// A worker that was starting is about to end.
    pub(crate) fn start_was_in_vain(&self) {
        // Relaxed: a push that sees it late starts no worker.
        self.idle.fetch_sub(STARTING, Relaxed);
    }

    /// A worker begins to search.
    pub(crate) fn search_begins(&self) {
        // Relaxed: a push that sees it late wakes one worker more.
        self.idle.fetch_add(SEARCHING, Relaxed);
    }

    /// A worker that searched will look a last time, and then sleep.
    pub(crate) fn sleep_begins(&self) {
        // Relaxed: ordered by the fence in `Event::listen`, which follows.
        self.idle.fetch_add(SLEEPING - SEARCHING, Relaxed);
    }

    /// A worker that slept searches again.
    pub(crate) fn sleep_ended(&self) {
        // Relaxed: as in `search_begins`.
        self.idle.fetch_sub(SLEEPING - SEARCHING, Relaxed);
    }

    /// A worker no longer searches. While it did, pushes may have woken nobody: if it was the last
    /// one, it wakes another for what is left.
    pub(crate) fn search_ended(self: &Arc<Self>) {
        // Relaxed: ordered by the fence.
        if searching(self.idle.fetch_sub(SEARCHING, Relaxed)) == 1 {
            // Pairs with the fence in `announce`: see there.
            fence(SeqCst);
            if self.has_work() {
                self.wake_unless_searching();
            }
        }
    }

    /// A worker has ended.
    fn worker_ended(&self) {
        self.idle.fetch_sub(STARTED, SeqCst);
        self.ended.notify_all();
        // Another one may have seen a job that we took before it could, and have gone to sleep.
        self.work.notify_all();
    }

    /// A worker that counts as starting will never run.
    ///
    /// A push that has seen it starting has woken nobody, because nobody slept. A worker that sleeps
    /// since then has seen the job before, and any other one will come to it. No other start is
    /// tried: it would fail, too.
    fn start_failed(self: &Arc<Self>) {
        self.idle.fetch_sub(STARTED + STARTING, SeqCst);
        // Pairs with the fence in `announce`: if that one is first, we see the job here.
        fence(SeqCst);
        self.refuse_without_workers();
        self.ended.notify_all();
    }
}

impl Runner for Shared {
    fn finished(&self, worker: usize) {
        // Without a reference to the entry: its count lies beside what thieves read.
        self.roster
            .read(|entries| entries[worker].finished.notify_all());
    }

    fn panicked(&self, payload: Payload) {
        let told = catch_unwind(AssertUnwindSafe(|| self.hooks.panicked(payload)));
        // A hook that panics has nobody to tell. What it panics with may panic when it is dropped.
        mem::forget(told);
    }
}
