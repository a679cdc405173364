//! The threads of a model, and what they share.

use ft_sync::{Arc, thread};

/// Returns two handles of one object: for the other thread, and for this one.
pub fn pair<T>(shared: T) -> (Arc<T>, Arc<T>) {
    let ours = Arc::new(shared);
    (Arc::clone(&ours), ours)
}

/// Starts a thread that does `work` with what it shares with us.
pub fn spawn<T: 'static, R: 'static>(
    shared: &Arc<T>,
    work: impl FnOnce(&T) -> R + 'static,
) -> thread::JoinHandle<R> {
    let theirs = Arc::clone(shared);
    thread::spawn(move || work(&theirs))
}

/// Runs `theirs` on another thread and `ours` on this one, and returns what both return.
pub fn both<T: 'static, A: 'static, B>(
    shared: &Arc<T>,
    theirs: impl FnOnce(&T) -> A + 'static,
    ours: impl FnOnce(&T) -> B,
) -> (A, B) {
    let thread = spawn(shared, theirs);
    let ours = ours(shared);
    (thread.join().unwrap(), ours)
}
