//! What is to be fuzzed.

use proptest::strategy::{BoxedStrategy, Just, Strategy};
use std::{fmt::Debug, hash::Hash};

use crate::fuse::Blown;

/// The calls of one kind, and how often they are made; see [`Target::calls`].
pub type Kind<C> = (u32, BoxedStrategy<C>);

/// A kind that is made of one call, so often.
pub fn one<C: Clone + Debug + 'static>(weight: u32, call: C) -> Kind<C> {
    (weight, Just(call).boxed())
}

/// A kind with arguments, so often.
pub fn of<S: Strategy + 'static>(weight: u32, calls: S) -> Kind<S::Value>
where
    S::Value: 'static,
{
    (weight, calls.boxed())
}

/// A call in a program: its number in its thread, and that thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 0 on; who looks at the object when all is done comes after them.
    pub thread: usize,
    /// From 0 on.
    pub index: usize,
}

impl Place {
    /// The first of a thousand values that no other call of the program has.
    pub fn value(self) -> u32 {
        (200_000 * self.thread + 1_000 * self.index) as u32
    }
}

/// An object, what is done with it, and what should come of that.
pub trait Target: Sized + Send + Sync + 'static {
    /// How it is called.
    const NAME: &'static str;

    /// Whether it is broken, and has to be found out.
    const BROKEN: bool = false;

    /// What it is made from.
    type Setup: Clone + Debug + Send + Sync + 'static;

    /// What a thread may be asked to do.
    type Call: Clone + Debug + Send + Sync + 'static;

    /// What comes of it, or of one of the atomic steps that it consists of.
    type Answer: Clone + Debug + Send + 'static;

    /// What a thread holds from one call to the next; at first, nothing.
    type Hand: Default;

    /// The same, as one thread would see it.
    type Model: Clone + Eq + Hash + Debug + Send + Sync + 'static;

    /// Returns what it may be made from.
    fn setups() -> BoxedStrategy<Self::Setup>;

    /// Returns the kinds of calls; if other threads make calls too, only those that are atomic, or
    /// several atomic steps.
    fn calls(alone: bool) -> Vec<Kind<Self::Call>>;

    /// Makes it.
    fn new(setup: &Self::Setup) -> Self;

    /// Makes the model of it.
    fn model(setup: &Self::Setup) -> Self::Model;

    /// Makes a call, and returns what came of it: one answer for each atomic step that it
    /// consists of, most often one. A panic of the primitive's own is a bug; one that the fuse is the
    /// cause of goes through.
    ///
    /// # Errors
    ///
    /// If foreign code has failed, and the primitive said so.
    fn call(
        &self,
        hand: &mut Self::Hand,
        place: Place,
        call: &Self::Call,
    ) -> Result<Vec<Self::Answer>, Blown>;

    /// Tells whether the model could have given the same answer, and makes it what it is then.
    ///
    /// A call that did not come to an end because foreign code failed has done nothing.
    fn step(
        model: &mut Self::Model,
        place: Place,
        call: &Self::Call,
        answer: &Self::Answer,
    ) -> bool;

    /// Returns a call that a thread has to make before it ends, if there is one: to give back what
    /// it holds.
    fn ending(_place: Place, _hand: &Self::Hand) -> Option<Self::Call> {
        None
    }

    /// Returns calls that are made when all threads are done.
    fn last() -> Vec<Self::Call> {
        Vec::new()
    }

    /// Returns how many [tokens](crate::Token) there should be between two calls, if they are used.
    fn tokens(_model: &Self::Model) -> Option<usize> {
        None
    }
}
