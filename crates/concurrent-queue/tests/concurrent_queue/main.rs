//! Behavior of the queue seen from outside. What depends on schedules is in `loom-tests`.

#[path = "../common/mod.rs"]
mod common;
mod errors;
mod items;
mod model;
mod stress;
mod waiting;

/// Several segments' worth.
const MANY: usize = 1000;
