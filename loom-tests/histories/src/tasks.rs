//! Threads that act as tasks.

use ft_sync::{Signal, TaskToken, ThreadToken};
use std::{
    pin::pin,
    // A waker is made from std's `Arc`, also under shuttle.
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Instant,
};

/// Drives a future in this thread, and drops it at the deadline.
pub fn block_on<T>(future: impl Future<Output = T>, deadline: Option<Instant>) -> Option<T> {
    let mut future = pin!(future);
    loop {
        let woken = Arc::new(Signal::new());
        let waker = Waker::from(Arc::clone(&woken));
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(done);
        }
        if !woken.wait_deadline(deadline) {
            return None;
        }
    }
}

/// Returns the task as which this thread acts: one thread in two is a task.
pub fn this_task() -> Option<TaskToken> {
    let thread = ThreadToken::current().get();
    (thread % 2 == 0).then(|| TaskToken::new(thread))
}
