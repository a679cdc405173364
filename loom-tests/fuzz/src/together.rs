//! A program of several threads, under schedules that shuttle makes.

use crate::{
    ledger, play,
    program::{Program, Step},
    target::{Place, Target},
};
use ft_sync::thread;
use histories::linear::{Model, Operation, linearize};
use shuttle::{
    Config, Runner,
    scheduler::{PctScheduler, RandomScheduler},
};
use std::{
    fmt,
    hash::{Hash, Hasher},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook},
    sync::{
        Arc, Once,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

/// One more than the number of switches that PCT forces.
const DEPTH: usize = 3;

/// Runs the program under that many schedules, and returns how many calls were made.
///
/// # Errors
///
/// What went wrong.
pub(crate) fn run<T: Target>(
    program: &Program<T>,
    seed: u64,
    schedules: usize,
) -> Result<u64, String> {
    let program = Arc::new(program.clone());
    let calls = Arc::new(AtomicU64::new(0));
    let once = {
        let calls = Arc::clone(&calls);
        move || {
            let made = one(&program).unwrap_or_else(|what| resume_unwind(Box::new(what)));
            calls.fetch_add(made, SeqCst);
        }
    };
    let mut config = Config::new();
    config.silence_warnings = true;
    config.failure_persistence = shuttle::FailurePersistence::None;
    // Unoptimized code needs more than the default size.
    config.stack_size = 1 << 18;
    let half = schedules.div_ceil(2);
    let result = catch_unwind(AssertUnwindSafe(|| {
        let random = RandomScheduler::new_from_seed(seed, half);
        Runner::new(random, config.clone()).run(once.clone());
        Runner::new(PctScheduler::new_from_seed(seed, DEPTH, half), config).run(once);
    }));
    match result {
        Ok(()) => Ok(calls.load(SeqCst)),
        Err(panic) => Err(play::message(&*panic).unwrap_or_else(|| "a panic".into())),
    }
}

/// Runs it once.
fn one<T: Target>(program: &Arc<Program<T>>) -> Result<u64, String> {
    // Shuttle has set its own hook by now. It would print what we print ourselves, in a better form.
    static QUIET: Once = Once::new();
    QUIET.call_once(|| set_hook(Box::new(|_| ())));
    ledger::begin();
    let target = Arc::new(T::new(&program.setup));
    // This is std's on purpose: it is no part of what is tested.
    let clock = Arc::new(AtomicU64::new(0));
    let threads: Vec<_> = (0..program.threads.len())
        .map(|thread| {
            let (program, target, clock) = (program.clone(), target.clone(), clock.clone());
            thread::spawn(move || {
                let mut recorder = Recorder::new(&*target, &clock, thread);
                for step in &program.threads[thread] {
                    recorder.record(step)?;
                }
                recorder.end()
            })
        })
        .collect();
    // This waits for all threads, even if one of them has failed.
    let join = |thread: thread::JoinHandle<_>| thread.join().expect("panics are caught");
    let threads: Vec<Result<_, String>> = threads.into_iter().map(join).collect();
    let mut history = Vec::new();
    for thread in threads {
        history.extend(thread?);
    }
    let mut recorder = Recorder::new(&*target, &clock, program.threads.len());
    for call in T::last() {
        recorder.record(&Step { call, fuse: None })?;
    }
    history.extend(recorder.end()?);
    drop(target);
    play::audit(Some(0)).map_err(|what| format!("in the end\n  {what}"))?;
    let calls = history.len() as u64;
    let spec = Spec::<T>(T::model(&program.setup));
    linearize(spec, &history).map_err(|rejected| format!("not linearizable\n{rejected}"))?;
    Ok(calls)
}

/// Makes the calls of one thread, and records when.
struct Recorder<'a, T: Target> {
    target: &'a T,
    clock: &'a AtomicU64,
    place: Place,
    hand: T::Hand,
    history: Vec<Operation<Made<T>>>,
}

impl<'a, T: Target> Recorder<'a, T> {
    fn new(target: &'a T, clock: &'a AtomicU64, thread: usize) -> Self {
        Self {
            target,
            clock,
            place: Place { thread, index: 0 },
            hand: T::Hand::default(),
            history: Vec::new(),
        }
    }

    fn record(&mut self, step: &Step<T>) -> Result<(), String> {
        let place = self.place;
        self.place.index += 1;
        let called = self.clock.fetch_add(1, SeqCst);
        let answers = play::make(self.target, &mut self.hand, place, step)
            .map_err(|what| format!("{place:?}, {step:?}\n  {what}"))?;
        let returned = self.clock.fetch_add(1, SeqCst);
        let made = |answer| Made {
            place,
            call: step.call.clone(),
            answer,
        };
        self.history.push(Operation {
            thread: place.thread,
            called,
            returned,
            steps: answers.into_iter().flatten().map(made).collect(),
        });
        Ok(())
    }

    fn end(mut self) -> Result<Vec<Operation<Made<T>>>, String> {
        while let Some(call) = T::ending(self.place, &self.hand) {
            self.record(&Step { call, fuse: None })?;
        }
        Ok(self.history)
    }
}

/// A call, and its answers.
struct Made<T: Target> {
    place: Place,
    call: T::Call,
    answer: T::Answer,
}

impl<T: Target> Clone for Made<T> {
    fn clone(&self) -> Self {
        Self {
            place: self.place,
            call: self.call.clone(),
            answer: self.answer.clone(),
        }
    }
}

impl<T: Target> fmt::Debug for Made<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {:?}", self.call, self.answer)
    }
}

/// The model, in the form that the checker of histories needs.
struct Spec<T: Target>(T::Model);

impl<T: Target> Model for Spec<T> {
    type Step = Made<T>;

    fn step(&mut self, _thread: usize, made: &Made<T>) -> bool {
        T::step(&mut self.0, made.place, &made.call, &made.answer)
    }
}

impl<T: Target> Clone for Spec<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Target> PartialEq for Spec<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T: Target> Eq for Spec<T> {}

impl<T: Target> Hash for Spec<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<T: Target> fmt::Debug for Spec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
