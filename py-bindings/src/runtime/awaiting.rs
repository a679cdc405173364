//! The one place where a coroutine waits.
//!
//! A [`Coroutine`] is driven by a task of asyncio, in the thread of the task's event loop. It tries what it
//! is there for, and while it cannot do that its task waits for a future of the loop. It takes
//! nothing but in a step of its task; so a task that is cancelled, however late, has taken nothing.
//!
//! What it waits for wakes it through a waker, from any thread. Wakers are called inside the cores,
//! under their locks, where no Python code may run. So a waker notes down the [`Alarm`] that is
//! to be rung, for its thread; whoever has called the core rings it after the core has returned, by
//! [`ring`]. Ringing makes the loop resume the task. If that cannot be, because the loop was closed, the
//! coroutine gives up, and what it was woken for goes to the next in line.

use crate::runtime::{
    create::{New, exception, exception_of},
    imports::Imports,
    nesting::Nested,
    object::Object,
};
use ft_compat::RaceOnce;
use ft_sync::Event;
use pyo3::{
    PyTraverseError, PyVisit,
    exceptions::{
        PyBaseException, PyRuntimeError, PyRuntimeWarning, PyStopIteration, PyTimeoutError,
        PyTypeError, PyValueError,
    },
    ffi, intern,
    prelude::*,
    types::PyType,
};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    ffi::CString,
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Wake, Waker},
    time::Instant,
};

/// What a coroutine ends with; without a value it is Python's `None`.
pub(crate) type Outcome = PyResult<Option<Py<PyAny>>>;

