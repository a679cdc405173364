//! The pool, beside the number of jobs that it has taken. Its workers are threads of their own, so that each answer
//! must be right whoever ran the jobs.

use crate::{
    Place, Target,
    fuse::Blown,
    target::{Kind, of, one},
};
use ft_work_stealing::{Hooks, Pool, Queued};
use proptest::{prelude::*, strategy::BoxedStrategy};
use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc,
        // They only count, and so are std's, also under shuttle.
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

/// Ways in which a relative is broken.
const LOSES_A_JOB: u8 = 1;
const SWALLOWS_A_PANIC: u8 = 2;
const DOES_NOT_WAIT: u8 = 3;

pub struct Workers<const BROKEN: u8 = 0> {
    pool: Pool,
    counts: Arc<Counts>,
}

/// What has become of the jobs for which nobody waits.
#[derive(Default)]
struct Counts {
    made: AtomicUsize,
    ran: AtomicUsize,
    dropped: AtomicUsize,
    panicked: AtomicUsize,
}

struct Counting(Arc<Counts>);

impl Hooks for Counting {
    fn panicked(&self, _payload: Box<dyn Any + Send>) {
        self.0.panicked.fetch_add(1, SeqCst);
    }
}

/// What a job owns.
struct Owned(Arc<Counts>);

impl Owned {
    fn new(counts: &Arc<Counts>) -> Self {
        counts.made.fetch_add(1, SeqCst);
        Self(Arc::clone(counts))
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, SeqCst);
    }
}

/// What a job panics with: which one it is.
struct Thrown(usize);

fn throw(which: usize) -> ! {
    // Without the hook that prints panics.
    resume_unwind(Box::new(Thrown(which)))
}

#[derive(Clone, Debug)]
pub enum Call {
    Spawn {
        panics: bool,
    },
    Install {
        panics: bool,
    },
    Join {
        panic: [bool; 2],
    },
    Fibonacci(usize),
    /// Each job of the outer scope has an inner one. One of the outer jobs panics, if there are as many.
    Scope {
        outer: usize,
        inner: usize,
        panics: usize,
    },
    Close {
        drops: bool,
    },
    /// Waits for the end, and counts.
    End,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Refused,
    Is(usize),
    Panicked(usize),
    Ended {
        ran: usize,
        panicked: usize,
        /// Whether what the jobs owned was dropped once.
        all_dropped: bool,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Model {
    spawned: usize,
    panicking: usize,
    is_closed: bool,
    /// Queued jobs may have been dropped.
    some_dropped: bool,
}

fn add(count: &AtomicUsize, more: usize) {
    count.fetch_add(more, SeqCst);
}

fn fibonacci(pool: &Pool, n: usize) -> usize {
    if n < 2 {
        return n;
    }
    let (a, b) = pool.join(|| fibonacci(pool, n - 1), || fibonacci(pool, n - 2));
    a + b
}

impl<const BROKEN: u8> Workers<BROKEN> {
    fn spawn(&self, panics: bool) -> Answer {
        let (counts, owned) = (Arc::clone(&self.counts), Owned::new(&self.counts));
        let spawned = self.pool.spawn(move || {
            let _owned = owned;
            let before = counts.ran.fetch_add(1, SeqCst);
            if BROKEN == LOSES_A_JOB && before == 2 {
                counts.ran.fetch_sub(1, SeqCst);
            }
            if panics {
                throw(0);
            }
        });
        spawned.map_or(Answer::Refused, |()| Answer::Is(0))
    }

    fn join(&self, panic: [bool; 2]) -> usize {
        let half = |which: usize| {
            move || match panic[which] {
                true if BROKEN == SWALLOWS_A_PANIC && which == 1 => 2,
                true => throw(which),
                false => which + 1,
            }
        };
        let (a, b) = self.pool.join(half(0), half(1));
        a + b
    }

    /// Returns how many jobs have run by the end of the scope.
    fn scope(&self, outer: usize, inner: usize, panics: usize) -> usize {
        let (pool, ran) = (&self.pool, Arc::new(AtomicUsize::new(0)));
        pool.scope(|scope| {
            for number in 1..=outer {
                let count = Arc::clone(&ran);
                if BROKEN == DOES_NOT_WAIT {
                    let late = move || add(&count, 1 + inner);
                    let _ = pool.spawn(late);
                    continue;
                }
                scope.spawn(move || {
                    pool.scope(|scope| {
                        for _ in 0..inner {
                            scope.spawn(|| add(&count, 1));
                        }
                    });
                    add(&count, 1);
                    if number == panics {
                        throw(number);
                    }
                });
            }
        });
        ran.load(SeqCst)
    }

    fn end(&self) -> Answer {
        self.pool.shut_down(Queued::Finish);
        self.pool.wait();
        let Counts {
            made,
            ran,
            dropped,
            panicked,
        } = &*self.counts;
        Answer::Ended {
            ran: ran.load(SeqCst),
            panicked: panicked.load(SeqCst),
            all_dropped: made.load(SeqCst) == dropped.load(SeqCst),
        }
    }
}

/// Returns what a call of the pool returns, or that it has been refused, or has panicked as it should.
fn outcome(call: impl FnOnce() -> usize) -> Answer {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(value) => Answer::Is(value),
        Err(panic) => match (panic.downcast_ref(), panic.downcast_ref::<String>()) {
            (Some(Thrown(which)), _) => Answer::Panicked(*which),
            (_, Some(text)) if text == "the pool has been shut down" => Answer::Refused,
            _ => resume_unwind(panic),
        },
    }
}

impl<const BROKEN: u8> Target for Workers<BROKEN> {
    const NAME: &'static str = match BROKEN {
        LOSES_A_JOB => "work_stealing that loses a job",
        SWALLOWS_A_PANIC => "work_stealing that swallows the panic of the second half",
        DOES_NOT_WAIT => "work_stealing whose scopes do not wait",
        _ => "work_stealing",
    };
    const BROKEN: bool = BROKEN > 0;

