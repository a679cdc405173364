//! Pythons: which versions, where to find them, and how those that are missing are made.

pub mod apt;
mod cache;
pub mod choice;
pub mod clang;
pub mod find;
pub mod interp;
mod packaged;
pub mod path;
pub mod pins;
pub mod sanitized;
mod uv;
pub mod version;
