//! `LocalWrapper`: a proxy that a thread makes for itself of an object that threads share.
//!
//! Its purpose is that nothing it does touches the reference count of that object, which is what
//! threads contend for. So an operation borrows the object from the wrapper, and that is sound
//! because a wrapper holds the object it was made with until it dies. What an in-place operator puts
//! in its place is another matter: that can go at any moment, so a wrapper to which it happened
//! goes the long way, under a lock, with a reference of its own for each operation.
//!
//! The type is made with the C API itself. Its slots get the operands of an operator as they stand,
//! on whichever side the wrapper is, so that each of them is a line in a table; PyO3 splits operators
//! into methods and their reflections, packs the arguments of calls, and costs time.
//!
//! # Safety
//!
//! The functions in the slots rely on what the interpreter promises for them: the thread is attached,
//! the objects are alive, and will be until the function returns; the first argument of all but
//! binary operators is a wrapper. A comment that speaks of *the interpreter's promise* means this.

mod attributes;
mod bound;
mod class;
mod containers;
mod kept_methods;
mod life;
mod methods;
mod numbers;
mod register;
mod slots;
mod wrapper;

pub(crate) use class::is_instance;
pub(crate) use life::Vacant;
pub(crate) use register::register;
