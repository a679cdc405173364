//! What threads do with an object, and the record of it.

use super::{Dice, History, Model, Operation};
use std::{
    fmt::Debug,
    sync::atomic::{AtomicU64, Ordering::SeqCst},
};

/// An object under test: its model, the calls that are made on it, and how they are made.
pub trait Subject: Sized + Send + Sync + 'static {
    /// The model of the object.
    type Model: Model;
    /// A call that a thread may be asked to make.
    type Call: Debug + Send + Sync;
    /// What a thread holds from one call to the next. At first it holds nothing.
    type Hand: Default;

    /// How many threads use the object at the same time.
    const THREADS: usize = 3;

    /// Creates an object, and the model that is in the same state.
    fn new(dice: &mut Dice) -> (Self, Self::Model);

    /// Returns the calls that a thread is to make. Under no schedule may a thread still wait when all others are done,
    /// because then the test does not end.
    fn script(&self, thread: usize, dice: &mut Dice) -> Vec<Self::Call>;

    /// Makes a call, and returns its atomic steps, in order, with their results.
    fn call(
        &self,
        thread: usize,
        hand: &mut Self::Hand,
        call: &Self::Call,
    ) -> Vec<<Self::Model as Model>::Step>;

    /// Looks at the object when all threads are done.
    fn last(&self) -> Vec<<Self::Model as Model>::Step> {
        Vec::new()
    }
}

pub(super) type HistoryOf<S> = History<<<S as Subject>::Model as Model>::Step>;

/// One object, and the calls that are made on it.
pub(super) struct Round<S: Subject> {
    subject: S,
    pub(super) model: S::Model,
    scripts: Vec<Vec<S::Call>>,
    /// The clock: how many calls and returns there were. It is a std atomic on purpose, also under shuttle, because it
    /// is no part of what is tested.
    clock: AtomicU64,
    /// From this the threads take their pauses.
    seed: u64,
}

impl<S: Subject> Round<S> {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 0);
        let (subject, model) = S::new(&mut dice);
        let scripts = (0..S::THREADS).map(|thread| subject.script(thread, &mut dice));
        Self {
            scripts: scripts.collect(),
            subject,
            model,
            clock: AtomicU64::new(0),
            seed,
        }
    }

    /// Makes the calls of one thread.
    pub(super) fn play(&self, thread: usize) -> HistoryOf<S> {
        let mut dice = Dice::new(self.seed, 1 + thread as u64);
        let mut hand = S::Hand::default();
        let script = self.scripts[thread].iter();
        let play = |call| {
            pause(&mut dice);
            self.record(thread, || self.subject.call(thread, &mut hand, call))
        };
        script.map(play).collect()
    }

    /// Looks at the object when all threads are done, and adds that to the history.
    pub(super) fn finish(&self, threads: impl IntoIterator<Item = HistoryOf<S>>) -> HistoryOf<S> {
        let mut history: HistoryOf<S> = threads.into_iter().flatten().collect();
        history.push(self.record(S::THREADS, || self.subject.last()));
        history
    }

    fn record<T>(&self, thread: usize, call: impl FnOnce() -> Vec<T>) -> Operation<T> {
        let tick = || self.clock.fetch_add(1, SeqCst);
        let called = tick();
        let steps = call();
        Operation {
            thread,
            called,
            steps,
            returned: tick(),
        }
    }
}

/// Pauses, so that real threads get out of step. Shuttle's threads are out of step anyway.
fn pause(dice: &mut Dice) {
    if cfg!(not(ft_shuttle)) {
        (0..dice.below(40)).for_each(|_| std::hint::spin_loop());
    }
}
