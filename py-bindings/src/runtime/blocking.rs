//! The one place where a Python thread waits.
//!
//! A thread is detached while it waits, so that it holds up neither other threads nor the
//! collector. It is attached while it checks the condition, because the condition involves Python
//! objects. Signals are delivered to the main thread alone, so that thread interrupts its wait from
//! time to time to check for them. `ft_compat` contains the code for that.

use crate::runtime::awaiting;
use ft_compat::Slices;
pub(crate) use ft_compat::{Timeout, wait as wait_in_slices};
use ft_sync::Event;
use pyo3::prelude::*;
use std::time::{Duration, Instant};

/// The longest pause of a waiter that spins.
const LONGEST_PAUSE: Duration = Duration::from_micros(500);

/// Waits until `attempt` returns something, and returns that. Returns `None` after the deadline.
///
/// `attempt` runs attached: at once, each time `event` is signaled, and one last time after the
/// deadline. Pending Unix signals are handled before and after each wait, but only at points where
/// raising cannot lose a wake-up.
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
    let slices = Slices::new(py, deadline)?;
    while !slices.is_over() {
        let listener = event.listen();
        if let Some(done) = attempt() {
            // This listener may have received a wake-up that is not needed. Dropping it passes the
            // wake-up to the next waiter, which may be a coroutine.
            awaiting::ringing(py, || drop(listener));
            return Ok(Some(done));
        }
        let until = slices.until();
        py.detach(|| listener.wait_deadline(until));
        if let Some(done) = attempt() {
            return Ok(Some(done));
        }
        py.check_signals()?;
    }
    Ok(None)
}

/// Does the same as [`wait`] without an event: calls `attempt` again and again, with growing
/// pauses.
pub(crate) fn spin<T>(
    py: Python<'_>,
    deadline: Option<Instant>,
    mut attempt: impl FnMut() -> Option<T>,
) -> PyResult<Option<T>> {
    let mut attempt = || awaiting::ringing(py, &mut attempt);
    let mut round = 0_u32;
    loop {
        if let Some(done) = attempt() {
            return Ok(Some(done));
        }
        if has_passed(deadline) {
            return Ok(None);
        }
        py.check_signals()?;
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
