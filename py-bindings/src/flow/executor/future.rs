//! `FutureBase`, the native part of `WorkStealingFuture`.

use super::{
    call::Call,
    phase::Phase,
    workers::{Workers, wait_or_help},
};
use crate::runtime::{
    brief::Brief,
    create::{self, New, exception},
    error::raised,
    imports::Imports,
    kept::Kept,
    not_copyable::not_copyable,
    object::Object,
    stop::shielded,
};
use ft_sync::{Event, deadline_after};
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{PyException, PyRuntimeError, PyTimeoutError, PyTypeError, PyValueError},
    ffi, intern,
    prelude::*,
    types::{PyDict, PyList, PyString, PyTuple, PyType},
};
use std::{
    cell::RefCell,
    mem, ptr,
    sync::{
        Arc, OnceLock,
        atomic::{
            AtomicU8,
            Ordering::{Acquire, Release},
        },
    },
    time::{Duration, Instant},
};

/// The native part of WorkStealingFuture.
#[pyclass(
    frozen,
    subclass,
    generic,
    module = "ft_utils._native",
    name = "FutureBase"
)]
#[derive(Default)]
pub(crate) struct PyFuture {
    /// A [`Phase`]. It changes while `parts` is locked.
    phase: AtomicU8,
    parts: Brief<Parts>,
    /// Notified when the job is done.
    done: Event,
    /// None in a future that no executor has made.
    workers: OnceLock<Arc<Workers>>,
}

#[derive(Default)]
struct Parts {
    /// The call of a pending job.
    call: Option<Call>,
    /// What a finished job has returned or raised.
    outcome: Option<Kept>,
    callbacks: Vec<Object>,
    observed: Option<Observed>,
}

/// What `wait()` and `as_completed()` of `concurrent.futures` use of a future. It is made when they
/// ask for it. From then on the phase becomes Notified or Finished while the condition is held.
#[derive(Clone)]
struct Observed {
    condition: Object,
    waiters: Object,
}

thread_local! {
    /// The addresses of the futures whose jobs this thread is running, each above the one before.
    static RUNNING: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Makes a call, as the job of the future.
fn as_job<T>(future: &PyFuture, call: impl FnOnce() -> T) -> T {
    struct Ends;

    impl Drop for Ends {
        fn drop(&mut self) {
            RUNNING.with(|running| running.borrow_mut().pop());
        }
    }

    RUNNING.with(|running| running.borrow_mut().push(ptr::from_ref(future).addr()));
    let _ends = Ends;
    call()
}

/// Whether the job of the future is running in this thread, below what this thread does now.
fn is_below(future: &PyFuture) -> bool {
    // A running job keeps its future, so the address is that of no other one.
    let address = ptr::from_ref(future).addr();
    // A thread may wait while it destroys its thread-local variables.
    RUNNING
        .try_with(|running| running.borrow().contains(&address))
        .unwrap_or(false)
}

/// How a job begins.
enum Begun {
    Call(Call),
    /// It was cancelled. Nobody has been told yet.
    Cancelled,
    No,
}

/// What a wait was given, in seconds. A negative one has passed already, as in `concurrent.futures`.
pub(crate) struct Seconds(Option<Instant>);

impl FromPyObject<'_, '_> for Seconds {
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
        if seconds.is_nan() {
            return Err(exception::<PyValueError>("timeout must not be NaN"));
        }
        // A number that is too large for the clock means for ever.
        let duration = Duration::try_from_secs_f64(seconds.max(0.0)).ok();
        Ok(Self(duration.and_then(deadline_after)))
    }
}

