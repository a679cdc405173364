//! Entries that Python calls without going through PyO3, for the calls that programs make most
//! often.
//!
//! PyO3 enters a method through a trampoline, a guard and an argument parser. Together these cost
//! more than an atomic operation. An entry is a C function that replaces PyO3's function in the
//! method table, or in the slot of an operator. If a call is plain (the right number of arguments,
//! ints that are ints, nothing to wait for), the entry does all of it. Otherwise the entry does
//! nothing, and passes the call unchanged to PyO3's function. So the meaning and the errors of a
//! method are defined in one place, in `#[pymethods]`; an entry may only be a faster way to the
//! same result.
//!
//! Code in an entry must not panic, must not wait, and must not drop a `Py` or a `PyErr`: PyO3 does
//! not know that the thread is attached there, and would release them later. `Bound` and `Object`
//! are released at once.

mod done;
mod entry;
mod method_table;
mod packed;

pub(crate) use done::{Done, exact_i64};
pub(crate) use entry::{entry, fast};
pub(crate) use method_table::{Class, Exact, Slow, instance};
pub(crate) use packed::{Taken, packed, pass};
