//! What every room uses: the checkout, the error, the report, and starting other programs.

pub mod error;
pub mod lock;
pub mod project;
pub mod report;
pub mod run;