    type Setup = usize;
    type Call = Call;
    type Answer = Answer;
    type Hand = ();
    type Model = Model;

    fn setups() -> BoxedStrategy<usize> {
        (1..4_usize).boxed()
    }

    fn calls(alone: bool) -> Vec<Kind<Call>> {
        let most: usize = if alone { 9 } else { 3 };
        let panics = any::<bool>;
        vec![
            of(12, panics().prop_map(|panics| Call::Spawn { panics })),
            of(4, panics().prop_map(|panics| Call::Install { panics })),
            of(
                4,
                [panics(), panics()].prop_map(|panic| Call::Join { panic }),
            ),
            of(4, (0..most).prop_map(Call::Fibonacci)),
            of(
                4,
                (0..most, 0..3_usize, 0..most).prop_map(|(outer, inner, panics)| Call::Scope {
                    outer,
                    inner,
                    panics,
                }),
            ),
            one(u32::from(!alone), Call::Close { drops: false }),
            one(1, Call::Close { drops: true }),
        ]
    }

    fn new(workers: &usize) -> Self {
        let counts = Arc::new(Counts::default());
        let pool = Pool::with_hooks(*workers, Counting(Arc::clone(&counts)));
        Self { pool, counts }
    }

    fn model(_workers: &usize) -> Model {
        Model::default()
    }

    fn call(&self, _hand: &mut (), _place: Place, call: &Call) -> Result<Vec<Answer>, Blown> {
        Ok(vec![match *call {
            Call::Spawn { panics } => self.spawn(panics),
            Call::Install { panics } => outcome(|| {
                let job = || if panics { throw(0) } else { 7 };
                self.pool.install(job)
            }),
            Call::Join { panic } => outcome(|| self.join(panic)),
            Call::Fibonacci(n) => outcome(|| fibonacci(&self.pool, n)),
            Call::Scope {
                outer,
                inner,
                panics,
            } => outcome(|| self.scope(outer, inner, panics)),
            Call::Close { drops } => {
                let queued = if drops { Queued::Drop } else { Queued::Finish };
                self.pool.shut_down(queued);
                Answer::Is(0)
            }
            Call::End => self.end(),
        }])
    }

    fn step(model: &mut Model, _place: Place, call: &Call, answer: &Answer) -> bool {
        let expected = match *call {
            Call::Close { drops } => {
                model.is_closed = true;
                model.some_dropped |= drops;
                Answer::Is(0)
            }
            Call::End => {
                model.is_closed = true;
                let Answer::Ended {
                    ran,
                    panicked,
                    all_dropped: true,
                } = *answer
                else {
                    return false;
                };
                return match model.some_dropped {
                    true => ran <= model.spawned && panicked <= model.panicking.min(ran),
                    false => ran == model.spawned && panicked == model.panicking,
                };
            }
            // It makes no call to the pool.
            Call::Fibonacci(n) if n < 2 => Answer::Is(n),
            _ if model.is_closed => Answer::Refused,
            Call::Spawn { panics } => {
                model.spawned += 1;
                model.panicking += usize::from(panics);
                Answer::Is(0)
            }
            Call::Install { panics: true } => Answer::Panicked(0),
            Call::Install { panics: false } => Answer::Is(7),
            Call::Join { panic: [true, _] } => Answer::Panicked(0),
            Call::Join { panic: [_, true] } => Answer::Panicked(1),
            Call::Join { .. } => Answer::Is(3),
            Call::Fibonacci(n) => Answer::Is((0..n).fold((0, 1), |(a, b), _| (b, a + b)).0),
            Call::Scope { outer, panics, .. } if (1..=outer).contains(&panics) => {
                Answer::Panicked(panics)
            }
            Call::Scope { outer, inner, .. } => Answer::Is(outer * (1 + inner)),
        };
        expected == *answer
    }

    fn last() -> Vec<Call> {
        vec![Call::End, Call::Spawn { panics: false }]
    }
}
