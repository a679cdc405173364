//! Tasks of a model.

use ft_sync::Signal;
use std::{
    pin::{Pin, pin},
    // A waker is made from std's `Arc`, also under loom.
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// Polls a future once, with a waker that wakes nobody.
pub fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Drives a future in this thread.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        let woken = Arc::new(Signal::new());
        let waker = Waker::from(Arc::clone(&woken));
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return done;
        }
        woken.wait_deadline(None);
    }
}
