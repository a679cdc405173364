//! The one place where a Python thread waits.
//!
//! A thread waits detached, so that it holds up neither the others nor the collector, and looks at
//! what it waits for attached, because that belongs to Python. Signals reach the main thread
//! alone: it comes back from time to time to look for them.

use crate::{awaiting, imports::Imports, made::exception};
use ft_sync::{Event, PerProcess, deadline_after};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
};
use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

/// How long the main thread waits before it looks for signals again: Ctrl-C within 0.1 s.
const SLICE: Duration = Duration::from_millis(40);

/// The longest pause of a waiter that spins.
const LONGEST_PAUSE: Duration = Duration::from_micros(500);

/// A timeout argument: a deadline, fixed when the call is made.
#[derive(Clone, Copy)]
pub(crate) struct Timeout(Option<Instant>);

impl Timeout {
    /// The deadline of an optional timeout; `None` is for ever.
    pub(crate) fn deadline(timeout: Option<Self>) -> Option<Instant> {
        timeout.and_then(|timeout| timeout.0)
    }
}

impl FromPyObject<'_, '_> for Timeout {
    type Error = PyErr;

    fn extract(timeout: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let seconds: f64 = timeout.extract().map_err(|err: PyErr| {
            if !err.is_instance_of::<PyTypeError>(timeout.py()) {
                return err;
            }
            let kind = timeout.get_type();
            exception::<PyTypeError>(format!(
                "timeout must be a number of seconds or None, not {kind}"
            ))
        })?;
        if seconds.is_nan() || seconds < 0.0 {
            let message = format!("timeout must not be negative or NaN: {seconds}");
            return Err(exception::<PyValueError>(message));
        }
        // Longer than any clock is for ever.
        let duration = Duration::try_from_secs_f64(seconds).ok();
        Ok(Self(duration.and_then(deadline_after)))
    }
}

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
    py.check_signals()?;
    let is_main = is_main_thread(py)?;
    while !has_passed(deadline) {
        let listener = event.listen();
        if let Some(done) = attempt() {
            // A wake-up that it does not need goes to the next in line, who may be a coroutine.
            awaiting::ringing(py, || drop(listener));
            return Ok(Some(done));
        }
        let until = if is_main {
            next_slice(deadline)
        } else {
            deadline
        };
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

/// Waits for what a primitive hands over: `step` waits for it, detached, until the instant it is
/// given, and returns it if it came.
///
/// After an error the caller gives up its place, and what came meanwhile goes to the next.
pub(crate) fn wait_in_slices<T: Send>(
    py: Python<'_>,
    deadline: Option<Instant>,
    mut step: impl FnMut(Option<Instant>) -> Option<T> + Send,
) -> PyResult<Option<T>> {
    py.check_signals()?;
    let is_main = is_main_thread(py)?;
    loop {
        let until = if is_main {
            next_slice(deadline)
        } else {
            deadline
        };
        if let Some(done) = py.detach(|| step(until)) {
            return Ok(Some(done));
        }
        py.check_signals()?;
        if has_passed(deadline) {
            return Ok(None);
        }
    }
}

fn has_passed(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| deadline <= Instant::now())
}

fn next_slice(deadline: Option<Instant>) -> Option<Instant> {
    let slice = deadline_after(SLICE);
    deadline.into_iter().chain(slice).min()
}

/// Tells whether this is the thread that handles signals.
fn is_main_thread(py: Python<'_>) -> PyResult<bool> {
    let ident: u64 = Imports::get(py).get_ident.bind(py).call0()?.extract()?;
    Ok(ident == main_thread(py)?)
}

/// Returns the identity of the thread that handles signals; after a fork it is another one.
///
/// Runs Python code once in each process, and the first time when the module is imported. Before
/// 3.14, a daemon thread that runs Python code when the interpreter exits is unwound, and that
/// must not go through us.
pub(crate) fn main_thread(py: Python<'_>) -> PyResult<u64> {
    static MAIN: PerProcess<OnceLock<u64>> = PerProcess::new();
    let main = MAIN.get();
    if let Some(&ident) = main.get() {
        return Ok(ident);
    }
    let thread = Imports::get(py).main_thread.bind(py).call0()?;
    let ident = thread.getattr("ident")?.extract()?;
    Ok(*main.get_or_init(|| ident))
}
