//! No unwinding past a job that other threads still use.

/// Aborts the process when it is dropped by a panic: other threads may be using what the stack
/// frames below own.
pub(crate) struct AbortOnUnwind;

impl AbortOnUnwind {
    /// Nobody uses it any more.
    pub(crate) fn disarm(self) {
        std::mem::forget(self);
    }
}

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        std::process::abort();
    }
}
