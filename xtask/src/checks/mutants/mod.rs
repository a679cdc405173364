//! Mutants: the crates are broken in small ways, to see whether a test notices.

mod copy;
mod list;
pub mod logic;
mod mutant;
mod orderings;
mod source;
mod trial;

pub use orderings::{check, run};
