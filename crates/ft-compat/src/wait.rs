//! Waiting while other Python threads run.

use crate::RaceOnce;
use ft_sync::{PerProcess, deadline_after};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
};
use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

/// How long the main thread waits before it checks for signals again. It makes Ctrl-C work within
/// 0.1 s.
const SLICE: Duration = Duration::from_millis(40);

/// Waits while detached. So neither other threads nor the collector wait for this thread, and
/// signals are handled: Ctrl-C ends the wait.
///
/// `step` waits until the instant that it is given, or for ever if that is `None`. It returns its
/// result, or `None` if there is none yet. On the main thread, the only one that handles signals,
/// it is called repeatedly, each time for a short wait. On other threads it is called once.
///
/// `step` cannot use Python objects. If it takes a lock, it must release the lock before it
/// returns, or return the guard in its result. It can return a guard if the guard may be sent to
/// other threads, like those of `ft-rwlock`, and those of parking_lot with the feature
/// `send_guard`.
///
/// Returns `None` if `deadline` passes; a deadline of `None` never does. If the deadline has
/// already passed, `step` gets one attempt.
///
/// # Errors
///
/// The exception that a signal handler raised, such as `KeyboardInterrupt`. By then `step` has
/// returned no result, so nothing gets lost.
///
#[doc = concat!("```\n", include_str!("../examples/gate.rs"), "```")]
pub fn wait<T: Send>(
    py: Python<'_>,
    deadline: Option<Instant>,
    mut step: impl FnMut(Option<Instant>) -> Option<T> + Send,
) -> PyResult<Option<T>> {
    let slices = Slices::new(py, deadline)?;
    loop {
        let until = slices.until();
        if let Some(done) = py.detach(|| step(until)) {
            return Ok(Some(done));
        }
        py.check_signals()?;
        if slices.is_over() {
            return Ok(None);
        }
    }
}

/// The parts of a wait, for code that has to look at Python objects between them.
///
/// All other code should use [`wait`].
///
#[doc = concat!("```\n", include_str!("../examples/mailbox.rs"), "```")]
#[derive(Clone, Copy, Debug)]
pub struct Slices {
    deadline: Option<Instant>,
    /// Whether this is the thread that handles signals.
    is_main: bool,
}

impl Slices {
    /// Begins a wait of the calling thread. It first checks for signals, so that a loop in C that
    /// waits repeatedly, but never for long, can be interrupted, too.
    ///
    /// # Errors
    ///
    /// The exception that a signal handler raised, or one from Python's `threading`, which is asked
    /// for the main thread.
    pub fn new(py: Python<'_>, deadline: Option<Instant>) -> PyResult<Self> {
        py.check_signals()?;
        let ident: u64 = Threading::get(py)?.get_ident.bind(py).call0()?.extract()?;
        let is_main = ident == main_thread(py)?;
        Ok(Self { deadline, is_main })
    }

    /// Returns the instant until which to wait now. `None` means for ever.
    pub fn until(&self) -> Option<Instant> {
        let slice = self.is_main.then(|| deadline_after(SLICE)).flatten();
        self.deadline.into_iter().chain(slice).min()
    }

    /// Returns whether the deadline has passed.
    pub fn is_over(&self) -> bool {
        (self.deadline).is_some_and(|deadline| deadline <= Instant::now())
    }
}

/// Prepares for waits. Call it when a module is initialized.
///
/// If it is not called, the first wait does this. Before Python 3.14, a daemon thread that runs
/// Python code while the interpreter exits is unwound, and that must not go through Rust. After
/// this call, a wait no longer runs any Python code.
///
/// # Errors
///
/// The exception raised by the import of Python's `threading`.
pub fn prepare(py: Python<'_>) -> PyResult<()> {
    main_thread(py).map(drop)
}

/// The functions that are used from Python's `threading`.
struct Threading {
    get_ident: Py<PyAny>,
    main_thread: Py<PyAny>,
}

impl Threading {
    fn get(py: Python<'_>) -> PyResult<&Self> {
        static THREADING: RaceOnce<Threading> = RaceOnce::new();
        THREADING.get_or_try_init(py, || {
            let threading = py.import("threading")?;
            Ok(Self {
                get_ident: threading.getattr("get_ident")?.unbind(),
                main_thread: threading.getattr("main_thread")?.unbind(),
            })
        })
    }
}

/// Returns the identity of the thread that handles signals. After a fork it may be another thread.
fn main_thread(py: Python<'_>) -> PyResult<u64> {
    static MAIN: PerProcess<OnceLock<u64>> = PerProcess::new();
    let main = MAIN.get();
    if let Some(&ident) = main.get() {
        return Ok(ident);
    }
    let thread = Threading::get(py)?.main_thread.bind(py).call0()?;
    let ident = thread.getattr("ident")?.extract()?;
    Ok(*main.get_or_init(|| ident))
}

/// A timeout as an argument of a Python function. It is a deadline that is fixed when the call is
/// made.
///
/// From Python it is a number of seconds. Use it for arguments of the type `Option<Timeout>`, so
/// that `None` waits for ever. Negative numbers and NaN raise a `ValueError`, and values that are
/// not numbers raise a `TypeError`. A number that is too large for the clock means for ever.
#[derive(Clone, Copy, Debug)]
pub struct Timeout(Option<Instant>);

impl Timeout {
    /// Returns the deadline of an optional timeout. `None` means for ever.
    pub fn deadline(timeout: Option<Self>) -> Option<Instant> {
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
            PyTypeError::new_err(format!(
                "timeout must be a number of seconds or None, not {kind}"
            ))
        })?;
        if seconds.is_nan() || seconds < 0.0 {
            let message = format!("timeout must not be negative or NaN: {seconds}");
            return Err(PyValueError::new_err(message));
        }
        // A number that is too large for the clock means for ever.
        let duration = Duration::try_from_secs_f64(seconds).ok();
        Ok(Self(duration.and_then(deadline_after)))
    }
}
