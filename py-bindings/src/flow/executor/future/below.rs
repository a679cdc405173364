//! Which jobs a thread is running, one above the other.

use super::class::PyFuture;
use std::{cell::RefCell, ptr};

thread_local! {
    /// The addresses of the futures whose jobs this thread is running, each above the one before.
    static RUNNING: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Makes a call, as the job of the future.
pub(super) fn as_job<T>(future: &PyFuture, call: impl FnOnce() -> T) -> T {
    struct Ends;

    impl Drop for Ends {
        fn drop(&mut self) {
            // As in `is_below`.
            let _ = RUNNING.try_with(|running| running.borrow_mut().pop());
        }
    }

    let address = ptr::from_ref(future).addr();
    // As in `is_below`.
    let is_noted = RUNNING.try_with(|running| running.borrow_mut().push(address));
    let _ends = is_noted.is_ok().then_some(Ends);
    call()
}

/// Whether the job of the future is running in this thread, below what this thread does now.
pub(super) fn is_below(future: &PyFuture) -> bool {
    // A running job keeps its future, so the address is that of no other one.
    let address = ptr::from_ref(future).addr();
    // A thread may wait, and run jobs, while it destroys its thread-local variables.
    RUNNING
        .try_with(|running| running.borrow().contains(&address))
        .unwrap_or(false)
}