impl PyFuture {
    /// Makes a future of a job that is pending. `class` is a subclass of this one.
    pub(crate) fn pending<'py>(
        class: &Bound<'py, PyType>,
        workers: &Arc<Workers>,
        call: Call,
    ) -> PyResult<Bound<'py, Self>> {
        let py = class.py();
        let kind = class.as_type_ptr();
        // SAFETY: the executor was given a subclass of this class, whose `__new__` is this one's. Its
        // `__init__`, which does nothing, is left out. The result is a new reference, or null with an
        // exception set.
        let future = unsafe {
            let new = (*kind).tp_new.expect("this class has it");
            let nothing = Bound::from_owned_ptr_or_err(py, ffi::PyTuple_New(0))?;
            let future = new(kind, nothing.as_ptr(), std::ptr::null_mut());
            Bound::from_owned_ptr_or_err(py, future)?.cast_into_unchecked::<Self>()
        };
        let this = future.get();
        this.parts.lock().call = Some(call);
        let _ = this.workers.set(Arc::clone(workers));
        Ok(future)
    }

    fn phase(&self) -> Phase {
        // Acquire: pairs with the Release in `set_phase`, though all else is read under the lock.
        Phase::from_u8(self.phase.load(Acquire))
    }

    /// The parts are locked.
    fn set_phase(&self, phase: Phase) {
        // Release: pairs with the Acquire in `phase`.
        self.phase.store(phase as u8, Release);
    }

    fn begin(&self) -> Begun {
        let mut parts = self.parts.lock();
        match self.phase() {
            Phase::Pending => {
                self.set_phase(Phase::Running);
                parts.call.take().map_or(Begun::No, Begun::Call)
            }
            Phase::Cancelled => Begun::Cancelled,
            _ => Begun::No,
        }
    }

    /// Runs the job, unless another thread has begun it or it was cancelled.
    pub(crate) fn run(slf: &Bound<'_, Self>) {
        let (this, py) = (slf.get(), slf.py());
        match this.begin() {
            Begun::Call(call) => {
                let is_broken = this.workers.get().is_some_and(|it| it.is_broken());
                let result = match is_broken {
                    true => Err(broken(py)),
                    false => as_job(this, || call.make(py)),
                };
                let outcome = match result {
                    Ok(value) => Kept::Value(Object::from(value.unbind())),
                    Err(err) => Kept::Error(Object::from(err.into_value(py).into_any())),
                };
                let settled = Self::settle(slf, Phase::Finished, Some(outcome)).map(drop);
                report(settled.and(Self::call_back(slf)), slf);
            }
            Begun::Cancelled => report(Self::settle(slf, Phase::Notified, None).map(drop), slf),
            Begun::No => {}
        }
    }

    /// Cancels the job, which will not run.
    pub(crate) fn drop_job(slf: &Bound<'_, Self>) {
        if Self::cancel_pending(slf) {
            report(Self::call_back(slf), slf);
        }
        report(Self::settle(slf, Phase::Notified, None).map(drop), slf);
    }

    /// Ends a job, or tells that it was cancelled. Returns whether that was possible.
    ///
    /// If it fails, the job has ended nevertheless, and those that are in `wait()` or `as_completed()` may
    /// not have been told.
    fn settle(slf: &Bound<'_, Self>, to: Phase, outcome: Option<Kept>) -> PyResult<bool> {
        let this = slf.get();
        let mut parts = this.parts.lock();
        let observed = parts.observed.clone();
        let Some(observed) = observed else {
            let is_settled = this.settle_locked(&mut parts, to, outcome);
            drop(parts);
            if is_settled {
                this.done.notify_all();
            }
            return Ok(is_settled);
        };
        drop(parts);
        let py = slf.py();
        let condition = observed.condition.bind(py);
        let held = condition.call_method0(intern!(py, "acquire"));
        // Before the lock: the first use of each name may detach the thread.
        let told = match &outcome {
            None => intern!(py, "add_cancelled"),
            Some(Kept::Value(_)) => intern!(py, "add_result"),
            Some(Kept::Error(_)) => intern!(py, "add_exception"),
        };
        let mut parts = this.parts.lock();
        let is_settled = this.settle_locked(&mut parts, to, outcome);
        drop(parts);
        if is_settled {
            this.done.notify_all();
        }
        held?;
        let told = match is_settled {
            true => tell(slf, &observed, told),
            false => Ok(()),
        };
        let released = condition.call_method0(intern!(py, "release"));
        told.and(released)?;
        Ok(is_settled)
    }

    fn settle_locked(&self, parts: &mut Parts, to: Phase, outcome: Option<Kept>) -> bool {
        let allowed = match to {
            Phase::Finished => matches!(self.phase(), Phase::Pending | Phase::Running),
            _ => self.phase() == Phase::Cancelled,
        };
        if allowed {
            // There was none before: nothing is dropped under the lock.
            parts.outcome = outcome;
            self.set_phase(to);
        }
        allowed
    }

    /// Returns whether this call has cancelled it.
    fn cancel_pending(slf: &Bound<'_, Self>) -> bool {
        let this = slf.get();
        let mut parts = this.parts.lock();
        if this.phase() != Phase::Pending {
            return false;
        }
        this.set_phase(Phase::Cancelled);
        let call = parts.call.take();
        drop(parts);
        this.done.notify_all();
        drop(call);
        true
    }

    /// Makes the calls that were asked for, now that the job is done.
    fn call_back(slf: &Bound<'_, Self>) -> PyResult<()> {
        let callbacks = mem::take(&mut slf.get().parts.lock().callbacks);
        let mut result = Ok(());
        for callback in callbacks {
            let called = call_one_back(slf, callback.bind(slf.py()));
            result = both(slf.py(), result, called);
        }
        result
    }

    /// Waits until the job is done; in a worker, runs this or other jobs meanwhile. Returns the phase.
    fn wait(slf: &Bound<'_, Self>, timeout: Option<Seconds>) -> PyResult<Phase> {
        let (this, py) = (slf.get(), slf.py());
        let phase = this.phase();
        if phase.is_done() {
            return Ok(phase);
        }
        if let Some(workers) = this.workers.get() {
            if workers.is_foreign() {
                let message = "the job is one of the parent process, and does not run in the child";
                return Err(exception::<PyRuntimeError>(message));
            }
            let has_time = timeout
                .as_ref()
                .is_none_or(|timeout| timeout.0.is_none_or(|deadline| deadline > Instant::now()));
            if phase == Phase::Pending && has_time && workers.is_worker() {
                // No other job lies on top of it on this thread's stack then.
                shielded(|| Self::run(slf));
            }
        }
        let deadline = timeout.and_then(|timeout| timeout.0);
        if phase == Phase::Running && deadline.is_none() && is_below(this) {
            let message =
                "a job cannot wait for itself, nor for a job that waits in the same thread";
            return Err(exception::<PyRuntimeError>(message));
        }
        let attempt = || Some(this.phase()).filter(|phase| phase.is_done());
        wait_or_help(py, deadline, &this.done, attempt)?
            .ok_or_else(|| PyErr::from_type(py.get_type::<PyTimeoutError>(), ()))
    }

    /// Returns the outcome, or raises the error of a cancelled job.
    fn outcome(slf: &Bound<'_, Self>, timeout: Option<Seconds>) -> PyResult<Kept> {
        let phase = Self::wait(slf, timeout)?;
        let outcome = slf.get().parts.lock().outcome.clone();
        match outcome {
            Some(outcome) if phase == Phase::Finished => Ok(outcome),
            _ => Err(raised(slf.py(), &Imports::get(slf.py()).cancelled_error)),
        }
    }

    fn set_outcome(slf: &Bound<'_, Self>, outcome: Kept) -> PyResult<()> {
        match Self::settle(slf, Phase::Finished, Some(outcome)) {
            Ok(false) => Err(invalid(slf)),
            settled => both(slf.py(), settled.map(drop), Self::call_back(slf)),
        }
    }

    fn observed(slf: &Bound<'_, Self>) -> PyResult<Observed> {
        let (this, py) = (slf.get(), slf.py());
        if let Some(observed) = this.parts.lock().observed.clone() {
            return Ok(observed);
        }
        let made = Observed {
            condition: Object::from(Imports::get(py).condition.call0(py)?),
            waiters: Object::from(
                create::Room::new(py, 0)?
                    .fill([].into_iter())
                    .into_any()
                    .unbind(),
            ),
        };
        let mut parts = this.parts.lock();
        let observed = parts.observed.get_or_insert_with(|| made.clone()).clone();
        drop(parts);
        Ok(observed)
    }

    fn part<'py>(slf: &Bound<'py, Self>, wants_error: bool) -> Option<Bound<'py, PyAny>> {
        let outcome = slf.get().parts.lock().outcome.clone();
        match outcome? {
            Kept::Error(error) if wants_error => Some(error.into_bound(slf.py())),
            Kept::Value(value) if !wants_error => Some(value.into_bound(slf.py())),
            _ => None,
        }
    }
}

