//! The instructions that hot paths take: counting them, and comparing the counts with the records.

mod callgrind;
mod calls;
mod check;
mod paths;
mod record;

pub use callgrind::obstacle;
pub use check::{check, renew};
