//! Counting unfinished tasks.

use std::{error::Error, fmt, time::Instant};

use ft_sync::{
    Event,
    atomic::{
        AtomicU64,
        Ordering::{AcqRel, Acquire, Relaxed},
    },
    hint, thread, uninterruptible,
};

/// The bits of [`TaskTracker::state`] that count attempts.
const ATTEMPT_BITS: u32 = 20;

/// One attempt in the state.
const ATTEMPT: u64 = 1;

/// One task in the state.
const TASK: u64 = 1 << ATTEMPT_BITS;

const ATTEMPTS: u64 = TASK - 1;

/// The largest number of attempts at once: half of what fits into the bits. So threads that find
/// too many attempts have room to count theirs before they notice, and take it back.
const MAX_ATTEMPTS: u64 = 1 << (ATTEMPT_BITS - 1);

/// The largest number of tasks, halved for the same reason.
const MAX_TASKS: u64 = 1 << (63 - ATTEMPT_BITS);

/// Counts tasks that were handed out and are not done, and lets threads wait until all are done.
///
/// It implements `task_done` and `join` of Python's `queue.Queue`. A task must be counted before
/// any thread can find it; otherwise a thread that finds it at once could report it as done too
/// early. If handing out a task can fail, count it as an [`Attempt`] first.
///
/// The count is exact at every moment: a call to [`task_done`](Self::task_done) is refused if and
/// only if there is no task left for it, even while attempts are in progress that will fail.
///
/// ```
/// use ft_concurrent_queue::{ConcurrentQueue, TaskTracker, TooManyDone};
///
/// let (queue, tasks) = (ConcurrentQueue::bounded(8), TaskTracker::new());
///
/// let attempt = tasks.attempt();
/// queue.try_push("work").unwrap();
/// attempt.succeeded();
///
/// std::thread::scope(|scope| {
///     scope.spawn(|| {
///         queue.pop().unwrap();
///         tasks.task_done().unwrap();
///     });
///     tasks.wait();
/// });
/// assert_eq!(tasks.unfinished(), 0);
/// assert_eq!(tasks.task_done(), Err(TooManyDone));
/// ```
///
/// # Limits
///
/// There may be 2^43 unfinished tasks (ten million new ones a second, none of them ever done, for
/// ten days), and 2^19 attempts at once. A call that would exceed a limit panics and counts
/// nothing.
///
/// # Deadlocks
///
/// If an attempt is forgotten ([`mem::forget`](std::mem::forget)), it is never decided. A call to
/// `task_done` that may be for its task then waits for ever.
///
/// # Orderings
///
/// The count is the only state. Every change is a read-modify-write with acquire and release, so
/// all changes form one release sequence: what a thread did before `task_done` happens before what
/// another thread does after [`wait`](Self::wait).
#[derive(Debug, Default)]
pub struct TaskTracker {
    /// The low [`ATTEMPT_BITS`] count attempts that have neither succeeded nor been given up. The
    /// bits above count tasks that are not done, including those of attempts.
    state: AtomicU64,
    /// Notified whenever the number of tasks becomes zero.
    all_done: Event,
}

/// A task that is counted, but that may turn out not to exist. Made by [`TaskTracker::attempt`].
///
/// An attempt should be short-lived: a call to [`TaskTracker::task_done`] that may be for this very
/// task spins until the attempt is decided. Dropping an attempt takes its task back.
#[derive(Debug)]
#[must_use = "dropping an attempt takes its task back"]
pub struct Attempt<'a>(&'a TaskTracker);

/// The error of [`TaskTracker::task_done`] if all tasks were done already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyDone;

impl TaskTracker {
    /// Creates a tracker with no tasks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one more task.
    ///
    /// # Panics
    ///
    /// If there are [too many](Self#limits).
    #[inline]
    pub fn add(&self) {
        // AcqRel: see *Orderings*.
        let before = self.state.fetch_add(TASK, AcqRel);
        if before >= MAX_TASKS * TASK {
            self.refuse(TASK);
        }
    }