/// Tells those that wait in `wait()` or `as_completed()`. The condition is held.
fn tell(
    future: &Bound<'_, PyFuture>,
    observed: &Observed,
    what: &Bound<'_, PyString>,
) -> PyResult<()> {
    let py = future.py();
    let waiters = observed.waiters.bind(py).cast::<PyList>()?;
    for n in 0..waiters.len() {
        waiters.get_item(n)?.call_method1(what, (future,))?;
    }
    let condition = observed.condition.bind(py);
    condition.call_method0(intern!(py, "notify_all"))?;
    Ok(())
}

/// Calls a callback, and logs the `Exception` that it raises. Any other is returned.
fn call_one_back(future: &Bound<'_, PyFuture>, callback: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = future.py();
    let Err(err) = callback.call1((future,)) else {
        return Ok(());
    };
    if !err.is_instance_of::<PyException>(py) {
        return Err(err);
    }
    let kwargs = create::dict(py)?;
    kwargs.set_item(intern!(py, "exc_info"), err.value(py))?;
    let text = intern!(py, "exception calling callback for %r");
    let log = Imports::get(py).log_error.bind(py);
    log.call((text, future), Some(&kwargs))?;
    Ok(())
}

/// Returns the first of two errors; but the other one if that is no `Exception`: it must not be lost.
fn both(py: Python<'_>, one: PyResult<()>, other: PyResult<()>) -> PyResult<()> {
    match (one, other) {
        (Err(one), Err(other))
            if one.is_instance_of::<PyException>(py)
                && !other.is_instance_of::<PyException>(py) =>
        {
            Err(other)
        }
        (one, other) => one.and(other),
    }
}

