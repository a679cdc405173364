//! A worker: it runs jobs, looks for jobs, and sleeps when there are none.

use crate::{
    deque,
    job::JobRef,
    pauses::Pauses,
    shared::{Entry, Shared},
};
use crossbeam_utils::CachePadded;
use ft_sync::{Event, Listener, Signal, is_interrupted, thread_local, uninterruptible};
use std::sync::Arc;
use std::{
    cell::Cell,
    mem,
    pin::pin,
    ptr,
    task::{Context, Waker},
    time::Instant,
};

/// After so many of its own jobs a worker looks into the injector first, so that jobs that spawn
/// jobs for ever do not keep those from outside waiting. A prime, so that it falls into step with
/// no pattern of the program.
const TURNS: u32 = 61;

thread_local! {
    /// The worker that runs on this thread, or null.
    static CURRENT: Cell<*const Worker> = const { Cell::new(ptr::null()) };
}

/// The worker that ran on this thread before, or null. When this is dropped, it is the current one again.
struct Outer(*const Worker);

impl Drop for Outer {
    fn drop(&mut self) {
        CURRENT.with(|current| current.set(self.0));
    }
}

/// A worker that counts as starting, as it has since before there was its thread.
struct Starting<'a>(&'a Arc<Shared>);

/// Counts this worker as searching, until it is dropped.
struct Searching<'a>(&'a Arc<Shared>);

/// Counts this worker as sleeping, and not as searching, until it is dropped.
struct Sleeping<'a>(&'a Shared);

impl<'a> Starting<'a> {
    fn search(self) -> Searching<'a> {
        let shared = self.0;
        mem::forget(self);
        shared.start_ended();
        Searching(shared)
    }
}

impl Drop for Starting<'_> {
    fn drop(&mut self) {
        self.0.start_was_in_vain();
    }
}

impl<'a> Searching<'a> {
    fn begin(shared: &'a Arc<Shared>) -> Self {
        shared.search_begins();
        Self(shared)
    }

    fn sleep(&self) -> Sleeping<'_> {
        self.0.sleep_begins();
        Sleeping(self.0)
    }
}

impl Drop for Searching<'_> {
    fn drop(&mut self) {
        self.0.search_ended();
    }
}

impl Drop for Sleeping<'_> {
    fn drop(&mut self) {
        self.0.sleep_ended();
    }
}

/// What a worker keeps to itself.
pub(crate) struct Worker {
    shared: Arc<Shared>,
    /// Its place in the roster.
    index: usize,
    entry: Arc<Entry>,
    deque: deque::Worker<JobRef>,
    /// The state of a random generator. Never zero.
    random: Cell<u32>,
    turns: Cell<u32>,
}

/// How a search ended.
enum Found<T> {
    Job(JobRef),
    Done(T),
    Late,
}

impl Worker {
    fn new(shared: Arc<Shared>) -> Self {
        let deque = deque::Worker::new_lifo();
        let mut place = None;
        shared.roster.add(|index| {
            let entry = Arc::new(Entry {
                stealer: deque.stealer(),
                finished: CachePadded::new(Event::new()),
            });
            place = Some((index, Arc::clone(&entry)));
            entry
        });
        let (index, entry) = place.expect("`add` calls it");
        Self {
            shared,
            index,
            entry,
            deque,
            random: Cell::new((index as u32).wrapping_mul(0x9E37_79B9) | 1),
            turns: Cell::new(0),
        }
    }

    /// Runs a worker of this pool on the calling thread, until the pool has ended.
    pub(crate) fn work(shared: Arc<Shared>) {
        let worker = Self::new(shared);
        let shared = &worker.shared;
        // Dropped before the worker, also if a hook panics.
        let _outer = Outer(CURRENT.with(|current| current.replace(&raw const worker)));
        let starting = Starting(shared);
        shared.hooks.started(worker.index);
        let end = || shared.is_finished().then_some(());
        let mut found = worker.search(starting.search(), None, None, end);
        while let Found::Job(job) = found {
            worker.run(job);
            while let Some(job) = worker.next() {
                worker.run(job);
            }
            found = worker.search(Searching::begin(shared), None, None, end);
        }
        shared.hooks.ended(worker.index);
    }

    /// Calls `f` with the worker that runs on this thread, whatever its pool.
    pub(crate) fn current<R>(f: impl FnOnce(Option<&Worker>) -> R) -> R {
        // SAFETY: `work` sets it, and `Outer` resets it before the worker goes. It is used by its own
        // thread only.
        f(unsafe { CURRENT.with(std::cell::Cell::get).as_ref() })
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) fn index(&self) -> usize {
        self.index
    }

    /// Queues a job, which this worker takes next unless another one steals it.
    pub(crate) fn push(&self, job: JobRef) {
        self.deque.push(job);
        self.shared.announce();
    }