/// What a coroutine does. Nothing in it fails in a way that loses something. What runs Python code,
/// as the comparisons of a priority queue, does so before anything has changed.
///
/// Dropping it undoes what it has begun.
pub(crate) trait Operation: Send {
    /// Does it, if that is possible now.
    fn attempt(&mut self, py: Python<'_>) -> Option<Outcome>;

    /// Does it, or sees to it that `waker` is woken when it may be possible.
    fn poll(&mut self, py: Python<'_>, waker: &Waker) -> Poll<Outcome>;

    /// The error when the deadline has passed.
    fn timed_out(&self, _py: Python<'_>) -> PyErr {
        PyTimeoutError::new_err(())
    }

    /// Shows the collector what it holds.
    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError>;
}

/// An operation that is tried again each time an event is signaled.
pub(crate) struct Retry<C> {
    pub(crate) core: Arc<C>,
    /// The Python object of the core, which shows its contents to the collector.
    pub(crate) owner: Py<PyAny>,
    /// What is to be put into the core.
    pub(crate) item: Option<Object>,
    /// Which event of the core is signaled.
    pub(crate) event: fn(&C) -> &Event,
    /// The operation itself, or `None` to wait.
    pub(crate) attempt: fn(Python<'_>, &C, &mut Option<Object>) -> Option<Outcome>,
    /// The error when the deadline has passed.
    pub(crate) timed_out: fn(Python<'_>) -> PyErr,
    /// Ends with the next signal, and wakes this.
    pub(crate) listening: Option<(Waiting, Waker)>,
}

/// The wait of an operation. It owns what it borrows from, as only an async block can.
pub(crate) type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

impl<C: Send + Sync + 'static> Operation for Retry<C> {
    fn attempt(&mut self, py: Python<'_>) -> Option<Outcome> {
        (self.attempt)(py, &self.core, &mut self.item)
    }

    fn poll(&mut self, py: Python<'_>, waker: &Waker) -> Poll<Outcome> {
        if let Some((mut listening, waker)) = self.listening.take() {
            // Takes the signal, if that is what woke us. With the waker that it has: it would drop
            // another one under its lock.
            let _ = listening.as_mut().poll(&mut Context::from_waker(&waker));
        }
        loop {
            let (core, event) = (Arc::clone(&self.core), self.event);
            let mut listening: Waiting = Box::pin(async move { event(&core).listen().await });
            // Listens, and then tries.
            let polled = listening.as_mut().poll(&mut Context::from_waker(waker));
            if let Some(outcome) = self.attempt(py) {
                return Poll::Ready(outcome);
            }
            if polled.is_pending() {
                self.listening = Some((listening, waker.clone()));
                return Poll::Pending;
            }
        }
    }

    fn timed_out(&self, py: Python<'_>) -> PyErr {
        (self.timed_out)(py)
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.owner)?;
        match &self.item {
            Some(item) => visit.call(&**item),
            None => Ok(()),
        }
    }
}

/// A coroutine of ft_utils, to be awaited once.
#[pyclass(frozen, weakref, module = "ft_utils._native", name = "Coroutine")]
pub(crate) struct Coroutine {
    /// The method that made it, with its class.
    name: &'static str,
    stage: Arc<Mutex<Stage>>,
}

enum Stage {
    /// Nobody has awaited it yet.
    New(Job),
    /// Nobody has awaited it yet, nor has to.
    Finished,
    /// Its task waits.
    Suspended(Job, Suspension),
    /// A thread is in one of its steps.
    Running,
    Done,
}

struct Job {
    operation: Box<dyn Operation>,
    deadline: Option<Instant>,
}

/// What a task waits for.
struct Suspension {
    alarm: Arc<Alarm>,
    /// Rings when the deadline comes: a handle of the loop.
    timer: Option<Py<PyAny>>,
}

/// How a step ends, if not with an error.
enum Step {
    Finished(Option<Py<PyAny>>),
    /// With the answer for the task: what it is to wait for.
    Suspended(Job, Suspension, PyResult<Py<PyAny>>),
}

impl Coroutine {
    /// Makes a coroutine, which fails if it is not done by the deadline.
    pub(crate) fn new(
        name: &'static str,
        operation: impl Operation + 'static,
        deadline: Option<Instant>,
    ) -> Self {
        let operation = Box::new(operation);
        Self {
            name,
            stage: Arc::new(Mutex::new(Stage::New(Job {
                operation,
                deadline,
            }))),
        }
    }

    /// Makes a coroutine that has nothing left to do.
    pub(crate) fn finished(name: &'static str) -> Self {
        Self {
            name,
            stage: Arc::new(Mutex::new(Stage::Finished)),
        }
    }

    /// Runs until the operation is done, or has to wait for what it returns in `Err`.
    fn resume(&self, py: Python<'_>) -> PyResult<Result<Option<Py<PyAny>>, Py<PyAny>>> {
        let Some((job, suspension)) = self.begin()? else {
            return Ok(Ok(None));
        };
        let step = self.step(py, job, suspension);
        let (stage, answer) = match step {
            Ok(Step::Finished(value)) => (Stage::Done, Ok(Ok(value))),
            Ok(Step::Suspended(job, suspension, future)) => {
                (Stage::Suspended(job, suspension), future.map(Err))
            }
            Err(err) => (Stage::Done, Err(err)),
        };
        *lock(&self.stage) = stage;
        ring(py);
        answer
    }

    /// Takes out what is to be done; `None` if there is nothing.
    fn begin(&self) -> PyResult<Option<(Job, Option<Suspension>)>> {
        let mut stage = lock(&self.stage);
        match mem::replace(&mut *stage, Stage::Running) {
            Stage::New(job) => Ok(Some((job, None))),
            Stage::Suspended(job, suspension) => Ok(Some((job, Some(suspension)))),
            Stage::Finished => {
                *stage = Stage::Done;
                Ok(None)
            }
            Stage::Running => Err(exception::<PyValueError>("coroutine already executing")),
            Stage::Done => {
                *stage = Stage::Done;
                let message = "cannot reuse already awaited coroutine";
                Err(exception::<PyRuntimeError>(message))
            }
        }
    }

    /// The job is dropped when this fails.
    fn step(&self, py: Python<'_>, mut job: Job, suspension: Option<Suspension>) -> PyResult<Step> {
        match suspension {
            None => {
                if let Some(outcome) = job.operation.attempt(py) {
                    return outcome.map(Step::Finished);
                }
                if has_passed(job.deadline) {
                    return Err(job.operation.timed_out(py));
                }
            }
            Some(suspension) => {
                let future = suspension.alarm.future.clone_ref(py).into_bound(py);
                if !future.call_method0(intern!(py, "done"))?.is_truthy()? {
                    let err = exception::<PyRuntimeError>("coroutine is being awaited already");
                    return Ok(Step::Suspended(job, suspension, Err(err)));
                }
                suspension.cancel_timer(py)?;
                // Fails if somebody has cancelled the future, and not the task.
                future.call_method0(intern!(py, "result"))?;
                // Most often it is done now, and needs no other alarm.
                let waker = Waker::from(suspension.alarm);
                if let Poll::Ready(outcome) = job.operation.poll(py, &waker) {
                    return outcome.map(Step::Finished);
                }
            }
        }
        loop {
            let alarm = self.new_alarm(py)?;
            if let Poll::Ready(outcome) = job.operation.poll(py, &Waker::from(Arc::clone(&alarm))) {
                return outcome.map(Step::Finished);
            }
            if has_passed(job.deadline) {
                return Err(job.operation.timed_out(py));
            }
            let future = alarm.future.clone_ref(py).into_bound(py);
            let timer = alarm.start_timer(py, job.deadline)?;
            let suspension = Suspension { alarm, timer };
            // Marks the future as one that a task waits for, and returns it.
            let waits = future.call_method0(intern!(py, "__await__"))?;
            match waits.call_method0(intern!(py, "__next__")) {
                Ok(future) => return Ok(Step::Suspended(job, suspension, Ok(future.unbind()))),
                // This very thread has rung it in the meantime.
                Err(err) if err.is_instance_of::<PyStopIteration>(py) => {
                    suspension.cancel_timer(py)?;
                }
                Err(err) => return Err(err),
            }
        }
    }

    fn new_alarm(&self, py: Python<'_>) -> PyResult<Arc<Alarm>> {
        let event_loop = Asyncio::get(py)?.get_running_loop.bind(py).call0()?;
        let future = event_loop.call_method0(intern!(py, "create_future"))?;
        Ok(Arc::new(Alarm {
            event_loop: event_loop.unbind(),
            future: future.unbind(),
            stage: Arc::downgrade(&self.stage),
        }))
    }

    /// Ends it, undoing what it has begun.
    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        let mut stage = lock(&self.stage);
        if let Stage::Running = *stage {
            return Err(exception::<PyValueError>("coroutine already executing"));
        }
        let before = mem::replace(&mut *stage, Stage::Done);
        drop(stage);
        let stopped = match &before {
            Stage::Suspended(_, suspension) => suspension.cancel_timer(py),
            _ => Ok(()),
        };
        drop(before);
        ring(py);
        stopped
    }
}

#[pymethods]
impl Coroutine {
    fn __await__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        match self.resume(py)? {
            Err(future) => Ok(Some(future)),
            Ok(None) => Ok(None),
            Ok(Some(value)) => Err(exception_of::<PyStopIteration>(value.bind(py))),
        }
    }

