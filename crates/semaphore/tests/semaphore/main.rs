//! Behavior seen from outside.

use ft_semaphore::{Acquire, Permit, Semaphore};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

#[cfg(unix)]
mod forks;
mod line;
mod many;
mod model;
mod owned;
mod permits;
mod stress;
mod wakers;

/// A waker that calls a function.
struct Alarm<F>(F);

impl<F: Fn() + Send + Sync> Wake for Alarm<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

fn waker(at_wake: impl Fn() + Send + Sync + 'static) -> Waker {
    Waker::from(Arc::new(Alarm(at_wake)))
}

fn poll<'a>(acquire: &mut Acquire<'a>, waker: &Waker) -> Option<Permit<'a>> {
    match Pin::new(acquire).poll(&mut Context::from_waker(waker)) {
        Poll::Ready(permit) => Some(permit),
        Poll::Pending => None,
    }
}

fn look<'a>(acquire: &mut Acquire<'a>) -> Option<Permit<'a>> {
    poll(acquire, Waker::noop())
}

/// An acquisition that waits in line.
fn queued(semaphore: &Semaphore) -> Acquire<'_> {
    let mut acquire = semaphore.acquire_async();
    assert!(look(&mut acquire).is_none());
    acquire
}
