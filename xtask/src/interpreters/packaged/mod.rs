//! Making an interpreter from what package registries have: the steps, and the files that they need.

mod make;

pub use make::{RECIPE, make, obstacle};
