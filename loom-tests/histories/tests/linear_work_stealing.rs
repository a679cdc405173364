//! Histories of the pool: a job that is taken runs once, and before the pool is over; none is taken afterwards. What
//! a thread waits for has run when the call returns.

use ft_work_stealing::{Pool, Queued};
use histories::linear::{Dice, Model, Subject, check};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook, take_hook},
    sync::{
        Arc,
        Once,
        // They only count, and so are std's, also under shuttle.
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Spec {
    spawned: usize,
    is_closed: bool,
}

#[derive(Clone, Debug)]
enum Step {
    /// Whether the job was taken.
    Spawned(bool),
    /// What the calls returned, which take jobs of their own, unless they were refused.
    Fibonacci(Option<usize>),
    Scope(Option<usize>),
    Closed,
    /// The pool is over. So many jobs have run.
    Over(usize),
}

impl Model for Spec {
    type Step = Step;

    fn step(&mut self, _thread: usize, step: &Step) -> bool {
        let is_open = !self.is_closed;
        match *step {
            Step::Spawned(taken) => {
                self.spawned += usize::from(taken);
                taken == is_open
            }
            Step::Fibonacci(sum) => sum == is_open.then_some(5),
            Step::Scope(ran) => ran == is_open.then_some(4),
            Step::Closed => {
                self.is_closed = true;
                true
            }
            Step::Over(ran) => self.is_closed && ran == self.spawned,
        }
    }
}

#[derive(Debug)]
enum Call {
    Spawn,
    Fibonacci,
    Scope,
    Close,
    Wait,
}

/// The type under test, and its broken relatives.
trait Jobs: Send + Sync + 'static {
    fn new(workers: usize) -> Self;
    fn pool(&self) -> &Pool;
    fn spawn(&self, job: impl FnOnce() + Send + 'static) -> bool {
        self.pool().spawn(job).is_ok()
    }
    fn wait(&self) {
        self.pool().wait();
    }
}

impl Jobs for Pool {
    fn new(workers: usize) -> Self {
        Self::new(workers)
    }
    fn pool(&self) -> &Pool {
        self
    }
}

struct Recorded<T> {
    jobs: T,
    ran: Arc<AtomicUsize>,
}

fn one_more(count: &AtomicUsize) {
    count.fetch_add(1, SeqCst);
}

fn fibonacci(pool: &Pool, n: usize) -> usize {
    if n < 2 {
        return n;
    }
    let (a, b) = pool.join(|| fibonacci(pool, n - 1), || fibonacci(pool, n - 2));
    a + b
}

/// Jobs that add jobs to their scope, and one inside a scope of its own.
fn scope(pool: &Pool) -> usize {
    let ran = AtomicUsize::new(0);
    let count = || one_more(&ran);
    pool.scope(|outer| {
        outer.spawn(|| {
            outer.spawn(count);
            count();
        });
        outer.spawn(|| {
            pool.scope(|inner| inner.spawn(count));
            count();
        });
    });
    ran.load(SeqCst)
}

fn is_refusal(payload: &(dyn Any + Send)) -> bool {
    let text = payload.downcast_ref::<String>();
    text.is_some_and(|text| text == "the pool has been shut down")
}

/// Returns what the call returns, or `None` if the pool refuses it.
fn unless_refused(call: impl FnOnce() -> usize) -> Option<usize> {
    // Refusals are not printed. ThreadSanitizer does not see the lock of the buffer in which std
    // collects what the threads of a test print, and reports two refusals at once as a race.
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |info| {
            if !is_refusal(info.payload()) {
                usual(info);
            }
        }));
    });
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(value) => Some(value),
        Err(payload) if is_refusal(&*payload) => None,
        Err(payload) => resume_unwind(payload),
    }
}

impl<T: Jobs> Subject for Recorded<T> {
    type Model = Spec;
    type Call = Call;
    type Hand = ();

    fn new(dice: &mut Dice) -> (Self, Spec) {
        let subject = Self {
            jobs: T::new(1 + dice.below(3)),
            ran: Arc::default(),
        };
        (subject, Spec::default())
    }

    fn script(&self, thread: usize, dice: &mut Dice) -> Vec<Call> {
        let mut calls = dice.times(5, |dice| match dice.below(8) {
            0 => Call::Fibonacci,
            1 => Call::Scope,
            _ => Call::Spawn,
        });
        if thread == 0 {
            calls.extend([Call::Close, Call::Spawn, Call::Wait]);
        }
        calls
    }

    fn call(&self, _thread: usize, _hand: &mut (), call: &Call) -> Vec<Step> {
        let pool = self.jobs.pool();
        vec![match call {
            Call::Spawn => {
                let ran = Arc::clone(&self.ran);
                Step::Spawned(self.jobs.spawn(move || one_more(&ran)))
            }
            Call::Fibonacci => Step::Fibonacci(unless_refused(|| fibonacci(pool, 5))),
            Call::Scope => Step::Scope(unless_refused(|| scope(pool))),
            Call::Close => {
                pool.shut_down(Queued::Finish);
                Step::Closed
            }
            Call::Wait => {
                self.jobs.wait();
                Step::Over(self.ran.load(SeqCst))
            }
        }]
    }

    fn last(&self) -> Vec<Step> {
        vec![Step::Over(self.ran.load(SeqCst))]
    }
}

#[test]
fn everything() {
    check::<Recorded<Pool>>();
}

/// Does not wait for the last jobs.
#[cfg(ft_shuttle)]
struct Impatient(Pool);

#[cfg(ft_shuttle)]
impl Jobs for Impatient {
    fn new(workers: usize) -> Self {
        Self(Pool::new(workers))
    }
    fn pool(&self) -> &Pool {
        &self.0
    }
    fn wait(&self) {}
}

#[cfg(ft_shuttle)]
#[test]
fn broken_impatient() {
    histories::linear::rejects::<Recorded<Impatient>>();
}

/// Says that it takes jobs after it was closed.
#[cfg(ft_shuttle)]
struct Late(Pool);

#[cfg(ft_shuttle)]
impl Jobs for Late {
    fn new(workers: usize) -> Self {
        Self(Pool::new(workers))
    }
    fn pool(&self) -> &Pool {
        &self.0
    }
    fn spawn(&self, job: impl FnOnce() + Send + 'static) -> bool {
        let _ = self.0.spawn(job);
        true
    }
}

#[cfg(ft_shuttle)]
#[test]
fn broken_late() {
    histories::linear::rejects::<Recorded<Late>>();
}
