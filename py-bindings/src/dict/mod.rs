//! `ConcurrentDict`: the mapping, its iterator, and its operations that read and write in one step; and
//! `ConcurrentSet`.

mod add;
pub(crate) mod class;
pub(crate) mod construct;
mod counts;
pub(crate) mod fast;
mod get_or_insert;
mod get_or_insert_async;
pub(crate) mod iter;
mod mapping;
pub(crate) mod missing;
pub(crate) mod set;
mod update;
mod value;
mod walk;
mod whole;

use crate::runtime::probe;
