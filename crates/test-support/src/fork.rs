//! Tests that go on in a child process.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// The child is killed if `check` takes longer than that.
const SECONDS: u32 = 20;

/// Forks, runs `check` in the child, and returns whether it returned true there.
///
/// False means that `check` returned false, panicked, or took too long: it waits for a thread that
/// the child does not have, perhaps.
///
/// `check` may allocate, which glibc and musl allow in the child of a process with several threads.
/// It must take no lock that another thread of the parent may hold. What it owns is dropped in the
/// parent, and in the child only if `check` drops it.
#[must_use]
pub fn in_child(check: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child calls only `check`, which does no more than the documentation allows, and
    // ends without running destructors.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: `alarm` may be called at any time. Its signal ends the process.
        unsafe { libc::alarm(SECONDS) };
        // A panic that left this function would run the rest of the test program in the child.
        let fine = catch_unwind(AssertUnwindSafe(check)).unwrap_or(false);
        // SAFETY: `_exit` may be called at any time.
        unsafe { libc::_exit(i32::from(!fine)) };
    }
    let mut status = 0;
    // SAFETY: the child is ours, and `status` is a variable of this function.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    status == 0
}
