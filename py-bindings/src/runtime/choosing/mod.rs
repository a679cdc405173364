//! `select` and `select_async`: the first of several things. Any class can offer a `Case`.

mod case;
mod choice;

pub(crate) use case::Case;
pub(crate) use choice::{select, select_async};
