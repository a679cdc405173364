//! Programs, and how they are generated.

use crate::{
    fuse::{Fuse, Kind},
    target::Target,
};
use histories::linear::Dice;
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    strategy::{BoxedStrategy, Union},
};
use std::fmt;

/// One call, and whether foreign code fails in it.
pub struct Step<T: Target> {
    pub call: T::Call,
    pub fuse: Option<Fuse>,
}

/// An object, and what each thread does with it.
pub struct Program<T: Target> {
    pub setup: T::Setup,
    pub threads: Vec<Vec<Step<T>>>,
}

impl<T: Target> Clone for Step<T> {
    fn clone(&self) -> Self {
        Self {
            call: self.call.clone(),
            fuse: self.fuse,
        }
    }
}

impl<T: Target> Clone for Program<T> {
    fn clone(&self) -> Self {
        Self {
            setup: self.setup.clone(),
            threads: self.threads.clone(),
        }
    }
}

impl<T: Target> fmt::Debug for Step<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.call)?;
        match self.fuse {
            None => Ok(()),
            Some(Fuse { after, kind }) => {
                write!(f, ", in which foreign call {after} {kind:?}")
            }
        }
    }
}

impl<T: Target> fmt::Display for Program<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {:?}", self.setup)?;
        for (thread, steps) in self.threads.iter().enumerate() {
            write!(f, "\n  thread {thread}")?;
            for step in steps {
                write!(f, "\n    {step:?}")?;
            }
        }
        Ok(())
    }
}

// Proptest asks for this.
impl<T: Target> fmt::Debug for Program<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<T: Target> Program<T> {
    /// How many calls it has.
    pub fn len(&self) -> usize {
        self.threads.iter().map(Vec::len).sum()
    }
}

/// Programs for the one thread. They are long, so that containers grow and shrink again.
#[cfg(not(ft_shuttle))]
pub fn alone<T: Target>(seed: u64) -> BoxedStrategy<Program<T>> {
    programs(seed, true, 1..=1, 1..=150)
}

/// Programs for a few threads. They are short, because each runs under many schedules.
#[cfg(ft_shuttle)]
pub fn together<T: Target>(seed: u64) -> BoxedStrategy<Program<T>> {
    programs(seed, false, 2..=3, 1..=6)
}

fn programs<T: Target>(
    seed: u64,
    alone: bool,
    threads: std::ops::RangeInclusive<usize>,
    steps: std::ops::RangeInclusive<usize>,
) -> BoxedStrategy<Program<T>> {
    // Each program has a different choice of kinds. So calls that are rare among all programs are common in some, and
    // calls that would undo them are missing there. (Groce and others, *Swarm Testing*, 2012.)
    let mut dice = Dice::new(seed, 1);
    let mut all = T::calls(alone);
    all.retain(|&(weight, _)| weight > 0);
    let mut kinds = all.clone();
    for (weight, _) in &mut kinds {
        *weight *= dice.pick(&[0, 1, 1, 4]);
    }
    kinds.retain(|&(weight, _)| weight > 0);
    if kinds.is_empty() {
        kinds = all;
    }
    let calls = Union::new_weighted(kinds);
    // All of shuttle's threads run in one thread of the system. While that unwinds for one of them it counts as
    // panicking for all, so a lock that another one unlocks meanwhile would be poisoned.
    let kinds = match alone {
        true => vec![Kind::Fails, Kind::Panics],
        false => vec![Kind::Fails],
    };
    let kind = select(kinds);
    let fuse = (0..6_u8, kind).prop_map(|(after, kind)| Fuse { after, kind });
    let fuse = proptest::option::weighted(dice.pick(&[0.01, 0.01, 0.3]), fuse);
    let step = (calls, fuse).prop_map(|(call, fuse)| Step { call, fuse });
    (T::setups(), vec(vec(step, steps), threads))
        .prop_map(|(setup, threads)| Program { setup, threads })
        .boxed()
}