    /// Counts one more task, and takes it back if the attempt is dropped.
    ///
    /// # Panics
    ///
    /// If there are [too many](Self#limits).
    #[inline]
    pub fn attempt(&self) -> Attempt<'_> {
        // AcqRel: see *Orderings*.
        let before = self.state.fetch_add(TASK + ATTEMPT, AcqRel);
        if before >= MAX_TASKS * TASK || before & ATTEMPTS >= MAX_ATTEMPTS {
            self.refuse(TASK + ATTEMPT);
        }
        Attempt(self)
    }

    /// Takes back a count that exceeds a limit.
    #[cold]
    fn refuse(&self, counted: u64) -> ! {
        // Relaxed: no thread learns anything from this change, and it is part of the release
        // sequence.
        self.state.fetch_sub(counted, Relaxed);
        panic!("too many unfinished tasks");
    }

    /// Counts one task as done.
    ///
    /// # Errors
    ///
    /// [`TooManyDone`] if there is none. In that case nothing has changed.
    pub fn task_done(&self) -> Result<(), TooManyDone> {
        let mut looks = 0_u32;
        // Relaxed: this is only a guess. The exchange decides, or else the second look below.
        let mut state = self.state.load(Relaxed);
        loop {
            let tasks = state >> ATTEMPT_BITS;
            if tasks > state & ATTEMPTS {
                // At least one task is more than an attempt.
                //
                // AcqRel: see *Orderings*.
                // Relaxed: as above.
                match (self.state).compare_exchange_weak(state, state - TASK, AcqRel, Relaxed) {
                    Ok(_) => {
                        if tasks == 1 {
                            self.all_done.notify_all();
                        }
                        return Ok(());
                    }
                    Err(now) => state = now,
                }
                continue;
            }
            // Acquire: pairs with the Release of the change that led to this state. A refusal is a
            // statement about the present, so it must not rest on an outdated value.
            let now = self.state.load(Acquire);
            if now == state {
                if tasks == 0 {
                    return Err(TooManyDone);
                }
                // Each remaining task is an attempt that another thread is about to decide.
                pause(looks);
                looks += 1;
            }
            state = now;
        }
    }

    /// Counts up to `count` tasks as done, for items that were thrown away. If there are fewer
    /// tasks, all of them count as done.
    pub fn discard(&self, count: usize) {
        let removed = u64::try_from(count).unwrap_or(u64::MAX);
        self.remove(|tasks| tasks.saturating_sub(removed), 0);
    }

    /// Returns the number of tasks that are not done, including those of attempts.
    pub fn unfinished(&self) -> u64 {
        // Acquire: a thread that sees zero sees what was done for the tasks.
        self.state.load(Acquire) >> ATTEMPT_BITS
    }

    /// Waits until all tasks are done.
    pub fn wait(&self) {
        uninterruptible(|| self.wait_deadline(None));
    }

    /// Waits until all tasks are done and returns true; returns false if `deadline` passes first.
    pub fn wait_deadline(&self, deadline: Option<Instant>) -> bool {
        let all_done = || (self.unfinished() == 0).then_some(());
        self.all_done.wait_until(deadline, all_done).is_some()
    }

    /// Returns the event that is notified whenever no task is left. It is for callers that wait in
    /// their own way.
    pub fn all_done(&self) -> &Event {
        &self.all_done
    }

    /// Replaces the number of tasks by `rest` of it, and subtracts `attempts` from the number of
    /// attempts.
    fn remove(&self, rest: impl Fn(u64) -> u64, attempts: u64) {
        let change = |state| {
            let tasks = rest(state >> ATTEMPT_BITS);
            Some(tasks * TASK + (state & ATTEMPTS) - attempts)
        };
        // AcqRel: see *Orderings*.
        // Relaxed: a failed look decides nothing.
        let before = self.state.fetch_update(AcqRel, Relaxed, change);
        let before = before.unwrap_or_else(|state| state) >> ATTEMPT_BITS;
        if rest(before) == 0 {
            self.all_done.notify_all();
        }
    }
}

impl Attempt<'_> {
    /// Confirms the task, which stays counted.
    #[inline]
    pub fn succeeded(self) {
        // AcqRel: see *Orderings*.
        self.0.state.fetch_sub(ATTEMPT, AcqRel);
        std::mem::forget(self);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        // The task may be gone already: `discard` cannot tell it from others.
        self.0.remove(|tasks| tasks.saturating_sub(1), ATTEMPT);
    }
}

/// Waits a moment: it spins, and on every 32nd look it lets other threads run.
fn pause(looks: u32) {
    if cfg!(any(ft_loom, ft_shuttle)) || looks % 32 == 31 {
        thread::yield_now();
    } else {
        hint::spin_loop();
    }
}

impl fmt::Display for TooManyDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("task_done() called too many times")
    }
}

impl Error for TooManyDone {}

#[cfg(all(test, not(any(ft_loom, ft_shuttle))))]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    fn is_refused<R>(count: impl FnOnce() -> R) -> bool {
        catch_unwind(AssertUnwindSafe(|| drop(count()))).is_err()
    }

    /// The last possible attempt does not overflow into the tasks, and one more is refused.
    #[test]
    fn as_many_attempts_as_there_may_be() {
        let tracker = TaskTracker::new();
        let attempts: Vec<_> = (0..MAX_ATTEMPTS).map(|_| tracker.attempt()).collect();
        assert!(is_refused(|| tracker.attempt()));
        assert_eq!(tracker.unfinished(), MAX_ATTEMPTS);
        tracker.add();
        assert_eq!(tracker.task_done(), Ok(()));
        drop(attempts);
        assert_eq!(tracker.unfinished(), 0);
        assert_eq!(tracker.task_done(), Err(TooManyDone));
    }

    /// The last possible task does not overflow either.
    #[test]
    fn as_many_tasks_as_there_may_be() {
        let tracker = TaskTracker::new();
        // Relaxed: there is only one thread.
        tracker.state.store((MAX_TASKS - 1) * TASK, Relaxed);
        tracker.add();
        assert!(is_refused(|| tracker.add()));
        assert!(is_refused(|| tracker.attempt()));
        assert_eq!(tracker.unfinished(), MAX_TASKS);
        tracker.discard(usize::MAX);
        assert_eq!(tracker.unfinished(), 0);
    }
}
