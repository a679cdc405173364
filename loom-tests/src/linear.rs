//! Linearizability: whether what threads saw of a shared object can be explained by its operations
//! having happened one at a time, each at some moment between its call and its return.
//!
//! A test says three things of a primitive: what it is when used by one thread (a [`Model`], the
//! sequential specification), what threads may be asked to do with it, and how that is done (both
//! a [`Subject`]). [`check`] then has a few threads do a few operations each on a new object, again
//! and again; records when every operation was called, when it returned and what it returned; and
//! searches, for each of these histories, for an order that the model allows.
//!
//! Built as it is, the threads are real, and so are the processor's liberties with memory. Built with
//! `--cfg ft_shuttle`, the schedules are shuttle's: half of them random, half of them by the algorithm
//! of PCT (*A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs*, 2010), which
//! switches seldom and at the worst moments. Those can be played again, by the seed.
//!
//! Shuttle switches threads where they use what is in `ft_sync`, and only there. So it switches neither at
//! the links between the segments of the queue, which are crossbeam's (loom does), nor in dashmap,
//! arc-swap and event-listener, for which it gets the same stand-ins as loom. And it takes every
//! ordering for the strongest. Weak orderings are loom's business, and that of real threads; for the order
//! over several atomics, which loom does not know, there is `write_then_read`.
//!
//! # Specifications
//!
//! What an operation returned is part of its step, so a model only says whether that answer is
//! right in a state, and what the state is then. Three things need more than one state and one
//! answer:
//!
//! - An operation that *waits* is a step that is right only in the states in which it need not wait.
//!   That it does not wait for ever is not in a history, but under shuttle a thread that is left
//!   waiting when all others are done fails the test.
//! - An operation that is *not atomic* but promises to be several atomic steps is recorded as those
//!   steps, in order: emptying a dictionary shard by shard, say.
//! - An operation that *shows before it is done* has a first step for that: a push in progress that
//!   counts as an item of a bounded queue; a thread in the line of a fair lock.
//!
//! # Why our own checker
//!
//! Of the crates there are, `lincheck` brings loom 0.6 and its own way to run programs, and
//! `todc-utils` answers only yes or no, knows nothing of operations of several steps, and has its
//! initial state fixed by a type. The search is that of Wing and Gong (1993) with the
//! memory of Lowe (2017), which takes fifty lines.

mod checker;
mod dice;
#[cfg(not(ft_shuttle))]
mod litmus;
mod record;
mod run;

pub use checker::{History, Model, Operation, Rejected, linearize};
pub use dice::Dice;
#[cfg(not(ft_shuttle))]
pub use litmus::write_then_read;
pub use record::Subject;
#[cfg(ft_shuttle)]
pub use run::hangs;
pub use run::{check, rejects};