    /// Resume it, as a task does.
    fn send(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let _ = value;
        match self.resume(py)? {
            Err(future) => Ok(future),
            Ok(value) => {
                let value = value.unwrap_or_else(|| py.None());
                Err(exception_of::<PyStopIteration>(value.bind(py)))
            }
        }
    }

    /// End it with an exception, which is raised here. It has then taken nothing.
    #[pyo3(signature = (typ, val=None, tb=None, /))]
    fn throw(
        &self,
        typ: Bound<'_, PyAny>,
        val: Option<Bound<'_, PyAny>>,
        tb: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let py = typ.py();
        let error = match (val, typ.cast::<PyType>()) {
            (Some(val), Ok(kind)) if !val.is_instance(kind)? => kind.call1((val,))?,
            (Some(val), _) => val,
            (None, Ok(kind)) => kind.call0()?,
            (None, Err(_)) => typ,
        };
        if !error.is_instance_of::<PyBaseException>() {
            let message = format!("throw() takes an exception, not {}", error.get_type());
            return Err(exception::<PyTypeError>(message));
        }
        if let Some(tb) = tb {
            error.call_method1(intern!(py, "with_traceback"), (tb,))?;
        }
        // Python's own: a coroutine that has ended is not awaited again.
        if let Stage::Done = *lock(&self.stage) {
            let message = "cannot reuse already awaited coroutine";
            return Err(exception::<PyRuntimeError>(message));
        }
        self.stop(py)?;
        Err(PyErr::from_value(error))
    }

    /// End it. It has then taken nothing.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.stop(py)
    }

    #[getter]
    fn __qualname__(&self) -> &'static str {
        self.name
    }

    #[getter]
    fn __name__(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }

    fn __repr__(slf: &Bound<'_, Self>) -> New<String> {
        New(format!(
            "<coroutine {} at {:p}>",
            slf.get().name,
            slf.as_ptr()
        ))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // The collector has stopped all threads. A step that is under way holds what it needs by
        // itself.
        let Ok(stage) = self.stage.try_lock() else {
            return Ok(());
        };
        match &*stage {
            Stage::New(job) => job.operation.traverse(&visit),
            Stage::Suspended(job, Suspension { alarm, timer }) => {
                job.operation.traverse(&visit)?;
                visit.call(&alarm.event_loop)?;
                visit.call(&alarm.future)?;
                timer.as_ref().map_or(Ok(()), |timer| visit.call(timer))
            }
            Stage::Finished | Stage::Running | Stage::Done => Ok(()),
        }
    }

    fn __clear__(&self, py: Python<'_>) {
        let before = mem::replace(&mut *lock(&self.stage), Stage::Done);
        drop(before);
        ring(py);
    }
}

