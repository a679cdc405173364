//! The one place where a Python thread waits.
//!
//! A thread waits detached, so that it holds up neither the others nor the collector, and looks at
//! what it waits for attached, because that belongs to Python. Signals reach the main thread
//! alone: it comes back from time to time to look for them. How that is done is in `ft_compat`.

use crate::runtime::awaiting;
use ft_compat::Slices;
pub(crate) use ft_compat::{Timeout, wait as wait_in_slices};
use ft_sync::Event;
use pyo3::prelude::*;
use std::time::{Duration, Instant};

/// The longest pause of a waiter that spins.
const LONGEST_PAUSE: Duration = Duration::from_micros(500);

/// Waits until `attempt` returns something, and returns that; `None` after the deadline.
///
/// `attempt` runs attached: at once, after each time that `event` is signaled, and a last time
/// after the deadline. Signals are looked for before and after each wait, when no wake-up has been
/// taken that would be left unused.
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
            // A wake-up that it does not need goes to the next in line, who may be a coroutine.
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

/// As [`wait`], without an event: looks again and again, with longer and longer pauses.
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
