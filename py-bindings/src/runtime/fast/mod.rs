//! Entries that Python calls without PyO3, for the calls that programs make most.
//!
//! PyO3 enters a method through a trampoline, a guard and a parser of arguments, which cost more
//! than an atomic operation does. Here a C function goes before the one of PyO3, in the method table
//! or in the slot of an operator. It does all of a call that is plain (the right number of
//! arguments, ints that are ints, nothing to wait for), or else nothing, and then PyO3's function gets
//! the call as it came. So there is one definition of what a method means and raises, the one in
//! `#[pymethods]`; an entry here may only be a faster way to the same result.
//!
//! What runs in an entry must not panic, must not wait, and must not drop a `Py` or a `PyErr`:
//! PyO3 does not know there that the thread is attached, and would keep them for later. `Bound` and
//! `Object` are released at once.

mod done;
mod entry;
mod method_table;

pub(crate) use done::{Done, exact_i64};
pub(crate) use entry::{entry, fast};
pub(crate) use method_table::{Class, Exact, Slow, instance};