impl Drop for Coroutine {
    fn drop(&mut self) {
        let before = mem::replace(&mut *lock(&self.stage), Stage::Done);
        if let Stage::Done | Stage::Finished = before {
            return;
        }
        // SAFETY: the interpreter frees an object in an attached thread, and one that could not be
        // made is dropped in the thread that tried.
        let py = unsafe { Python::assume_attached() };
        // It may be freed while an exception is on its way.
        let on_its_way = PyErr::take(py);
        if let Stage::New(_) = before {
            self.warn_never_awaited(py);
        }
        drop(Nested::new(before));
        ring(py);
        if let Some(err) = on_its_way {
            err.restore(py);
        }
    }
}

impl Coroutine {
    fn warn_never_awaited(&self, py: Python<'_>) {
        let message = format!("coroutine '{}' was never awaited", self.name);
        let message = CString::new(message).unwrap_or_default();
        let category = py.get_type::<PyRuntimeWarning>();
        if let Err(err) = PyErr::warn(py, &category, &message, 1) {
            err.write_unraisable(py, None);
        }
    }
}

fn lock(stage: &Mutex<Stage>) -> MutexGuard<'_, Stage> {
    stage.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Suspension {
    fn cancel_timer(&self, py: Python<'_>) -> PyResult<()> {
        if let Some(timer) = &self.timer {
            timer.call_method0(py, intern!(py, "cancel"))?;
        }
        Ok(())
    }
}

/// Resumes a task that waits, when it is rung.
struct Alarm {
    event_loop: Py<PyAny>,
    /// What the task waits for. Belongs to the thread of the loop.
    future: Py<PyAny>,
    /// The coroutine that the task is in.
    stage: Weak<Mutex<Stage>>,
}

/// How often an alarm is rung when signals strike meanwhile.
const TRIES: u32 = 5;

impl Alarm {
    fn start_timer(
        &self,
        py: Python<'_>,
        deadline: Option<Instant>,
    ) -> PyResult<Option<Py<PyAny>>> {
        let Some(deadline) = deadline else {
            return Ok(None);
        };
        let left = deadline.saturating_duration_since(Instant::now());
        let arguments = (left.as_secs_f64(), &Asyncio::get(py)?.wake, &self.future);
        let timer = (self.event_loop).call_method1(py, intern!(py, "call_later"), arguments)?;
        Ok(Some(timer))
    }

    /// Rings. Returns an exception that the handler of a signal has raised in the meantime.
    fn ring(&self, py: Python<'_>) -> Option<PyErr> {
        // References of our own: those of the alarm are its coroutine's to the collector, which
        // may free it at any time.
        let event_loop = self.event_loop.clone_ref(py).into_bound(py);
        let future = self.future.clone_ref(py).into_bound(py);
        let mut interrupt = None;
        let mut is_closed = None;
        for _ in 0..TRIES {
            let Err(err) = resume_task(&event_loop, &future) else {
                return interrupt;
            };
            is_closed = event_loop
                .call_method0(intern!(py, "is_closed"))
                .and_then(|answer| answer.is_truthy())
                .ok();
            if is_closed == Some(true) {
                self.give_up();
                return interrupt;
            }
            interrupt = Some(err);
        }
        // Not a signal, then: the loop does not work. One that does not even tell whether it is
        // closed is garbage, which the collector has begun to clear.
        self.give_up();
        if let (Some(false), Some(err)) = (is_closed, interrupt) {
            err.write_unraisable(py, Some(&event_loop));
        }
        None
    }

    /// Ends the coroutine, whose task cannot be resumed; what woke it goes to the next in line.
    fn give_up(&self) {
        let Some(stage) = self.stage.upgrade() else {
            return;
        };
        let mut stage = lock(&stage);
        let waits_for_us =
            matches!(&*stage, Stage::Suspended(_, wait) if std::ptr::eq(&*wait.alarm, self));
        if waits_for_us {
            let before = mem::replace(&mut *stage, Stage::Done);
            drop(stage);
            drop(before);
        }
    }
}

/// Makes the loop resume the task that waits for the future.
fn resume_task(event_loop: &Bound<'_, PyAny>, future: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = event_loop.py();
    let asyncio = Asyncio::get(py)?;
    if asyncio.running_loop.bind(py).call0()?.is(event_loop) {
        return wake(future);
    }
    let arguments = (&asyncio.wake, future);
    event_loop.call_method1(intern!(py, "call_soon_threadsafe"), arguments)?;
    Ok(())
}

/// Ends the wait for a future, in the thread of its loop.
#[pyfunction]
fn wake(future: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = future.py();
    if !future.call_method0(intern!(py, "done"))?.is_truthy()? {
        future.call_method1(intern!(py, "set_result"), (py.None(),))?;
    }
    Ok(())
}