/// Reports an error that nobody can be told of.
fn report(result: PyResult<()>, future: &Bound<'_, PyFuture>) {
    if let Err(err) = result {
        err.write_unraisable(future.py(), Some(future));
    }
}

fn invalid(future: &Bound<'_, PyFuture>) -> PyErr {
    let kind = Imports::get(future.py()).invalid_state.bind(future.py());
    let made = PyFuture::__repr__(future).and_then(|text| {
        let state = future.get().phase().name();
        kind.call1((New(format!("{state}: {}", text.0)),))
    });
    made.map_or_else(|err| err, PyErr::from_value)
}

/// The error of a job of an executor whose initializer has failed.
pub(crate) fn broken(py: Python<'_>) -> PyErr {
    let text = "A thread initializer failed, the thread pool is not usable anymore";
    // Its module is imported when it is needed: that fails while the interpreter ends.
    let made = py
        .import("concurrent.futures.thread")
        .and_then(|module| module.getattr(intern!(py, "BrokenThreadPool")))
        .and_then(|kind| kind.call1((New(text),)));
    made.map_or_else(|err| err, PyErr::from_value)
}

#[pymethods]
impl PyFuture {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "()")]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::default()
    }

    fn __init__(&self) {}

    /// Wait until the job is done; return what it returned, or raise what it raised.
    ///
    /// Raise CancelledError if the job was cancelled, and TimeoutError if timeout seconds pass before.
    /// In a job of the same executor, this runs the job that it waits for, if that has not begun, and
    /// other jobs until it is done. The timeout is looked at between two jobs.
    #[pyo3(signature = (timeout=None))]
    fn result<'py>(
        slf: &Bound<'py, Self>,
        timeout: Option<Seconds>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::outcome(slf, timeout)?.outcome(slf.py())
    }

    /// Do what result() does, but return the exception that the job raised, or None.
    #[pyo3(signature = (timeout=None))]
    fn exception<'py>(
        slf: &Bound<'py, Self>,
        timeout: Option<Seconds>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(match Self::outcome(slf, timeout)? {
            Kept::Error(error) => Some(error.into_bound(slf.py())),
            Kept::Value(_) => None,
        })
    }

    /// Cancel the job if it has not begun; return whether it is cancelled.
    ///
    /// Its function and arguments are released at once.
    fn cancel(slf: &Bound<'_, Self>) -> PyResult<bool> {
        if Self::cancel_pending(slf) {
            Self::call_back(slf)?;
            return Ok(true);
        }
        Ok(slf.get().phase().is_cancelled())
    }

    /// Return whether the job was cancelled.
    fn cancelled(&self) -> bool {
        self.phase().is_cancelled()
    }

    /// Return whether the job is running.
    fn running(&self) -> bool {
        self.phase() == Phase::Running
    }

    /// Return whether the job has ended or was cancelled.
    fn done(&self) -> bool {
        self.phase().is_done()
    }

    /// Call fn(future) when the job is done, in the thread that ends it; at once if it is done already.
    ///
    /// An Exception that fn raises is logged.
    fn add_done_callback(slf: &Bound<'_, Self>, r#fn: &Bound<'_, PyAny>) -> PyResult<()> {
        let this = slf.get();
        let callback = Object::new(r#fn);
        let mut parts = this.parts.lock();
        if !this.phase().is_done() {
            parts.callbacks.push(callback);
            return Ok(());
        }
        drop(parts);
        call_one_back(slf, r#fn)
    }

    /// For executors and tests: begin the job, unless it was cancelled.
    fn set_running_or_notify_cancel(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let this = slf.get();
        let parts = this.parts.lock();
        let before = this.phase();
        if before == Phase::Pending {
            this.set_phase(Phase::Running);
        }
        drop(parts);
        match before {
            Phase::Pending => Ok(true),
            Phase::Cancelled => {
                Self::settle(slf, Phase::Notified, None)?;
                Ok(false)
            }
            _ => Err(invalid(slf)),
        }
    }

    /// For executors and tests: end the job with a result.
    fn set_result(slf: &Bound<'_, Self>, result: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::set_outcome(slf, Kept::new(result))
    }

    /// For executors and tests: end the job with an exception.
    fn set_exception(slf: &Bound<'_, Self>, exception: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::set_outcome(slf, Kept::Error(Object::new(exception)))
    }

    // What the functions of `concurrent.futures` and asyncio read.

    #[getter]
    fn _state(&self) -> New<&'static str> {
        New(self.phase().name())
    }

    #[getter]
    fn _condition<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Self::observed(slf)?.condition.into_bound(slf.py()))
    }

    #[getter]
    fn _waiters<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        Ok(Self::observed(slf)?.waiters.into_bound(slf.py()))
    }

    #[getter]
    fn _result<'py>(slf: &Bound<'py, Self>) -> Option<Bound<'py, PyAny>> {
        Self::part(slf, false)
    }

    #[getter]
    fn _exception<'py>(slf: &Bound<'py, Self>) -> Option<Bound<'py, PyAny>> {
        Self::part(slf, true)
    }

    pub(crate) fn __repr__(slf: &Bound<'_, Self>) -> PyResult<New<String>> {
        let (name, place) = (slf.get_type().name()?, slf.as_ptr());
        let state = slf.get().phase().text();
        let outcome = slf.get().parts.lock().outcome.clone();
        let outcome = match outcome {
            None => String::new(),
            Some(Kept::Value(value)) => {
                format!(" returned {}", value.bind(slf.py()).get_type().name()?)
            }
            Some(Kept::Error(error)) => {
                format!(" raised {}", error.bind(slf.py()).get_type().name()?)
            }
        };
        Ok(New(format!("<{name} at {place:p} state={state}{outcome}>")))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // While the collector runs, no thread is between the lock and its release: there it neither
        // detaches nor makes objects.
        let Some(parts) = self.parts.try_lock() else {
            return Ok(());
        };
        if let Some(call) = &parts.call {
            call.traverse(&visit)?;
        }
        if let Some(outcome) = &parts.outcome {
            visit.call(&**outcome.object())?;
        }
        for callback in &parts.callbacks {
            visit.call(&**callback)?;
        }
        if let Some(observed) = &parts.observed {
            visit.call(&*observed.condition)?;
            visit.call(&*observed.waiters)?;
        }
        Ok(())
    }

    fn __clear__(&self) {
        let parts = mem::take(&mut *self.parts.lock());
        drop(parts);
    }
}

not_copyable!(PyFuture, "result() for what the job returned");
