//! Virtual environments: what is installed in each, and the wheel of this checkout.

pub mod packages;
pub mod setup;
pub mod stamp;
pub mod venv;
pub mod wheel;
