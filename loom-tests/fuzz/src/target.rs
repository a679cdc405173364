//! What fuzzing has to know of a primitive.

use proptest::strategy::{BoxedStrategy, Just, Strategy};
use std::{fmt::Debug, hash::Hash};

use crate::fuse::Blown;

/// The calls of one kind, and how often they are made. See [`Target::calls`].
pub type Kind<C> = (u32, BoxedStrategy<C>);

/// Makes a kind of one call, which is made that often.
pub fn one<C: Clone + Debug + 'static>(weight: u32, call: C) -> Kind<C> {
    (weight, Just(call).boxed())
}

/// Makes a kind of calls with arguments, which are made that often.
pub fn of<S: Strategy + 'static>(weight: u32, calls: S) -> Kind<S::Value>
where
    S::Value: 'static,
{
    (weight, calls.boxed())
}

/// A call in a program: its number in its thread, and that thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Threads count from 0. The last number is for the calls that are made when all threads are done.
    pub thread: usize,
    /// From 0 on.
    pub index: usize,
}

impl Place {
    /// Returns the first of a thousand values that no other call of the program has.
    pub fn value(self) -> u32 {
        (200_000 * self.thread + 1_000 * self.index) as u32
    }
}

/// An object, the calls that are made on it, and the answers that they should give.
pub trait Target: Sized + Send + Sync + 'static {
    /// The name of the target.
    const NAME: &'static str;

    /// Whether the target is broken, and has to be found out.
    const BROKEN: bool = false;

    /// What the object is made from.
    type Setup: Clone + Debug + Send + Sync + 'static;

    /// A call that a thread may be asked to make.
    type Call: Clone + Debug + Send + Sync + 'static;

    /// The answer of a call, or of one of the atomic steps of a call.
    type Answer: Clone + Debug + Send + 'static;

    /// What a thread holds from one call to the next. At first it holds nothing.
    type Hand: Default;

    /// The model: the object as one thread would see it.
    type Model: Clone + Eq + Hash + Debug + Send + Sync + 'static;

    /// Returns what the object may be made from.
    fn setups() -> BoxedStrategy<Self::Setup>;

    /// Returns the kinds of calls. If other threads make calls, too, these are only the calls that are atomic, or
    /// several atomic steps.
    fn calls(alone: bool) -> Vec<Kind<Self::Call>>;

    /// Makes the object.
    fn new(setup: &Self::Setup) -> Self;

    /// Makes the model of the object.
    fn model(setup: &Self::Setup) -> Self::Model;

    /// Makes a call, and returns one answer for each of its atomic steps, most often one. A panic of the primitive's
    /// own is a bug. A panic that the fuse causes passes through.
    ///
    /// # Errors
    ///
    /// If foreign code has failed, and the primitive returned that.
    fn call(
        &self,
        hand: &mut Self::Hand,
        place: Place,
        call: &Self::Call,
    ) -> Result<Vec<Self::Answer>, Blown>;

    /// Returns whether the model could have given the same answer, and makes the model what it is then.
    ///
    /// A call in which foreign code failed has changed nothing, and is not passed to this function.
    fn step(
        model: &mut Self::Model,
        place: Place,
        call: &Self::Call,
        answer: &Self::Answer,
    ) -> bool;

    /// Returns a call that a thread has to make before it ends, to give back what it holds.
    fn ending(_place: Place, _hand: &Self::Hand) -> Option<Self::Call> {
        None
    }

    /// Returns the calls that are made when all threads are done.
    fn last() -> Vec<Self::Call> {
        Vec::new()
    }

    /// Returns how many [tokens](crate::Token) there should be between two calls, if the target uses tokens.
    fn tokens(_model: &Self::Model) -> Option<usize> {
        None
    }
}
