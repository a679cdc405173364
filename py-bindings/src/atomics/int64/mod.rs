//! `AtomicInt64`.

pub(crate) mod class;
pub(crate) mod fast;
mod methods;
mod operand;
mod operator_tables;
mod operators;
