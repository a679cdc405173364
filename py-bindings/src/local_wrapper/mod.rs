//! `LocalWrapper`: a proxy that a thread makes for itself, for an object that threads share.
//!
//! The purpose of a wrapper is to leave the reference count of that object alone, because threads
//! contend for this count. So an operation borrows the object from the wrapper. That is sound
//! because a wrapper keeps the object that it was made with until it is freed. The result of an
//! in-place operator, which replaces the wrapped object, can go away at any moment. So a wrapper
//! whose object was replaced takes the slow path: each operation gets a reference of its own, under
//! a lock.
//!
//! The type is made with the C API directly. Its slots get the operands of an operator unchanged,
//! whether the wrapper is on the left or on the right, so each operator is one line in a table.
//! PyO3 would split operators into methods and their reflected forms and pack the arguments of
//! calls, and would be slower.
//!
//! # Safety
//!
//! The functions in the slots rely on what the interpreter promises for them: the thread is
//! attached; the objects are alive, and stay so until the function returns; the first argument is a
//! wrapper, except for binary operators. Comments call this *the interpreter's promise*.

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
