//! Linearizability: whether what threads saw of a shared object can be explained by its operations having happened one
//! at a time, each at some moment between its call and its return.
//!
//! A test describes a primitive in three ways: what it does when one thread uses it (a [`Model`], the sequential
//! specification), what threads may be asked to do with it, and how that is done (both a [`Subject`]). [`check`] then
//! lets a few threads do a few operations each on a new object, again and again. It records when every operation was
//! called, when it returned and what it returned. For each of these histories it searches for an order that the model
//! allows.
//!
//! Built as it is, the threads are real, and the processor may reorder accesses. Built with `--cfg ft_shuttle`, the
//! schedules are shuttle's: half of them random, half of them by the algorithm of PCT (*A Randomized Scheduler with
//! Probabilistic Guarantees of Finding Bugs*, 2010), which switches seldom and at the worst moments. These can be
//! repeated by the seed.
//!
//! Shuttle switches threads only where they use what is in `ft_sync`. So it switches neither at the links between the
//! segments of the queue, which are crossbeam's (loom does), nor in hashbrown, arc-swap and event-listener, for which it
//! gets the same stand-ins as loom. And it treats every ordering as the strongest. Loom and real threads test weak
//! orderings. The order over several atomics, which loom does not know, is tested by `write_then_read`.
//!
//! # Specifications
//!
//! What an operation returned is part of its step. So a model only says whether that answer is right in a state, and
//! what the state is then. Three kinds of operations need more than one state and one answer:
//!
//! - An operation that *waits* is a step that is right only in the states in which it need not wait. A history does not
//!   show that it never waits for ever, but under shuttle a thread that still waits when all others are done fails the
//!   test.
//! - An operation that is *not atomic* but promises to be several atomic steps is recorded as those
//!   steps, in order: emptying a dictionary shard by shard, say.
//! - An operation that *shows before it is done* has a first step for that: a push in progress that
//!   counts as an item of a bounded queue; a thread in the line of a fair lock.
//!
//! # Why our own checker
//!
//! Of the existing crates, `lincheck` brings loom 0.6 and its own way to run programs, and `todc-utils` answers only yes
//! or no, does not support operations of several steps, and fixes the initial state by a type. Our search is that of
//! Wing and Gong (1993) with the memory of Lowe (2017), which takes fifty lines.

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
