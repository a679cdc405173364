//! The one place where a Python thread waits.
//!
//! A thread is detached while it waits, so that it holds up neither other threads nor the
//! collector. It is attached while it checks the condition, because the condition involves Python
//! objects. Signals are delivered to the main thread alone, so that thread interrupts its wait from
//! time to time to check for them. `ft_compat` contains the code for that.
//!
//! A thread that belongs to a group is woken when the group stops, and its wait ends with `Stopped`.

pub(crate) use crate::runtime::timeout::Timeout;
use crate::runtime::{
    awaiting::{self, Operation, Outcome},
    stop::{self, Stop},
};
use ft_compat::Slices;
use ft_sync::{Event, Signal};
use pyo3::prelude::*;
use std::{
    sync::Arc,
    task::{Poll, Waker},
    time::{Duration, Instant},
};

/// The longest pause of a waiter that spins.
const LONGEST_PAUSE: Duration = Duration::from_micros(500);

/// Waits until `attempt` returns something, and returns that. Returns `None` after the deadline.
///
/// `attempt` runs attached: at once, after some pauses (see [`Event::pauses`]), each time `event` is
/// signaled, and one last time after the deadline. Pending Unix signals are handled before and after
/// each wait, but only at points where raising cannot lose a wake-up. So is a stop of the thread.
pub(crate) fn wait<T>(
    py: Python<'_>,
    deadline: Option<Instant>,
    event: &Event,
    mut attempt: impl FnMut() -> Option<T>,
) -> PyResult<Option<T>> {
    let mut attempt = || awaiting::ringing(py, &mut attempt);
    if let Some(done) = attempt() {
        return Ok(Some(done));
    }
    // With the GIL, looking again would take the GIL from the thread that is waited for.
    let mut pauses = event.pauses(deadline);
    while cfg!(Py_GIL_DISABLED) && py.detach(|| pauses.pause()) {
        py.check_signals()?;
        if let Some(done) = attempt() {
            pauses.were_enough();
            return Ok(Some(done));
        }
    }
    let slices = Slices::new(py, deadline)?;
    let stop = Stop::current();
    while !slices.is_over() {
        let listener = event.listen();
        if let Some(done) = attempt() {
            // This listener may have received a wake-up that is not needed. Dropping it passes the
            // wake-up to the next waiter, which may be a coroutine.
            awaiting::ringing(py, || drop(listener));
            return Ok(Some(done));
        }
        let until = slices.until();
        py.detach(|| stop.ending(|| listener.wait_deadline(until)));
        if let Some(done) = attempt() {
            return Ok(Some(done));
        }
        py.check_signals()?;
        stop.check(py)?;
    }
    Ok(None)
}

/// Performs the operation of a coroutine in a thread, which waits instead of a task. Returns `None`
/// after the deadline.
///
/// Attempts and signals are as in [`wait`]. The caller drops the operation, and rings.
pub(crate) fn perform(
    py: Python<'_>,
    deadline: Option<Instant>,
    operation: &mut impl Operation,
) -> PyResult<Option<Outcome>> {
    if let Some(done) = awaiting::ringing(py, || operation.attempt(py)) {
        return Ok(Some(done));
    }
    let slices = Slices::new(py, deadline)?;
    let stop = Stop::current();
    while !slices.is_over() {
        let woken = Arc::new(Signal::new());
        let waker = Waker::from(Arc::clone(&woken));
        if let Poll::Ready(done) = awaiting::ringing(py, || operation.poll(py, &waker)) {
            return Ok(Some(done));
        }
        loop {
            let wake_at = operation.wake_at();
            let until = slices.until().into_iter().chain(wake_at).min();
            let is_woken = py.detach(|| stop.ending(|| woken.wait_deadline(until)));
            py.check_signals()?;
            if is_woken || has_passed(wake_at) || slices.is_over() {
                break;
            }
            stop.check(py)?;
        }
    }
    Ok(awaiting::ringing(py, || operation.attempt(py)))
}

/// Does what [`ft_compat::wait`] does, and ends with `Stopped` if the thread is to stop.
pub(crate) fn wait_in_slices<T: Send>(
    py: Python<'_>,
    deadline: Option<Instant>,
    mut step: impl FnMut(Option<Instant>) -> Option<T> + Send,
) -> PyResult<Option<T>> {
    let stop = Stop::current();
    let step = |until| match stop.ending(|| step(until)) {
        None if stop.is_set() && !has_passed(deadline) => Some(None),
        done => done.map(Some),
    };
    match ft_compat::wait(py, deadline, step)? {
        Some(None) => Err(stop::stopped(py)),
        done => Ok(done.flatten()),
    }
}

/// Does the same as [`wait`] without an event: calls `attempt` again and again, with growing
/// pauses.
pub(crate) fn spin<T>(
    py: Python<'_>,
    deadline: Option<Instant>,
    mut attempt: impl FnMut() -> Option<T>,
) -> PyResult<Option<T>> {
    let mut attempt = || awaiting::ringing(py, &mut attempt);
    let stop = Stop::current();
    let mut round = 0_u32;
    loop {
        if let Some(done) = attempt() {
            return Ok(Some(done));
        }
        if has_passed(deadline) {
            return Ok(None);
        }
        py.check_signals()?;
        stop.check(py)?;
        py.detach(|| match round {
            0..6 => (0..1 << round).for_each(|_| std::hint::spin_loop()),
            6..16 => std::thread::yield_now(),
            _ => {
                let pause = Duration::from_micros(1 << (round - 16).min(16)).min(LONGEST_PAUSE);
                let left =
                    deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
                std::thread::sleep(left.map_or(pause, |left| left.min(pause)));
            }
        });
        round = round.saturating_add(1);
    }
}

fn has_passed(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| deadline <= Instant::now())
}
