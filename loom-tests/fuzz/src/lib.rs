//! Fuzzing: thousands of generated programs of calls run on each primitive, and on a plain model of it that is
//! made of std's collections. A program that fails is shrunk to the calls that matter.
//!
//! Built as it is, a program is a hundred calls of one thread, in which containers grow over the ends of segments,
//! rehash, shrink and are emptied in between. After each call the answer must be that of the model, and as many
//! values must be alive as the model holds. Built with `--cfg ft_shuttle`, a program is a few calls for each of two
//! or three threads. It runs under twenty schedules of shuttle's, half random, half PCT, and the answers must be
//! those of the model in some order ([`histories::linear`]). Either way every value must be dropped once in the
//! end.
//!
//! Foreign code (comparisons, clones, closures, sources) fails or panics in generated places. The call in which it
//! does so must have changed nothing, and nothing may be lost or left locked.
//!
//! A [`Target`] describes a primitive. Each has broken relatives, which must be found out. Run them with
//! `cargo xtask fuzz`.

#[cfg(not(ft_shuttle))]
mod alone;
pub mod fuse;
mod ledger;
mod play;
mod program;
mod run;
mod target;
pub mod targets;
#[cfg(ft_shuttle)]
mod together;

pub use ledger::Token;
pub use run::{Failure, Limits, Outcome, run};
pub use target::{Kind, Place, Target};