thread_local! {
    /// The alarms that this thread has to ring.
    static RUNG: RefCell<VecDeque<Arc<Alarm>>> = const { RefCell::new(VecDeque::new()) };
    /// Whether there are any: needs no destructor, and so costs little to look at.
    static HAS_RUNG: Cell<bool> = const { Cell::new(false) };
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        // A thread whose variables are gone calls nothing any more.
        let _ = RUNG.try_with(|rung| {
            rung.borrow_mut().push_back(self);
            HAS_RUNG.set(true);
        });
    }
}

/// Makes a call that may wake coroutines, and rings their alarms after it.
///
/// Every call on a core that somebody may wait for goes through this, or is followed by [`ring`].
#[inline]
pub(crate) fn ringing<T>(py: Python<'_>, call: impl FnOnce() -> T) -> T {
    let done = call();
    ring(py);
    done
}

/// Makes a call that wakes nobody but coroutines that are garbage, and rings no alarm for them.
pub(crate) fn hushed<T>(call: impl FnOnce() -> T) -> T {
    let before = RUNG.take();
    let done = call();
    let garbage = RUNG.replace(before);
    HAS_RUNG.set(RUNG.with_borrow(|rung| !rung.is_empty()));
    drop(garbage);
    done
}

/// Rings the alarms of the coroutines that calls of this thread have woken.
///
/// It never fails: what the handler of a signal raises meanwhile is raised after the call that
/// Python has made, which may be about to return something that must not be lost.
#[inline]
pub(crate) fn ring(py: Python<'_>) {
    if HAS_RUNG.get() {
        ring_slow(py);
    }
}

#[cold]
fn ring_slow(py: Python<'_>) {
    while let Some(alarm) = next_rung() {
        if let Some(err) = alarm.ring(py) {
            raise_later(py, err);
        }
    }
}

fn next_rung() -> Option<Arc<Alarm>> {
    RUNG.with(|rung| {
        let mut rung = rung.borrow_mut();
        let next = rung.pop_front();
        HAS_RUNG.set(!rung.is_empty());
        next
    })
}

/// Raises an exception like this in this thread as soon as it runs Python code again.
fn raise_later(py: Python<'_>, err: PyErr) {
    let thread = Imports::get(py).get_ident.bind(py).call0();
    match thread.and_then(|thread| thread.extract()) {
        // SAFETY: the thread is attached, and an exception's type is one.
        Ok(thread) => unsafe {
            ffi::PyThreadState_SetAsyncExc(thread, err.get_type(py).as_ptr());
        },
        Err(_) => err.write_unraisable(py, None),
    }
}

fn has_passed(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| deadline <= Instant::now())
}

static ASYNCIO: RaceOnce<Asyncio> = RaceOnce::new();

/// What is used of asyncio, which takes long to import, and which only those need who have imported
/// it already.
struct Asyncio {
    /// `asyncio.get_running_loop`
    get_running_loop: Py<PyAny>,
    /// `asyncio._get_running_loop`: `None` if there is none.
    running_loop: Py<PyAny>,
    /// `asyncio.current_task`
    current_task: Py<PyAny>,
    /// [`wake`]
    wake: Py<PyAny>,
}

impl Asyncio {
    fn get(py: Python<'_>) -> PyResult<&Self> {
        ASYNCIO.get_or_try_init(py, || {
            let events = py.import("asyncio.events")?;
            Ok(Self {
                get_running_loop: events.getattr("get_running_loop")?.unbind(),
                running_loop: events.getattr("_get_running_loop")?.unbind(),
                current_task: py
                    .import("asyncio.tasks")?
                    .getattr("current_task")?
                    .unbind(),
                wake: wrap_pyfunction!(wake, py)?.into_any().unbind(),
            })
        })
    }
}

/// Tells whether an event loop runs in this thread.
pub(crate) fn is_in_event_loop(py: Python<'_>) -> PyResult<bool> {
    let modules = Imports::get(py).modules.bind(py);
    if ASYNCIO.get(py).is_none() && !modules.contains("asyncio.events")? {
        return Ok(false);
    }
    Ok(!Asyncio::get(py)?.running_loop.bind(py).call0()?.is_none())
}

/// What tells the task that runs in this thread from all others that exist now, if one runs.
pub(crate) fn current_task(py: Python<'_>) -> PyResult<Option<usize>> {
    if !is_in_event_loop(py)? {
        return Ok(None);
    }
    let task = Asyncio::get(py)?.current_task.bind(py).call0()?;
    Ok((!task.is_none()).then(|| task.as_ptr().addr()))
}