    /// Takes back the job that was pushed last, unless it was stolen.
    pub(crate) fn pop(&self) -> Option<JobRef> {
        self.deque.pop()
    }

    /// Runs a job. An interrupt around this call is not one of the job.
    pub(crate) fn run(&self, job: JobRef) {
        uninterruptible(|| job.run(&*self.shared));
    }

    /// Runs jobs until the one has ended for which this worker waits. No interrupt ends this, because
    /// other threads use the stack until then.
    pub(crate) fn help_until_finished(&self, is_finished: impl Fn() -> bool) {
        let attempt = || is_finished().then_some(());
        let done = uninterruptible(|| self.help_until(&self.entry.finished, None, attempt));
        done.expect("a wait without a deadline ends with the job");
    }

    /// Runs jobs until `attempt` returns a value, and returns that. Returns `None` if `deadline`
    /// has passed, or an interrupt is raised, when a job ends or the worker wakes up. `event` is
    /// notified when `attempt` may have become successful.
    pub(crate) fn help_until<T>(
        &self,
        event: &Event,
        deadline: Option<Instant>,
        mut attempt: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        loop {
            if let Some(done) = attempt() {
                return Some(done);
            }
            if is_late(deadline) {
                return None;
            }
            let job = self.next().map_or_else(
                || {
                    let searching = Searching::begin(&self.shared);
                    self.search(searching, Some(event), deadline, &mut attempt)
                },
                Found::Job,
            );
            match job {
                Found::Job(job) => self.run(job),
                Found::Done(done) => return Some(done),
                Found::Late => return attempt(),
            }
        }
    }

    /// The next job, if there is one that need not be searched for.
    fn next(&self) -> Option<JobRef> {
        let turns = self.turns.get().wrapping_add(1);
        self.turns.set(turns);
        if turns % TURNS == 0 {
            return self.steal().or_else(|| self.deque.pop());
        }
        self.find()
    }

    /// A job from the own deque, the injector, or another worker.
    fn find(&self) -> Option<JobRef> {
        self.deque.pop().or_else(|| self.steal())
    }

    fn steal(&self) -> Option<JobRef> {
        // Marsaglia's xorshift: good enough for thieves not to come in step.
        let mut random = self.random.get();
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        self.random.set(random);
        self.shared.steal(random as usize)
    }

    /// Searches, and sleeps, until there is a job or `attempt` returns a value.
    fn search<T>(
        &self,
        searching: Searching<'_>,
        event: Option<&Event>,
        deadline: Option<Instant>,
        mut attempt: impl FnMut() -> Option<T>,
    ) -> Found<T> {
        let mut look = || match attempt() {
            Some(done) => Some(Found::Done(done)),
            None => self.find().map(Found::Job),
        };
        let mut pauses = Pauses::new(deadline);
        let found = loop {
            if let Some(found) = look() {
                break found;
            }
            if self.pause(&mut pauses) {
                continue;
            }
            let sleeping = searching.sleep();
            let listeners = (event.map(Event::listen), self.shared.work.listen());
            let last_look = look();
            if last_look.is_none() {
                self.park(listeners, deadline);
            } else {
                drop(listeners);
            }
            drop(sleeping);
            if let Some(found) = last_look {
                break found;
            }
            if is_late(deadline) {
                break Found::Late;
            }
        };
        drop(searching);
        found
    }

    /// Pauses before it looks again; returns false if it is time to sleep.
    fn pause(&self, pauses: &mut Pauses) -> bool {
        let mut again = false;
        self.shared.hooks.park(&mut || again = pauses.pause());
        again
    }

    /// Sleeps until one of the two is notified.
    fn park(&self, (event, work): (Option<Listener<'_>>, Listener<'_>), deadline: Option<Instant>) {
        let Some(event) = event else {
            let mut work = Some(work);
            self.shared.hooks.park(&mut || {
                if let Some(work) = work.take() {
                    work.wait_deadline(deadline);
                }
            });
            return;
        };
        let signal = Arc::new(Signal::new());
        let waker = Waker::from(Arc::clone(&signal));
        let mut cx = Context::from_waker(&waker);
        let (mut event, mut work) = (pin!(event), pin!(work));
        let is_early =
            event.as_mut().poll(&mut cx).is_ready() | work.as_mut().poll(&mut cx).is_ready();
        if !is_early {
            self.shared.hooks.park(&mut || {
                signal.wait_deadline(deadline);
            });
            // A listener that knows of its notification does not pass it on when it is dropped: we
            // are awake, and look for work ourselves.
            let _ = event.poll(&mut cx);
            let _ = work.poll(&mut cx);
        }
    }
}

/// Returns whether a wait is to end.
fn is_late(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| deadline <= Instant::now()) || is_interrupted()
}
